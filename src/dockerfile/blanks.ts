/** What BuildKit's frontend takes for a blank: Go's `unicode.IsSpace`. JavaScript's `\s` and `trim` have a byte-order mark as well and lack U+0085. */

const SPACE = /[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** @param c one character */
export function isSpace(c: string): boolean {
  const code = c.charCodeAt(0);
  // nearly all that is asked for
  return code > 0x20 && code < 0x80 ? false : SPACE.test(c);
}

export function trimStart(text: string): string {
  let at = 0;
  while (at < text.length && isSpace(text[at]!)) at++;
  return text.slice(at);
}

export function trim(text: string): string {
  let end = text.length;
  while (end > 0 && isSpace(text[end - 1]!)) end--;
  return trimStart(text.slice(0, end));
}
