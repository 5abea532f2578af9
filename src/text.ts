/** Words, numbers and escapes as people and formats want them. Everything that came from a log or a file passes through `sanitize` first. */

/**
 * Makes text from outside harmless on a terminal or in a document: escape codes, control and bidirectional characters become visible marks.
 */
export function sanitize(text: string): string {
  return text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\t/g,
    (c) => (c === '\t' ? ' ' : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** As sanitize, on one line. */
export function oneLine(text: string): string {
  return sanitize(text.replace(/\s*\n\s*/g, ' '));
}

/** `1.2s`, `2m 05s`, `1h 02m` */
export function duration(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(whole / 3600)}h ${String(Math.round((whole % 3600) / 60)).padStart(2, '0')}m`;
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

/** Cuts the middle out of a text that is too long: both ends tell something. */
export function truncate(text: string, width: number): string {
  if (text.length <= width) return text;
  if (width < 8) return text.slice(0, Math.max(0, width));
  const tail = Math.floor((width - 1) / 4);
  return `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}`;
}

/** Breaks text at blanks; a word longer than a line is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    let rest = word;
    if (line !== '' && line.length + 1 + rest.length > width) {
      lines.push(line);
      line = '';
    }
    while (rest.length > width) {
      lines.push(rest.slice(0, width));
      rest = rest.slice(width);
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
