/**
 * Unknown parts of values. Where an image's configuration is not at hand, `ENV PATH=/opt/bin:$PATH` has a value that is known in part: `/opt/bin:` and
 * what the image's PATH is. Such a part stands in the text as a placeholder, so that two unknowns of one origin are equal, and a text with a placeholder is a
 * pattern that a real one fits or does not. Placeholders are private-use characters around a name; nobody writes these into a Dockerfile.
 */

const OPEN = '\ue0f0';
const CLOSE = '\ue0f1';
const PLACEHOLDER = /\ue0f0([^\ue0f0\ue0f1]*)\ue0f1/g;

export function unknown(name: string): string {
  return `${OPEN}${name}${CLOSE}`;
}

export function hasUnknown(text: string): boolean {
  return text.includes(OPEN) || text.includes(CLOSE);
}

/** The text as it may be shown: `$PATH`, `<user of the base image>`. */
export function showUnknown(text: string): string {
  const show = (name: string): string => (name.includes(' ') ? `<${name}>` : `$${name}`);
  return hasUnknown(text) ? text.replace(PLACEHOLDER, (_, name: string) => show(name)).replace(/[\ue0f0\ue0f1]/g, '') : text;
}

/** The names of the unknown parts. */
export function unknownNames(text: string): string[] {
  return hasUnknown(text) ? [...text.matchAll(PLACEHOLDER)].map((match) => match[1]!) : [];
}

/** A pattern cut into literal texts with holes between them: one hole fewer than texts. */
export interface Pattern {
  readonly literals: readonly string[];
  readonly holes: readonly string[];
}

/** A placeholder that text operations have torn apart makes the rest one nameless hole. */
export function readPattern(text: string): Pattern {
  const literals: string[] = [];
  const holes: string[] = [];
  let from = 0;
  for (const match of text.matchAll(PLACEHOLDER)) {
    literals.push(text.slice(from, match.index));
    holes.push(match[1]!);
    from = match.index + match[0].length;
  }
  literals.push(text.slice(from));
  const torn = literals.findIndex((literal) => hasUnknown(literal));
  if (torn < 0) return { literals, holes };
  const cut = literals[torn]!.search(/[\ue0f0\ue0f1]/);
  return { literals: [...literals.slice(0, torn), literals[torn]!.slice(0, cut), ''], holes: [...holes.slice(0, torn), ''] };
}

/** What the holes hold in a real text, in order; null where the text does not fit. A hole takes as little as it can. */
export function fitPattern({ literals, holes }: Pattern, text: string): string[] | null {
  if (!text.startsWith(literals[0]!)) return null;
  let at = literals[0]!.length;
  const values: string[] = [];
  for (const index of holes.keys()) {
    const literal = literals[index + 1]!;
    const last = index === holes.length - 1;
    const end = last ? (text.endsWith(literal) ? text.length - literal.length : -1) : literal === '' ? at : text.indexOf(literal, at);
    if (end < at) return null;
    values.push(text.slice(at, end));
    at = end + literal.length;
  }
  return holes.length > 0 || at === text.length ? values : null;
}

/** Whether two values, either of which may be unknown in part, are the same: null where nobody can tell. */
export function sameValue(a: string, b: string): boolean | null {
  if (a === b) return true;
  if (!hasUnknown(a) && !hasUnknown(b)) return false;
  if (hasUnknown(a) && hasUnknown(b)) {
    // both unknown in part, yet written differently: different unless the unknown parts make up for it
    const [x, y] = [readPattern(a), readPattern(b)];
    return x.holes.join() === y.holes.join() ? false : null;
  }
  const [pattern, text] = hasUnknown(a) ? [a, b] : [b, a];
  return fitPattern(readPattern(pattern), text) ? null : false;
}
