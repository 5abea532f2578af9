import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { Report } from '../../src/model.ts';
import { reporters } from '../../src/reporters/index.ts';
import { READERS } from './readers.ts';

const root = path.join(import.meta.dirname, '..', '..', 'sample-logs');

function reportOf(log: Uint8Array): Report {
  const reader = createLogReader();
  reader.push(log);
  return { schemaVersion: 1, builds: reader.end().builds.map((b) => diagnose(b).report) };
}
const samples = readdirSync(root).map((name) => [name, reportOf(readFileSync(path.join(root, name, 'build.log')))] as const);

async function render(id: string, report: Report, columns = 100): Promise<string> {
  const { default: reporter } = await reporters[id]!();
  expect(reporter.id).toBe(id);
  return reporter.render(report, { color: false, columns });
}

it('each format has a reader of its own', () => {
  expect(Object.keys(READERS), 'READERS in test/reporters/readers.ts').toEqual(expect.arrayContaining(Object.keys(reporters)));
});

describe.each(Object.keys(reporters))('%s', (id) => {
  it.each(samples)('%s', async (_, report) => {
    const text = await render(id, report);
    READERS[id]!(text, report);
  });

  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '\x1b[31mred\x1b[0m',
      ']]>',
      '--%3E',
      '</script><script>alert(1)</script>',
      '`code` | pipe',
      '\u202Ertl',
      'a\nb\r\nc',
      '::error::x',
      '##vso[task.complete]',
      '<img src=x onerror=alert(1)>',
      '[x](javascript:alert(1))',
      '"quoted"',
      '$(rm -rf /)',
      '\\u001b',
      '@everyone',
      '```mermaid',
    ),
  );
  it('whatever stands in names, files and messages', async () => {
    const [, sample] = samples.find(([name]) => name === 'node-naive-readme-edit')!;
    const { default: reporter } = await reporters[id]!();
    fc.assert(
      fc.property(hostile, hostile, hostile, (name, file, message) => {
        const b = sample.builds[0]!;
        const report: Report = {
          schemaVersion: 1,
          notes: [message || 'x'],
          builds: [
            {
              ...b,
              headline: `${message}.`,
              notes: [message],
              steps: b.steps.map((s) => ({ ...s, name: `${s.name} ${name}`, stage: name })),
              misses: b.misses.map((m) => ({
                ...m,
                name: `${m.name} ${name}`,
                source: { file: file || 'Dockerfile', line: 3, endLine: 3 },
                causes: m.causes.map((c) => ({
                  ...c,
                  summary: message,
                  because: [message],
                  paths: [{ path: file, change: 'modified' as const }],
                })),
                advice: m.advice.map((a) => ({ ...a, summary: message, patch: `--- a/x\n+++ b/x\n+${name}` })),
              })),
            },
          ],
        };
        READERS[id]!(reporter.render(report, { color: false, columns: 80 }), report);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the terminal report', () => {
  it.each([40, 80, 120])('fits %d columns', async (columns) => {
    for (const [, report] of samples)
      for (const line of (await render('terminal', report, columns)).split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

it('a build of 500 steps makes a page of less than a megabyte', async () => {
  const [, sample] = samples.find(([name]) => name === 'node-naive-readme-edit')!;
  const b = sample.builds[0]!;
  const step = b.steps.find((s) => s.cacheable)!;
  const steps = Array.from({ length: 500 }, (_, i) => ({
    ...step,
    id: `#${i}`,
    name: `[stage-${i % 20} ${i}/500] RUN ${'make something long '.repeat(8)}${i}`,
    stage: `stage-${i % 20}`,
    inputs: i > 0 ? [`#${i - 1}`] : [],
    seconds: 1,
  }));
  expect(Buffer.byteLength(await render('html', { schemaVersion: 1, builds: [{ ...b, steps }] }))).toBeLessThan(1 << 20);
});
