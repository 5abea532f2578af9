/** Takes off what stands around a line whatever wrapped it: escape codes, carriage returns, byte-order marks. */

/** CSI, OSC (hyperlinks, titles), APC (`ESC _bk;t=1714…BEL`) and two-character escapes. Linear: no nested quantifiers. */
const ESCAPES = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]_P^X][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]|\x9b[0-9;?]*[@-~]/g;

function stripEscapes(text: string): string {
  return text.includes('\x1b') || text.includes('\x9b') ? text.replace(ESCAPES, '') : text;
}

/**
 * A line as a reader would see it. Of a line rewritten with carriage returns the last state counts, but for lines of a build (`#5 0.3 a\rb`),
 * whose number stands at the very beginning.
 */
export function cleanLine(raw: string): string {
  let text = raw;
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
  if (text.endsWith('\r')) text = text.replace(/(?<!\r)\r+$/, '');
  text = stripEscapes(text);
  if (text.includes('\r')) {
    const parts = text.split('\r').filter((p) => p.trim() !== '');
    text = parts.length === 0 ? '' : /^#\d+ /.test(parts[0] ?? '') ? (parts[0] ?? '') : (parts.at(-1) ?? '');
  }
  return text.includes('\0') ? text.replaceAll('\0', '') : text;
}
