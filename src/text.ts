/** Words, numbers and escapes as people and formats want them. Everything that came from a log or a file passes through `sanitize` first. */

/** Control, bidirectional and invisible characters, and halves of surrogate pairs: what can move a cursor, hide, turn round or break a document. */
export const HARMFUL: RegExp =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\u{e0000}-\u{e007f}\p{Cs}]/gu;

/** Makes text from outside harmless on a terminal or in a document: what is harmful becomes a visible mark, a tab a blank. Lines stay lines. */
export function sanitize(text: string): string {
  return text.replace(HARMFUL, (c) => {
    if (c === '\t') return ' ';
    const code = c.codePointAt(0)!.toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

/** Characters that take two columns of a terminal, and those that take none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const NONE = /[\p{Mn}\p{Me}]/u;
const ASCII = /^[\x20-\x7e]*$/;

/** Columns that a sanitized text takes on a terminal. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const c of text) width += charWidth(c);
  return width;
}

function charWidth(c: string): number {
  return NONE.test(c) ? 0 : WIDE.test(c) ? 2 : 1;
}

/** As much of the text's start as fits into the columns; never half a character. */
function takeColumns(text: string, columns: number): string {
  let width = 0;
  let end = 0;
  for (const c of text) {
    width += charWidth(c);
    if (width > columns) break;
    end += c.length;
  }
  return text.slice(0, end);
}

/** As sanitize, on one line. */
export function oneLine(text: string): string {
  if (!text.includes('\n')) return sanitize(text);
  // Not with a pattern: one that takes the blanks on both sides looks at a long run of them again and again.
  const lines = text.split('\n');
  const last = lines.length - 1;
  const bare = lines.map((line, i) => (i === 0 ? line.trimEnd() : i === last ? line.trimStart() : line.trim()));
  return sanitize(bare.filter((line, i) => line !== '' || i === 0 || i === last).join(' '));
}

/** `1.2s`, `2m 05s`, `1h 02m` */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, '0')}s`;
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

export function percent(share: number): string {
  return `${Math.floor(share * 100)}%`;
}

export function plural(count: number, word: string, many = `${word}s`): string {
  return `${count} ${count === 1 ? word : many}`;
}

/** Bytes in docker's units: `2B`, `3.05kB`, `1.2GB` */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))}${units[unit]}`;
}

/** Cuts the middle out of a text that is too wide: both ends tell something. */
export function truncate(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 8) return takeColumns(text, Math.max(0, width));
  const tail = Math.floor((width - 1) / 4);
  const end = [...takeColumns([...text.slice(-2 * tail)].reverse().join(''), tail)].reverse().join('');
  return `${takeColumns(text, width - 1 - tail)}…${end}`;
}

/** A quotation: on one line, its end cut off where it is long. It is made harmless where it is shown. */
export function clip(text: string, width = 60): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > width ? `${takeColumns(line, width - 1)}…` : line;
}

/** Breaks text at blanks; a word wider than a line is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && textWidth(line) + 1 + textWidth(rest) > width) {
      lines.push(line);
      line = '';
    }
    while (textWidth(rest) > width) {
      const part = takeColumns(rest, Math.max(2, width));
      lines.push(part);
      rest = rest.slice(part.length);
    }
    line = line === '' ? rest : `${line} ${rest}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

export function escapeXml(text: string): string {
  return sanitize(text).replace(/[<>&"']/g, (c) => ({ '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;', "'": '&#39;' })[c] ?? c);
}

/** Text in Markdown that must stay text. */
export function escapeMarkdown(text: string): string {
  return oneLine(text).replace(/[\\`*_{}[\]<>()#+!|~&$@]/g, (c) =>
    c === '<' ? '&lt;' : c === '>' ? '&gt;' : c === '&' ? '&amp;' : c === '@' ? '@\u2060' : `\\${c}`,
  );
}

/** Text in a code span. */
export function codeSpan(text: string): string {
  const bare = oneLine(text).replace(/\|/g, '\\|');
  const ticks = Math.max(0, ...[...bare.matchAll(/`+/g)].map((m) => m[0].length));
  const fence = '`'.repeat(ticks + 1);
  return ticks > 0 ? `${fence} ${bare} ${fence}` : `${fence}${bare}${fence}`;
}

/** An amount as people write it: `$12.50`, `12.50 EUR` */
export function money(amount: number, currency: string): string {
  const safe = oneLine(currency);
  return /^\p{Sc}$/u.test(safe) ? `${safe}${amount.toFixed(2)}` : `${amount.toFixed(2)} ${safe}`;
}

/** A share of days: `3 days`, `5 hours` */
export function age(seconds: number): string {
  return seconds < 2 * 3600
    ? plural(Math.max(1, Math.round(seconds / 60)), 'minute')
    : seconds < 2 * 86_400
      ? plural(Math.round(seconds / 3600), 'hour')
      : plural(Math.round(seconds / 86_400), 'day');
}

/** Lower-cases a sentence's first letter where it is a plain word: "The builder had …", not "COPY …", "ENV …" or "README.md changed". */
export function lowerFirst(sentence: string): string {
  return /^[A-Z][a-z]* /.test(sentence) ? sentence.charAt(0).toLowerCase() + sentence.slice(1) : sentence;
}
