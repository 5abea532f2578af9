/** Cuts a line of shell (POSIX, and what differs in cmd and PowerShell) into simple commands and their words. Linear; never throws. */

/** A word with its quotes taken off. */
export interface Word {
  readonly text: string;
  /** It holds a variable or a command substitution: its value is not known, `text` is as written. */
  readonly dynamic: boolean;
}

export interface SimpleCommand {
  readonly words: readonly Word[];
  readonly stdin: { readonly file: string } | { readonly text: string } | null;
  /** How deep in parentheses it stands: a `cd` inside does not reach outside. */
  readonly depth: number;
  /** What ends it. */
  readonly end: '&&' | '||' | '|' | ';' | '&' | ')' | '';
}

interface Reader {
  readonly text: string;
  at: number;
  readonly commands: SimpleCommand[];
  words: Word[];
  stdin: SimpleCommand['stdin'];
  depth: number;
  /** Here-documents whose bodies start after the next line end. */
  pending: { readonly delimiter: string; readonly tabs: boolean }[];
}

/**
 * Prompts and marks that shells and CI put before a command they show:
 * `$ docker build .`, `+ docker build .`, `[command]/usr/bin/docker …`, `root@host:/src# docker …`, `PS C:\src> docker …`, `Run docker build .`
 */
const PROMPT =
  /^[ \t]*(?:(?:##)?\[command\]|##\[group\]|::group::|\++[ \t]|[$#>%❯➜][ \t]+|PS [^>\n]{0,200}>[ \t]?|[A-Za-z]:\\[^>\n]{0,200}>[ \t]?|[\w.-]{1,64}@[\w.-]{1,64}:[^\n$#]{0,200}[$#][ \t]|Run[ \t]+(?=\S*docker|podman|buildah|\.?\/?kaniko))/;

export function readCommands(text: string): SimpleCommand[] {
  const r: Reader = { text, at: 0, commands: [], words: [], stdin: null, depth: 0, pending: [] };
  skipPrompt(r);
  while (r.at < text.length) step(r);
  finish(r, '');
  return r.commands;
}

function skipPrompt(r: Reader): void {
  for (let n = 0; n < 4; n++) {
    const match = PROMPT.exec(r.text.slice(r.at, r.at + 500));
    if (!match) return;
    r.at += match[0].length;
  }
}

function finish(r: Reader, end: SimpleCommand['end']): void {
  if (r.words.length > 0 || r.stdin) r.commands.push({ words: r.words, stdin: r.stdin, depth: r.depth, end });
  r.words = [];
  r.stdin = null;
}

function step(r: Reader): void {
  const c = r.text[r.at]!;
  const two = r.text.slice(r.at, r.at + 2);
  if (c === ' ' || c === '\t' || c === '\r') r.at++;
  else if (continuation(r, r.at) > 0) r.at += continuation(r, r.at);
  else if (c === '\n') newLine(r);
  else if (two === '&&' || two === '||') operator(r, two, 2);
  else if (two === '|&') operator(r, '|', 2);
  else if (two === '&>') redirect(r, r.text.startsWith('&>>', r.at) ? 3 : 2, false);
  else if (c === '|') operator(r, '|', 1);
  else if (c === ';') operator(r, ';', 1);
  else if (c === '&') operator(r, '&', 1);
  else if (c === '(' && r.words.length === 0) open(r);
  else if (c === ')') close(r);
  else if (c === '#' && r.words.length > 0) r.at = lineEnd(r.text, r.at);
  else if (c === '<') redirectIn(r);
  else if (c === '>') redirectOut(r);
  else readWord(r);
}

function operator(r: Reader, end: SimpleCommand['end'], length: number): void {
  finish(r, end);
  r.at += length;
}

function open(r: Reader): void {
  r.depth++;
  r.at++;
}

function close(r: Reader): void {
  finish(r, ')');
  r.depth = Math.max(0, r.depth - 1);
  r.at++;
}

function newLine(r: Reader): void {
  r.at++;
  for (const doc of r.pending) {
    const body = hereDocument(r, doc);
    if (r.words.length > 0) r.stdin = { text: body };
  }
  r.pending = [];
  finish(r, ';');
  skipPrompt(r);
}

function hereDocument(r: Reader, doc: { readonly delimiter: string; readonly tabs: boolean }): string {
  const start = r.at;
  while (r.at < r.text.length) {
    const end = lineEnd(r.text, r.at);
    let line = r.text.slice(r.at, end);
    if (doc.tabs) line = line.replace(/^\t+/, '');
    const from = r.at;
    r.at = Math.min(end + 1, r.text.length);
    if (line.replace(/\r$/, '') === doc.delimiter) return r.text.slice(start, from);
  }
  return r.text.slice(start);
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at;
}

/** The length of a line continuation at `at`: `\` (also with blanks after it, as pasted), `^` of cmd or a backtick of PowerShell before the line end. */
function continuation(r: Reader, at: number): number {
  const c = r.text[at];
  if (c !== '\\' && c !== '^' && c !== '`') return 0;
  let i = at + 1;
  while (r.text[i] === ' ' || r.text[i] === '\t' || r.text[i] === '\r') i++;
  return r.text[i] === '\n' ? i + 1 - at : 0;
}

function redirectIn(r: Reader): void {
  const rest = r.text.slice(r.at, r.at + 3);
  if (rest === '<<<') {
    redirect(r, 3, false);
    return;
  }
  if (rest.startsWith('<<')) {
    const tabs = rest === '<<-';
    r.at += tabs ? 3 : 2;
    skipBlanks(r);
    const word = takeWord(r);
    if (word.text !== '') r.pending.push({ delimiter: word.text, tabs });
    return;
  }
  redirect(r, rest.startsWith('<&') ? 2 : 1, !rest.startsWith('<&'));
}

function redirectOut(r: Reader): void {
  const next = r.text[r.at + 1];
  redirect(r, next === '>' || next === '&' || next === '|' ? 2 : 1, false);
}

function redirect(r: Reader, length: number, input: boolean): void {
  r.at += length;
  skipBlanks(r);
  const word = takeWord(r);
  if (input && word.text !== '' && !word.dynamic) r.stdin = { file: word.text };
}

function skipBlanks(r: Reader): void {
  while (r.text[r.at] === ' ' || r.text[r.at] === '\t') r.at++;
}

function readWord(r: Reader): void {
  const from = r.at;
  const word = takeWord(r);
  // `2>&1`: a number right before a redirection is its descriptor.
  if (/^\d$/.test(word.text) && r.at - from === 1 && (r.text[r.at] === '>' || r.text[r.at] === '<')) return;
  if (r.at === from) r.at++;
  else r.words.push(word);
}

const WORD_END = new Set([' ', '\t', '\r', '\n', ';', '|', '&', '<', '>', ')']);

function takeWord(r: Reader): Word {
  let out = '';
  let dynamic = false;
  let windows = false;
  const add = (piece: { text: string; dynamic: boolean }): void => {
    out += piece.text;
    dynamic ||= piece.dynamic;
  };
  while (r.at < r.text.length) {
    const c = r.text[r.at]!;
    if (WORD_END.has(c)) break;
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
      // Only the start of a word tells a path of Windows; reading all of a long one each time would take its square.
      if (out.length < 300) windows = WINDOWS_PATH.test(out);
      out += c === '\\' ? backslash(r, windows) : takeChar(r);
    } else if (c === '%') add(percent(r));
    else out += takeChar(r);
  }
  return { text: out, dynamic };
}

function takeChar(r: Reader): string {
  const c = String.fromCodePoint(r.text.codePointAt(r.at)!);
  r.at += c.length;
  return c;
}

/** What a backslash follows in a path of Windows: `.`, `C:`, `-f=..`, `C:\src\app`. */
const WINDOWS_PATH = /^(?:[\w-]{1,100}=)?(?:(?:[A-Za-z]:|\.{1,2})?\\|(?:[A-Za-z]:|\.{1,2})$)/;

/** `\ ` is a blank; `.\Dockerfile` and `C:\src` are paths of Windows: before a letter, a digit or in such a path the backslash stays. */
function backslash(r: Reader, windows: boolean): string {
  r.at++;
  if (r.at >= r.text.length || windows) return '\\';
  const c = takeChar(r);
  return /[\w.]/.test(c) ? `\\${c}` : c;
}

function singleQuoted(r: Reader): Word {
  const end = r.text.indexOf("'", r.at + 1);
  const text = r.text.slice(r.at + 1, end === -1 ? undefined : end);
  r.at = end === -1 ? r.text.length : end + 1;
  return { text, dynamic: false };
}

function doubleQuoted(r: Reader): Word {
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
function dollar(r: Reader, quoted = false): Word {
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

function ansiQuoted(r: Reader): Word {
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

function backtick(r: Reader): Word {
  const end = r.text.indexOf('`', r.at + 1);
  if (end === -1) return { text: takeChar(r), dynamic: false };
  const text = r.text.slice(r.at, end + 1);
  r.at = end + 1;
  return /^`\s*pwd\s*`$/.test(text) ? { text: '.', dynamic: false } : { text, dynamic: true };
}

/** `%CD%`, `%BUILD_NUMBER%` of cmd. */
function percent(r: Reader): Word {
  const match = /^%([A-Za-z_]\w{0,100})%/.exec(r.text.slice(r.at, r.at + 110));
  if (!match) return { text: takeChar(r), dynamic: false };
  r.at += match[0].length;
  return match[1]!.toUpperCase() === 'CD' ? { text: '.', dynamic: false } : { text: match[0], dynamic: true };
}
