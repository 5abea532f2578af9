/** Output of steps in plain progress, told from the bytes alone: most of a log is such lines, and none of them is decoded. */

const SPACE = 32;
const DOT = 46;

/**
 * Where the time of `#12 0.123 text` ends; 0 where the line is no output. The whole second field counts: the name of a vertex may begin
 * with a digit.
 */
export function findTimeEnd(data: Uint8Array, start: number, end: number): number {
  let at = afterDigits(data, start + 1);
  if (data[at] !== SPACE || at === start + 1 || at > start + 7) return 0;
  const field = at + 1;
  at = afterDigits(data, field);
  if (data[at] !== DOT || at === field || at > field + 7) return 0;
  const fraction = at + 1;
  at = afterDigits(data, fraction);
  const digits = at - fraction;
  return digits < 1 || digits > 3 || (at < end && data[at] !== SPACE) ? 0 : at;
}

/** Whether two lines of output are of one vertex. */
export function isSameVertex(data: Uint8Array, a: number, b: number): boolean {
  for (let i = 1; ; i++) {
    const byte = data[a + i];
    if (byte !== data[b + i]) return false;
    if (byte === SPACE) return true;
  }
}

/** Number of the vertex and seconds since it began, of the line of output at `start`. */
export function readOutputLine(data: Uint8Array, start: number, timeEnd: number): { number: number; seconds: number } {
  const [number, seconds] = Buffer.from(data.buffer, data.byteOffset + start + 1, timeEnd - start - 1)
    .toString('latin1')
    .split(' ');
  return { number: Number(number), seconds: Number(seconds) };
}

function afterDigits(data: Uint8Array, from: number): number {
  let at = from;
  let byte = data[at]!;
  while (byte >= 48 && byte <= 57) byte = data[++at]!;
  return at;
}
