import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import type { BuildReport, Report } from '../../src/model.ts';

const root = path.join(import.meta.dirname, '..', 'data', 'corpus');
const cli = path.join(import.meta.dirname, '..', '..', 'bin', 'cachewhy.js');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-predict-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

interface Case {
  readonly command: readonly string[];
  readonly previous_command: readonly string[];
  readonly truth: {
    readonly misses: readonly string[];
    readonly reused_below_a_miss?: readonly string[];
    readonly roots: readonly string[];
  };
}

/** Where prediction and build differ, and by how much: most of it is what no comparison of files can know, and is said to be taken for granted. */
const UNKNOWABLE: Readonly<Record<string, { why: string; missing: 'all' | number; extra: number }>> = {
  'maven-pruned': { why: 'the cache was pruned', missing: 'all', extra: 0 },
  'imp-failed-pruned': { why: 'the cache was pruned', missing: 'all', extra: 0 },
  'node-multi-base-digest': { why: 'the tag of the base had moved', missing: 'all', extra: 0 },
  'bun-addurl': { why: 'what the URL gives had changed', missing: 'all', extra: 0 },
  'py-instruction-inserted': { why: 'a step failed, and what stands on it was never run', missing: 0, extra: 5 },
};

function cachewhy(args: readonly string[], cwd: string, home: string): { stdout: string; stderr: string; status: number | null } {
  const env = { PATH: process.env.PATH, HOME: home, NO_COLOR: '1' };
  return spawnSync(process.execPath, [cli, ...args], { cwd, encoding: 'utf8', env });
}

function predictCase(id: string, ...options: string[]): { build: BuildReport; given: Case } {
  const dir = path.join(root, id);
  const given = JSON.parse(readFileSync(path.join(dir, 'case.json'), 'utf8')) as Case;
  const home = mkdtempSync(path.join(tmp, 'home-'));
  const tree = path.join(home, 'tree');
  const baseline = path.join(home, 'baseline');
  const unpack = (which: string): void => {
    rmSync(tree, { recursive: true, force: true });
    mkdirSync(tree);
    execFileSync('tar', ['-xpf', path.join(dir, `${which}.tar`), '-C', tree]);
  };
  unpack('before');
  const log = path.join(dir, 'previous.log');
  cachewhy([log, '--build-command', given.previous_command.join(' '), '--save-baseline', baseline, '--format', 'json'], tree, home);
  unpack('after');
  const done = cachewhy(['predict', '-b', baseline, '--format', 'json', ...options, '--', ...given.command], tree, home);
  expect(done.stderr).toBe('');
  return { build: (JSON.parse(done.stdout) as Report).builds[0]!, given };
}

/** Equal steps of two stages are one vertex, shown under either name. */
const bare = (name: string): string => name.replace(/^\[[^\]]*\] /, '');

describe.each(readdirSync(root).sort())('%s', (id) => {
  it('is foretold as the engine then built it', () => {
    const { build, given } = predictCase(id);
    const foretold = build.steps.filter((s) => s.cacheable && s.status === 'rebuilt');
    const doubtful = new Set(build.foreseen!.doubts.map((d) => d.step));
    const missed = new Set(given.truth.misses.map(bare));
    const missing = given.truth.misses.map(bare).filter((n) => !foretold.some((s) => bare(s.name) === n));
    const extra = foretold.filter((s) => !missed.has(bare(s.name)) && !doubtful.has(s.id)).map((s) => s.name);
    const known = UNKNOWABLE[id];
    if (typeof known?.missing === 'number') expect(missing, known.why).toHaveLength(known.missing);
    else expect(missing).toEqual(known?.missing === 'all' ? given.truth.misses.map(bare) : []);
    if (known) expect(extra, known.why).toHaveLength(known.extra);
    else expect(extra).toEqual([]);
    expect(build.foreseen!.assumptions.length).toBeGreaterThan(0);
  });
});

test('a cut-off is a doubt, settled by an assumption', () => {
  const reader = '[runtime 4/5] COPY --from=builder /app/dist ./dist';
  const { build } = predictCase('node-multi-docs-edit-cutoff');
  const step = build.steps.find((s) => s.name === reader)!;
  expect(step.status).toBe('rebuilt');
  expect(build.foreseen!.doubts.find((d) => d.step === step.id)?.why).toContain('if builder comes out byte for byte the same');
  const assumed = predictCase('node-multi-docs-edit-cutoff', '--assume-identical', 'builder').build;
  expect(assumed.steps.find((s) => s.name === reader)!.status).toBe('reused');
  expect(assumed.steps.find((s) => s.name === '[runtime 5/5] COPY package.json ./')!.status).toBe('reused');
});

describe('what people meet', () => {
  const folder = mkdtempSync(path.join(tmp, 'project-'));
  const home = mkdtempSync(path.join(tmp, 'home-'));
  writeFileSync(path.join(folder, 'Dockerfile'), 'FROM busybox\nCOPY a.txt /a\nRUN make a\n');
  writeFileSync(path.join(folder, 'a.txt'), 'one');
  const log = path.join(home, 'build.log');
  writeFileSync(
    log,
    '#1 [internal] load build context\n#1 DONE 0.0s\n\n#2 [1/3] FROM docker.io/library/busybox\n#2 CACHED\n\n#3 [2/3] COPY a.txt /a\n#3 DONE 0.1s\n\n#4 [3/3] RUN make a\n#4 DONE 61.0s\n\n#5 exporting to image\n#5 DONE 0.1s\n',
  );

  test('an honest no where nothing is known', () => {
    const done = cachewhy(['predict', '--', 'docker', 'build', '.'], folder, mkdtempSync(path.join(tmp, 'home-')));
    expect(done.status).toBe(2);
    expect(done.stderr).toMatch(/^cachewhy: nothing is known of an earlier build .*\n {2}build once with/);
  });

  test('a budget can be asked before anything is spent', () => {
    expect(cachewhy([log, '--build-command', 'docker build .', '--format', 'json'], folder, home).status).toBe(0);
    const same = cachewhy(['predict', '--max-rebuilt', '60', '--', 'docker', 'build', '.'], folder, home);
    expect(same.stdout).toMatch(/^All 2 steps will come from the cache\./);
    expect(same.status).toBe(0);
    writeFileSync(path.join(folder, 'a.txt'), 'two');
    const changed = cachewhy(['predict', '--max-rebuilt', '60', '--', 'docker', 'build', '.'], folder, home);
    expect(changed.stdout).toContain('COPY a.txt /a will miss the cache and drag 1 step along (1m 01s): a.txt changed.');
    expect(changed.status).toBe(3);
    // A prediction is no build: it is not remembered.
    expect(cachewhy(['predict', '--max-rebuilt', '60', '--', 'docker', 'build', '.'], folder, home).stdout).toBe(changed.stdout);
  });

  test('--no-cache runs all, and says so', () => {
    const done = cachewhy(['predict', '--format', 'json', '--', 'docker', 'build', '--no-cache', '.'], folder, home);
    const build = (JSON.parse(done.stdout) as Report).builds[0]!;
    expect(build.summary.reused).toBe(0);
    expect(build.misses[0]!.causes[0]!.kind).toBe('no-cache-flag');
  });

  test.each([
    [['predict'], 'predict needs the command of a build'],
    [['predict', '--', 'ls'], 'ls is no build'],
    [['predict', '--', 'docker', 'compose', 'build'], 'predict looks at one build at a time'],
    [['predict', '--', 'docker', 'build', 'https://example.org/x.git'], 'the build context is no folder here'],
  ])('%j is refused in a line', (args, line) => {
    const done = cachewhy(args, folder, home);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain(`cachewhy: ${line}`);
    expect(done.stderr.trim().split('\n')).toHaveLength(2);
  });
});
