/** Advice followed to the letter: the patch is applied, both builds are made again with it, and what it promised to save is not run. */
import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import type { AdviceReport, BuildReport } from '../../src/model.ts';
import { type Files, type Lab, openLab } from './lab.ts';

const engine = inject('engine');

interface Case {
  readonly title: string;
  /** `MORE` in the Dockerfile stands for an image with stand-ins for all package managers below. */
  readonly files: Files;
  /** The change between the builds: files, or arguments of each. */
  readonly change?: Files;
  readonly args?: readonly [readonly string[], readonly string[]];
  /** Advice that must come with a patch. */
  readonly advice: string;
  /** RUNs that it must promise to spare. */
  readonly spares: readonly string[];
}

/** What each stand-in cannot do without: a patch that forgets a manifest fails to build. */
const NEEDS: Readonly<Record<string, string>> = {
  npm: 'package.json package-lock.json',
  pnpm: 'package.json pnpm-lock.yaml',
  yarn: 'package.json yarn.lock',
  bun: 'package.json bun.lock',
  poetry: 'pyproject.toml poetry.lock',
  uv: 'pyproject.toml uv.lock',
  pipenv: 'Pipfile Pipfile.lock',
  pip: 'requirements.txt',
  go: 'go.mod go.sum',
  composer: 'composer.json composer.lock',
  bundle: 'Gemfile Gemfile.lock',
  dotnet: 'shop.csproj',
  mix: 'mix.exs mix.lock',
  'apt-get': '',
};

const MORE = `FROM TOOLS
${Object.entries(NEEDS)
  .map(
    ([name, files]) =>
      `RUN rm -f /usr/local/bin/${name} && printf '#!/bin/sh\\ncase "$1" in run|build|test) ;; *) cat ${files || '/dev/null'} >/dev/null || exit 1;; esac\\nsleep 0.3\\n' > /usr/local/bin/${name} && chmod 755 /usr/local/bin/${name}`,
  )
  .join('\n')}
`;

const SOURCE: Files = { 'src/app.txt': 'one\n', '.dockerignore': 'node_modules\nvendor\n.venv\ndeps\n_build\nbin\nobj\nDockerfile\n' };
const EDIT: Files = { 'src/app.txt': 'two\n' };

function install(command: string, manifests: Files, more = ''): Pick<Case, 'files' | 'change' | 'advice' | 'spares'> {
  return {
    files: { ...SOURCE, ...manifests, Dockerfile: `FROM MORE\nWORKDIR /app\nCOPY . .\nRUN ${command}\n${more}CMD ["true"]\n` },
    change: EDIT,
    advice: 'copy-manifests-first',
    spares: [`RUN ${command}`],
  };
}

const PACKAGE = '{"name":"shop","version":"1.0.0","dependencies":{"left-pad":"1.3.0"}}\n';

const CASES: readonly Case[] = [
  {
    title: 'npm',
    ...install('npm ci', { 'package.json': PACKAGE, 'package-lock.json': '{"lockfileVersion":3}\n' }, 'RUN npm run build\n'),
  },
  {
    title: 'pnpm',
    ...install('pnpm install --frozen-lockfile', { 'package.json': PACKAGE, 'pnpm-lock.yaml': "lockfileVersion: '9.0'\n" }),
  },
  { title: 'Yarn', ...install('yarn install --frozen-lockfile', { 'package.json': PACKAGE, 'yarn.lock': '# yarn lockfile v1\n' }) },
  { title: 'Bun', ...install('bun install --frozen-lockfile', { 'package.json': PACKAGE, 'bun.lock': '{}\n' }) },
  { title: 'pip', ...install('pip install -r requirements.txt', { 'requirements.txt': 'flask==3.0.0\n' }) },
  {
    title: 'Pipenv',
    ...install('pipenv sync --system', { Pipfile: '[packages]\nflask = "*"\n', 'Pipfile.lock': '{}\n' }),
  },
  { title: 'Go', ...install('go mod download', { 'go.mod': 'module shop\n\ngo 1.22\n', 'go.sum': '\n' }, 'RUN go build ./...\n') },
  {
    title: 'Composer',
    ...install('composer install --no-scripts --no-autoloader', { 'composer.json': '{"require":{}}\n', 'composer.lock': '{}\n' }),
  },
  {
    title: 'Bundler',
    ...install('bundle install', { Gemfile: "source 'https://rubygems.org'\n", 'Gemfile.lock': 'GEM\n' }),
  },
  { title: 'NuGet', ...install('dotnet restore', { 'shop.csproj': '<Project Sdk="Microsoft.NET.Sdk"></Project>\n' }) },
  { title: 'Mix', ...install('mix deps.get', { 'mix.exs': 'defmodule Shop.MixProject do\nend\n', 'mix.lock': '%{}\n' }) },
  {
    title: 'system packages below the copy',
    files: { ...SOURCE, Dockerfile: 'FROM MORE\nWORKDIR /app\nCOPY . .\nRUN apt-get update && apt-get install -y curl\n' },
    change: EDIT,
    advice: 'system-packages-first',
    spares: ['RUN apt-get update && apt-get install -y curl'],
  },
  {
    title: 'a commit in an argument above everything',
    files: {
      ...SOURCE,
      Dockerfile: 'FROM MORE\nARG GIT_SHA\nRUN apt-get update && apt-get install -y curl\nCOPY src /src\nRUN echo "$GIT_SHA" > /sha\n',
    },
    args: [
      ['--build-arg', 'GIT_SHA=1a2b3c4'],
      ['--build-arg', 'GIT_SHA=5d6e7f8'],
    ],
    advice: 'move-arg-down',
    spares: ['RUN apt-get update && apt-get install -y curl'],
  },
  {
    title: 'a document in the context of a build stage',
    files: {
      ...SOURCE,
      'docs/guide.md': 'one\n',
      Dockerfile: 'FROM MORE AS build\nWORKDIR /app\nCOPY . .\nRUN sleep 0.3; cp -r src /out\nFROM TOOLS\nCOPY --from=build /out /srv\n',
    },
    change: { 'docs/guide.md': 'two\n' },
    advice: 'ignore-files',
    spares: ['COPY . .', 'RUN sleep 0.3; cp -r src /out'],
  },
];

describe.skipIf(!engine)('advice, followed', () => {
  test.each(CASES)('$title', ({ files, change, args, advice, spares }) => {
    const lab = openLab(engine!);
    const more = `${lab.image}:more`;
    const base = lab.docker(['build', '-q', '-t', more, '-'], { input: MORE.replaceAll('TOOLS', lab.base) });
    expect(base.status, base.stderr).toBe(0);
    lab.write({ ...files, Dockerfile: files.Dockerfile!.replaceAll('MORE', more) });
    build(lab, args?.[0]);
    if (change) lab.write(change);
    const before = build(lab, args?.[1]);

    const found = adviceOf(before, advice);
    expect(found.patch).toBeDefined();
    expect(found.proof).toMatch(/^proven with the key model/);
    const promised = promises(before, found);
    expect(promised).toEqual(expect.arrayContaining([...spares]));
    const seconds = before.steps
      .filter((s) => s.cacheable && promised.includes(textOf(s.name)))
      .reduce((sum, s) => sum + (s.seconds ?? 0), 0);
    expect(found.savesSeconds).toBeCloseTo(seconds, 1);

    if (change) lab.write(Object.fromEntries(Object.keys(change).map((name) => [name, files[name]!])));
    applyPatch(lab, found.patch!);
    build(lab, args?.[0]);
    if (change) lab.write(change);
    const after = build(lab, args?.[1]);
    const reran = after.steps.filter((s) => s.cacheable && s.status !== 'reused').map((s) => textOf(s.name));
    for (const text of promised) expect(reran).not.toContain(text);
    expect(after.summary.rebuiltSeconds).toBeLessThan(before.summary.rebuiltSeconds);
    expect(adviceNames(after)).not.toContain(advice);
  });
});

describe.skipIf(!engine)('a patch that saves only later builds', () => {
  test('a cache mount applies, builds, and is there in the next build', () => {
    const lab = openLab(engine!, {
      ...SOURCE,
      'package.json': PACKAGE,
      'package-lock.json': '{"lockfileVersion":3}\n',
      Dockerfile:
        'FROM TOOLS\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN mkdir -p /root/.npm && npm ci && echo TOOLS >> /root/.npm/runs; grep -c TOOLS /root/.npm/runs\n',
    });
    build(lab);
    lab.write({ 'package-lock.json': '{"lockfileVersion":3,"x":1}\n' });
    const found = adviceOf(build(lab), 'cache-mount');
    expect(found.savesSeconds).toBe(0);
    applyPatch(lab, found.patch!);
    build(lab);
    lab.write({ 'package-lock.json': '{"lockfileVersion":3,"x":2}\n' });
    const log = lab.docker(['build', '--progress', 'plain', '.']);
    expect(log.status).toBe(0);
    // Both runs left a line in the mount; the lines of other tests have other names.
    expect(log.stderr).toMatch(/^#\d+ \d\S* 2$/m);
  });
});

describe.skipIf(!engine)('suspect hits', () => {
  test('a file whose content changed under its old size and time is reused, and named', () => {
    const lab = openLab(engine!, { ...SOURCE, Dockerfile: 'FROM TOOLS\nWORKDIR /app\nCOPY src ./src\nRUN cat src/app.txt\n' });
    const file = path.join(lab.folder, 'src/app.txt');
    const { mtime } = statSync(file);
    expect(build(lab).suspectHits).toEqual([]);
    writeFileSync(file, 'two\n');
    utimesSync(file, mtime, mtime);
    const stale = build(lab);
    expect(stale.misses).toEqual([]);
    expect(stale.suspectHits.map((s) => [s.kind, textOf(s.name)])).toEqual([['same-size-and-time', 'COPY src ./src']]);
    utimesSync(file, new Date(), new Date());
    const touched = build(lab);
    expect(touched.misses.map((m) => textOf(m.name))).toEqual(['COPY src ./src']);
    expect(touched.suspectHits).toEqual([]);
  });

  test('an index fetched in a RUN of its own, reused', () => {
    const lab = openLab(engine!, { Dockerfile: 'FROM TOOLS\nRUN apt-get update\nRUN apt-get install -y curl\n' });
    build(lab);
    // As young as it is it harms nobody; without what is remembered of the build before its age is unknown.
    expect(build(lab).suspectHits).toEqual([]);
    rmSync(lab.env.CACHEWHY_CACHE!, { recursive: true, force: true });
    expect(lab.pipe(['build', '--progress', 'plain', '.']).suspectHits).toMatchObject([{ kind: 'package-index' }]);
  });
});

function build(lab: Lab, args: readonly string[] = []): BuildReport {
  return lab.run(['docker', 'build', '-t', `${lab.image}:app`, ...args, '.']);
}

function adviceOf(report: BuildReport, id: string): AdviceReport {
  const found = report.misses.flatMap((m) => m.advice).find((a) => a.id === id);
  if (!found) throw new Error(`no advice ${id} among ${adviceNames(report).join(', ') || 'none'}`);
  return found;
}

function adviceNames(report: BuildReport): string[] {
  return report.misses.flatMap((m) => m.advice.map((a) => a.id));
}

/** `#8 would have been reused` → the text of that step. */
function promises(report: BuildReport, { proof }: AdviceReport): string[] {
  const ids: readonly string[] = proof!.split(' would have been reused')[0]!.match(/#\d+/g) ?? [];
  return report.steps.filter((s) => ids.includes(s.id)).map((s) => textOf(s.name));
}

function textOf(name: string): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

/** By both tools that people have. */
function applyPatch(lab: Lab, patch: string): void {
  const check = lab.shell('git apply --check -', { input: patch });
  expect(check.status, check.stderr).toBe(0);
  const done = lab.shell('patch -p1 -s', { input: patch });
  expect(done.status, done.stdout + done.stderr).toBe(0);
}
