import { describe, expect, it } from 'vitest';
import classic from '../../parsers/classic.ts';
import type { BuildLog } from '../../src/graph/log.ts';
import { expectLinear, expectRobust, only, read, readLines, sample, steps, transcript, word } from './read.ts';

function inputs(build: BuildLog): Record<string, readonly string[] | undefined> {
  return Object.fromEntries([...build.vertices.values()].filter((v) => v.inputs).map((v) => [v.id, v.inputs]));
}

describe('the classic builder', () => {
  it('says of each instruction whether it was reused, under the name that the log shows', () => {
    const build = only(read(classic, sample('docker20-legacy/src-edit.plain.log')));
    expect(steps(build)).toEqual({
      'Step 2/10 : WORKDIR /app': 'cached',
      'Step 3/10 : ENV NODE_ENV=production': 'cached',
      'Step 4/10 : COPY package.json package-lock.json ./': 'cached',
      'Step 5/10 : RUN sleep 1; mkdir -p node_modules; cp package-lock.json node_modules/; echo "added 42 packages"': 'cached',
      'Step 6/10 : COPY src ./src': 'done',
      'Step 7/10 : RUN mkdir dist; cp src/* dist/; echo built': 'done',
      'Step 8/10 : ARG VERSION=1.0.0': 'done',
      'Step 9/10 : RUN echo "$VERSION" > dist/version': 'done',
      'Step 10/10 : CMD ["sh"]': 'done',
    });
    expect(build.end).toEqual({ outcome: 'succeeded' });
    expect(build.vertices.get('#context')?.statuses.get('transferring context:')).toMatchObject({ bytes: 7680 });
    expect([...build.vertices.values()].every((v) => v.terminals.every((t) => t.seconds === undefined))).toBe(true);
  });

  it('knows what stands on what: FROM of a stage, COPY --from', () => {
    const build = only(read(classic, sample('docker20-legacy/multi-src.plain.log')));
    const id = (name: string) => [...build.vertices.values()].find((v) => v.names[0]?.startsWith(name))?.id ?? '';
    expect(inputs(build)).toMatchObject({
      [id('Step 4/20 : FROM base AS deps')]: [id('Step 3/20')],
      [id('Step 8/20 : COPY --from=deps')]: [id('Step 7/20 : FROM base AS build'), id('Step 6/20')],
      [id('Step 14/20 : FROM busybox:1.35 AS runtime')]: [],
      [id('Step 17/20 : COPY --from=build')]: [id('Step 16/20'), id('Step 10/20')],
    });
  });

  it('is not fooled by what a container prints', () => {
    const build = only(read(classic, sample('docker20-legacy/tricky-output.plain.log')));
    expect(Object.values(steps(build))).toEqual(['done', 'done', 'done', 'done']);
    const step = build.vertices.get('#2');
    expect(step?.outputLines).toBe(8);
    const fake = [
      'Step 1/3 : FROM busybox',
      ' ---> 8edb46c03b9b',
      'Step 2/3 : RUN fake',
      ' ---> Running in 12c033d394c1',
      'Step 3/9 : RUN not next',
      ' ---> Using cache',
      'Step 2/3 : RUN again',
      'Successfully built 8edb46c03b9b',
      "The command '/bin/sh -c inner' returned a non-zero code: 1",
      'ERROR: no such thing',
      'no end of lineRemoving intermediate container 12c033d394c1',
      ' ---> 9f4a47ccddd1',
      'Step 3/3 : RUN last',
      ' ---> Using cache',
      ' ---> 9f4a47ccddd2',
      'Successfully built 9f4a47ccddd2',
    ];
    const told = only(read(classic, fake.join('\n')));
    expect(steps(told)).toEqual({ 'Step 2/3 : RUN fake': 'done', 'Step 3/3 : RUN last': 'cached' });
    expect(told.end?.outcome).toBe('succeeded');
    expect(readLines(classic, fake).claims[4]).toBe('output');
  });

  it.each([
    [
      'docker20-legacy/fail-run.plain.log',
      'Step 5/6 : RUN echo "about to fail"; echo "to stderr" >&2; ls /nonexistent; exit 3',
      /returned a non-zero code: 3$/,
    ],
    ['docker20-legacy/fail-copy.plain.log', 'Step 6/10 : COPY missing ./src', /^COPY failed: file not found/],
    ['docker20-legacy/fail-base.plain.log', null, /^Get "https:.*no such host$/],
    ['docker20-legacy/fail-parse.plain.log', null, /unknown instruction: FOO$/],
  ])('%s failed', (name, step, message) => {
    const build = only(read(classic, sample(name)));
    expect(build.end?.outcome).toBe('failed');
    expect(build.end?.message).toMatch(message);
    if (step !== null) expect(steps(build)[step]).toBe('failed');
  });

  it('says nothing of the end of a build that just stops', () => {
    const build = only(read(classic, sample('docker20-legacy/cancel.plain.log')));
    expect(build.end).toBeNull();
    expect(word([...build.vertices.values()].at(-1)!)).toBe('open');
  });

  it('reads builds one after another: compose 1, a failed one last', () => {
    const builds = read(classic, sample('docker20-legacy/compose-fail.default.log'));
    expect(builds.map((b) => b.end?.outcome)).toEqual(['succeeded', 'failed']);
    expect(builds[1]?.end?.message).toMatch(/^Service 'web' failed to build : The command/);
    const cancelled = sample('docker20-legacy/cancel.plain.log');
    expect(read(classic, `${cancelled}^C\n${cancelled}`).map((b) => b.end)).toEqual([null, null]);
  });

  it('reads all ages: no totals, the id before the removal, triggers with steps of their own', () => {
    const old = [
      'Sending build context to Docker daemon 12.26 MB',
      'Sending build context to Docker daemon ',
      'Step 0 : FROM app-base',
      '# Executing 2 build triggers',
      'Trigger 0, COPY . /app/src',
      'Step 0 : COPY . /app/src',
      'Trigger 1, RUN npm install',
      'Step 0 : RUN npm install',
      ' ---> Running in 0e6797c4cc22',
      ' ---> 2a0a9ba141b5',
      'Removing intermediate container 4cc0de4ea194',
      'Removing intermediate container 0e6797c4cc22',
      'Step 1 : MAINTAINER a <a@example.com>',
      ' ---> Using cache',
      ' ---> 2a0a9ba141b6',
      'Successfully built 2a0a9ba141b6',
      'Step 1/2 : FROM next-base',
      '# Executing 2 build triggers...',
      'Step 1/1 : ADD . /app',
      'Step 1/1 : RUN make',
      ' ---> Using cache',
      ' ---> 444444444444',
      'Step 2/2 : CMD ["app"]',
      ' ---> Running in 0e6797c4cc22',
      ' ---> Removed intermediate container 0e6797c4cc22',
      ' ---> 444444444445',
      'Successfully built 444444444445',
      'Successfully tagged app:latest',
    ].join('\n');
    const builds = read(classic, old);
    expect(builds.map((b) => [...b.vertices.values()].map((v) => `${v.id} ${word(v)} ${v.names[0]}`))).toEqual([
      [
        '#context done Sending build context to Docker daemon',
        '#0 done Step 0 : FROM app-base',
        '#0.1 done Step 0 : COPY . /app/src',
        '#0.2 done Step 0 : RUN npm install',
        '#1 cached Step 1 : MAINTAINER a <a@example.com>',
      ],
      [
        '#1 done Step 1/2 : FROM next-base',
        '#1.1 done Step 1/1 : ADD . /app',
        '#1.2 cached Step 1/1 : RUN make',
        '#2 done Step 2/2 : CMD ["app"]',
      ],
    ]);
    expect(inputs(builds[1]!)).toEqual({ '#1': [], '#1.1': ['#1'], '#1.2': ['#1.1'], '#2': ['#1.2'] });
  });

  it('notes triggers that are run without being named', () => {
    const text =
      'Step 1/2 : FROM up\n# Executing 1 build trigger\n ---> Using cache\n ---> 5b434b4be9d8\nStep 2/2 : RUN x\n ---> Using cache\n ---> e48a5ea7b66f';
    const build = only(read(classic, text));
    expect(build.notes.join()).toContain('ONBUILD');
    expect(word(build.vertices.get('#1')!)).toBe('done');
    expect(word(build.vertices.get('#2')!)).toBe('cached');
  });

  it('reads a piece from the middle, and says so where results are missing', () => {
    const piece = only(
      read(classic, 'Step 4/7 : RUN npm ci\n ---> Using cache\n ---> fd987c923de9\nStep 5/7 : COPY . .\n ---> aa803e32445d'),
    );
    expect(steps(piece)).toEqual({ 'Step 4/7 : RUN npm ci': 'cached', 'Step 5/7 : COPY . .': 'done' });
    expect(only(read(classic, 'Step 1/2 : FROM x\nStep 2/2 : RUN y')).notes.join()).toContain('without their results');
  });

  it('keeps warnings, counts output, and leaves the rest of the log alone', () => {
    const lines = [
      'Step 1/5: Installing dependencies',
      'Step 2/5 : downloading',
      'Step 1/2 : FROM busybox',
      ' ---> 8edb46c03b9b',
      'Step 2/2 : RUN x',
      ' ---> Running in 12c033d394c1',
      'one',
      'two',
      'Removing intermediate container 12c033d394c1',
      ' ---> 9f4a47ccddd1',
      '[Warning] One or more build-args [NOPE] were not consumed',
      'Successfully built 9f4a47ccddd1',
      'Successfully tagged x:latest',
      'The push refers to repository [x]',
    ];
    const { builds, claims } = readLines(classic, lines);
    expect(claims).toEqual(['none', 'none', ...Array(4).fill('structure'), 'output', 'output', ...Array(5).fill('structure'), 'none']);
    expect(only(builds).warnings).toEqual([{ vertex: null, text: 'One or more build-args [NOPE] were not consumed' }]);
    expect(only(builds).vertices.get('#2')).toMatchObject({ outputLines: 2 });
  });

  it.each<[what: string, log: readonly string[], told: readonly string[]]>([
    [
      'a RUN that fails, and what Compose says of it',
      [
        'Step 1/2 : FROM busybox',
        ' ---> 8edb46c03b9b',
        'Step 2/2 : RUN x',
        ' ---> Running in 12c033d394c1',
        'error: no such file',
        "Service 'web' failed to build : The command '/bin/sh -c x' returned a non-zero code: 1",
        'npm ERR! code 1',
      ],
      [
        '#1 done Step 1/2 : FROM busybox',
        '#2 failed Step 2/2 : RUN x after #1, 2 of output',
        "end failed: Service 'web' failed to build : The command '/bin/sh -c x' returned a non-zero code: 1",
      ],
    ],
    [
      'a container that prints what the builder says, and goes on',
      [
        'Step 1/3 : FROM busybox',
        ' ---> 8edb46c03b9b',
        'Step 2/3 : RUN docker build .',
        ' ---> Running in 12c033d394c1',
        'Step 2/2 : RUN inner',
        ' ---> Running in aaaaaaaaaaaa',
        '# Executing 1 build trigger',
        '[Warning] of the inner build',
        "The command '/bin/sh -c inner' returned a non-zero code: 1",
        'Successfully built aaaaaaaaaaaa',
        'Removing intermediate container 12c033d394c1',
        ' ---> 9f4a47ccddd1',
        'Step 3/3 : CMD ["a"]',
        ' ---> Using cache',
        ' ---> 9f4a47ccddd2',
        'Successfully built 9f4a47ccddd2',
      ],
      [
        '#1 done Step 1/3 : FROM busybox',
        '#2 done Step 2/3 : RUN docker build . after #1, 5 of output',
        '#3 cached Step 3/3 : CMD ["a"] after #2',
        'end succeeded',
      ],
    ],
    [
      'an argument before the base image, stages by number, by name and by platform',
      [
        'Step 1/8 : ARG V=1',
        'Step 2/8 : FROM --platform=linux/amd64 node:$V AS Build',
        ' ---> 8edb46c03b9b',
        'Step 3/8 : RUN a',
        ' ---> Using cache',
        ' ---> 9f4a47ccddd1',
        'Step 4/8 : FROM build',
        ' ---> 9f4a47ccddd1',
        'Step 5/8 : RUN b',
        ' ---> Using cache',
        ' ---> 9f4a47ccddd2',
        'Step 6/8 : FROM busybox',
        ' ---> 8edb46c03b9b',
        'Step 7/8 : COPY --chown=1:1 --from=1 /b /b',
        ' ---> 9f4a47ccddd3',
        'Step 8/8 : COPY --from=build /a /a',
        ' ---> 9f4a47ccddd4',
        'Successfully built 9f4a47ccddd4',
      ],
      [
        '#1 done Step 1/8 : ARG V=1',
        '#2 done Step 2/8 : FROM --platform=linux/amd64 node:$V AS Build',
        '#3 cached Step 3/8 : RUN a after #2',
        '#4 done Step 4/8 : FROM build after #3',
        '#5 cached Step 5/8 : RUN b after #4',
        '#6 done Step 6/8 : FROM busybox',
        '#7 done Step 7/8 : COPY --chown=1:1 --from=1 /b /b after #6 #5',
        '#8 done Step 8/8 : COPY --from=build /a /a after #7 #3',
        'end succeeded',
      ],
    ],
    [
      'a context that cannot be read, and a build that was cancelled',
      [
        'Sending build context to Docker daemon  3.072kB',
        '',
        'Error response from daemon: dockerfile parse error line 1: unknown instruction: FOO',
      ],
      [
        '#context done Sending build context to Docker daemon, {transferring context:}',
        'end failed: Error response from daemon: dockerfile parse error line 1: unknown instruction: FOO',
      ],
    ],
    [
      'a build that was cancelled',
      ['Step 1/2 : FROM busybox', ' ---> 8edb46c03b9b', 'Step 2/2 : COPY . .', 'Build cancelled'],
      ['#1 done Step 1/2 : FROM busybox', '#2 failed Step 2/2 : COPY . . after #1', 'end canceled: Build cancelled'],
    ],
    [
      'a base image that is not there',
      ['Step 1/2 : FROM nope', 'Pulling from library/nope', 'pull access denied for nope, repository does not exist'],
      ['#1 failed Step 1/2 : FROM nope', 'end failed: pull access denied for nope, repository does not exist'],
    ],
  ])('%s', (_, log, told) => {
    expect(transcript(only(readLines(classic, log).builds))).toEqual(told);
  });

  it('takes a build that begins for one, in the middle of another', () => {
    const cut = ['Step 1/2 : FROM busybox', ' ---> 8edb46c03b9b', 'Step 2/2 : RUN x', ' ---> Running in 12c033d394c1'];
    for (const next of ['Step 1/3 : FROM alpine', 'Step 1/3 : ARG V=1'])
      expect(readLines(classic, [...cut, next]).builds.map((b) => b.vertices.size)).toEqual([2, 1]);
    expect(readLines(classic, [...cut, 'Step 2/9 : RUN inner', 'Step 1/9 : RUN inner']).builds).toHaveLength(1);
    const over = [...cut, ' ---> Removed intermediate container 12c033d394c1', ' ---> 9f4a47ccddd1', 'Successfully built 9f4a47ccddd1'];
    expect(readLines(classic, [...over, 'ERROR: push failed']).builds.map((b) => b.end?.outcome)).toEqual(['succeeded']);
  });

  it('never throws, and takes time in proportion', () => {
    expectRobust(classic, [sample('docker20-legacy/multi-src.plain.log'), sample('docker20-legacy/tricky-output.plain.log')]);
    const start = ['Step 1/9 : FROM x', 'Step 2/9 : RUN x', ' ---> Running in 12c033d394c1'];
    expectLinear(classic, (n) => [...start, `The command '${"' returned a non-zero code: ".repeat(n / 20)}`]);
    expectLinear(classic, (n) => [
      ...start,
      'Removing intermediate container '.repeat(n / 20),
      `Service '${'a'.repeat(n)}`,
      `Step ${'1'.repeat(n)}`,
    ]);
    expectLinear(classic, (n) => [`Step 1/1 : FROM ${'--a '.repeat(n / 10)}`, `Step 1/1 : COPY ${'--a '.repeat(n / 10)}--from=`]);
  });
});
