import { describe, expect, it } from 'vitest';
import buildah from '../../parsers/buildah.ts';
import type { BuildLog } from '../../src/graph/log.ts';
import * as logs from '../../src/graph/log.ts';
import { expectLinear, expectRobust, only, read, readLines, sample, steps, transcript, word } from './read.ts';

const id = (letter: string): string => letter.repeat(64);
const short = (letter: string): string => letter.repeat(12);

function inputNames(build: BuildLog, name: string): (string | undefined)[] | undefined {
  const vertex = [...build.vertices.values()].find((v) => v.names[0]?.startsWith(name));
  return vertex?.inputs?.map((i) => build.vertices.get(i)?.names[0]?.replace(/: .*/s, ''));
}

describe('podman and buildah', () => {
  it('says of each instruction whether it was reused', () => {
    const build = only(read(buildah, sample('podman54/multi-src.plain.log')));
    const told = Object.entries(steps(build)).map(([name, w]) => `${w} ${name.replace(/: (\w+).*/s, ' $1')}`);
    expect(told).toEqual([
      'cached [1/5] STEP 2/3 WORKDIR',
      'cached [1/5] STEP 3/3 ENV',
      'cached [2/5] STEP 2/3 COPY',
      'cached [2/5] STEP 3/3 RUN',
      'cached [3/5] STEP 2/4 COPY',
      'done [3/5] STEP 3/4 COPY',
      'done [3/5] STEP 4/4 RUN',
      'cached [4/5] STEP 2/3 COPY',
      'cached [4/5] STEP 3/3 RUN',
      'cached [5/5] STEP 2/7 WORKDIR',
      'cached [5/5] STEP 3/7 COPY',
      'done [5/5] STEP 4/7 COPY',
      'done [5/5] STEP 5/7 COPY',
      'done [5/5] STEP 6/7 RUN',
      'done [5/5] STEP 7/7 CMD',
    ]);
    expect(build.end).toEqual({ outcome: 'succeeded' });
    expect(inputNames(build, '[5/5] STEP 4/7')).toEqual(['[5/5] STEP 3/7', '[3/5] STEP 4/4']);
    // The base stage is shown as the id of its image.
    expect(inputNames(build, '[3/5] STEP 1/4: FROM ')).toEqual(['[1/5] STEP 3/3']);
  });

  it('gives a result to the stage that waited for it', () => {
    const build = only(read(buildah, sample('podman43/multi-lock-samekey.plain.log')));
    const ran = Object.entries(steps(build)).filter(([, w]) => w !== 'cached');
    expect(ran.map(([name]) => name.slice(0, 20))).toEqual(['[2/5] STEP 2/3: COPY', '[2/5] STEP 3/3: RUN ']);
    expect(inputNames(build, '[5/5] STEP 3/7')).toEqual(['[5/5] STEP 2/7', '[2/5] STEP 3/3']);
    expect(build.notes).toEqual([]);
  });

  it('works out whose results are whose where stages run side by side', () => {
    const log = [
      '[1/3] STEP 1/2: FROM busybox AS a',
      '[2/3] STEP 1/3: FROM busybox AS b',
      '[1/3] STEP 2/2: RUN make a',
      '[2/3] STEP 2/3: RUN make b',
      `--> Using cache ${id('b')}`,
      `--> ${short('b')}`,
      '[2/3] STEP 3/3: RUN test b',
      'output',
      `--> ${short('a')}`,
      '[3/3] STEP 1/2: FROM busybox',
      '[3/3] STEP 2/2: COPY --from=a /a /a',
      `--> ${short('c')}`,
      '[3/3] COMMIT app',
      `--> ${short('d')}`,
      'Successfully tagged localhost/app:latest',
      id('d'),
    ].join('\n');
    const build = only(read(buildah, log));
    expect(steps(build)).toEqual({
      '[1/3] STEP 2/2: RUN make a': 'done',
      '[2/3] STEP 2/3: RUN make b': 'cached',
      '[2/3] STEP 3/3: RUN test b': 'done',
      '[3/3] STEP 2/2: COPY --from=a /a /a': 'done',
    });
    expect(build.end?.outcome).toBe('succeeded');
  });

  it('is not fooled by what a container prints, nor by output without an end of line', () => {
    expect(Object.values(steps(only(read(buildah, sample('podman54/tricky-output.plain.log')))))).toEqual(['done', 'done', 'done', 'done']);
    const log = [
      'STEP 1/3: FROM busybox',
      'STEP 2/3: RUN fake',
      'STEP 3/9: RUN not next',
      'Error: this is output',
      'STEP 5: done',
      id('e'),
      `no end of line--> ${short('a')}`,
      'STEP 3/3: RUN last',
      `--> Using cache ${id('b')}`,
      'COMMIT app',
      `--> ${short('b')}`,
    ];
    const { builds, claims } = readLines(buildah, log);
    expect(steps(only(builds))).toEqual({ 'STEP 2/3: RUN fake': 'done', 'STEP 3/3: RUN last': 'cached' });
    expect(only(builds).end).toEqual({ outcome: 'succeeded' });
    expect(claims.slice(2, 6)).toEqual(['output', 'none', 'none', 'none']);
  });

  it('notes a build that keeps no layers', () => {
    const log = [
      'STEP 1/3: FROM busybox',
      'STEP 2/3: RUN a',
      'no end of lineSTEP 3/3: RUN b',
      'COMMIT app',
      'Successfully tagged localhost/app:latest',
      id('a'),
    ];
    const build = only(read(buildah, log.join('\n')));
    expect(steps(build)).toEqual({ 'STEP 2/3: RUN a': 'done', 'STEP 3/3: RUN b': 'done' });
    expect(build.notes.join()).toContain('--layers');
    expect(build.end?.outcome).toBe('succeeded');
  });

  it('reads failures, and output that looks like one', () => {
    const failed = only(read(buildah, sample('podman54/fail-run.plain.log')));
    expect(failed.end?.outcome).toBe('failed');
    expect(Object.values(steps(failed))).toEqual(['done', 'done', 'done', 'failed']);
    const base =
      'STEP 1/2: FROM nosuch/image:1\nTrying to pull docker.io/nosuch/image:1...\nError: creating build container: reading manifest: denied';
    expect(only(read(buildah, base)).end).toEqual({
      outcome: 'failed',
      message: 'Error: creating build container: reading manifest: denied',
    });
    const parallel = [
      '[1/2] STEP 1/2: FROM x AS a',
      '[2/2] STEP 1/2: FROM x',
      '[1/2] STEP 2/2: RUN a',
      '[2/2] STEP 2/2: RUN b',
      'Error: building at STEP "RUN a": exit status 1',
    ];
    expect(steps(only(read(buildah, parallel.join('\n'))))).toEqual({
      '[1/2] STEP 2/2: RUN a': 'failed',
      '[2/2] STEP 2/2: RUN b': 'canceled',
    });
  });

  it('knows hits that were pulled, layers that were fetched, warnings', () => {
    const log = [
      'STEP 1/2: FROM busybox',
      'Trying to pull docker.io/library/busybox:latest...',
      'Copying blob 9f13f5a53d11 done   | ',
      'Copying blob 2408cc74d12b skipped: already exists',
      'STEP 2/2: RUN a',
      `--> Cache pulled from remote reg/app/cache:${id('c')}`,
      `--> Using cache ${id('a')}`,
      'COMMIT app',
      `--> ${short('a')}`,
      'time="2024-05-01T00:00:00Z" level=warning msg="SHELL is not supported for OCI image format"',
    ];
    const build = only(read(buildah, log.join('\n')));
    expect(steps(build)).toEqual({ 'STEP 2/2: RUN a': 'cached' });
    expect([...(build.vertices.get('#1')?.statuses.keys() ?? [])]).toEqual(['pulling sha256:9f13f5a53d11']);
    expect(build.vertices.get('#1')?.pulled).toBe(true);
  });

  it('reads versions without totals, with a stage at each FROM', () => {
    const log = [
      'STEP 1: FROM golang AS build',
      'STEP 2: RUN make',
      `--> Using cache ${id('a')}`,
      `--> ${'a'.repeat(11)}`,
      'STEP 3: FROM alpine',
      'STEP 4: COPY --from=build /out /out',
      `--> ${'b'.repeat(11)}`,
      'STEP 5: COMMIT app',
      `--> ${'c'.repeat(11)}`,
    ];
    const build = only(read(buildah, log.join('\n')));
    expect(steps(build)).toEqual({ 'STEP 2: RUN make': 'cached', 'STEP 4: COPY --from=build /out /out': 'done' });
    expect(inputNames(build, 'STEP 4')).toEqual(['STEP 3', 'STEP 2']);
  });

  it('tells builds apart, one after another and by platform', () => {
    const one = sample('podman54/multi-src.plain.log');
    const two = sample('podman54/fail-run.plain.log');
    expect(read(buildah, `${one}\n${two}\n${one}`).map((b) => b.end?.outcome)).toEqual(['succeeded', 'failed', 'succeeded']);
    const builds: BuildLog[] = [];
    const lines: [string, string?][] = [
      ['STEP 1/2: FROM busybox', 'linux/amd64'],
      ['STEP 2/2: RUN a', 'linux/amd64'],
      [`--> ${short('a')}`],
      ['COMMIT', 'linux/amd64'],
      ['STEP 1/2: FROM busybox', 'linux/arm64'],
      ['STEP 2/2: RUN a', 'linux/arm64'],
      [`--> Using cache ${id('b')}`],
    ];
    const { createBuildLog, addEvent } = logs;
    const reader = buildah.open((dialect, line) => {
      const build = createBuildLog(dialect, line);
      builds.push(build);
      return (event) => addEvent(build, event);
    });
    lines.forEach(([text, source], i) => {
      reader.line({ text, number: i + 1, ...(source !== undefined && { source }) });
    });
    reader.end();
    expect(builds.map((b) => [...b.vertices.values()].map(word))).toEqual([
      ['done', 'done'],
      ['done', 'cached'],
    ]);
  });

  it('leaves other text alone', () => {
    const lines = ['- **STEP 2: run the tests**', 'STEP 1: install', 'STEP 2/3: compile', '--> 123456789012', 'COMMIT', 'Error: no'];
    expect(readLines(buildah, lines)).toMatchObject({ builds: [], claims: Array(6).fill('none') });
  });

  it.each<[what: string, log: readonly string[], told: readonly string[]]>([
    [
      'a base image that comes down, a step from the cache of a registry, a step that runs',
      [
        'STEP 1/4: FROM docker.io/library/node:20',
        'Trying to pull docker.io/library/node:20...',
        'Getting image source signatures',
        `Copying blob sha256:${id('c')}`,
        'Copying config 1234567890ab done',
        'STEP 2/4: RUN a',
        `--> Cache pulled from remote registry.example/cache:${id('d')}`,
        `--> Using cache ${id('1')}`,
        `--> ${short('1')}`,
        'STEP 3/4: RUN b',
        'printed',
        '',
        'Trying to pull nothing',
        `--> ${short('2')}`,
        'STEP 4/4: CMD ["a"]',
        'COMMIT app',
        `--> ${short('3')}`,
        'Successfully tagged localhost/app:latest',
        id('3'),
        'of another program',
      ],
      [
        `#1 done STEP 1/4: FROM docker.io/library/node:20, {pulling sha256:${id('c')}}`,
        `#2 cached STEP 2/4: RUN a after #1, {Cache pulled from remote registry.example/cache:${id('d')}}`,
        '#3 done STEP 3/4: RUN b after #2, 3 of output',
        '#4 done STEP 4/4: CMD ["a"] after #3',
        'end succeeded',
      ],
    ],
    [
      'versions that show no totals and no stages',
      [
        'STEP 1: FROM busybox AS deps',
        'STEP 2: RUN a',
        `--> Using cache ${id('1')}`,
        'STEP 3: FROM busybox',
        'STEP 4: COPY --from=deps /a /a',
        `--> ${short('2')}`,
        'STEP 5: COMMIT app',
      ],
      [
        '#1 done STEP 1: FROM busybox AS deps',
        '#2 cached STEP 2: RUN a after #1',
        '#3 done STEP 3: FROM busybox',
        '#4 done STEP 4: COPY --from=deps /a /a after #3 #2',
      ],
    ],
    [
      'a build without layers',
      ['STEP 1/3: FROM busybox', 'STEP 2/3: RUN a', 'printed', 'STEP 3/3: RUN b', 'COMMIT app', `--> ${short('1')}`, id('1')],
      [
        '#1 done STEP 1/3: FROM busybox',
        '#2 done STEP 2/3: RUN a after #1, 1 of output',
        '#3 done STEP 3/3: RUN b after #2',
        'end succeeded',
      ],
    ],
    [
      'a step that fails beside another',
      [
        '[1/2] STEP 1/2: FROM busybox AS a',
        '[2/2] STEP 1/2: FROM busybox AS b',
        '[1/2] STEP 2/2: RUN a',
        '[2/2] STEP 2/2: RUN b',
        'Error: building at STEP "RUN a": while running runtime: exit status 1',
        'make: failed',
      ],
      [
        '#1 done [1/2] STEP 1/2: FROM busybox AS a',
        '#2 done [2/2] STEP 1/2: FROM busybox AS b',
        '#3 failed [1/2] STEP 2/2: RUN a after #1',
        '#4 canceled [2/2] STEP 2/2: RUN b after #2',
        'end failed: Error: building at STEP "RUN a": while running runtime: exit status 1',
      ],
    ],
  ])('%s', (_, log, told) => {
    expect(transcript(only(readLines(buildah, log).builds))).toEqual(told);
  });

  it('takes a build that begins for one, and no other line of a container', () => {
    const begun = ['STEP 1/2: FROM busybox', 'STEP 2/2: RUN podman build .'];
    const inner = readLines(buildah, [...begun, 'STEP 2/9: RUN inner', 'STEP 7/9: COPY a b', `--> Using cache ${id('1')}`]);
    expect(inner.builds.map((b) => b.vertices.size)).toEqual([2]);
    expect(inner.claims.slice(2, 4)).toEqual(['output', 'output']);
    expect(readLines(buildah, [...begun, 'STEP 1/3: FROM alpine']).builds.map((b) => b.vertices.size)).toEqual([2, 1]);
    expect(readLines(buildah, ['npm warn', '--> 111111111111', 'COMMIT app']).claims).toEqual(['none', 'none', 'none']);
  });

  it('never throws, and takes time in proportion', () => {
    expectRobust(buildah, [sample('podman43/multi-lock-samekey.plain.log'), sample('podman54/fail-run.plain.log')]);
    const start = ['STEP 1/9: FROM x', 'STEP 2/9: RUN x'];
    expectLinear(buildah, (n) => [
      ...start,
      'STEP 3/9: '.repeat(n / 10),
      `${'a'.repeat(n)}STEP `,
      `building at STEP "${'": '.repeat(n / 10)}`,
    ]);
    expectLinear(buildah, (n) => [
      ...start,
      `--> ${'a'.repeat(n)}`,
      `COMMIT ${' '.repeat(n)}x`,
      `STEP 3/9: COPY ${'--mount=from='.repeat(n / 20)}`,
    ]);
  });
});
