import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { BuildReport } from '../../src/model.ts';

const log = (name: string): Buffer => readFileSync(path.join(import.meta.dirname, '..', '..', 'sample-logs', name, 'build.log'));

function read(...chunks: Uint8Array[]): BuildReport[] {
  const reader = createLogReader();
  for (const c of chunks) {
    const buffer = Buffer.from(c);
    reader.push(buffer);
    // As a caller does that reads the next chunk into the same buffer.
    buffer.fill('x');
  }
  return reader.end().builds.map((b) => diagnose(b).report);
}

/** What must be the same whatever stands around the lines: times and line numbers may differ. */
function essence(reports: BuildReport[]): unknown {
  return reports.map((r) => ({
    outcome: r.outcome,
    summary: r.summary,
    steps: r.steps.map((s) => [s.id, s.name, s.status, s.role]),
    misses: r.misses.map((m) => [m.name, m.cascade, m.causes.map((c) => c.kind)]),
  }));
}

const plain = log('node-naive-readme-edit');
const lines = plain.toString('utf8').split('\n');

describe('any chunking of the bytes gives the same report', () => {
  it.each([
    'node-naive-readme-edit',
    'docker28-tricky-output',
    'docker28-rawjson',
    'docker28-tty-raw',
    'classic-env-changed',
    'docker26-rawjson-indented',
  ])('%s', (name) => {
    const whole = log(name);
    const expected = read(whole);
    expect(expected.length).toBeGreaterThan(0);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: whole.length }), { maxLength: 40 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, i) => whole.subarray(at[i], end));
        expect(read(...chunks)).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('one byte at a time', () => {
    expect(read(...[...plain].map((b) => new Uint8Array([b])))).toEqual(read(plain));
  });
});

/** Each wrapper as people have it, put around a real log: the build inside stays the same. */
const WRAPPERS: readonly [string, (line: string, i: number) => string][] = [
  ['GitHub Actions', (l, i) => `2026-05-01T12:34:${String(i % 60).padStart(2, '0')}.1234567Z ${l}`],
  ['gh run view --log', (l, i) => `build\tBuild image\t2026-05-01T12:34:${String(i % 60).padStart(2, '0')}.1234567Z ${l}`],
  ['GitLab with stamps', (l, i) => `2026-05-22T12:43:${String(i % 60).padStart(2, '0')}.962646Z 00O ${l}`],
  ['Jenkins stamps', (l) => `[2026-05-01T12:34:56.123Z] ${l}`],
  ['Jenkins clock', (l) => `00:10:13  ${l}`],
  ['Azure DevOps', (l) => `2026-05-01T12:34:56.1234567Z ${l}`],
  ['Buildkite', (l) => `\x1b_bk;t=1714560896123\x07${l}`],
  ['Cloud Build', (l) => `Step #2 - "build": ${l}`],
  ['compose', (l) => `web-1  | ${l}`],
  ['docker logs -t', (l) => `2026-05-01T12:34:56.123456789Z ${l}`],
  ['ts', (l) => `May 01 12:34:56 ${l}`],
  ['copied from a page', (l) => (l === '' ? l : `  ${l}`)],
  ['quoted', (l) => `> ${l}`],
  ['CRLF', (l) => `${l}\r`],
  ['colours', (l) => `\x1b[0m${l}\x1b[0m`],
];

describe('a wrapper around each line changes nothing', () => {
  it.each(WRAPPERS)('%s', (_, wrap) => {
    const wrapped = Buffer.from(lines.map(wrap).join('\n'), 'utf8');
    expect(essence(read(wrapped))).toEqual(essence(read(plain)));
  });

  it('UTF-16 with and without a byte-order mark', () => {
    const text = plain.toString('utf8');
    for (const encoded of [
      Buffer.from(`\ufeff${text}`, 'utf16le'),
      Buffer.from(text, 'utf16le'),
      Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
    ])
      expect(essence(read(encoded))).toEqual(essence(read(plain)));
  });

  it('lines that PowerShell cut at the width of its window', () => {
    const width = 60;
    const cut = lines.flatMap((l) => (l.length > width ? (l.match(/.{1,60}/g) ?? []) : [l]));
    const text = [
      'docker : #0 building with "default" instance using docker driver',
      'At line:1 char:1',
      '+ docker build . 2>&1',
      '    + CategoryInfo          : NotSpecified',
      ...cut.slice(1),
    ].join('\r\n');
    const got = read(Buffer.from(`\ufeff${text}`, 'utf16le'));
    expect(got.map((r) => r.steps.filter((s) => s.cacheable).map((s) => [s.name, s.status]))).toEqual(
      read(plain).map((r) => r.steps.filter((s) => s.cacheable).map((s) => [s.name, s.status])),
    );
  });

  it('chatter between the lines', () => {
    const noisy = lines.flatMap((l, i) => (i % 7 === 3 ? [l, 'time="2026" level=warning msg="something else"'] : [l]));
    expect(essence(read(Buffer.from(noisy.join('\n'))))).toEqual(essence(read(plain)));
  });
});

describe('nothing makes it throw', () => {
  it('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4000 }), (bytes) => void read(bytes)),
      { numRuns: 200 },
    );
  });

  it.each([
    'docker28-tricky-output',
    'docker28-rawjson',
    'docker28-tty-raw',
    'classic-env-changed',
    'podman54-source-edit',
    'registry-cache-pulled-hit',
  ])('%s with bytes changed, lines swapped and cut', (name) => {
    const whole = log(name);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 60 }), fc.nat(whole.length), (edits, end) => {
        const mutated = Uint8Array.from(whole.subarray(0, end));
        for (const [at, value] of edits) if (at < end) mutated[at] = value;
        read(mutated);
      }),
      { numRuns: 60 },
    );
  });

  it('a line of five megabytes', () => {
    const long = Buffer.concat([
      Buffer.from('#0 building with "a" instance using docker driver\n\n#1 [1/2] RUN '),
      Buffer.alloc(5 << 20, 'x'),
      Buffer.from('\n#1 CACHED\n'),
    ]);
    const [report] = read(long);
    expect(report?.steps[0]?.status).toBe('reused');
    expect(report?.steps[0]?.name.length).toBeLessThan(300 * 1024);
  });
});

describe("a step's output is never structure", () => {
  it('output that looks like lines of the build', () => {
    const text = ['#1 [1/2] RUN make', '#1 0.100 #2 [2/2] RUN evil', '#1 0.200 CACHED', '#1 0.300 #1 DONE 9.9s', '#1 DONE 1.0s', ''].join(
      '\n',
    );
    const [report] = read(Buffer.from(text));
    expect(report?.steps.map((s) => [s.name, s.status, s.seconds])).toEqual([['[1/2] RUN make', 'rebuilt', 1]]);
  });
});
