/**
 * Reads the regular expressions that Docker makes of file patterns. They are Go's (RE2): a pattern like `a{2}` or `\d*`
 * reaches Go's parser as it stands, so that its rules, and its errors, decide what a `.dockerignore` ignores.
 * Groups cannot be written in a file pattern (parentheses are escaped) but for the `(.*[/])?` that `**` turns into.
 * https://pkg.go.dev/regexp/syntax
 */

/** Is this code point in the set? */
export type CharSet = (code: number) => boolean;

export type RegexpNode =
  | { readonly kind: 'set'; readonly has: CharSet }
  | { readonly kind: 'begin' | 'end' | 'word-edge' | 'no-word-edge' }
  | { readonly kind: 'repeat'; readonly node: RegexpNode; readonly min: number; readonly max: number }
  | { readonly kind: 'sequence' | 'either'; readonly nodes: readonly RegexpNode[] };

/** Thrown and caught within this file: Go would not compile it. */
class RegexpError extends Error {}

const MAX_REPEAT = 1000;

/** A set from ranges in pairs, both ends included. */
function ranges(...ends: readonly number[]): CharSet {
  return (code) => {
    for (let i = 0; i < ends.length; i += 2) if (ends[i]! <= code && code <= ends[i + 1]!) return true;
    return false;
  };
}

function not(set: CharSet): CharSet {
  return (code) => !set(code);
}

const DIGIT = ranges(48, 57);
const SPACE = ranges(9, 10, 12, 13, 32, 32);
const WORD: CharSet = ranges(48, 57, 65, 90, 95, 95, 97, 122);

const POSIX: ReadonlyMap<string, CharSet> = new Map([
  ['alnum', ranges(48, 57, 65, 90, 97, 122)],
  ['alpha', ranges(65, 90, 97, 122)],
  ['ascii', ranges(0, 127)],
  ['blank', ranges(9, 9, 32, 32)],
  ['cntrl', ranges(0, 31, 127, 127)],
  ['digit', DIGIT],
  ['graph', ranges(33, 126)],
  ['lower', ranges(97, 122)],
  ['print', ranges(32, 126)],
  ['punct', ranges(33, 47, 58, 64, 91, 96, 123, 126)],
  ['space', ranges(9, 13, 32, 32)],
  ['upper', ranges(65, 90)],
  ['word', WORD],
  ['xdigit', ranges(48, 57, 65, 70, 97, 102)],
]);
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

interface Cursor {
  readonly text: string;
  at: number;
}

/** The syntax tree, or undefined where Go refuses the expression. */
export function parseRegexp(text: string): RegexpNode | undefined {
  try {
    const cursor: Cursor = { text, at: 0 };
    const node = parseEither(cursor);
    return cursor.at === text.length ? node : undefined;
  } catch (error) {
    if (error instanceof RegexpError) return undefined;
    throw error;
  }
}

function parseEither(cursor: Cursor): RegexpNode {
  const nodes = [parseSequence(cursor)];
  while (cursor.text[cursor.at] === '|') {
    cursor.at++;
    nodes.push(parseSequence(cursor));
  }
  return nodes.length === 1 ? nodes[0]! : { kind: 'either', nodes };
}

function parseSequence(cursor: Cursor): RegexpNode {
  const nodes: RegexpNode[] = [];
  let afterRepeat = false;
  for (;;) {
    const ch = cursor.text[cursor.at];
    if (ch === undefined || ch === '|' || ch === ')') return { kind: 'sequence', nodes };
    const repeat = readRepeat(cursor);
    if (repeat) {
      const node = nodes.pop();
      if (!node || afterRepeat) throw new RegexpError();
      nodes.push({ kind: 'repeat', node, min: repeat.min, max: repeat.max });
      afterRepeat = true;
      continue;
    }
    afterRepeat = false;
    parseAtom(cursor, nodes);
  }
}

/** `*`, `?` or `{2,3}` at the cursor; `{` that is no repetition is a literal. */
function readRepeat(cursor: Cursor): { readonly min: number; readonly max: number } | undefined {
  const ch = cursor.text[cursor.at];
  if (ch === '*' || ch === '+' || ch === '?') {
    cursor.at++;
    return { min: ch === '+' ? 1 : 0, max: ch === '?' ? 1 : Number.POSITIVE_INFINITY };
  }
  if (ch !== '{') return undefined;
  // {2} {2,} {2,30}; a leading zero makes it plain text
  const form = /\{(0|[1-9]\d*)(,(0|[1-9]\d*)?)?\}/y;
  form.lastIndex = cursor.at;
  const found = form.exec(cursor.text);
  if (!found) return undefined;
  const min = Number(found[1]);
  const max = found[2] === undefined ? min : found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3]);
  if (min > MAX_REPEAT || (max !== Number.POSITIVE_INFINITY && max > MAX_REPEAT) || min > max) throw new RegexpError();
  cursor.at += found[0].length;
  return { min, max };
}

function parseAtom(cursor: Cursor, nodes: RegexpNode[]): void {
  const ch = cursor.text[cursor.at];
  if (ch === '(') {
    cursor.at++;
    const group = parseEither(cursor);
    if (cursor.text[cursor.at] !== ')') throw new RegexpError();
    cursor.at++;
    nodes.push(group);
  } else if (ch === '[') {
    nodes.push(parseClass(cursor));
  } else if (ch === '\\') {
    parseEscape(cursor, nodes);
  } else if (ch === '.') {
    cursor.at++;
    nodes.push({ kind: 'set', has: (code) => code !== 10 }); // Go's dot does not match a newline
  } else if (ch === '^' || ch === '$') {
    cursor.at++;
    nodes.push({ kind: ch === '^' ? 'begin' : 'end' });
  } else {
    nodes.push(single(readChar(cursor)));
  }
}

function single(code: number): RegexpNode {
  return { kind: 'set', has: (other) => other === code };
}

function readChar(cursor: Cursor): number {
  const code = cursor.text.codePointAt(cursor.at);
  if (code === undefined) throw new RegexpError();
  cursor.at += code > 0xffff ? 2 : 1;
  return code;
}

const ASSERTIONS: Readonly<Record<string, RegexpNode>> = {
  A: { kind: 'begin' },
  z: { kind: 'end' },
  b: { kind: 'word-edge' },
  B: { kind: 'no-word-edge' },
};

/** A backslash outside of a class. */
function parseEscape(cursor: Cursor, nodes: RegexpNode[]): void {
  const next = cursor.text[cursor.at + 1] ?? '';
  const assertion = ASSERTIONS[next];
  if (assertion) {
    cursor.at += 2;
    nodes.push(assertion);
  } else if (next === 'Q') {
    // \Q … \E: everything between is literal
    const end = cursor.text.indexOf('\\E', cursor.at + 2);
    const literal = cursor.text.slice(cursor.at + 2, end < 0 ? undefined : end);
    for (const ch of literal) nodes.push(single(ch.codePointAt(0)!));
    cursor.at = end < 0 ? cursor.text.length : end + 2;
  } else {
    const set = readSetEscape(cursor);
    nodes.push(set ? { kind: 'set', has: set } : single(readCharEscape(cursor)));
  }
}

/** `\d`, `\W`, `\pL`, `\P{Greek}`: a set of characters, in a class or outside; undefined when it is none. */
function readSetEscape(cursor: Cursor): CharSet | undefined {
  if (cursor.text[cursor.at] !== '\\') return undefined;
  const letter = cursor.text[cursor.at + 1] ?? '';
  const base = { d: DIGIT, s: SPACE, w: WORD }[letter.toLowerCase()];
  if (base) {
    cursor.at += 2;
    return letter === letter.toLowerCase() ? base : not(base);
  }
  if (letter !== 'p' && letter !== 'P') return undefined;
  const found = /^(?:\{(\^?)([A-Za-z_]{1,40})\}|(\^?)([A-Za-z]))/.exec(cursor.text.slice(cursor.at + 2, cursor.at + 46));
  if (!found || found[3]) throw new RegexpError();
  cursor.at += 2 + found[0].length;
  const set = unicodeSet(found[2] ?? found[4]!);
  return (letter === 'P') !== (found[1] === '^') ? not(set) : set;
}

/** The characters of a Unicode category (one or two letters) or script. */
function unicodeSet(name: string): CharSet {
  if (name === 'Any') return () => true;
  try {
    const test = new RegExp(`^\\p{${name.length > 2 ? `Script=${name}` : name}}$`, 'u');
    return (code) => test.test(String.fromCodePoint(code));
  } catch {
    throw new RegexpError();
  }
}

/** A backslash before a single character: `\.`, `\x41`, `\101`, `\n`. Letters without a meaning are errors in Go. */
function readCharEscape(cursor: Cursor): number {
  cursor.at++;
  const code = readChar(cursor);
  const ch = String.fromCodePoint(code);
  const { text } = cursor;
  if (ch >= '0' && ch <= '7') {
    if (ch !== '0' && !/[0-7]/.test(text[cursor.at] ?? '')) throw new RegexpError(); // a back-reference
    const more = /^[0-7]{0,2}/.exec(text.slice(cursor.at, cursor.at + 2))![0];
    cursor.at += more.length;
    return Number.parseInt(ch + more, 8);
  }
  if (ch === 'x') {
    const found = /^(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{2}))/.exec(text.slice(cursor.at, cursor.at + 64));
    const value = found ? Number.parseInt(found[1] ?? found[2]!, 16) : Number.POSITIVE_INFINITY;
    if (!found || value > 0x10ffff) throw new RegexpError();
    cursor.at += found[0].length;
    return value;
  }
  if (CONTROL[ch] !== undefined) return CONTROL[ch];
  if (code < 0x80 && !/[0-9A-Za-z]/.test(ch)) return code;
  throw new RegexpError();
}

function parseClass(cursor: Cursor): RegexpNode {
  const { text } = cursor;
  cursor.at++;
  const negated = text[cursor.at] === '^';
  if (negated) cursor.at++;
  const sets: CharSet[] = [];
  for (let first = true; text[cursor.at] !== ']' || first; first = false) {
    const set = readPosixClass(cursor) ?? readSetEscape(cursor);
    if (set) {
      sets.push(set);
      continue;
    }
    const low = readClassChar(cursor);
    let high = low;
    if (text[cursor.at] === '-' && cursor.at + 1 < text.length && text[cursor.at + 1] !== ']') {
      cursor.at++;
      high = readClassChar(cursor);
      if (high < low) throw new RegexpError();
    }
    sets.push(ranges(low, high));
  }
  cursor.at++;
  const has: CharSet = (code) => sets.some((set) => set(code));
  return { kind: 'set', has: negated ? not(has) : has };
}

/** `[:alpha:]` or `[:^alpha:]` within a class. */
function readPosixClass(cursor: Cursor): CharSet | undefined {
  if (!cursor.text.startsWith('[:', cursor.at)) return undefined;
  const end = cursor.text.indexOf(':]', cursor.at + 2);
  if (end < 0) return undefined;
  const name = cursor.text.slice(cursor.at + 2, end);
  const set = POSIX.get(name.replace(/^\^/, ''));
  if (!set) throw new RegexpError();
  cursor.at = end + 2;
  return name.startsWith('^') ? not(set) : set;
}

function readClassChar(cursor: Cursor): number {
  if (cursor.at >= cursor.text.length) throw new RegexpError();
  return cursor.text[cursor.at] === '\\' ? readCharEscape(cursor) : readChar(cursor);
}
