/** Windows PowerShell wraps what a program writes to standard error at the width of its window, and puts an error record around it. */

/** `docker : #0 building with …`, `At line:1 char:1`, `+ CategoryInfo : …`, `+ FullyQualifiedErrorId : NativeCommandError` */
const RECORD =
  /^(?:docker(?:-compose|\.exe)?|podman(?:\.exe)?|cmd(?:\.exe)?) : |^\s*\+ (?:CategoryInfo|FullyQualifiedErrorId)\s*:|^At line:\d+ char:\d+/;

export function looksLikePowerShell(lines: readonly string[]): boolean {
  return lines.some((l) => RECORD.test(l));
}

interface Numbered {
  readonly text: string;
  readonly number: number;
}

/**
 * Joins lines that were cut at the window's width, adding no blank. The width is the length at which lines are cut again and again: many lines
 * of just that length are followed by one that begins nothing.
 */
export function joinWrapped(lines: readonly Numbered[]): Numbered[] {
  const width = wrapWidth(lines);
  if (width === null) return [...lines];
  const joined: Numbered[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    let text = line.text;
    let piece = line.text;
    let pieces = 0;
    const limit = pieceWidth(piece, width);
    while (piece.length === (pieces === 0 ? limit : width) && i + 1 < lines.length && continues(lines[i + 1]!.text) && pieces < 2000) {
      piece = lines[++i]!.text;
      text += piece;
      pieces++;
    }
    joined.push(pieces > 0 ? { text, number: line.number } : line);
  }
  return joined;
}

function pieceWidth(_piece: string, width: number): number {
  return width;
}

function continues(text: string): boolean {
  return text !== '' && !/^#\d{1,5} |^ => |^------$|^\s*\+ (?:CategoryInfo|FullyQualified)|^At line:/.test(text);
}

function wrapWidth(lines: readonly Numbered[]): number | null {
  const counts = new Map<number, number>();
  for (let i = 0; i + 1 < lines.length; i++) {
    const length = lines[i]!.text.length;
    if (length >= 30 && length <= 400 && continues(lines[i + 1]!.text)) counts.set(length, (counts.get(length) ?? 0) + 1);
  }
  let best: number | null = null;
  let most = 2;
  for (const [length, count] of counts)
    if (count > most) {
      most = count;
      best = length;
    }
  return best;
}
