/** Each piece of advice where it belongs, and not beside it. */
import { expect, test } from 'vitest';
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
