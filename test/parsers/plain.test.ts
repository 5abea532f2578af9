import { describe, expect, it } from 'vitest';
import plain from '../../parsers/plain.ts';
import { finalWord, looksLikeStatus, parseStatus, readPlainLine } from '../../parsers/plain-lines.ts';
import type { BuildLog } from '../../src/graph/log.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { expectLinear, expectRobust, only, read, readLines, sample, transcript } from './read.ts';

const SHA = 'sha256:7869e3a8c1c5b2a4d2e6e2b6a3a1f7c9d0e8b5f4a6c7d8e9f0a1b2c3d4e5f607';

/** The printer's own groups: a header, what belongs to it, a blank line. */
function groups(log: string): string[] {
  return log
    .split(/(?<=\n\n)/)
    .filter((g) => g.trim() !== '')
    .map((g) => (g.endsWith('\n\n') ? g : `${g}\n`));
}

describe('--progress=plain', () => {
  it.each([
    ['#7 CACHED', { kind: 'cached', id: '#7' }],
    ['#7 CANCELED', { kind: 'canceled', id: '#7' }],
    ['#7 ...', { kind: 'parked', id: '#7' }],
    ['#7 DONE 12.3s', { kind: 'done', id: '#7', seconds: 12.3 }],
    ['#123456 DONE', { kind: 'done', id: '#123456' }],
    ['#7 DONE 0.0s   ', { kind: 'done', id: '#7', seconds: 0 }],
    ['#7 DONE 12.3s and more', { kind: 'text', id: '#7', text: 'DONE 12.3s and more' }],
    ['#7 0.123 #8 DONE 0.1s', { kind: 'output', id: '#7', at: 0.123 }],
    ['#7 123.4', { kind: 'output', id: '#7', at: 123.4 }],
    ['#7 1.0.3 is out', { kind: 'text', id: '#7', text: '1.0.3 is out' }],
    ['#0 0.087 built', { kind: 'output', id: '#0', at: 0.087 }],
    ['#0 what else', undefined],
    [
      '#0 building with "my builder" instance using docker-container driver',
      { kind: 'builder', name: 'my builder', driver: 'docker-container' },
    ],
    ['#7 ERROR: exit code: 1', { kind: 'error', id: '#7', text: 'exit code: 1' }],
    ['#7 ERROR: ', { kind: 'error', id: '#7', text: '' }],
    ['#7 WARN: CopyIgnoredFile', { kind: 'warning', id: '#7', text: 'CopyIgnoredFile' }],
    [`#7 ${SHA}`, { kind: 'digest', id: '#7', text: SHA }],
    [`#7 ${SHA} 1B / 1B`, { kind: 'text', id: '#7', text: `${SHA} 1B / 1B` }],
    ['#7       cached: true', { kind: 'legacy', id: '#7', field: 'cached', text: 'true' }],
    ['#7  [2/3] RUN a  b ', { kind: 'text', id: '#7', text: ' [2/3] RUN a  b' }],
    ['#7', { kind: 'text', id: '#7', text: '' }],
    ['#1234567 DONE 0.1s', undefined],
    ['see #7 CACHED', undefined],
  ])('%s', (line, read) => {
    expect(readPlainLine(line)).toEqual(read);
  });

  it.each([
    ['transferring context: 2B done', { text: 'transferring context:', bytes: 2, done: true }],
    ['transferring context: 12.34MB 10.2s', { text: 'transferring context:', bytes: 12.34e6, seconds: 10.2, done: false }],
    [`${SHA} 1.08MB / 29.15MB 0.25s done`, { text: SHA, bytes: 1.08e6, total: 29.15e6, seconds: 0.25, done: true }],
    [`${SHA} 0B / 933B`, { text: SHA, bytes: 0, total: 933, done: false }],
    ['copying files 1.5kB', { text: 'copying files', bytes: 1500, done: false }],
    ['copying files 2GiB / 3TB', { text: 'copying files', bytes: 2 * 1024 ** 3, total: 3e12, done: false }],
    ['exporting layers 1234.5s done', { text: 'exporting layers', seconds: 1234.5, done: true }],
    ['exporting layers', { text: 'exporting layers', done: false }],
    ['naming to docker.io/library/app:10.1s2B', { text: 'naming to docker.io/library/app:10.1s2B', done: false }],
    ['took 1.5s of 3.0s then 4B more', { text: 'took 1.5s of 3.0s then 4B more', done: false }],
  ])('status %s', (line, read) => {
    expect(parseStatus(line)).toEqual(read);
  });

  it.each([
    ['transferring context: 2B', true],
    ['naming to docker.io/library/app', true],
    ['whatever it is 10.3s done', true],
    ['whatever it is 10.3s', true],
    ['[2/3] RUN echo transferring ', false],
    ['docker-image://docker.io/docker/dockerfile:1', false],
    ['resolve image config for docker-image://docker.io/docker/dockerfile:1', false],
    ['resolve docker.io/docker/dockerfile:1', true],
    ['done and over', false],
    ['was 10.3s ago', false],
  ])('%s: is a status: %s', (text, is) => {
    expect(looksLikeStatus(text)).toBe(is);
  });

  it.each([
    ['ERROR: failed to build: failed to solve: process "/bin/sh -c a \\"b\\"" did not complete successfully: exit code: 3', 'failed'],
    ['ERROR: failed to solve: alpine:nope: not found', 'failed'],
    ['ERROR: docker.io/library/alpine:nope: not found', 'failed'],
    ['target web: failed to solve: exit code: 1', 'failed'],
    ['failed to solve with frontend dockerfile.v0: failed to build LLB: boom', 'failed'],
    ['api failed to solve: rpc error: code = Unknown', 'failed'],
    ['failed to solve: rpc error: code = Unknown desc = x', 'failed'],
    ['executor failed running [/bin/sh -c false]: exit code: 1', 'failed'],
    ['process "/bin/sh -c false" did not complete successfully: exit code: 1', 'failed'],
    ["Service 'api' failed to build", 'failed'],
    ['ERROR: failed to build: failed to solve: Canceled: context canceled', 'canceled'],
    ['context canceled', 'canceled'],
    ['ERROR: context canceled', 'canceled'],
    ['failed to solve: context canceled', 'canceled'],
    ['ERROR: cache importer type x not found', undefined],
    ['context canceled by the user of this test', undefined],
    ['ERROR: 3 tests failed', undefined],
    ['the build failed to solve: nothing', undefined],
    ['E: failed to solve', undefined],
  ])('the last word: %s: %s', (text, word) => {
    expect(finalWord(text)).toBe(word);
  });

  it.each<[what: string, log: readonly string[], told: readonly string[]]>([
    [
      'a parked step, whose output goes on later',
      [
        '#5 [a 2/2] RUN a',
        '#5 0.514 a 1',
        '#5 ...',
        '',
        '#6 [b 2/2] RUN b',
        '#6 DONE 0.3s',
        '',
        '#5 [a 2/2] RUN a',
        '#5 1.019 a 2',
        '#5 DONE 1.1s',
      ],
      ['#5 done [a 2/2] RUN a, 1.1 s, 2 of output', '#6 done [b 2/2] RUN b, 0.3 s'],
    ],
    [
      'buildx 0.10, which prints all output under #0',
      ['#10 [6/7] RUN make', '#0 0.087 built', '#0 0.090 again', '#10 DONE 0.1s', '', '#0 0.5 of nobody'],
      ['#10 done [6/7] RUN make, 0.1 s, 2 of output'],
    ],
    [
      'digests: of the step under its header, of a layer without a size elsewhere',
      ['#4 [1/2] FROM busybox', `#4 ${SHA}`, '#4 extracting layers', '', `#4 ${SHA}`, '#4 DONE 0.2s'],
      [`#4 done [1/2] FROM busybox, 0.2 s, {extracting layers, ${SHA}}`],
    ],
    [
      'Docker 18.09',
      [
        '#1 [internal] load build definition from Dockerfile',
        `#1       digest: ${SHA}`,
        '#1         name: "[internal] load build definition from Dockerfile"',
        '#1      started: 2019-01-08 12:00:00.1 +0000 UTC',
        '#1    completed: 2019-01-08 12:00:00.2 +0000 UTC',
        '#1     duration: 100.5ms',
        '#1 transferring dockerfile: 36B done',
        '',
        '#5 [2/3] RUN a',
        `#5       digest: ${SHA}`,
        '#5         name: "[2/3] RUN a"',
        '#5       cached: true',
        '',
        '#6 [3/3] RUN b',
        '#6         name: "[3/3] RUN b"',
        '#6       cached: false',
        '#6     duration: 1.5s',
        '#6        error: "exit code: 1"',
        '',
        '#7         name: "exporting to image"',
        '#7     duration: 15µs',
      ],
      [
        '#1 done [internal] load build definition from Dockerfile, 0.1005 s, {transferring dockerfile:}',
        '#5 cached [2/3] RUN a',
        '#6 failed [3/3] RUN b, 1.5 s',
        '#7 done exporting to image, 0.000015 s',
      ],
    ],
    [
      'an error over several lines, the excerpt after it, and the last word',
      [
        '#6 [3/3] RUN b',
        '#6 ERROR: process "/bin/sh -c b',
        'c" did not complete successfully: exit code: 1',
        '------',
        ' > [3/3] RUN b:',
        '0.1 ERROR: failed to solve: not by us',
        'ERROR: an excerpt',
        '------',
        'ERROR: failed to build: failed to solve: exit code: 1',
        'ERROR: Job failed',
      ],
      ['#6 failed [3/3] RUN b', 'end failed: ERROR: failed to build: failed to solve: exit code: 1'],
    ],
    [
      'a step that was cancelled, a warning, and a build without output',
      [
        '#0 building with "ci" instance using docker-container driver',
        '',
        '#5 [2/2] RUN a',
        '#5 WARN: the registry is slow',
        '#5 CANCELED',
        'WARNING: No output specified with docker-container driver. Build result will only remain in the build cache.',
      ],
      ['#5 canceled [2/2] RUN a', 'note The build had no output: its result stays in the build cache.', 'warning #5: the registry is slow'],
    ],
    [
      'names that look like statuses, statuses that look like names',
      [
        '#9 [2/3] RUN [ -f a ]',
        '#9 [output clipped, log limit 2MiB reached]',
        '#9 DONE 0.1s',
        '',
        '#10 exporting to image',
        '#10 exporting layers 0.1s done',
        '#10 writing image sha256:1 done',
        '#10 preparing layers for inline cache done',
        '#10 DONE 0.2s',
        '',
        '#11 docker-image://docker.io/docker/dockerfile:1',
        '#11 resolve docker.io/docker/dockerfile:1 0.1s done',
        '#11 CACHED',
        '',
        '#12 pushing layers',
        '#12 DONE 0.1s',
      ],
      [
        '#9 done [2/3] RUN [ -f a ], 0.1 s, {[output clipped, log limit 2MiB reached]}',
        '#10 done exporting to image, 0.2 s, {exporting layers, writing image sha256:1, preparing layers for inline cache}',
        '#11 cached docker-image://docker.io/docker/dockerfile:1, {resolve docker.io/docker/dockerfile:1}',
        '#12 done pushing layers, 0.1 s',
      ],
    ],
    [
      'one step under the names of two targets',
      ['#6 [api 2/2] RUN a', '#6 CACHED', '', '#6 [web 2/2] RUN a', '#6 CACHED', '', '#7 [web] exporting to image', '#7 DONE 0.1s'],
      ['#6 cached [api 2/2] RUN a | [web 2/2] RUN a', '#7 done [web] exporting to image, 0.1 s'],
    ],
  ])('%s', (_, log, told) => {
    expect(transcript(only(readLines(plain, log).builds))).toEqual(told);
  });

  it('keeps the text of an error over several lines, and bounds it', () => {
    const error = (lines: readonly string[]): string | undefined =>
      only(readLines(plain, ['#6 [3/3] RUN b', ...lines]).builds).vertices.get('#6')?.error;
    expect(error(['#6 ERROR: process "a', 'b" did not', '------', ' > [3/3] RUN b:'])).toBe('process "a\nb" did not');
    expect(error(['#6 ERROR: process "a', '', 'make: done'])).toBe('process "a');
    expect(error(['#6 ERROR: process "a', '#7 [4/4] RUN c', 'make: done'])).toBe('process "a');
    expect(error(['#6 ERROR: process "a', ...Array<string>(1000).fill('x'.repeat(100))])?.length).toBeLessThan(9000);
  });

  it('takes each line for what it is', () => {
    const log = ['#6 [3/3] RUN b', '#6 0.1 x', '#6 DONE 0.2s', '', 'make: done', '------', ' > x:', 'any', '------', '#0 0.1 x'];
    expect(readLines(plain, log).claims).toEqual([
      'structure',
      'output',
      'structure',
      'structure',
      'none',
      'structure',
      'structure',
      'output',
      'structure',
      'output',
    ]);
    expect(readLines(plain, ['', '#0 0.1 x', 'ERROR: failed to solve: x']).claims).toEqual(['none', 'none', 'none']);
  });

  const BUILDS = {
    'docker 28, a failing RUN': sample('docker28/fail-run.plain.log'),
    'docker 26': sample('docker26/src-edit.plain.log'),
    'buildkit 0.16, an import that failed': sample('bk016/cache-import-missing.plain.log'),
    'buildkit 0.32, several sources': sample('bk032/multi-src.plain.log'),
    'docker 20.10, with a syntax line': sample('docker20/syntax.plain.log'),
    'docker 28, ADD of a URL': sample('docker28/add-http-warm.plain.log'),
  };
  // A client that announces its builds announces all of them: an older one after it is seen once its build was exported or failed.
  const PAIRS = Object.keys(BUILDS).flatMap((a) =>
    Object.keys(BUILDS).flatMap((b) => (a.startsWith('buildkit') && b.startsWith('docker 20.10') ? [] : [[a, b] as const])),
  );

  it.each(PAIRS)('one after another in one log: %s; %s', (a, b) => {
    const [first, second] = [BUILDS[a as keyof typeof BUILDS], BUILDS[b as keyof typeof BUILDS]];
    const both = read(plain, `${first}\n${second}`);
    expect(both.map(transcript)).toEqual([...read(plain, first), ...read(plain, second)].map(transcript));
    expect(both[1]?.line).toBe(
      `${first}\n${second}`.split('\n').findIndex((l, i) => i >= first.split('\n').length && l.startsWith('#')) + 1,
    );
  });

  it('two at the same time in one log', () => {
    const [a, b] = [sample('docker28/fail-run.plain.log'), sample('docker26/src-edit.plain.log')];
    const [one, two] = [groups(a), groups(b)];
    const mixed = Array.from({ length: Math.max(one.length, two.length) }, (_, i) => `${one[i] ?? ''}${two[i] ?? ''}`).join('');
    // Before their first steps nothing tells them apart.
    const steps = (build: BuildLog): string[] => transcript(build).filter((l) => /^#\d+ \w+ \[\d|^end/.test(l));
    expect(read(plain, mixed).map(steps)).toEqual([...read(plain, a), ...read(plain, b)].map(steps));
  });

  it('of several streams, each for itself, with the times that the CI stamps', () => {
    const [a, b] = [sample('docker28/fail-run.plain.log'), sample('docker20/syntax.plain.log')];
    const stamp = (i: number): string => `2026-01-02T03:04:${String(i).padStart(2, '0')}.0000000Z`;
    const lines = (text: string, label: string): string[] => text.split('\n').map((l, i) => `${stamp(i % 60)} ${label}${l}`);
    const [one, two] = [lines(a, '[api] '), lines(b, '[web] ')];
    const reader = createLogReader();
    reader.push(Buffer.from(two.flatMap((l, i) => [...(one[i] === undefined ? [] : [one[i]]), l]).join('\n')));
    const { builds } = reader.end();
    expect(builds.map(transcript)).toEqual([...read(plain, a), ...read(plain, b)].map(transcript));
    const times = (id: string): unknown => builds[0]?.vertices.get(id)?.terminals[0]?.time;
    const at = (text: string): number => Date.parse(stamp(a.split('\n').findIndex((l) => l.startsWith(text)) % 60));
    expect([builds[0]?.vertices.get('#1')?.firstTime, times('#1'), times('#9')]).toEqual([at('#1 ['), at('#1 DONE'), at('#9 ERROR')]);
  });

  it('two that show the same number: the one that showed it first is parked', () => {
    const log = [
      '#0 building with "a" instance using docker driver',
      '#0 building with "b" instance using docker driver',
      '#1 [1/2] FROM busybox',
      '#1 DONE 0.1s',
      '',
      '#1 [1/3] FROM alpine',
      '#1 DONE 0.2s',
      '',
      '#2 [2/2] RUN a',
      '#2 0.1 of a',
      '#2 [2/3] RUN b',
      '#2 ...',
      '#2 0.1 of b',
      '#2 0.2 of b',
      '#2 DONE 0.4s',
      '',
      '#2 [2/2] RUN a',
      '#2 0.5 of a',
      '#2 DONE 0.5s',
    ];
    expect(readLines(plain, log).builds.map(transcript)).toEqual([
      ['#1 done [1/3] FROM alpine, 0.2 s', '#2 done [2/3] RUN b, 0.4 s, 2 of output'],
      ['#1 done [1/2] FROM busybox, 0.1 s', '#2 done [2/2] RUN a, 0.5 s, 2 of output'],
    ]);
  });

  it.each<[what: string, log: readonly string[], builds: number]>([
    ['the same step again, for another target', ['#1 [a 1/2] FROM x', '#1 DONE 0.1s', '', '#1 [b 1/2] FROM x', '#1 CACHED'], 1],
    [
      'the definition again, before a step',
      ['#1 [internal] load build definition from A', '#1 DONE 0.0s', '', '#1 [internal] load build definition from A'],
      1,
    ],
    [
      'the definition again, after a step',
      ['#1 [internal] load build definition from A', '#1 DONE 0.0s', '#2 [1/1] FROM x', '#1 [internal] load build definition from A'],
      2,
    ],
    [
      'the definition again, after a failure',
      ['#1 [internal] load build definition from A', '#1 ERROR: no such file', '', '#1 [internal] load build definition from A'],
      2,
    ],
    [
      'the definitions of several targets of one announced build',
      [
        '#0 building with "a" instance using docker driver',
        '#1 [api internal] load build definition from A',
        '#1 DONE 0.0s',
        '#2 [api 1/1] FROM x',
        '#1 [web internal] load build definition from A',
      ],
      1,
    ],
    [
      'ignore rules first, after a build that began with the definition',
      [
        ...[
          '#1 [internal] load build definition from A',
          '#1 DONE 0.0s',
          '#2 [1/1] FROM x',
          '#2 DONE 0.1s',
          '#3 exporting to image',
          '#3 DONE 0.1s',
        ],
        '#2 [internal] load .dockerignore',
        '#2 DONE 0.0s',
      ],
      2,
    ],
    [
      'a log from which the internal steps were taken out',
      [
        '#1 [1/2] FROM x',
        '#1 DONE 0.0s',
        '#2 [2/2] RUN a',
        '#2 DONE 0.1s',
        '#3 exporting to image',
        '#3 DONE 0.1s',
        '#1 [1/3] FROM y',
        '#1 CACHED',
      ],
      2,
    ],
    [
      'a step after the export',
      ['#1 [1/2] FROM x', '#1 DONE 0.0s', '#2 exporting to image', '#2 DONE 0.1s', '#3 [2/2] RUN a', '#3 DONE 0.1s'],
      1,
    ],
  ])('%s', (_, log, builds) => {
    expect(readLines(plain, log).builds).toHaveLength(builds);
  });

  it('counts the output that the gate never decodes for the step whose it is', () => {
    const output = (id: string, n: number): string => Array.from({ length: n }, (_, i) => `${id} ${i}.5 line ${i}\n`).join('');
    const log = [
      '#5 [a 2/2] RUN a\n',
      output('#5', 400),
      '#6 [b 2/2] RUN b\n',
      output('#6', 300),
      output('#0', 50),
      '#6 DONE 1.0s\n\n#5 [a 2/2] RUN a\n',
      output('#5', 20),
      '#5 DONE 9.9s\n',
    ].join('');
    const reader = createLogReader();
    reader.push(Buffer.from(log));
    const build = only(reader.end().builds);
    expect(transcript(build)).toEqual(transcript(only(read(plain, log))));
    expect(build.vertices.get('#6')).toMatchObject({ outputLines: 350, lastOutputAt: 49.5 });
  });

  it('reads what started the builder as a step of the build after it', () => {
    const boot = '#1 [internal] booting buildkit\n#1 pulling image moby/buildkit done\n#1 DONE 0.5s\n\n';
    const build = '#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n\n#2 [1/1] FROM busybox\n#2 CACHED\n\n';
    const announced = `#0 building with "ci" instance using docker-container driver\n\n${build}`;
    const booted = [
      '#boot done [internal] booting buildkit',
      '#1 done [internal] load build definition from Dockerfile, 0 s',
      '#2 cached [1/1] FROM busybox',
    ];
    for (const text of [`${boot}${build}`, `${boot}Name: ci\nDriver: docker-container\n${announced}`]) {
      const reader = createLogReader();
      reader.push(Buffer.from(`${text}${announced}`));
      expect(reader.end().builds.map(transcript)).toEqual([booted, booted.slice(1)]);
    }
    const within = `${boot}${build.replace('#2', '#3').replace('#1', '#2').replace('#2 DONE', '#2 DONE')}`;
    expect(read(plain, `${within}${announced}`).map((b) => b.vertices.has('#boot'))).toEqual([false, false]);
  });

  it('notes a build without output, wherever its client says so', () => {
    const warning = 'WARNING: No output specified with docker-container driver. Build result will only remain in the build cache.\n';
    const build = (name: string): string =>
      `#0 building with "${name}" instance using docker-container driver\n\n#1 [1/1] FROM busybox\n#1 CACHED\n\n`;
    const exported = `${build('x')}#2 exporting to image\n#2 DONE 0.1s\n\n`;
    const noted = (text: string): boolean[] => read(plain, text).map((b) => b.notes.length > 0);
    expect(noted(`${warning}${build('a')}`)).toEqual([true]);
    expect(noted(`${build('a')}${warning}`)).toEqual([true]);
    expect(noted(`${exported}${warning}${build('a')}${exported}`)).toEqual([false, true, false]);
    expect(noted(`${warning}${build('a')}${warning}${build('b')}`)).toEqual([true, true]);
  });

  it('never throws, and takes time in proportion', () => {
    expectRobust(plain, Object.values(BUILDS), { headers: false });
    expectLinear(plain, (n) => ['#1 [1/1] RUN a', `#1 ERROR: process "${'\\'.repeat(n)}`, `ERROR: process "${'\\'.repeat(n)}`]);
    expectLinear(plain, (n) => [`#1 ${'[a'.repeat(n / 2)}`, `#1 ${'1'.repeat(n)}`, `#1 sha256:${'a'.repeat(n)} ${'B / '.repeat(n / 4)}`]);
  });
});

it.each([
  // docker build --check, --call=outline, --call=targets
  ['Check complete, 10 warnings have been found!', 'succeeded'],
  ['TARGET: runtime', 'succeeded'],
  ['TARGET              DESCRIPTION', 'succeeded'],
  ['TARGETS of make', undefined],
])('a Dockerfile that is only looked at: %s', (answer, outcome) => {
  const head = ['#1 [internal] load build definition from Dockerfile', '#1 DONE 0.0s'];
  expect(only(readLines(plain, [...head, answer]).builds).end?.outcome).toBe(outcome);
  // What a wrapper prints below steps is no answer.
  const steps = [...head, '#2 [1/2] RUN make', '#2 DONE 1.0s', answer];
  expect(only(readLines(plain, steps).builds).end).toBeNull();
});
