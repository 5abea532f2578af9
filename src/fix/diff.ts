/** Unified diffs, as `patch -p1` and `git apply` take them. */

const CONTEXT = 3;
/** Beyond this many pairs of lines the middle is replaced as a whole: still a correct diff, only not the smallest. */
const MAX_PAIRS = 4_000_000;

interface Edit {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
}

/**
 * @param path of the file in the repository, without a leading slash
 * @param before null: the file is new
 * @returns '' where nothing differs
 */
export function unifiedDiff(path: string, before: string | null, after: string): string {
  if (before === after) return '';
  const edits = compareLines(splitLines(before ?? ''), splitLines(after));
  const body = hunks(edits);
  return `--- ${before === null ? '/dev/null' : `a/${path}`}\n+++ b/${path}\n${body}`;
}

/** Lines with their ends; the last may have none. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function compareLines(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let endA = a.length;
  let endB = b.length;
  while (endA > start && endB > start && a[endA - 1] === b[endB - 1]) {
    endA--;
    endB--;
  }
  const same = (line: string): Edit => ({ kind: ' ', line });
  return [...a.slice(0, start).map(same), ...compareMiddle(a.slice(start, endA), b.slice(start, endB)), ...a.slice(endA).map(same)];
}

/** Longest common subsequence. */
function compareMiddle(a: readonly string[], b: readonly string[]): Edit[] {
  const out: Edit[] = [];
  if (a.length * b.length > MAX_PAIRS) {
    for (const line of a) out.push({ kind: '-', line });
    for (const line of b) out.push({ kind: '+', line });
    return out;
  }
  const width = b.length + 1;
  const length = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i * width + j] =
        a[i] === b[j]
          ? (length[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(length[(i + 1) * width + j] ?? 0, length[i * width + j + 1] ?? 0);
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ kind: ' ', line: a[i] as string });
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && (length[(i + 1) * width + j] ?? 0) >= (length[i * width + j + 1] ?? 0)))
      out.push({ kind: '-', line: a[i++] as string });
    else out.push({ kind: '+', line: b[j++] as string });
  }
  return out;
}

function hunks(edits: readonly Edit[]): string {
  let text = '';
  let lineA = 1;
  let lineB = 1;
  for (let at = 0; at < edits.length; ) {
    const first = edits.findIndex((e, i) => i >= at && e.kind !== ' ');
    if (first < 0) break;
    const start = Math.max(at, first - CONTEXT);
    lineA += start - at;
    lineB += start - at;
    let end = first;
    // Changes that lie close together share a hunk.
    for (let i = first; i < edits.length && i <= end + 2 * CONTEXT; i++) if (edits[i]?.kind !== ' ') end = i;
    const stop = Math.min(edits.length, end + 1 + CONTEXT);
    const part = edits.slice(start, stop);
    const countA = part.filter((e) => e.kind !== '+').length;
    const countB = part.filter((e) => e.kind !== '-').length;
    text += `@@ -${range(lineA, countA)} +${range(lineB, countB)} @@\n`;
    for (const e of part) text += e.kind + (e.line.endsWith('\n') ? e.line : `${e.line}\n\\ No newline at end of file\n`);
    lineA += countA;
    lineB += countB;
    at = stop;
  }
  return text;
}

function range(line: number, count: number): string {
  if (count === 1) return String(line);
  return `${count === 0 ? line - 1 : line},${count}`;
}
