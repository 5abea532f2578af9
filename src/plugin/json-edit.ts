/** Changes one member of a JSON text and leaves every other character as it is: a user's config keeps its formatting and what we do not know. */

/** A position in the text that is no JSON. */
export class NotJson extends Error {}

interface Span {
  readonly start: number;
  readonly end: number;
}

interface Member {
  readonly name: string;
  readonly key: Span;
  readonly value: Span;
}

interface ObjectSpan extends Span {
  readonly members: readonly Member[];
}

/**
 * Sets a string member, creating objects on the way.
 * @param text an object, or empty
 * @throws NotJson where the text is no JSON, or where something other than an object stands in the way
 */
export function setMember(text: string, path: readonly string[], value: string): string {
  const source = text.trim() === '' ? '{}\n' : text;
  const indent = /^[\t ]+(?=")/m.exec(source)?.[0] ?? '\t';
  return setIn(source, readRoot(source), path, JSON.stringify(value), indent, 1);
}

function setIn(text: string, object: ObjectSpan, path: readonly string[], value: string, indent: string, depth: number): string {
  const [name, ...rest] = path;
  const member = object.members.find((m) => m.name === name);
  if (!member) return insert(text, object, name!, nest(rest, value, indent, depth), indent, depth);
  if (rest.length === 0) return splice(text, member.value, value);
  const inner = readObject(text, member.value.start);
  return setIn(text, inner, rest, value, indent, depth + 1);
}

/** `{"a": {"b": "value"}}`, broken into lines at its depth. */
function nest(path: readonly string[], value: string, indent: string, depth: number): string {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  const inner = nest(rest, value, indent, depth + 1);
  return `{\n${indent.repeat(depth + 1)}${JSON.stringify(name)}: ${inner}\n${indent.repeat(depth)}}`;
}

function insert(text: string, object: ObjectSpan, name: string, value: string, indent: string, depth: number): string {
  const line = `${JSON.stringify(name)}: ${value}`;
  const last = object.members.at(-1);
  if (last) {
    // On one line stays on one line.
    const broken = text.slice(object.start, last.key.start).includes('\n');
    return splice(text, { start: last.value.end, end: last.value.end }, broken ? `,\n${indent.repeat(depth)}${line}` : `, ${line}`);
  }
  return splice(text, object, `{\n${indent.repeat(depth)}${line}\n${indent.repeat(depth - 1)}}`);
}

/** Removes a member with its comma; objects that this leaves empty go too. The text is unchanged where there is no such member. */
export function removeMember(text: string, path: readonly string[]): string {
  if (text.trim() === '') return text;
  const chain: { readonly object: ObjectSpan; readonly at: number }[] = [];
  let object = readRoot(text);
  for (const [i, name] of path.entries()) {
    const at = object.members.findIndex((m) => m.name === name);
    if (at === -1) return text;
    chain.push({ object, at });
    if (i < path.length - 1) object = readObject(text, object.members[at]!.value.start);
  }
  // The outermost object that would be left empty goes as a whole.
  let level = chain.length - 1;
  while (level > 0 && chain[level]!.object.members.length === 1) level--;
  const { object: from, at } = chain[level]!;
  const member = from.members[at]!;
  const next = from.members[at + 1];
  const before = from.members[at - 1];
  if (next) return splice(text, { start: member.key.start, end: next.key.start }, '');
  if (before) return splice(text, { start: before.value.end, end: member.value.end }, '');
  return splice(text, from, '{}');
}

/** The value of a string member; undefined where there is none. @throws NotJson */
export function getMember(text: string, path: readonly string[]): string | undefined {
  if (text.trim() === '') return undefined;
  let value = parse(text);
  for (const name of path) value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
}

function splice(text: string, span: Span, replacement: string): string {
  return text.slice(0, span.start) + replacement + text.slice(span.end);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new NotJson('no JSON');
  }
}

function readRoot(text: string): ObjectSpan {
  parse(text);
  return readObject(text, skipBlanks(text, text.startsWith('\uFEFF') ? 1 : 0));
}

/** The text is known to be JSON: only its shape is asked. */
function readObject(text: string, start: number): ObjectSpan {
  if (text[start] !== '{') throw new NotJson('no object');
  const members: Member[] = [];
  let at = skipBlanks(text, start + 1);
  while (text[at] !== '}') {
    if (at >= text.length) throw new NotJson('no end');
    const key = { start: at, end: endOfString(text, at) };
    const value = skipBlanks(text, skipBlanks(text, key.end) + 1);
    const end = endOfValue(text, value);
    members.push({ name: JSON.parse(text.slice(key.start, key.end)) as string, key, value: { start: value, end } });
    at = skipBlanks(text, end);
    if (text[at] === ',') at = skipBlanks(text, at + 1);
  }
  return { start, end: at + 1, members };
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t' || text[at] === '\n' || text[at] === '\r') at++;
  return at;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  throw new NotJson('no end of a string');
}

function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const c = text[at];
    if (c === '"') {
      at = endOfString(text, at) - 1;
      if (depth === 0) return at + 1;
    } else if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (c === ',' || c === ' ' || c === '\n' || c === '\r' || c === '\t')) return at;
  }
  return text.length;
}
