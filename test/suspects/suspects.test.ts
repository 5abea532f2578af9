/** Reused, and possibly stale: each with its evidence, and nothing that is sound among them. */
import { expect, test } from 'vitest';
import { parseCommandLine } from '../../src/command/parse.ts';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { BuildReport } from '../../src/model.ts';
import { openProject, type Went } from '../advice/project.ts';

const suspectsOf = async (line: string): Promise<string[]> => {
  const p = openProject({ Dockerfile: `FROM busybox:1.35\nRUN ${line}\n` });
  const report = await p.build([[`RUN ${line}`, null]]);
  expect(report.misses).toEqual([]);
  return report.suspectHits.map((s) => s.kind);
};

test.each([
  ['apt-get update', 'package-index'],
  ['apt-get -qq update', 'package-index'],
  ['apk update', 'package-index'],
  ['git clone https://github.com/acme/shop.git', 'git-clone'],
  ['curl -fsSL https://example.com/install.sh | sh', 'remote-download'],
  ['wget -q https://example.com/tools-latest-1.2.zip', 'remote-download'],
])('%s → %s', async (line, kind) => {
  expect(await suspectsOf(line)).toEqual([kind]);
});

test.each([
  'apt-get update && apt-get install -y curl=8.1.2-1',
  'apk add --no-cache curl',
  'git clone --branch v1.2.3 https://github.com/acme/shop.git',
  'git clone https://github.com/acme/shop.git && cd shop && git checkout 0123456789abcdef0123456789abcdef01234567',
  'curl -fsSL https://example.com/tool.tgz -o t && echo "abc t" | sha256sum -c',
  'curl -fsSLO https://services.gradle.org/distributions/gradle-8.5-bin.zip',
  'npm ci',
  'make update',
])('nothing to say of %s', async (line) => {
  expect(await suspectsOf(line)).toEqual([]);
});

const COPY: readonly Went[] = [
  ['WORKDIR /app', null],
  ['COPY conf ./conf', null],
];
const DOCKERFILE = 'FROM busybox:1.35\nWORKDIR /app\nCOPY conf ./conf\n';

test('a file whose content changed under its old size and time', async () => {
  const p = openProject({ Dockerfile: DOCKERFILE, 'conf/a': 'one', 'conf/b': 'b' });
  p.date('conf/a', 1_700_000_000);
  await p.build(COPY);
  p.write({ 'conf/a': 'two' });
  p.date('conf/a', 1_700_000_000);
  const report = await p.build(COPY);
  expect(report.suspectHits).toEqual([
    expect.objectContaining({
      kind: 'same-size-and-time',
      step: '#5',
      summary: expect.stringContaining('conf/a'),
      fix: expect.stringContaining('touch conf/a'),
    }),
  ]);
  expect(report.notes.join('\n')).not.toContain('although the comparison says');
});

test('other size, a new time, or no other content: not stale', async () => {
  const p = openProject({ Dockerfile: DOCKERFILE, 'conf/a': 'one', 'conf/b': 'b' });
  await p.build(COPY);
  p.write({ 'conf/a': 'three' });
  p.date('conf/a', 1_700_000_000);
  expect((await p.build(COPY)).suspectHits).toEqual([]);
  p.write({ 'conf/a': 'seven' });
  p.date('conf/a', Date.now() / 1000 + 60);
  expect((await p.build(COPY)).suspectHits).toEqual([]);
  p.date('conf/b', 1_700_000_000);
  expect((await p.build(COPY)).suspectHits).toEqual([]);
});

const entry = (createdBy: string): string =>
  JSON.stringify({
    ID: '<missing>',
    CreatedAt: `${new Date(Date.now() - 90 * 86_400_000).toISOString().slice(0, 19)}Z`,
    CreatedBy: createdBy,
    Size: '1kB',
    Comment: 'buildkit.dockerfile.v0',
  });

test('an argument that the image shows with another value', async () => {
  const p = openProject({ Dockerfile: 'FROM busybox:1.35\nARG APP_VERSION\nARG API_TOKEN\nENV V=$APP_VERSION\nRUN make\n' });
  const history = [
    entry('RUN |2 APP_VERSION=1.0 API_TOKEN=first-token-0123456789 /bin/sh -c make # buildkit'),
    entry('ENV V=1.0'),
    entry('ARG API_TOKEN=first-token-0123456789'),
    entry('ARG APP_VERSION=1.0'),
  ].join('\n');
  const command = 'docker build --build-arg APP_VERSION=2.0 --build-arg API_TOKEN=other-token-9876543210 .';
  const report = await p.build([['RUN make', null]], command, history);
  const stale = report.suspectHits.filter((s) => s.kind === 'stale-argument');
  expect(stale.map((s) => s.summary)).toEqual([
    'the image shows APP_VERSION=1.0, this build was given 2.0',
    'the image was made with another API_TOKEN than this build was given',
  ]);
  expect(JSON.stringify(report)).not.toMatch(/first-token|other-token/);
});

test('the age comes from the image', async () => {
  const p = openProject({ Dockerfile: 'FROM busybox:1.35\nRUN apt-get update\n' });
  const report = await p.build([['RUN apt-get update', null]], 'docker build .', entry('RUN /bin/sh -c apt-get update # buildkit'));
  expect(report.suspectHits[0]!.ageSeconds).toBeGreaterThan(89 * 86_400);
});

test('a young layer is no cause for concern: the builds remembered tell when it last ran', async () => {
  const p = openProject({ Dockerfile: 'FROM busybox:1.35\nRUN apt-get update\n' });
  await p.build([['RUN apt-get update', 2]]);
  expect((await p.build([['RUN apt-get update', null]])).suspectHits).toEqual([]);
});

function base(image: string, command?: string): BuildReport {
  const reader = createLogReader();
  const log = `#1 [internal] load metadata for ${image}\n#1 DONE 0.0s\n\n#2 [1/2] FROM ${image}\n#2 DONE 0.0s\n\n#3 [2/2] RUN make\n#3 CACHED\n`;
  reader.push(Buffer.from(log));
  return diagnose(reader.end().builds[0]!, command === undefined ? {} : { command: parseCommandLine(command)[0]! }).report;
}

test('a base by a tag that moves, taken without a look-up', () => {
  const moving = 'docker.io/library/node:latest';
  expect(base(moving).suspectHits).toMatchObject([{ kind: 'mutable-base', step: '#3' }]);
  expect(base('docker.io/library/node').suspectHits).toHaveLength(1);
  expect(base(moving, 'docker build --pull .').suspectHits).toEqual([]);
  expect(base(`${moving}@sha256:${'5'.repeat(64)}`).suspectHits).toEqual([]);
  expect(base('docker.io/library/node:20.11.1').suspectHits).toEqual([]);
  // It may have been built on this machine.
  expect(base('docker.io/library/shop-base:latest').suspectHits).toEqual([]);
});
