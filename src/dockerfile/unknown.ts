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

/** An argument that the command line may have given, told apart from a variable that the image may set. */
export function unknownArgument(name: string): string {
  return unknown(`${name}=`);
}

export function hasUnknown(text: string): boolean {
  return text.includes(OPEN) || text.includes(CLOSE);
}

/** The text as it may be shown: `$PATH`, `<user of the base image>`. */
export function showUnknown(text: string): string {
  const show = (name: string): string => (name.includes(' ') ? `<${name}>` : `$${name.replace('=', '')}`);
  return hasUnknown(text) ? text.replace(PLACEHOLDER, (_, name: string) => show(name)).replace(/[\ue0f0\ue0f1]/g, '') : text;
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

/**
 * What the holes hold in a real text, in order; null where the text does not fit. A hole takes as little as it can.
 * @param open the text may end early: the rest of the pattern is taken as read
 */
export function fitPattern({ literals, holes }: Pattern, text: string, open = false): string[] | null {
  const first = literals[0]!;
  if (!text.startsWith(first)) return open && first.startsWith(text) ? [] : null;
  if (holes.length === 0) return open || text.length === first.length ? [] : null;
  const values: string[] = [];
  let at = first.length;
  for (const [index, literal] of literals.slice(1).entries()) {
    const last = index === holes.length - 1 && !open;
    const end = last ? (text.endsWith(literal) ? text.length - literal.length : -1) : text.indexOf(literal, at);
    if (end < at) return open ? values : null;
    values.push(text.slice(at, end));
    at = end + literal.length;
  }
  return values;
}

/** True where the holes can hold nothing else: each text between two holes occurs once. */
export function fitsOnlyOnce({ literals, holes }: Pattern, text: string): boolean {
  const end = text.length - literals.at(-1)!.length;
  const middle = text.slice(literals[0]!.length, Math.max(end, literals[0]!.length));
  return (
    holes.length < 2 || literals.slice(1, -1).every((literal) => literal !== '' && middle.indexOf(literal) === middle.lastIndexOf(literal))
  );
}
