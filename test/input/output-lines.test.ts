import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readPlainLine } from '../../parsers/plain-lines.ts';
import { findTimeEnd, isSameVertex, readOutputLine } from '../../src/input/output-lines.ts';

/** What the gate sees in a line that stands among others. */
function gate(line: string): { id: string; at: number } | null {
  const data = Buffer.from(`#99 9.9 before\n${line}\n#88 8.8 after\n`);
  const start = data.indexOf(10) + 1;
  const end = findTimeEnd(data, start, start + Buffer.byteLength(line));
  if (end === 0) return null;
  const { number, seconds } = readOutputLine(data, start, end);
  return { id: `#${number}`, at: seconds };
}

it.each([
  ['#5 0.123 text', 0.123],
  ['#5 0.1', 0.1],
  ['#123456 1234567.123 x', 1234567.123],
  ['#0 0.5 built', 0.5],
  ['#5 0.1234 text', null],
  ['#5 0. text', null],
  ['#5 .5 text', null],
  ['#5 12 text', null],
  ['#5 0.1text', null],
  ['#5 12345678.1 text', null],
  ['#1234567 0.1 text', null],
  ['# 0.1 text', null],
  ['#5  0.1 text', null],
  ['#5', null],
  ['#5 ', null],
  ['#5 1', null],
  ['#5 1.', null],
  ['#5 DONE 0.1s', null],
])('%j is output of a step: %s', (line, at) => {
  expect(gate(line)?.at ?? null).toBe(at);
});

it('the gate takes a line for output where the reader does, and reads the same of it', () => {
  const char = fc.constantFrom(...'0123456789'.split(''), '.', ' ', 'a', '\t');
  const line = fc.tuple(fc.string({ unit: char, maxLength: 9 }), fc.string({ unit: char, maxLength: 14 })).map(([a, b]) => `#${a} ${b}`);
  fc.assert(
    fc.property(line, (text) => {
      const read = readPlainLine(text);
      expect(gate(text)).toEqual(read?.kind === 'output' ? { id: `#${Number(read.id.slice(1))}`, at: read.at } : null);
    }),
    { numRuns: 3000 },
  );
});

it.each([
  ['#5 0.1 a', '#5 0.2 b', true],
  ['#5 0.1 a', '#6 0.1 a', false],
  ['#5 0.1 a', '#55 0.1 a', false],
  ['#55 0.1 a', '#5 0.1 a', false],
])('%s and %s are of one step: %s', (a, b, same) => {
  const data = Buffer.from(`${a}\n${b}\n`);
  expect(isSameVertex(data, 0, a.length + 1)).toBe(same);
});
