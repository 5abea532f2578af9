import { expect, test } from 'vitest';
import { packBaseline } from '../../src/baseline/pack.ts';
import { protectKeys } from '../../src/baseline/protect.ts';
import type { BuildKeys } from '../../src/keys/model.ts';
import { baseline, step } from './build.ts';

const keys = (text: string): BuildKeys => ({ ...baseline().keys, steps: [step(text, { identity: text })] });

test('a secret in the text of the Dockerfile is neither kept nor lost as a difference', () => {
  const one = protectKeys(keys('RUN curl -H "Authorization: Bearer canary-1234" https://x'), 's');
  const two = protectKeys(keys('RUN curl -H "Authorization: Bearer canary-5678" https://x'), 's');
  expect(JSON.stringify([one, two])).not.toContain('canary');
  expect(one.steps[0]!.text).toMatch(/^RUN curl -H "Authorization: \*\*\*#[0-9a-f]{8}" https:\/\/x$/);
  expect(one.steps[0]!.text).not.toBe(two.steps[0]!.text);
  expect(one.steps[0]!.own.text).not.toBe(two.steps[0]!.own.text);
  expect(one.steps[0]!.identity).not.toContain('canary');
  expect(protectKeys(keys('RUN curl -H "Authorization: Bearer canary-1234" https://x'), 's')).toEqual(one);
});

test('the value of a secret variable that was filled into a name goes as well', () => {
  const before = {
    ...keys('RUN echo $NPM_TOKEN'),
    steps: [step('RUN echo $NPM_TOKEN', { name: '[2/2] RUN echo canary-1 > /x', own: { path: '/canary-1' } })],
  };
  const after = protectKeys(before, 's', new Set(['canary-1']));
  expect(JSON.stringify(after)).not.toContain('canary');
  expect(after.steps[0]!.name).toBe('[2/2] RUN echo *** > /x');
});

test('URLs lose their passwords', () => {
  const before = keys('ADD https://me:canary-1@host/x /x');
  const after = protectKeys(
    { ...before, steps: [{ ...before.steps[0]!, reads: [{ kind: 'remote', url: 'https://me:canary-1@host/x' }] }] },
    's',
  );
  expect(JSON.stringify(after)).not.toContain('canary');
});

test('what holds no secret is left as it is', () => {
  const before = keys('RUN npm ci --omit=dev && echo "GIT_SHA=1a2b3c4"');
  expect(protectKeys(before, 's').steps[0]).toBe(before.steps[0]);
  expect(packBaseline(baseline({ keys: before })).length).toBeGreaterThan(0);
});
