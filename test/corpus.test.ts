import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BuildReport, Report } from '../src/model.ts';

/**
 * Pairs of real builds with one known change between them, through the command line as people use it: the build before is diagnosed and
 * remembered, then the build after it. case.json says what the engine reused and rebuilt, and what was changed.
 */
interface Case {
  readonly command: readonly string[];
  readonly previous_command: readonly string[] | null;
  readonly exit: number;
  readonly truth: {
    readonly hits: readonly string[];
    readonly misses: readonly string[];
    readonly roots: readonly string[];
    readonly cascade: readonly string[];
    readonly causes: readonly {
      readonly step: string;
      readonly kind: string;
      readonly paths?: readonly string[];
      readonly name?: string;
      readonly before?: string;
      readonly after?: string;
    }[];
    readonly masked: readonly { readonly step: string; readonly kind: string; readonly paths: readonly string[] }[];
  };
}

/** What no file of the project shows: the report may not call it certain. */
const UNSEEN = new Set(['cold-cache', 'cache-import-failed', 'remote-source-changed', 'named-context-changed']);

const root = path.join(import.meta.dirname, 'data', 'corpus');
const cli = path.join(import.meta.dirname, '..', 'bin', 'cachewhy.js');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-corpus-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

function cachewhy(args: readonly string[], home: string): { report: Report; status: number | null } {
  const run = spawnSync(process.execPath, [cli, ...args, '--format', 'json'], {
    cwd: tmp,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: home, NO_COLOR: '1' },
  });
  expect(run.stderr).toBe('');
  return { report: JSON.parse(run.stdout) as Report, status: run.status };
}

function diagnoseCase(
  id: string,
  withCommand: boolean,
): { build: BuildReport; status: number | null; truth: Case['truth']; exit: number; tree: string } {
  const dir = path.join(root, id);
  const given = JSON.parse(readFileSync(path.join(dir, 'case.json'), 'utf8')) as Case;
  const home = mkdtempSync(path.join(tmp, 'home-'));
  const args = (which: 'before' | 'after', command: readonly string[]): string[] => {
    const tree = path.join(home, which);
    mkdirSync(tree);
    execFileSync('tar', ['-xpf', path.join(dir, `${which}.tar`), '-C', tree]);
    const log = which === 'before' ? 'previous' : 'current';
    const history = path.join(dir, `${log}.history.json`);
    const known = statSync(history, { throwIfNoEntry: false })?.size ? ['--history', history] : [];
    return [
      path.join(dir, `${log}.log`),
      '-f',
      path.join(tree, 'Dockerfile'),
      '-C',
      tree,
      ...known,
      ...(withCommand ? ['--build-command', command.join(' ')] : []),
    ];
  };
  const baseline = path.join(home, 'baseline');
  if (given.previous_command) cachewhy([...args('before', given.previous_command), '--save-baseline', baseline], home);
  const { report, status } = cachewhy([...args('after', given.command), ...(given.previous_command ? ['--baseline', baseline] : [])], home);
  expect(report.builds).toHaveLength(1);
  return { build: report.builds[0]!, status, truth: given.truth, exit: given.exit, tree: path.join(home, 'after') };
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();

describe.each(readdirSync(root).sort())('%s', (id) => {
  it('tells what was reused, what was rebuilt, and why, with the command line', () => {
    const { build, status, truth, exit } = diagnoseCase(id, true);
    const steps = build.steps.filter((s) => s.cacheable);
    expect(sorted(steps.filter((s) => s.status === 'reused').map((s) => s.name))).toEqual(sorted(truth.hits));
    expect(sorted(steps.filter((s) => s.status === 'rebuilt' || s.status === 'failed').map((s) => s.name))).toEqual(sorted(truth.misses));
    expect(sorted(build.misses.map((m) => m.name))).toEqual(sorted(truth.roots));
    expect(sorted(steps.filter((s) => s.role === 'cascade').map((s) => s.name))).toEqual(sorted(truth.cascade));
    expect(status).toBe(exit === 0 ? 0 : 1);
    for (const want of truth.causes) {
      const top = build.misses.find((m) => m.name === want.step)?.causes[0];
      expect(top?.kind).toBe(want.kind);
      if (!UNSEEN.has(want.kind)) expect(top?.confidence).toBe('certain');
      if (want.paths) expect(sorted((top?.paths ?? []).map((p) => p.path))).toEqual(sorted(want.paths));
      if (want.name) expect(top).toMatchObject({ name: want.name, before: want.before, after: want.after });
    }
    for (const want of truth.masked)
      expect(build.hidden.find((h) => h.name.includes(want.step))?.causes[0]).toMatchObject({ kind: want.kind });
  });

  it('offers only patches that apply to the files at hand', () => {
    const { build, tree } = diagnoseCase(id, true);
    for (const advice of build.misses.flatMap((m) => m.advice)) {
      if (advice.patch === undefined) continue;
      const check = spawnSync('git', ['apply', '--check', '-'], { cwd: tree, input: advice.patch, encoding: 'utf8' });
      expect(check.stderr).toBe('');
      expect(check.status).toBe(0);
    }
    if (id === 'node-naive-readme-edit')
      expect(build.misses.flatMap((m) => m.advice).find((a) => a.id === 'copy-manifests-first')?.patch).toContain(
        '+COPY package.json package-lock.json ./',
      );
  });

  it('has the cause among the first three without it', () => {
    const { build, truth } = diagnoseCase(id, false);
    for (const want of truth.causes)
      expect(
        build.misses
          .find((m) => m.name === want.step)
          ?.causes.slice(0, 3)
          .map((c) => c.kind),
      ).toContain(want.kind);
  });
});
