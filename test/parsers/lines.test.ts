/** The lines of the classic builder, and of podman and buildah, told apart by form alone. */
import { describe, expect, it } from 'vitest';
import * as buildah from '../../parsers/buildah/lines.ts';
import * as classic from '../../parsers/classic/lines.ts';

const ID = '0123456789ab'.repeat(6).slice(0, 64);

describe('the classic builder', () => {
  it.each<[line: string, step: classic.StepLine | undefined]>([
    ['Step 3/9 : RUN npm  ci ', { number: 3, of: 9, name: 'Step 3/9 : RUN npm  ci', instruction: 'RUN', text: 'RUN npm  ci' }],
    ['  Step 12 : copy a b', { number: 12, of: null, name: 'Step 12 : copy a b', instruction: 'COPY', text: 'copy a b' }],
    ['Step onbuild-0 : CMD ["a"]', { number: null, of: null, name: 'Step onbuild-0 : CMD ["a"]', instruction: 'CMD', text: 'CMD ["a"]' }],
    ['Step 1/1 : CMD["a"]', { number: 1, of: 1, name: 'Step 1/1 : CMD["a"]', instruction: 'CMD', text: 'CMD["a"]' }],
    ['Step 1/2 : Installing', undefined],
    ['Step 1/2 : RUNNING', undefined],
    ['Step 1/2: RUN a', undefined],
    ['#5 Step 1/2 : RUN a', undefined],
  ])('%j is a step', (line, step) => {
    expect(classic.readStep(line)).toEqual(step);
  });

  it.each<[line: string, read: classic.ClassicLine | undefined]>([
    [' ---> Using cache', { kind: 'using-cache' }],
    ['---> 8edb46c03b9b ', { kind: 'result' }],
    [' ---> Running in 12c033d394c1', { kind: 'running' }],
    [' ---> Using cached pip', undefined],
    [' ---> Running in circles', undefined],
    [' ---> 8edb46c0', undefined],
    ['echo ---> 8edb46c03b9b', undefined],
    ['no newlineRemoving intermediate container 03d2c66dfe46', { kind: 'removed' }],
    [' ---> Removed intermediate container 03d2c66dfe46', { kind: 'removed' }],
    ['Removing intermediate container', undefined],
    ['Successfully built 8edb46c03b9b', { kind: 'succeeded' }],
    ['Successfully tagged app:latest', { kind: 'tagged' }],
    ['Successfully built the docs', undefined],
    ['# Executing 1 build trigger...', { kind: 'triggers', count: 1 }],
    ['# Executing 12 build triggers', { kind: 'triggers', count: 12 }],
    ['# Executing build triggers', undefined],
    ['Sending build context to Docker daemon  3.072kB', { kind: 'context', bytes: 3072 }],
    ['Sending build context to Docker daemon 12.26 MB', { kind: 'context', bytes: 12_260_000 }],
    ['Sending build context to Docker daemon', undefined],
    [
      '[Warning] One or more build-args [NOPE] were not consumed',
      { kind: 'warning', text: 'One or more build-args [NOPE] were not consumed' },
    ],
    ['SECURITY WARNING: You are building', { kind: 'warning', text: 'You are building' }],
    ['a [Warning] in the middle', undefined],
  ])('%j', (line, read) => {
    expect(classic.readLine(line)).toEqual(read);
  });

  it.each([
    ["The command '/bin/sh -c a' returned a non-zero code: 1", "The command '/bin/sh -c a' returned a non-zero code: 1"],
    ["no newlineThe command 'a' returned a non-zero code: 137  ", "The command 'a' returned a non-zero code: 137  "],
    [
      "Service 'web' failed to build : The command 'a' returned a non-zero code: 1",
      "Service 'web' failed to build : The command 'a' returned a non-zero code: 1",
    ],
    [`${'x'.repeat(30_000)}The command 'a' returned a non-zero code: 1`, "The command 'a' returned a non-zero code: 1"],
    ["The command 'a' returned a non-zero code: 1 and more", undefined],
    ['it returned a non-zero code: 1', undefined],
  ])('%.80j says that a command failed', (line, failure) => {
    expect(classic.isCommandFailure(line)).toBe(failure);
  });

  it.each([
    ['COPY failed: file not found', true],
    ['ADD failed: x', true],
    ['Error response from daemon: x', true],
    ['ERROR: x', true],
    ['Build cancelled', true],
    ['dockerfile parse error line 1: unknown instruction: FOO', true],
    ['the COPY failed: x', false],
    ['error: x', false],
  ])('%s: the builder failed: %s', (line, is) => {
    expect(classic.isBuilderFailure(line)).toBe(is);
  });

  it.each([
    ['pull access denied for nope, repository does not exist', true],
    ['Get "https://x": dial tcp: lookup x: no such host', true],
    ['net/http: TLS handshake timeout', true],
    ['ccebee89513e: Pull failed', false],
    ['1.35: Pulling from library/error', false],
    ["Unable to find image 'x' locally", false],
    ['all is well', false],
    ['terrors', false],
  ])('%s: may say why there is no result: %s', (line, is) => {
    expect(classic.isTrouble(line)).toBe(is);
  });
});

describe('podman and buildah', () => {
  it.each<[line: string, step: buildah.StepLine | undefined]>([
    [
      'STEP 2/6: ARG A=1 ',
      { stage: 1, stages: null, number: 2, of: 6, name: 'STEP 2/6: ARG A=1', instruction: 'ARG', text: 'ARG A=1', glued: false },
    ],
    [
      '[2/3] STEP 12/16: run a',
      { stage: 2, stages: 3, number: 12, of: 16, name: '[2/3] STEP 12/16: run a', instruction: 'RUN', text: 'run a', glued: false },
    ],
    [
      'STEP 2: USER',
      { stage: 1, stages: null, number: 2, of: null, name: 'STEP 2: USER', instruction: 'USER', text: 'USER', glued: false },
    ],
    [
      'no newlineSTEP 3/6: RUN b',
      { stage: 1, stages: null, number: 3, of: 6, name: 'STEP 3/6: RUN b', instruction: 'RUN', text: 'RUN b', glued: true },
    ],
    [
      '  STEP 3/6: RUN b',
      { stage: 1, stages: null, number: 3, of: 6, name: 'STEP 3/6: RUN b', instruction: 'RUN', text: 'RUN b', glued: false },
    ],
    ['STEP 4: COMMIT app', undefined],
    ['STEP 4 of 6', undefined],
    ['STEP x/6: RUN b', undefined],
    ['step 4/6: RUN b', undefined],
  ])('%j is a step', (line, step) => {
    expect(buildah.readStep(line)).toEqual(step);
  });

  it.each<[line: string, read: buildah.BuildahLine | undefined]>([
    [`--> Using cache ${ID}`, { kind: 'using-cache', image: ID }],
    ['--> Using cache for now', undefined],
    ['--> 66706fb9903d', { kind: 'result', image: '66706fb9903d' }],
    [`no newline--> ${ID}  `, { kind: 'result', image: ID }],
    [`${'x'.repeat(500)}--> 66706fb9903`, { kind: 'result', image: '66706fb9903' }],
    ['--> 66706fb9903d and more', undefined],
    ['--> Cache pulled from remote r/app:1 now', { kind: 'pulled-cache', reference: 'r/app:1' }],
    ['--> Pushing cache [r/app]:1', { kind: 'pushing-cache' }],
    ['COMMIT', { kind: 'commit' }],
    ['[2/2] COMMIT localhost/app:1', { kind: 'commit' }],
    ['STEP 4: COMMIT app', { kind: 'commit' }],
    ['no newline[2/2] COMMIT app', { kind: 'commit' }],
    ['COMMIT a b', undefined],
    ['git COMMIT', undefined],
    ['Successfully tagged localhost/app:latest', { kind: 'tagged' }],
    ['Successfully tagged a b', undefined],
    [ID, { kind: 'image' }],
    [`${ID}0`, undefined],
    [`Copying blob sha256:${ID}`, { kind: 'blob', digest: `sha256:${ID}` }],
    ['Copying blob 9f13f5a53d11 done   | ', { kind: 'blob', digest: 'sha256:9f13f5a53d11' }],
    ['Copying blob 9f13f5a53d11 skipped: already exists', undefined],
    ['Copying config 9f13f5a53d11 done', undefined],
    ['time="2024-05-01T12:00:00Z" level=warning msg="SHELL is not supported"', { kind: 'warning', text: 'SHELL is not supported' }],
    ['[Warning] not consumed: [NOPE]', { kind: 'warning', text: 'not consumed: [NOPE]' }],
    ['time="2024-05-01T12:00:00Z" level=info msg="x"', undefined],
  ])('%.60j', (line, read) => {
    expect(buildah.readLine(line)).toEqual(read);
  });

  it.each<[line: string, failure: ReturnType<typeof buildah.readFailure>]>([
    [
      'Error: building at STEP "RUN false": while running runtime: exit status 1',
      { step: 'RUN false', message: 'Error: building at STEP "RUN false": while running runtime: exit status 1' },
    ],
    [
      'no newlineerror building at STEP "RUN x": exec: "x": not found',
      { step: 'RUN x', message: 'error building at STEP "RUN x": exec: "x": not found' },
    ],
    ['Error: building at STEP "RUN false', undefined],
    ['Error: no such file', undefined],
  ])('%s says which step failed', (line, failure) => {
    expect(buildah.readFailure(line)).toEqual(failure);
  });

  it.each([
    ['Error: no such file', true],
    ['ERRO[0001] x', true],
    ['error building x', true],
    ['time="2024-05-01T12:00:00Z" level=error msg="x"', true],
    ['an Error: x', false],
    ['error: x', false],
  ])('%s: may be a failure: %s', (line, is) => {
    expect(buildah.mayBeFailure(line)).toBe(is);
  });

  it.each([
    ['RUN', true],
    ['WORKDIR', true],
    ['COMMIT', false],
    ['run', false],
  ])('%s is an instruction: %s', (word, is) => {
    expect(buildah.isInstruction(word)).toBe(is);
  });
});
