import { describe, expect, it } from 'vitest';
import { isBuildCommand, looksLikeProgress, parseTime } from '../../parsers/envelopes/define.ts';
import { envelopes } from '../../parsers/envelopes/index.ts';
import type { BuildLog } from '../../src/graph/log.ts';
import { cleanLine } from '../../src/input/clean.ts';
import { createLogReader, type ReadResult } from '../../src/input/reader.ts';
import { transcript } from './read.ts';

function read(lines: readonly string[]): ReadResult {
  const reader = createLogReader();
  reader.push(Buffer.from(lines.join('\n')));
  return reader.end();
}

/** What an envelope takes off a line; undefined where the line does not wear it. */
function strip(id: string, text: string): unknown {
  return envelopes.find((e) => e.id === id)?.strip(text);
}

const MS = Date.UTC(2024, 4, 1, 12, 34, 56, 123);

describe('what a CI wraps around each line', () => {
  it.each<[id: string, line: string, unwrapped: unknown]>([
    ['buildkite', '_bk;t=1714560896123#5 DONE 0.1s', { text: '#5 DONE 0.1s', time: 1714560896123 }],
    ['buildkite', 'bk;t=1714560896123\x07 #5 DONE 0.1s', { text: '#5 DONE 0.1s', time: 1714560896123 }],
    ['buildkite', 'echo bk;t=1714560896123#5', undefined],
    ['buildkite', '_bk;t=1714#5', undefined],
    ['cloud-build', 'Step #2 - "build": #5 DONE 0.1s', { text: '#5 DONE 0.1s', source: 'step 2' }],
    ['cloud-build', 'Step #0: Step 1/4 : FROM node', { text: 'Step 1/4 : FROM node', source: 'step 0' }],
    ['cloud-build', 'Step #12 - "": ', { text: '' }],
    ['cloud-build', 'Step #2 - "build": Pulling image', { text: 'Pulling image' }],
    ['cloud-build', 'Finished Step #2 - "build"', undefined],
    ['gitlab', '2024-05-01T12:34:56.123456Z 00O #5 DONE 0.1s', { text: '#5 DONE 0.1s', time: MS }],
    ['gitlab', '2024-05-01T12:34:56.123456Z 0aE+more', { text: 'more', time: MS }],
    ['gitlab', 'section_start:1690000000:build_script[collapsed=true] #5 CACHED', { text: '#5 CACHED' }],
    ['gitlab', '2024-05-01T12:34:56.123456Z 00O section_end:1690000000:step_script', { text: '', time: MS }],
    ['gitlab', '2024-05-01T12:34:56.123456Z #5 DONE 0.1s', undefined],
    ['gitlab', 'echo section_start:1690000000:x', undefined],
    ['github', '2024-05-01T12:34:56.1234567Z #5 DONE 0.1s', { text: '#5 DONE 0.1s', time: MS }],
    ['github', '\ufeff2024-05-01T12:34:56.1234567Z ##[group]Build', { text: '##[group]Build', time: MS }],
    ['github', 'build\tBuild image\t2024-05-01T12:34:56.1234567Z #5 CACHED', { text: '#5 CACHED', time: MS, source: 'build' }],
    [
      'github',
      '2024-05-01T12:34:56.1234567Z [command]/usr/bin/docker buildx build --push .',
      { text: '[command]/usr/bin/docker buildx build --push .', time: MS, command: '/usr/bin/docker buildx build --push .' },
    ],
    [
      'github',
      '2024-05-01T12:34:56.1234567Z ##[group]Run docker build .',
      { text: '##[group]Run docker build .', time: MS, command: 'docker build .' },
    ],
    [
      'github',
      '2024-05-01T12:34:56.1234567Z ##[command]docker build -t a .',
      { text: '##[command]docker build -t a .', time: MS, command: 'docker build -t a .' },
    ],
    ['github', '2024-05-01T12:34:56.1234567Z Run npm test', { text: 'Run npm test', time: MS }],
    ['github', '2024-05-01T12:34:56.1234567Z we docker build .', { text: 'we docker build .', time: MS }],
    ['github', 'at 2024-05-01T12:34:56.1234567Z #5', undefined],
    ['timestamp', '[2024-05-01T12:34:56.123Z] #5 CACHED', { text: '#5 CACHED', time: MS }],
    ['timestamp', '2024-05-01 12:34:56,123+0000 - #5 CACHED', { text: '#5 CACHED', time: MS }],
    ['timestamp', '2024-05-01T12:34:56.123456789Z #5 CACHED', { text: '#5 CACHED', time: MS }],
    ['timestamp', '2024/05/01 12:34:56 #5 CACHED', { text: '#5 CACHED' }],
    ['timestamp', '00:10:13  #5 CACHED', { text: '#5 CACHED' }],
    ['timestamp', '[12:34:56]W:\t [Step 1/2] #5 CACHED', { text: '#5 CACHED' }],
    ['timestamp', 'May 01 12:34:56 #5 CACHED', { text: '#5 CACHED' }],
    ['timestamp', '[   12.345678] #5 CACHED', { text: '#5 CACHED' }],
    ['timestamp', '#5 12:34:56 #6 CACHED', undefined],
    ['timestamp', ' => [2/3] RUN date 12:34:56', undefined],
    ['timestamp', 'took 12:34:56', undefined],
    ['label', 'web-1  | #5 CACHED', { text: '#5 CACHED', source: 'web-1' }],
    ['label', '[branch x] #5 CACHED', { text: '#5 CACHED', source: 'branch x' }],
    ['label', 'remote: #5 CACHED', { text: '#5 CACHED', source: 'remote' }],
    ['label', '> #5 CACHED', { text: '#5 CACHED' }],
    ['label', '│ #5 CACHED', { text: '#5 CACHED' }],
    ['label', 'INFO[0001] #5 CACHED', { text: '#5 CACHED' }],
    ['label', '  \t#5 CACHED', { text: '#5 CACHED' }],
    ['label', '[1/2] STEP 2/6: RUN a', undefined],
    ['label', ' => [2/3] RUN a', undefined],
    ['label', 'web-1  | npm warn', undefined],
    ['label', '#5 [2/3] RUN a', undefined],
  ])('%s: %s', (id, line, unwrapped) => {
    expect(strip(id, line)).toEqual(unwrapped);
  });

  it('tells a time', () => {
    expect([parseTime('2024-05-01T12:34:56.1234567Z'), parseTime('2024-05-01T12:34:56,123Z'), parseTime('soon')]).toEqual([
      MS,
      MS,
      undefined,
    ]);
  });

  it.each([
    '#5 DONE 0.1s',
    '#12',
    ' => CACHED [2/3] RUN a',
    '[+] Building 1.2s (3/4)',
    'Step 1/3 : FROM busybox',
    ' ---> Using cache',
    '--> Using cache abab',
    'STEP 1/3: FROM busybox',
    '[1/2] STEP 1/2: FROM busybox AS a',
    '{"vertexes":[]}',
    '{"logs":[]}',
    'Successfully built 8edb46c03b9b',
    'Successfully tagged app:latest',
    'Sending build context to Docker daemon  3.072kB',
    '------',
    'ERROR: failed to solve: x',
    'ERROR: target web: failed',
  ])('%s: is progress', (text) => {
    expect(looksLikeProgress(text)).toBe(true);
    expect(looksLikeProgress(`x${text}`)).toBe(false);
  });

  it.each([
    ['docker build .', true],
    ['/usr/bin/docker buildx build --push .', true],
    ['DOCKER_BUILDKIT=1 docker.exe build .', true],
    ['cd app && docker compose up --build', true],
    ['podman build .', true],
    ['buildah bud .', true],
    ['docker-compose -f a.yml build api', true],
    ['depot bake', true],
    ['docker buildx bake web', true],
    ['docker run app', false],
    ['docker compose up', false],
    ['my-docker build', false],
    ['npm run build', false],
  ])('%s: is the command of a build: %s', (text, is) => {
    expect(isBuildCommand(text)).toBe(is);
  });
});

const BUILD = ['#1 [1/2] FROM busybox', '#1 DONE 0.1s', '', '#2 [2/2] RUN a', '#2 CACHED', ''];

describe('the command that made a build', () => {
  const commands = (log: readonly string[]): string[][] => read(log).builds.map((b) => b.commands.map((c) => `${c.line} ${c.text}`));

  it.each<[what: string, log: readonly string[], found: readonly (readonly string[])[]]>([
    ['a shell that traces', ['+ docker build -t app .', ...BUILD], [['1 docker build -t app .']]],
    ['a shell that traces within', ['npm i', '+++ docker build .', ...BUILD], [['2 docker build .']]],
    ['a prompt', ['$ docker build .', ...BUILD], [['1 docker build .']]],
    ['a prompt of root', ['root@ci:~/app# docker build .', ...BUILD], [['1 root@ci:~/app# docker build .']]],
    ['PowerShell', ['PS C:\\app> docker build .', ...BUILD], [['1 PS C:\\app> docker build .']]],
    ['a bare command', ['sudo docker build .', ...BUILD], [['1 sudo docker build .']]],
    [
      'a bare command with a setting',
      ['DOCKER_BUILDKIT=1 /usr/bin/docker build .', ...BUILD],
      [['1 DOCKER_BUILDKIT=1 /usr/bin/docker build .']],
    ],
    ['over several lines', ['$ docker build \\', '    --build-arg A=1 \\', '    .', ...BUILD], [['1 docker build --build-arg A=1 .']]],
    ['over several lines, cut off by the build', ['$ docker build \\', ...BUILD], [['1 docker build \\']]],
    [
      'one before each build',
      ['$ docker build a', ...BUILD, '$ docker build b', '#0 building with "a" instance using docker driver', ...BUILD],
      [['1 docker build a'], ['8 docker build b']],
    ],
    ['GitHub', ['2024-05-01T12:34:56.1234567Z [command]/usr/bin/docker buildx build .', ...BUILD], [['1 /usr/bin/docker buildx build .']]],
    ['prose', ['We now docker build the app', 'see: docker build --help', ...BUILD], [[]]],
    ['output of a step', [...BUILD.slice(0, 4), '#2 0.1 $ docker build .', ...BUILD.slice(4)], [[]]],
  ])('%s', (_, log, found) => {
    expect(commands(log)).toEqual(found);
  });

  it('keeps the nearest fifty, and bounds a command', () => {
    const many = Array.from({ length: 80 }, (_, i) => `$ docker build ${i}`);
    const [found] = commands([...many, ...BUILD]);
    expect(found).toHaveLength(50);
    expect(found?.at(-1)).toBe('80 docker build 79');
    const long = read(['$ docker build \\', ...Array<string>(500).fill(`--label a=${'x'.repeat(100)} \\`), '.', ...BUILD]).builds;
    expect(long[0]?.commands[0]?.text.length).toBeLessThan(30_000);
  });
});

describe('a line as its reader sees it', () => {
  it.each([
    ['\x1b[1;31m#5\x1b[0m DONE', '#5 DONE'],
    ['\x9b31m#5 DONE', '#5 DONE'],
    ['\x1b]8;;https://x\x07#5\x1b]8;;\x07 DONE', '#5 DONE'],
    ['\x1b]0;title\x1b\\#5 DONE', '#5 DONE'],
    ['\x1b_bk;t=1714560896123\x07#5 DONE', '#5 DONE'],
    ['\x1b]unfinished #5 DONE', ''],
    ['\x1b(B#5 DONE', '#5 DONE'],
    ['\ufeff#5 DONE', '#5 DONE'],
    ['#5 DONE\r', '#5 DONE'],
    ['#5 DONE\r\r\r', '#5 DONE'],
    ['10%\r50%\r100%', '100%'],
    ['10%\r50%\r  ', '50%'],
    ['#5 0.3 10%\r50%', '#5 0.3 10%'],
    ['\r\r', ''],
    ['\r \r', ''],
    ['a\0b', 'ab'],
    ['#5 plain', '#5 plain'],
  ])('%j', (raw, text) => {
    expect(cleanLine(raw)).toBe(text);
  });
});

describe('what is left over', () => {
  it('counts the lines of a build that nobody understood, and shows the first', () => {
    const { unread } = read([...BUILD, ...Array.from({ length: 7 }, (_, i) => `#0 what is ${i}`), 'npm warn']);
    expect(unread.count).toBe(7);
    expect(unread.examples.map((e) => `${e.line} ${e.text}`)).toEqual([7, 8, 9, 10, 11].map((n, i) => `${n} #0 what is ${i}`));
    expect(read(['#0 what is this', ...BUILD]).unread.count).toBe(0);
  });

  it('takes off what was printed without an end of its line before a number', () => {
    const names = (log: readonly string[]): string[][] => read(log).builds.map((b: BuildLog) => transcript(b));
    const plain = names(BUILD);
    expect(names(['docker : #1 [1/2] FROM busybox', ...BUILD.slice(1)])).toEqual(plain);
    expect(names([...BUILD.slice(0, 4), '0:00:01#2 ...', '', ...BUILD.slice(3)])).toEqual(plain);
    expect(names([...BUILD.slice(0, 4), 'fixes #2 CACHED', ...BUILD.slice(4)])).toEqual(plain);
  });

  it('names the wrappers that it took off', () => {
    expect(read(BUILD.map((l) => `2024-05-01T12:34:56.1234567Z web-1  | ${l}`)).wrappers).toEqual([
      'GitHub Actions',
      'labels before each line',
    ]);
    expect(read(BUILD).wrappers).toEqual([]);
  });
});
