/** Reads a word of a line of shell: quotes, escapes, variables and substitutions. Linear; never throws. */

/** A word with its quotes taken off. */
export interface Word {
  readonly text: string;
  /** It holds a variable or a command substitution: its value is not known, `text` is as written. */
  readonly dynamic: boolean;
}

/** A text and how far it is read. */
export interface Scanner {
  readonly text: string;
  at: number;
}

/** The length of a line continuation at `at`: `\` (also with blanks after it, as pasted), `^` of cmd or a backtick of PowerShell before the line end. */
export function continuation(r: Scanner, at: number): number {
  const c = r.text[at];
  if (c !== '\\' && c !== '^' && c !== '`') return 0;
  let i = at + 1;
  while (r.text[i] === ' ' || r.text[i] === '\t' || r.text[i] === '\r') i++;
  return r.text[i] === '\n' ? i + 1 - at : 0;
}

const WORD_END = new Set([' ', '\t', '\r', '\n', ';', '|', '&', '<', '>', ')']);

export function takeWord(r: Scanner): Word {
  let out = '';
  let dynamic = false;
  let windows = false;
  let quoted = false;
  const add = (piece: { text: string; dynamic: boolean }): void => {
    out += piece.text;
    dynamic ||= piece.dynamic;
  };
  while (r.at < r.text.length) {
    const c = r.text[r.at]!;
    if (WORD_END.has(c)) break;
    quoted ||= c === "'" || c === '"';
    if (c === "'") add(singleQuoted(r));
    else if (c === '"') add(doubleQuoted(r));
    else if (c === '$') add(dollar(r));
    else if (c === '`' && continuation(r, r.at) === 0) add(backtick(r));
    else if (c === '\\' || c === '^' || c === '`') {
      const length = continuation(r, r.at);
      if (length > 0) {
        r.at += length;
        // The shell joins what stands on both sides; a continuation with blanks around it ends the word anyway.
        continue;
      }
      // Only the start of a word tells a path of Windows; reading all of a long one each time would take its square. `'.'\''` is none.
      if (out.length < 300) windows = !quoted && WINDOWS_PATH.test(out);
      out += c === '\\' ? backslash(r, windows) : takeChar(r);
    } else if (c === '%') add(percent(r));
    else out += takeChar(r);
  }
  return { text: out, dynamic };
}

function takeChar(r: Scanner): string {
  const c = String.fromCodePoint(r.text.codePointAt(r.at)!);
  r.at += c.length;
  return c;
}

/** What a backslash follows in a path of Windows: `.`, `C:`, `-f=..`, `C:\src\app`. */
const WINDOWS_PATH = /^(?:[\w-]{1,100}=)?(?:(?:[A-Za-z]:|\.{1,2})?\\|(?:[A-Za-z]:|\.{1,2})$)/;

/** `\ ` is a blank; `.\Dockerfile` and `C:\src` are paths of Windows: before a letter, a digit or in such a path the backslash stays. */
function backslash(r: Scanner, windows: boolean): string {
  r.at++;
  if (r.at >= r.text.length || windows) return '\\';
  const c = takeChar(r);
  return /[\w.]/.test(c) ? `\\${c}` : c;
}

function singleQuoted(r: Scanner): Word {
  const end = r.text.indexOf("'", r.at + 1);
  const text = r.text.slice(r.at + 1, end === -1 ? undefined : end);
  r.at = end === -1 ? r.text.length : end + 1;
  return { text, dynamic: false };
}

function doubleQuoted(r: Scanner): Word {
  let out = '';
  let dynamic = false;
  r.at++;
  while (r.at < r.text.length) {
    const c = r.text[r.at]!;
    if (c === '"') {
      r.at++;
      break;
    }
    if (c === '\\') {
      const next = r.text[r.at + 1];
      if (next === '\n') r.at += 2;
      else if (next !== undefined && '$`"\\'.includes(next)) {
        out += next;
        r.at += 2;
      } else {
        out += '\\';
        r.at++;
      }
    } else if (c === '$' || c === '`' || c === '%') {
      const piece = c === '$' ? dollar(r, true) : c === '`' ? backtick(r) : percent(r);
      out += piece.text;
      dynamic ||= piece.dynamic;
    } else out += takeChar(r);
  }
  return { text: out, dynamic };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '\\': '\\', "'": "'", '"': '"', a: '\x07', e: '\x1b' };

/** `$'a\nb'`, `$(pwd)`, `$(git rev-parse HEAD)`, `${X:-1}`, `${{ inputs.tag }}`, `$PWD`, `$X`, `$env:X` */
function dollar(r: Scanner, quoted = false): Word {
  const from = r.at;
  const next = r.text[r.at + 1];
  if (next === "'" && !quoted) return ansiQuoted(r);
  if (next === '"' && !quoted) {
    r.at++;
    return doubleQuoted(r);
  }
  if (next === '(') r.at = balanced(r.text, r.at + 1, '(', ')');
  else if (next === '{') r.at = balanced(r.text, r.at + 1, '{', '}');
  else {
    const name = /^\$(?:env:)?(?:[A-Za-z_]\w{0,200}|[0-9@*#?$!-])/.exec(r.text.slice(r.at, r.at + 210));
    if (!name) {
      r.at++;
      return { text: '$', dynamic: false };
    }
    r.at += name[0].length;
  }
  const text = r.text.slice(from, r.at);
  return /^\$(?:PWD|\{PWD\}|\{PWD:\?\}|\( *pwd *\))$/.test(text) ? { text: '.', dynamic: false } : { text, dynamic: true };
}

function ansiQuoted(r: Scanner): Word {
  let out = '';
  r.at += 2;
  while (r.at < r.text.length && r.text[r.at] !== "'") {
    if (r.text[r.at] === '\\' && r.at + 1 < r.text.length) {
      const c = r.text[r.at + 1]!;
      out += ESCAPES[c] ?? `\\${c}`;
      r.at += 2;
    } else out += takeChar(r);
  }
  r.at++;
  return { text: out, dynamic: false };
}

/** The position after the closing mark that belongs to the opening one at `at`; quotes inside are passed over. */
function balanced(text: string, at: number, opening: string, closing: string): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i++;
    else if (c === "'" && opening === '(') {
      const end = text.indexOf("'", i + 1);
      if (end !== -1) i = end;
    } else if (c === opening) depth++;
    else if (c === closing && --depth === 0) return i + 1;
  }
  return text.length;
}

function backtick(r: Scanner): Word {
  const end = r.text.indexOf('`', r.at + 1);
  if (end === -1) return { text: takeChar(r), dynamic: false };
  const text = r.text.slice(r.at, end + 1);
  r.at = end + 1;
  return /^`\s*pwd\s*`$/.test(text) ? { text: '.', dynamic: false } : { text, dynamic: true };
}

/** `%CD%`, `%BUILD_NUMBER%` of cmd. */
function percent(r: Scanner): Word {
  const match = /^%([A-Za-z_]\w{0,100})%/.exec(r.text.slice(r.at, r.at + 110));
  if (!match) return { text: takeChar(r), dynamic: false };
  r.at += match[0].length;
  return match[1]!.toUpperCase() === 'CD' ? { text: '.', dynamic: false } : { text: match[0], dynamic: true };
}
