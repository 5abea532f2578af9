import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { differingWords, diffLogs } from '../../src/diff/logs.ts';
import { toJson, toMarkdown, toTerminal } from '../../src/diff/report.ts';
import { buildGraph } from '../../src/graph/build.ts';
import type { StepGraph } from '../../src/graph/step.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { readFileLog } from '../../src/input/source.ts';

const data = path.join(import.meta.dirname, '../data/diff');
const graph = (name: string): StepGraph => buildGraph(readFileLog(path.join(data, name)).builds[0]!);

function plain(...steps: readonly string[]): StepGraph {
  const reader = createLogReader();
  const text = [
    '#0 building with "default" instance using docker driver',
    ...steps.flatMap((step, i) => ['', `#${i + 1} ${step.split(' => ')[0]}`, `#${i + 1} ${step.split(' => ')[1]}`]),
  ].join('\n');
  reader.push(Buffer.from(`${text}\n`));
  return buildGraph(reader.end().builds[0]!);
}

test('a build that failed at an edited line', () => {
  const found = diffLogs(graph('php-before.log'), graph('php-after.log'));
  expect(found.before).toMatchObject({ steps: 13, reused: 0, rebuilt: 13 });
  expect(found.steps[2]).toMatchObject({
    kind: 'text',
    before: { status: 'rebuilt' },
    after: { status: 'failed' },
    words: { before: '--no-scripts', after: '&& exit 3' },
  });
  expect(found.steps.filter((s) => s.kind === 'removed')).toHaveLength(10);
  expect(found.notes).toEqual([
    expect.stringContaining('the second failed: steps that only one of them shows may never have been reached'),
  ]);
});

test('a base image whose digest moved', () => {
  const found = diffLogs(graph('digest-before.log'), graph('digest-after.log'));
  expect(found.steps).toEqual([]);
  expect(found.images).toEqual([
    { image: 'node:20-alpine', before: expect.stringMatching(/^sha256:fd91/), after: expect.stringMatching(/^sha256:f604/) },
  ]);
});

test('a log and itself', () => {
  const found = diffLogs(graph('php-before.log'), graph('php-before.log'));
  expect([found.steps, found.images, found.notes]).toEqual([[], [], []]);
});

describe('steps are paired', () => {
  const kinds = (a: StepGraph, b: StepGraph): string[] => diffLogs(a, b).steps.map((s) => `${s.kind} ${s.name}`);

  test('although a line above was added', () => {
    const a = plain('[1/3] FROM busybox => CACHED', '[2/3] RUN a => DONE 1.0s', '[3/3] RUN b => DONE 1.0s');
    const b = plain('[1/4] FROM busybox => CACHED', '[2/4] RUN new => DONE 1.0s', '[3/4] RUN a => DONE 1.0s', '[4/4] RUN b => DONE 1.0s');
    expect(kinds(a, b)).toEqual(['added [2/4] RUN new']);
    expect(kinds(b, a)).toEqual(['removed [2/4] RUN new']);
  });

  test('although the same text stands twice', () => {
    const a = plain('[1/3] FROM busybox => CACHED', '[2/3] RUN a => CACHED', '[3/3] RUN a => DONE 1.0s');
    expect(kinds(a, a)).toEqual([]);
  });

  test('where a variable has another value', () => {
    const a = plain('[1/2] FROM busybox => CACHED', '[2/2] RUN echo 1a2b3c4 > /v => DONE 1.0s');
    const b = plain('[1/2] FROM busybox => CACHED', '[2/2] RUN echo 5d6e7f8 > /v => DONE 1.0s');
    expect(diffLogs(a, b).steps).toMatchObject([{ kind: 'text', words: { before: '1a2b3c4', after: '5d6e7f8' } }]);
  });
});

test('words that differ', () => {
  expect(differingWords('a b c d', 'a x d')).toEqual({ before: 'b c', after: 'x' });
  expect(differingWords('a a', 'a')).toEqual({ before: 'a', after: '' });
  expect(differingWords('', 'a')).toEqual({ before: '', after: 'a' });
});

test('neither secrets nor escapes are shown', () => {
  const a = plain('[1/2] FROM busybox => CACHED', '[2/2] RUN TOKEN=canary-1 make => DONE 1.0s');
  const b = plain('[1/2] FROM busybox => CACHED', '[2/2] RUN TOKEN=canary-2 make\u202e all => DONE 1.0s');
  for (const render of [toTerminal, toMarkdown, toJson]) {
    const text = render({ before: 'a\u001b[31m', after: 'b', difference: diffLogs(a, b) });
    expect(text).not.toContain('canary');
    if (render !== toJson) expect(text).not.toMatch(/\u001b|\u202e/);
  }
});
