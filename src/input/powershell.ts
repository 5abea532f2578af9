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
 * Joins lines that were cut at the window's width, adding no blank: at a blank, which stays at the end of the piece, or inside a word too long
 * for the window, whose pieces all have one length. Names and statuses of a build never end in a blank by themselves.
 */
export function joinWrapped(lines: readonly Numbered[]): Numbered[] {
  const width = hardWidth(lines);
  const joined: Numbered[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (!NUMBERED.test(line.text)) {
      joined.push(line);
      continue;
    }
    const pieces = [line.text];
    while (isCut(pieces.at(-1)!, width) && pieces.length < 5000 && i + 1 < lines.length && continues(lines[i + 1]!.text))
      pieces.push(lines[++i]!.text);
    joined.push(pieces.length > 1 ? { text: pieces.join(''), number: line.number } : line);
  }
  return joined;
}

/** `docker : #0 building …` is glued into the record. */
const NUMBERED = /^(?:[\w.-]{1,40} : )?#\d{1,5} /;

function isCut(piece: string, width: number | null): boolean {
  return piece.length >= 20 && (piece.endsWith(' ') || piece.length === width);
}

function continues(text: string): boolean {
  return text.trim() !== '' && !/^#\d{1,5} |^ => |^------$|^\s*\+ (?:CategoryInfo|FullyQualified)|^At line:/.test(text);
}

/** The length at which words are cut: many lines of just that length are followed by one that begins nothing. */
function hardWidth(lines: readonly Numbered[]): number | null {
  const counts = new Map<number, number>();
  for (let i = 0; i + 1 < lines.length; i++) {
    const { text } = lines[i]!;
    if (text.length >= 30 && text.length <= 400 && !text.endsWith(' ') && continues(lines[i + 1]!.text))
      counts.set(text.length, (counts.get(text.length) ?? 0) + 1);
  }
  let best: number | null = null;
  let most = 2;
  for (const [length, count] of counts) {
    if (count > most) {
      most = count;
      best = length;
    }
  }
  return best;
}
