import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchAnswer, createBatchParser } from '../../src/git/batch.ts';

const OID = 'a'.repeat(40);

function parse(chunks: readonly Buffer[], maxBytes = 1000): BatchAnswer[] {
  const answers: BatchAnswer[] = [];
  const parser = createBatchParser(maxBytes, (a) => answers.push(a));
  for (const c of chunks) parser.push(c);
  return answers;
}

function cut(data: Buffer, at: readonly number[]): Buffer[] {
  const points = [0, ...at.map((p) => p % (data.length + 1)).sort((a, b) => a - b), data.length];
  return points.slice(1).map((end, i) => data.subarray(points[i], end));
}

describe('git cat-file --batch', () => {
  it('gives the same answers however the bytes are cut', () => {
    const object = fc.record({ body: fc.uint8Array({ maxLength: 60 }), missing: fc.boolean() });
    fc.assert(
      fc.property(fc.array(object, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (objects, points) => {
        const stream = Buffer.concat(
          objects.flatMap(({ body, missing }) =>
            missing
              ? [Buffer.from(`${OID} missing\n`)]
              : [Buffer.from(`${OID} blob ${body.length}\n`), Buffer.from(body), Buffer.from('\n')],
          ),
        );
        const answers = parse(cut(stream, points));
        expect(answers.map((a) => a.data && [...a.data])).toEqual(objects.map((o) => (o.missing ? null : [...o.body])));
      }),
    );
  });

  it('skips the data of an object that is too large', () => {
    const stream = Buffer.from(`${OID} blob 20\n${'x'.repeat(20)}\n${OID} blob 1\ny\n`);
    const answers = parse([stream], 10);
    expect(answers.map((a) => [a.size, a.data?.toString() ?? null])).toEqual([
      [20, null],
      [1, 'y'],
    ]);
  });

  it('refuses what is no answer of git', () => {
    expect(() => parse([Buffer.from('hello world\n')])).toThrow(/unexpected answer/);
    expect(() => parse([Buffer.from('x'.repeat(1000))])).toThrow(/too long/);
    expect(() => parse([Buffer.from(`${OID} blob 1\nxy\n`)])).toThrow(/does not end/);
  });
});
