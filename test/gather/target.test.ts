import { describe, expect, it } from 'vitest';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { inferTarget } from '../../src/gather/target.ts';
import { draftGraph } from '../../src/graph/build.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { draftKeys } from '../../src/keys/compute.ts';
import type { KeyInput } from '../../src/keys/model.ts';

const DOCKERFILE = `FROM busybox AS base
RUN prepare
FROM base AS dev
RUN develop
FROM base AS test
RUN test
FROM base AS prod
RUN ship
`;
const FROM = '[base 1/2] FROM docker.io/library/busybox';
/** Made of the same lines as the last stage: a builder shows their vertices under one name. */
const TWINS = 'FROM busybox AS base\nFROM base AS debug\nRUN make\nRUN trace\nFROM base AS prod\nRUN make\n';

function infer(dockerfile: string, names: readonly string[], end = 'exporting to image'): string | undefined {
  const log = [...names, end].map((name, at) => `#${at + 1} ${name}\n#${at + 1} DONE 0.5s\n\n`).join('');
  const reader = createLogReader();
  reader.push(Buffer.from(log));
  const shape: KeyInput = { dockerfile: parseDockerfile(dockerfile, 'Dockerfile'), argsKnown: false };
  return inferTarget(draftGraph(reader.end().builds[0]!), shape, draftKeys(shape));
}

describe('the target that a log shows', () => {
  it.each([
    ['the last stage', [FROM, '[base 2/2] RUN prepare', '[prod 1/1] RUN ship'], undefined],
    ['another that stands on the same', [FROM, '[base 2/2] RUN prepare', '[dev 1/1] RUN develop'], 'dev'],
    ['and another', [FROM, '[base 2/2] RUN prepare', '[test 1/1] RUN test'], 'test'],
    ['what all others stand on', [FROM, '[base 2/2] RUN prepare'], 'base'],
    ['two at once: none', [FROM, '[base 2/2] RUN prepare', '[dev 1/1] RUN develop', '[test 1/1] RUN test'], undefined],
    ['targets of bake: each is its own build', ['[web base 1/2] FROM docker.io/library/busybox', '[web base 2/2] RUN prepare'], undefined],
  ])('%s', (_, names, target) => {
    expect(infer(DOCKERFILE, names)).toBe(target);
  });

  it('is the last stage where all its steps are there, under whatever name', () => {
    const from = '[base 1/1] FROM docker.io/library/busybox';
    expect(infer(TWINS, [from, '[debug 1/2] RUN make', '[debug 2/2] RUN trace'])).toBe('debug');
    expect(infer(TWINS, [from, '[prod 1/1] RUN make'])).toBeUndefined();
  });

  it('is not told by a build that failed', () => {
    expect(infer(DOCKERFILE, [FROM, '[base 2/2] RUN prepare'], 'ERROR: canceled')).toBeUndefined();
  });
});
