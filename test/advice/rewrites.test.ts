/** Rewrites held against the change that a build saw: what is promised, what is refused, what cannot be known. */
import { expect, test } from 'vitest';
import { advised, type Files, openProject, type Went } from './project.ts';

const NODE: Files = {
  'package.json': '{"name":"shop","dependencies":{"left-pad":"1.3.0"}}\n',
  'package-lock.json': '{"lockfileVersion":3}\n',
  'src/app.js': 'one\n',
  '.dockerignore': 'node_modules\nDockerfile\n',
};

const all = (seconds: readonly (number | null)[], ...names: readonly string[]): Went[] => names.map((n, i) => [n, seconds[i]!]);

test('an install below COPY . .: the install is saved, the build step is not', async () => {
  const steps = ['WORKDIR /app', 'COPY . .', 'RUN npm ci', 'RUN npm run build'];
  const p = openProject({ ...NODE, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n' });
  await p.build(all([0.1, 0.1, 9, 4], ...steps));
  p.write({ 'src/app.js': 'two and more\n' });
  const report = await p.build(all([null, 0.1, 9, 4], ...steps));
  const found = advised(report, 'copy-manifests-first')!;
  expect(found.savesSeconds).toBe(9);
  expect(found.proof).toMatch(/^proven with the key model on this very change: with the patch #6 would have been reused;/);
  expect(found.patch).toContain('+COPY package.json package-lock.json ./');
  expect(report.misses[0]!.verdict).toBe('waste');
  expect(report.summary.avoidableSeconds).toBe(9);
});

test('install and build in one RUN: a share of it, and said to be assumed', async () => {
  const steps = ['WORKDIR /app', 'COPY . .', 'RUN npm ci && npm run build'];
  const p = openProject({ ...NODE, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN npm ci && npm run build\n' });
  await p.build(all([0.1, 0.1, 10], ...steps));
  p.write({ 'src/app.js': 'two and more\n' });
  const found = advised(await p.build(all([null, 0.1, 10], ...steps)), 'copy-manifests-first')!;
  expect(found.savesSeconds).toBe(5);
  expect(found.proof).toMatch(/part of #6 would have been reused \(which part of the time that is, is assumed\)/);
});

test('the lock file changed: no rewrite would have saved the install', async () => {
  const steps = ['WORKDIR /app', 'COPY . .', 'RUN npm ci'];
  const p = openProject({ ...NODE, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN npm ci\n' });
  await p.build(all([0.1, 0.1, 9], ...steps));
  p.write({ 'package-lock.json': '{"lockfileVersion":3,"x":1}\n' });
  const report = await p.build(all([null, 0.1, 9], ...steps));
  expect(report.misses[0]!.advice.map((a) => [a.id, a.savesSeconds])).toEqual([['cache-mount', 0]]);
  expect(report.summary.avoidableSeconds).toBe(0);
  expect(report.misses[0]!.verdict).toBe('needed');
});

test('a cache mount only where nothing below reads what is mounted', async () => {
  const npm = openProject({ ...NODE, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\n' });
  const steps = ['WORKDIR /app', 'COPY package.json package-lock.json ./', 'RUN npm ci'];
  await npm.build(all([0.1, 0.1, 9], ...steps));
  npm.write({ 'package-lock.json': '{"lockfileVersion":3,"x":1}\n' });
  const found = advised(await npm.build(all([null, 0.1, 9], ...steps)), 'cache-mount')!;
  expect(found.patch).toContain('+RUN --mount=type=cache,target=/root/.npm npm ci');
  expect(found.proof).toMatch(/nothing in this one/);

  const dockerfile = 'FROM busybox:1.35\nWORKDIR /app\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build ./...\n';
  const go = openProject({
    'go.mod': 'module shop\n',
    'go.sum': 'a\n',
    'main.go': 'package main\n',
    '.dockerignore': 'Dockerfile\n',
    Dockerfile: dockerfile,
  });
  const goSteps = ['WORKDIR /app', 'COPY go.mod go.sum ./', 'RUN go mod download', 'COPY . .', 'RUN go build ./...'];
  await go.build(all([0.1, 0.1, 9, 0.1, 3], ...goSteps));
  go.write({ 'go.sum': 'a\nb\n' });
  const refused = advised(await go.build(all([null, 0.1, 9, 0.1, 3], ...goSteps)), 'cache-mount')!;
  expect(refused.patch).toBeUndefined();
  expect(refused.proof).toMatch(/not proven safe: line 4: each RUN that reads \/go\/pkg\/mod needs the same mount/);
});

test('an argument above an install that also has another cause: only what it alone dragged along', async () => {
  const dockerfile = (more: string): string =>
    `FROM busybox:1.35\nARG GIT_SHA=none\nRUN apt-get update && apt-get install -y curl${more}\nRUN make tools\nRUN echo $GIT_SHA > /sha\n`;
  const steps = (more: string, sha: string): string[] => [
    `RUN apt-get update && apt-get install -y curl${more}`,
    'RUN make tools',
    `RUN echo ${sha} > /sha`,
  ];
  const p = openProject({ ...NODE, Dockerfile: dockerfile('') });
  await p.build(all([5, 3, 0.1], ...steps('', '1a2b3c4')), 'docker build --build-arg GIT_SHA=1a2b3c4 .');
  const only = await p.build(all([5, 3, 0.1], ...steps('', '5d6e7f8')), 'docker build --build-arg GIT_SHA=5d6e7f8 .');
  expect(advised(only, 'move-arg-down')).toMatchObject({ savesSeconds: 8 });
  expect(advised(only, 'move-arg-down')!.patch).toContain('-ARG GIT_SHA=none');
  p.write({ Dockerfile: dockerfile(' git') });
  const both = await p.build(all([5, 3, 0.1], ...steps(' git', '9a8b7c6')), 'docker build --build-arg GIT_SHA=9a8b7c6 .');
  expect(both.misses[0]!.advice.filter((a) => a.proof?.startsWith('proven'))).toEqual([]);
});

test('no build before: the patch is there, the proof is not', async () => {
  const steps = ['WORKDIR /app', 'COPY . .', 'RUN npm ci'];
  const p = openProject({ ...NODE, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN npm ci\n' });
  const found = advised(await p.build(all([null, 0.1, 9], ...steps)), 'copy-manifests-first');
  if (found?.patch !== undefined) expect(found.proof).toMatch(/^not proven/);
});

test('.git is never ignored where the version comes from it', async () => {
  const steps = ['WORKDIR /app', 'COPY . .', 'RUN make build'];
  const files = {
    'pyproject.toml': '[build-system]\nrequires = ["setuptools_scm"]\n',
    '.git/HEAD': 'ref: main\n',
    '.dockerignore': 'Dockerfile\n',
  };
  const p = openProject({ ...files, Dockerfile: 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN make build\n' });
  await p.build(all([0.1, 0.1, 9], ...steps));
  p.write({ '.git/HEAD': 'ref: other\n' });
  const report = await p.build(all([null, 0.1, 9], ...steps));
  expect(JSON.stringify(report.misses)).not.toContain('Add `.git`');
  expect(report.notes.join('\n')).toMatch(/Not advised: `.git` is not ignored: pyproject.toml takes a version from git/);
});

test('at most a few, those that save most first', async () => {
  const steps = ['WORKDIR /app', 'COPY . .', 'RUN apt-get update && apt-get install -y curl', 'RUN npm ci', 'RUN npm run build'];
  const p = openProject({
    ...NODE,
    'docs/a.md': 'one\n',
    Dockerfile: `FROM busybox:1.35\n${steps.join('\n')}\n`,
  });
  await p.build(all([0.1, 0.1, 6, 9, 4], ...steps));
  p.write({ 'docs/a.md': 'two two\n' });
  const { advice } = (await p.build(all([null, 0.1, 6, 9, 4], ...steps))).misses[0]!;
  expect(advice.length).toBeLessThanOrEqual(4);
  const seconds = advice.map((a) => a.savesSeconds ?? 0);
  expect(seconds).toEqual([...seconds].sort((a, b) => b - a));
  expect(advice.map((a) => a.id)).toEqual(['ignore-files', 'copy-manifests-first', 'system-packages-first']);
});
