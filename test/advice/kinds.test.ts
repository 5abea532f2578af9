/** Each piece of advice where it belongs, and not beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { advice } from '../../src/advice/index.ts';
import { parseCommandLine } from '../../src/command/parse.ts';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { BuildReport } from '../../src/model.ts';
import { advised, type Files, openProject, type Went } from './project.ts';

interface Case {
  readonly id: string;
  readonly files: Files;
  readonly change: Files;
  readonly steps: readonly Went[];
  readonly after?: readonly Went[];
  /** Seconds it says it saves; undefined: it must not be given. */
  readonly saves: number | null | undefined;
}

const BASE: Files = { '.dockerignore': 'Dockerfile\n', 'src/a.txt': 'one\n' };
const BROAD = 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN make\n';
const BROAD_STEPS: readonly Went[] = [
  ['WORKDIR /app', null],
  ['COPY . .', 0.1],
  ['RUN make', 5],
];

const aptBefore = 'RUN apt-get update && apt-get install -y curl && echo one > /etc/one';
const aptAfter = 'RUN apt-get update && apt-get install -y curl && echo two > /etc/one';

const CASES: readonly (Case & { readonly title: string })[] = [
  {
    title: 'tests changed, and no step names them',
    id: 'narrow-copy',
    files: { ...BASE, 'tests/a.txt': 'one\n', Dockerfile: BROAD },
    change: { 'tests/a.txt': 'two two\n' },
    steps: BROAD_STEPS,
    saves: 5.1,
  },
  {
    title: 'tests changed, and a step runs them',
    id: 'narrow-copy',
    files: { ...BASE, 'tests/a.txt': 'one\n', Dockerfile: BROAD.replace('make', 'make test') },
    change: { 'tests/a.txt': 'two two\n' },
    steps: [BROAD_STEPS[0]!, BROAD_STEPS[1]!, ['RUN make test', 5]],
    saves: undefined,
  },
  {
    title: 'a jar that is built outside',
    id: 'reproducible-artefact',
    files: { ...BASE, 'target/app.jar': 'one', Dockerfile: 'FROM busybox:1.35\nCOPY target/app.jar /app.jar\nRUN make\n' },
    change: { 'target/app.jar': 'two two' },
    steps: [
      ['COPY target/app.jar /app.jar', 0.1],
      ['RUN make', 5],
    ],
    saves: 0,
  },
  {
    title: 'a file that each build stamps',
    id: 'reproducible-artefact',
    files: { ...BASE, 'build-info.json': '1', Dockerfile: BROAD },
    change: { 'build-info.json': '22' },
    steps: BROAD_STEPS,
    saves: null,
  },
  {
    title: 'a source',
    id: 'reproducible-artefact',
    files: { ...BASE, Dockerfile: BROAD },
    change: { 'src/a.txt': 'two two' },
    steps: BROAD_STEPS,
    saves: undefined,
  },
  {
    title: 'the tail of an apt-get line was edited',
    id: 'split-apt',
    files: { ...BASE, Dockerfile: `FROM busybox:1.35\n${aptBefore}\n` },
    change: { Dockerfile: `FROM busybox:1.35\n${aptAfter}\n` },
    steps: [[aptBefore, 5]],
    after: [[aptAfter, 5]],
    saves: 0,
  },
  {
    title: 'the packages themselves were edited',
    id: 'split-apt',
    files: { ...BASE, Dockerfile: 'FROM busybox:1.35\nRUN apt-get install -y curl && true\n' },
    change: { Dockerfile: 'FROM busybox:1.35\nRUN apt-get install -y curl git && true\n' },
    steps: [['RUN apt-get install -y curl && true', 5]],
    after: [['RUN apt-get install -y curl git && true', 5]],
    saves: undefined,
  },
  {
    title: 'an install on top of an old index',
    id: 'join-apt',
    files: { ...BASE, Dockerfile: 'FROM busybox:1.35\nRUN apt-get update\nRUN apt-get install -y curl\n' },
    change: { Dockerfile: 'FROM busybox:1.35\nRUN apt-get update\nRUN apt-get install -y curl git\n' },
    steps: [
      ['RUN apt-get update', 2],
      ['RUN apt-get install -y curl', 3],
    ],
    after: [
      ['RUN apt-get update', null],
      ['RUN apt-get install -y curl git', 3],
    ],
    saves: 0,
  },
  {
    title: 'compilers in the only stage',
    id: 'split-stage',
    files: { ...BASE, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n' },
    change: { 'src/a.txt': 'two two' },
    steps: [BROAD_STEPS[0]!, BROAD_STEPS[1]!, ['RUN npm ci', 3], ['RUN npm run build', 2]],
    saves: 0,
  },
];

test.each(CASES)('$id: $title', async ({ id, files, change, steps, after, saves }) => {
  const p = openProject(files);
  await p.build(steps.map(([name, seconds]) => [name, seconds ?? 0.1]));
  p.write(change);
  const found = advised(await p.build(after ?? steps), id);
  if (saves === undefined) expect(found).toBeUndefined();
  else expect(found).toMatchObject({ id, savesSeconds: saves });
});

function read(log: string): BuildReport {
  const reader = createLogReader();
  reader.push(Buffer.from(log));
  return diagnose(reader.end().builds[0]!).report;
}

const platforms = (arm: number): string => `#1 [linux/amd64 1/2] FROM docker.io/library/busybox:1.35@sha256:${'5'.repeat(64)}
#1 DONE 0.1s

#2 [linux/arm64 1/2] FROM docker.io/library/busybox:1.35@sha256:${'5'.repeat(64)}
#2 DONE 0.1s

#3 [linux/amd64 2/2] RUN make
#3 DONE 10.0s

#4 [linux/arm64 2/2] RUN make
#4 DONE ${arm.toFixed(1)}s
`;

test('native-builder: a RUN many times slower than its twin of another platform', () => {
  const found = advised(read(platforms(120)), 'native-builder');
  expect(found).toMatchObject({ savesSeconds: 110 });
  expect(found!.because![0]).toMatch(/^#4 `RUN make` took 120\.0 s for linux\/arm64 and 10\.0 s for linux\/amd64: 12 times as long/);
  expect(advised(read(platforms(15)), 'native-builder')).toBeUndefined();
});

const RUNS = ['RUN make tools', 'RUN make'];
const made = (seconds: number | null): Went[] => RUNS.map((r) => [r, seconds]);
const RUN_FILES: Files = { ...BASE, Dockerfile: `FROM busybox:1.35\n${RUNS.join('\n')}\n` };

test('drop-no-cache: the flag of the command, and only that', async () => {
  const p = openProject(RUN_FILES);
  await p.build(made(5));
  expect(advised(await p.build(made(5), 'docker build --no-cache .'), 'drop-no-cache')).toMatchObject({
    summary: expect.stringMatching(/^Drop `--no-cache`;/),
    savesSeconds: 10,
  });
  expect(advised(await p.build(made(5)), 'drop-no-cache')).toBeUndefined();
});

test('pin-base: a tag that moved, with the digest that this build used', async () => {
  const p = openProject(RUN_FILES);
  await p.build(made(5));
  p.moveBase();
  const found = advised(await p.build(made(5)), 'pin-base')!;
  expect(found).toMatchObject({ savesSeconds: 0, summary: expect.stringContaining(`FROM busybox:1.35@sha256:${'6'.repeat(64)}`) });
  expect(found.patch).toContain(`-FROM busybox:1.35\n+FROM busybox:1.35@sha256:${'6'.repeat(64)}\n`);
  expect(
    advised(
      await p.build([
        ['RUN make tools', null],
        ['RUN make', 5],
      ]),
      'pin-base',
    ),
  ).toBeUndefined();
});

test('fixed-epoch: SOURCE_DATE_EPOCH of each commit makes WORKDIR run, and all below it', async () => {
  const p = openProject({ ...BASE, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nRUN make\n' });
  const build = (epoch: number): ReturnType<typeof p.build> =>
    p.build(
      [
        ['WORKDIR /app', 0.1],
        ['RUN make', 5],
      ],
      `docker build --build-arg SOURCE_DATE_EPOCH=${epoch} .`,
    );
  await build(1_700_000_000);
  const report = await build(1_700_000_001);
  expect(advised(report, 'fixed-epoch')).toMatchObject({ savesSeconds: 5.1, because: [expect.stringMatching(/^#4 is a WORKDIR/)] });
  expect(advised(report, 'move-arg-down')).toBeUndefined();
});

test('same-modes: modes changed, and nothing else', async () => {
  const files = { ...BASE, Dockerfile: 'FROM busybox:1.35\nCOPY src /src\nRUN make\n' };
  const steps: Went[] = [
    ['COPY src /src', 0.1],
    ['RUN make', 5],
  ];
  const p = openProject(files);
  p.chmod('src/a.txt', 0o644);
  await p.build(steps);
  p.chmod('src/a.txt', 0o755);
  expect(advised(await p.build(steps), 'same-modes')).toMatchObject({ savesSeconds: 5.1 });
  p.write({ 'src/a.txt': 'two two\n' });
  expect(advised(await p.build(steps), 'same-modes')).toBeUndefined();
});

test('pin-remote-source: the address is the same, what it holds is not', async () => {
  const add = 'ADD https://example.org/list.txt /list';
  const p = openProject({ ...BASE, Dockerfile: `FROM busybox:1.35\n${add}\nRUN make\n` });
  const steps: Went[] = [
    [add, 0.1],
    ['RUN make', 5],
  ];
  await p.build(steps);
  expect(advised(await p.build(steps), 'pin-remote-source')).toMatchObject({
    savesSeconds: 0,
    summary: expect.stringContaining('https://example.org/list.txt'),
  });
  expect(
    advised(
      await p.build([
        [add, null],
        ['RUN make', 5],
      ]),
      'pin-remote-source',
    ),
  ).toBeUndefined();
});

test('use-buildkit: for the classic builder alone', () => {
  const classic =
    'Sending build context to Docker daemon  2.048kB\r\r\nStep 1/2 : FROM busybox\n ---> 0123456789ab\nStep 2/2 : RUN make\n ---> Running in 1123456789ab\n ---> 2123456789ab\nSuccessfully built 2123456789ab\n';
  expect(advised(read(classic), 'use-buildkit')).toBeDefined();
  expect(advised(read(platforms(15)), 'use-buildkit')).toBeUndefined();
});

const importing = (error: string): string => `#1 importing cache manifest from example.org/app:cache
#1 ERROR: ${error}

#2 [1/2] FROM docker.io/library/busybox:1.35@sha256:${'5'.repeat(64)}
#2 DONE 0.1s

#3 [2/2] RUN make
#3 DONE 10.0s
`;

test.each<[string, string, string, RegExp | null]>([
  [
    'nothing is there',
    'failed to configure registry cache importer: example.org/app:cache: not found',
    '',
    /^Export the cache that you import: `--cache-to type=registry,ref=example\.org\/app:cache,mode=max`/,
  ],
  [
    'another name is written',
    'example.org/app:cache: not found',
    '--cache-to type=registry,ref=example.org/app:buildcache',
    /^Import what you export: --cache-from reads `example\.org\/app:cache`, --cache-to writes `example\.org\/app:buildcache`/,
  ],
  ['not allowed', 'failed to fetch oauth token: 401 Unauthorized', '', /^Log in to the registry of `example\.org\/app:cache`/],
  ['the registry is down', 'dial tcp 192.0.2.1:443: i/o timeout', '', null],
])('fix-cache-import: %s', (_, error, flags, expected) => {
  const reader = createLogReader();
  reader.push(Buffer.from(importing(error)));
  const command = parseCommandLine(`docker buildx build --cache-from type=registry,ref=example.org/app:cache ${flags} .`)[0] ?? null;
  const found = advised(diagnose(reader.end().builds[0]!, { command }).report, 'fix-cache-import');
  if (expected === null) expect(found).toBeUndefined();
  else expect(found?.summary).toMatch(expected);
});

test('each piece of advice is tried here', () => {
  const texts = readdirSync(import.meta.dirname).map((f) => readFileSync(path.join(import.meta.dirname, f), 'utf8'));
  const untried = advice.filter((a) => !texts.some((t) => new RegExp(`['"\`]${a.id}[:'"\`]`).test(t)));
  expect(untried.map((a) => a.id)).toEqual([]);
});
