import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkBudgets, priceReport } from '../src/budgets.ts';
import { diagnose } from '../src/diagnose.ts';
import { createLogReader } from '../src/input/reader.ts';
import type { Report } from '../src/model.ts';

const reader = createLogReader();
reader.push(readFileSync(path.join(import.meta.dirname, '..', 'sample-logs', 'node-naive-readme-edit', 'build.log')));
const report: Report = { schemaVersion: 1, builds: reader.end().builds.map((b) => diagnose(b).report) };
const none = { failOn: [], protect: [] };

describe('budgets', () => {
  it.each([
    ['a hit rate that is reached', { ...none, minHitRate: 0.25 }, true],
    ['a hit rate that is not', { ...none, minHitRate: 0.3 }, false],
    ['a percentage', { ...none, minHitRate: 30 }, false],
    ['seconds enough', { ...none, maxRebuilt: 60 }, true],
    ['too many seconds', { ...none, maxRebuilt: 1 }, false],
    ['avoidable seconds', { ...none, maxAvoidable: 0 }, false],
    ['any miss', { ...none, failOn: ['miss'] }, false],
    ['waste', { ...none, failOn: ['waste'] }, false],
    ['a cause that is not there', { ...none, failOn: ['base-image-changed'] }, true],
    ['a cause that is only possible', { ...none, failOn: ['context-files-changed'] }, true],
    ['a step above the first miss', { ...none, protect: ['WORKDIR /app'] }, true],
    ['a step below it', { ...none, protect: ['npm ci'] }, false],
  ])('%s', (_, limits, ok) => {
    expect(checkBudgets(report, limits).map((b) => b.ok)).toEqual([ok]);
  });

  it('refuses limits that make no sense', () => {
    expect(() => checkBudgets(report, { ...none, minHitRate: 200 })).toThrow(/no share/);
    expect(() => checkBudgets(report, { ...none, failOn: ['nope'] })).toThrow(/no cause/);
  });

  it('prices the waste', () => {
    const [b] = priceReport(report, { pricePerMinute: 0.6, buildsPerDay: 10 }).builds;
    expect(b?.money).toEqual({
      currency: '$',
      perMinute: 0.6,
      buildsPerDay: 10,
      avoidablePerMonth: Math.round(report.builds[0]!.summary.avoidableSeconds * 300) / 100,
    });
  });
});
