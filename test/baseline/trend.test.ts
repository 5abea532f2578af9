import { expect, test } from 'vitest';
import type { PastBuild } from '../../src/baseline/model.ts';
import { appendPast, mergePast, readTrend, toPastBuild } from '../../src/baseline/trend.ts';
import type { BuildReport, StepReport } from '../../src/model.ts';

function step(name: string, role: StepReport['role']): StepReport {
  const status = role === 'reused' || role === 'cut-off' ? 'reused' : 'rebuilt';
  return {
    id: name,
    name,
    target: null,
    platform: null,
    stage: null,
    position: null,
    of: null,
    instruction: 'RUN',
    cacheable: true,
    status,
    role,
    seconds: 1,
    inputs: [],
    source: null,
  };
}

function report(...steps: StepReport[]): BuildReport {
  const reused = steps.filter((s) => s.status === 'reused').length;
  return {
    dialect: 'plain',
    outcome: 'succeeded',
    builder: null,
    seconds: null,
    summary: {
      steps: steps.length,
      reused,
      rebuilt: steps.length - reused,
      hitRate: reused / steps.length,
      rebuiltSeconds: steps.length - reused,
      avoidableSeconds: 0,
    },
    headline: '',
    steps,
    misses: steps
      .filter((s) => s.role === 'first-miss')
      .map((s) => ({ step: s.id, name: s.name, cascade: [], seconds: 1, cascadeSeconds: 0, causes: [], advice: [] })),
    hidden: [],
    suspectHits: [],
    notes: [],
  };
}

const past = (at: string, ...missed: string[]): PastBuild => ({ at, hitRate: 0.5, rebuiltSeconds: 1, missed });

test('a build is remembered with what it missed', () => {
  const now = toPastBuild(
    report(step('[1/3] RUN a', 'reused'), step('[2/3] RUN b', 'first-miss'), step('[3/3] RUN c', 'cascade')),
    '2026-01-03',
    'abc',
  );
  expect(now).toEqual({ at: '2026-01-03', hitRate: 1 / 3, rebuiltSeconds: 2, revision: 'abc', missed: ['[2/3] RUN b', '[3/3] RUN c'] });
});

test('the trend: what misses most, and what is new', () => {
  const build = report(
    step('[2/4] RUN a', 'first-miss'),
    step('[3/4] RUN b', 'cascade'),
    step('[x 2/2] RUN c', 'first-miss'),
    step('[4/4] RUN d', 'reused'),
  );
  const before = [past('1', '[2/3] RUN a', '[3/3] RUN gone'), past('2', '[2/3] RUN a')];
  expect(readTrend(before, build, toPastBuild(build, '3'))).toEqual({
    builds: [
      { at: '1', hitRate: 0.5, rebuiltSeconds: 1 },
      { at: '2', hitRate: 0.5, rebuiltSeconds: 1 },
      { at: '3', hitRate: 0.25, rebuiltSeconds: 3 },
    ],
    // The step keeps its history although a line was added above it and its place is another.
    worst: [
      { name: '[2/4] RUN a', misses: 2, of: 2 },
      { name: '[3/4] RUN b', misses: 1, of: 2 },
      { name: '[x 2/2] RUN c', misses: 1, of: 2 },
    ],
    fresh: [{ step: '[x 2/2] RUN c', since: '2' }],
  });
});

test('the first build of all had nothing to reuse and is not counted', () => {
  const build = report(step('[1/1] RUN a', 'first-miss'));
  const now = toPastBuild(build, 'z');
  expect(readTrend([past('1', '[1/1] RUN a')], build, now).worst).toEqual([]);
  expect(readTrend([past('1', '[1/1] RUN a'), past('2')], build, now).worst).toEqual([{ name: '[1/1] RUN a', misses: 1, of: 2 }]);
  // Of more than are kept the oldest is not the first.
  const many = Array.from({ length: 50 }, (_, i) => past(String(100 + i), '[1/1] RUN a'));
  expect(readTrend(many, build, now).worst).toEqual([{ name: '[1/1] RUN a', misses: 50, of: 50 }]);
});

test('the first build of all has nothing new in it', () => {
  const build = report(step('[1/1] RUN a', 'first-miss'));
  expect(readTrend([], build, toPastBuild(build, '1')).fresh).toEqual([]);
});

test('fifty builds are kept', () => {
  const many = Array.from({ length: 60 }, (_, i) => past(String(100 + i)));
  const kept = many.reduce<PastBuild[]>((list, build) => appendPast(list, build), []);
  expect(kept).toHaveLength(50);
  expect(kept.at(-1)!.at).toBe('159');
});

test('two runners: every build once, oldest first', () => {
  expect(mergePast([past('1'), past('2')], [past('1'), past('3')]).map((b) => b.at)).toEqual(['1', '2', '3']);
});
