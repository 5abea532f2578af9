import { expect, test } from 'vitest';
import { diffBaselines } from '../../src/diff/baselines.ts';
import { toTerminal } from '../../src/diff/report.ts';
import { baseline, entry, listing, step } from '../baseline/build.ts';

const copy = (more: object = {}): ReturnType<typeof step> =>
  step('COPY . .', { reads: [{ kind: 'context', selection: { sources: ['.'] }, digest: 'a' }], own: { dest: '/' }, ...more });

test('equal baselines', () => {
  const found = diffBaselines(baseline(), baseline());
  expect([found.steps, found.images, found.notes]).toEqual([[], [], []]);
});

test('files that changed, with what happened to each', () => {
  const before = baseline({ keys: { ...baseline().keys, steps: [copy()] }, listing: listing(entry('a'), entry('b'), entry('x/c')) });
  const after = baseline({
    keys: {
      ...baseline().keys,
      steps: [copy({ reads: [{ kind: 'context', selection: { sources: ['.'] }, digest: 'b' }], identity: 'j' })],
    },
    listing: listing(entry('a', { content: `sha256:${'00'.repeat(32)}` }), entry('new'), entry('x/c', { mode: 0o755 })),
  });
  const found = diffBaselines(before, after);
  expect(found.steps).toHaveLength(1);
  expect(found.steps[0]!.causes![0]!.paths!.map((p) => `${p.path} ${p.change}`).sort()).toEqual([
    'a modified',
    'b removed',
    'new added',
    'x/c metadata',
  ]);
  expect(toTerminal({ before: 'b1', after: 'b2', difference: found })).toContain('a modified');
});

test('another digest, another step, an unknown command line', () => {
  const after = baseline({
    images: { busybox: `sha256:${'99'.repeat(32)}` },
    commandKnown: false,
    salt: 'other',
    keys: { ...baseline().keys, steps: [step('RUN other thing')] },
  });
  const found = diffBaselines(baseline(), after);
  expect(found.images).toHaveLength(1);
  expect(found.steps.length).toBeGreaterThan(0);
  expect(found.notes).toEqual([expect.stringContaining('secrets cannot be compared'), expect.stringContaining('command line')]);
});
