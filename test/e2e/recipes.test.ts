/** What the recipes tell people to do, done. */
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { openLab, topCause } from './lab.ts';
import { nodeNaive } from './projects.ts';

const engine = inject('engine');
const ROOT = path.join(import.meta.dirname, '..', '..');

/** The script of the only step of an action, or of a job: what stands indented under `run: |`. */
function scriptOf(file: string): string {
  const lines = readFileSync(path.join(ROOT, file), 'utf8').split('\n');
  const from = lines.findIndex((l) => /^\s+run: \|$/.test(l));
  const indent = lines[from]!.search(/\S/);
  const body = lines.slice(from + 1);
  const end = body.findIndex((l) => l.trim() !== '' && l.search(/\S/) <= indent);
  return (end < 0 ? body : body.slice(0, end)).map((l) => l.slice(indent + 2)).join('\n');
}

describe.skipIf(!engine)('recipes', () => {
  test('the image reads a log from a pipe', () => {
    const lab = openLab(engine!);
    const root = path.dirname(path.dirname(inject('cli')));
    for (const name of ['bin', 'dist', 'package.json']) cpSync(path.join(root, name), path.join(lab.folder, name), { recursive: true });
    for (const name of ['LICENSE', 'recipes']) cpSync(path.join(ROOT, name), path.join(lab.folder, name), { recursive: true });
    const built = lab.docker(['build', '-f', 'recipes/Dockerfile', '--build-arg', 'NODE=20-slim', '-t', `${lab.image}:cachewhy`, '.']);
    expect(built.status, built.stderr).toBe(0);
    const log = readFileSync(path.join(ROOT, 'sample-logs', 'node-naive-readme-edit', 'build.log'), 'utf8');
    const done = lab.docker(['run', '--rm', '-i', `${lab.image}:cachewhy`, '--format', 'json', '--no-passthrough'], { input: log });
    expect(done.stderr).toBe('');
    expect(JSON.parse(done.stdout).builds[0].misses[0].name).toBe('[3/5] COPY . .');
  });

  test('the GitHub action builds, annotates, sums up and remembers', () => {
    const lab = openLab(engine!, nodeNaive);
    const bin = path.join(lab.env.HOME!, 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'npx'), `#!/bin/sh\nshift 2\nexec ${process.execPath} ${inject('cli')} "$@"\n`);
    chmodSync(path.join(bin, 'npx'), 0o755);
    const summary = path.join(lab.env.HOME!, 'summary.md');
    const env = {
      PATH: `${bin}:${process.env.PATH}`,
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: summary,
      RUN: `docker build -t ${lab.image} .`,
      LOG: '',
      BASELINE: path.join(lab.env.HOME!, 'memory', 'baseline'),
      SAVE: 'true',
      ARGS: '',
      VERSION: 'latest',
    };
    const action = (more: Record<string, string> = {}): ReturnType<typeof lab.shell> =>
      lab.shell(`bash -c '${scriptOf('action.yml').replaceAll("'", "'\\''")}'`, { env: { ...env, ...more } });
    const first = action();
    expect(first.status, first.stderr).toBe(0);
    lab.write({ 'src/app.js': 'console.log("other")\n' });
    const second = action();
    expect(second.status, second.stderr).toBe(0);
    expect(`${second.stdout}${second.stderr}`).toMatch(/^::warning file=Dockerfile,line=3,.*src\/app\.js/m);
    expect(readFileSync(summary, 'utf8')).toContain('src/app.js changed');
    lab.write({ 'src/app.js': 'console.log("third")\n' });
    const third = action({ ARGS: '--fail-on context-files-changed --format json=../report.json' });
    expect(third.status).toBe(3);
    expect(topCause(lab.report('../report.json'), 'COPY . .')).toMatchObject({
      kind: 'context-files-changed',
      paths: [{ path: 'src/app.js' }],
    });
    expect(action({ RUN: 'docker build --no-such-flag .' }).status).not.toBe(0);
  });
});
