/** A change that `simulate --fix` proposes: it applies, builds the same image, and saves over real builds of the history what was promised. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { openLab, stepsOf } from './lab.ts';
import { nodeNaive } from './projects.ts';

const engine = inject('engine');

interface Simulated {
  readonly commits: readonly { readonly commit: string; readonly rebuilt: readonly string[] }[];
  readonly fixes?: readonly { readonly id: string; readonly patch: string; readonly better: number; readonly worse: number }[];
}

describe.skipIf(!engine)('simulate --fix', () => {
  test('proposes what the engine confirms', () => {
    const lab = openLab(engine!, nodeNaive);
    const git = (...args: string[]): string => {
      const done = lab.shell(`git -c user.name=t -c user.email=t@localhost -c commit.gpgsign=false ${args.map((a) => `'${a}'`).join(' ')}`);
      expect(done.status, done.stderr).toBe(0);
      return done.stdout;
    };
    const commit = (files: Record<string, string>, subject: string): void => {
      lab.write(files);
      git('add', '-A');
      git('commit', '-q', '-m', subject);
    };
    git('init', '-q', '-b', 'main');
    commit({}, 'first');
    commit({ 'src/app.js': 'console.log("two")\n' }, 'source');
    commit({ 'package-lock.json': '{"lockfileVersion":3,"x":1}\n' }, 'dependency');
    commit({ 'src/cart.js': 'export const cart = [1]\n' }, 'source again');
    commit({ 'README.md': '# Our shop\n' }, 'words');

    // How long the steps take is told by a log; the tools that stand in for npm take no time.
    const log = path.join(lab.env.HOME!, 'build.log');
    const shown = lab.docker(['build', '--progress=plain', '--no-cache', '-t', lab.image, '.']).stderr;
    writeFileSync(
      log,
      shown.replace(/(#(\d+) \[4\/5\] RUN npm ci\n[\s\S]*?#\2 DONE )[\d.]+s/, (_, head: string) => `${head}40.0s`),
    );
    const simulate = (...more: string[]): Simulated => {
      const file = path.join(lab.env.HOME!, 'simulated.json');
      const done = lab.cachewhy(['simulate', '--log', log, '--format', `json=${file}`, ...more]);
      expect(done.status, done.stderr).toBe(0);
      return (JSON.parse(readFileSync(file, 'utf8')) as { simulation: Simulated }).simulation;
    };
    const checked = lab.cachewhy(['simulate', '--fix', '--check']);
    expect(checked.stderr).toMatch(/checked: both images hold the same \d+ paths/);
    const fix = simulate('--fix').fixes?.find((f) => f.id === 'copy-manifests-first');
    expect(fix).toMatchObject({ worse: 0 });

    const patch = path.join(lab.env.HOME!, 'fix.patch');
    writeFileSync(patch, fix!.patch);
    // The builds of the check and of the log have left a WORKDIR in the builder's cache.
    const bare = (names: readonly string[]): string[] =>
      names
        .map((n) => n.replace(/^\[[^\]]*\] /, ''))
        .filter((n) => !n.startsWith('WORKDIR'))
        .sort();
    /** Builds every commit in its order; the steps that ran, commit by commit. */
    const buildAll = (patched: boolean): string[][] => {
      const commits = git('rev-list', '--reverse', 'main').trim().split('\n');
      return commits.map((id) => {
        git('checkout', '-q', '-f', id);
        if (patched) expect(lab.shell(`patch -p1 <'${patch}'`).status).toBe(0);
        return bare(stepsOf(lab.run(['docker', 'build', '-t', lab.image, '.']), 'rebuilt'));
      });
    };
    const installs = (builds: readonly (readonly string[])[]): number => builds.filter((b) => b.includes('RUN npm ci')).length;
    const before = buildAll(false);
    const after = buildAll(true);
    git('checkout', '-q', '-f', 'main');
    expect(installs(before)).toBe(5);
    expect(installs(after)).toBe(2);

    // The replay said so beforehand: of the history as it is, and with the change.
    expect(simulate().commits.map((c) => bare(c.rebuilt))).toEqual(before);
    expect(fix!.better).toBe(before.filter((b, i) => b.includes('RUN npm ci') && !after[i]!.includes('RUN npm ci')).length);
  });
});
