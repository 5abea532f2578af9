import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { BuildReport, Report } from '../../src/model.ts';
import { groupBuilds, listNumbers } from '../../src/reporters/choice/groups.ts';
import { reporters } from '../../src/reporters/index.ts';

const NAMES = ['node-naive-readme-edit', 'py-source-edit', 'multi-platform', 'no-cache-fingerprint'];
const log = NAMES.map((name) => readFileSync(path.join(import.meta.dirname, '../../sample-logs', name, 'build.log'), 'utf8')).join('\n');

function read(text: string): BuildReport[] {
  const reader = createLogReader();
  reader.push(Buffer.from(text));
  return reader.end().builds.map((b) => diagnose(b).report);
}

it('a log of a hundred builds is told in four stories, worst first, each build named', async () => {
  const builds = read(`${log}\n`.repeat(25));
  expect(builds).toHaveLength(100);
  const groups = groupBuilds(builds);
  expect(groups.map((g) => g.others.length)).toEqual([24, 24, 24, 24]);
  const seconds = groups.map((g) => g.rebuiltSeconds);
  expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
  expect(groups.flatMap((g) => [g.number, ...g.others]).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  const report: Report = { schemaVersion: 1, generator: { name: 'cachewhy', version: '0' }, builds };
  for (const id of ['terminal', 'markdown', 'html']) {
    const { default: reporter } = await reporters[id]!();
    const text = reporter.render(report, { color: false, columns: 100 });
    expect(text.match(/The same in 24 other builds/g), id).toHaveLength(4);
  }
  const { default: terminal } = await reporters.terminal!();
  expect(terminal.render(report, { color: false, columns: 100 }).split('\n').length).toBeLessThan(150);
});

it('one build is a group of its own', () => {
  expect(groupBuilds(read(log).slice(0, 1))).toMatchObject([{ number: 1, others: [] }]);
  expect(listNumbers([1, 2])).toBe('1, 2');
  expect(listNumbers(Array.from({ length: 40 }, (_, i) => i))).toMatch(/^0, 1, .*, … \(40 in all\)$/);
});
