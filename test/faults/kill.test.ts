/** Killed at any moment, and two at once: what is found afterwards is whole. */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadBaseline } from '../../src/baseline/store.ts';
import { expectReport, openDesk } from './cli.ts';

const desk = openDesk();
const hit = desk.log(true);
const miss = desk.log(false);

/** Starts the command and kills it after a moment, wherever it is by then. @returns whether it had ended before */
function killAfter(ms: number, args: readonly string[], env: Readonly<Record<string, string>>): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [desk.cli, ...args], { cwd: desk.project, env: { ...desk.env, ...env }, stdio: 'ignore' });
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    child.on('close', (_, signal) => {
      clearTimeout(timer);
      resolve(signal === null);
    });
  });
}

/** From before anything is loaded to after its end, and closest around that. */
const moments = (seconds: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => 1000 * seconds * (0.3 + (0.9 * i) / count) + Math.random() * 10);

test('a diagnosis that is killed at any moment leaves every file old or new', { timeout: 120_000 }, async () => {
  const home = path.join(desk.folder, 'killed');
  const env = { CACHEWHY_CACHE: path.join(home, 'cache') };
  mkdirSync(home);
  const out = path.join(home, 'r.json');
  const saved = path.join(home, 'b.gz');
  const args = ['--format', `json=${out}`, '--save-baseline', saved];
  const { seconds } = desk.run([...args, hit], { env });
  let whole = 0;
  for (const [i, ms] of moments(seconds, 24).entries()) {
    writeFileSync(path.join(desk.project, 'a.txt'), `${i}\n`);
    if (await killAfter(ms, [...args, i % 2 === 0 ? miss : hit], env)) whole++;
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ schemaVersion: 1 });
    expect(loadBaseline(saved)).toMatchObject({ note: null });
    for (const name of readdirSync(path.join(env.CACHEWHY_CACHE, 'baselines')).filter((n) => n.endsWith('.gz')))
      expect(loadBaseline(path.join(env.CACHEWHY_CACHE, 'baselines', name)).note).toBeNull();
  }
  expect(whole).toBeLessThan(24);
  // And the next one works as if nothing had been.
  const after = desk.run([miss], { env });
  expectReport(after, /missed the cache/);
  expect(after.stdout).not.toMatch(/baseline .* (?:cannot|could not)/);
});

test('an installation that is killed at any moment leaves docker’s configuration whole', { timeout: 120_000 }, async () => {
  const config = path.join(desk.folder, 'docker');
  mkdirSync(config);
  const file = path.join(config, 'config.json');
  const env = { DOCKER_CONFIG: config };
  const old = `{\n  "auths": { "registry.example.com": { "auth": "bWU6c2VjcmV0" } }\n}\n`;
  writeFileSync(file, old);
  const { seconds } = desk.run(['plugin', 'install', '--hook'], { env });
  const changed = readFileSync(file, 'utf8');
  for (const ms of moments(seconds, 12)) {
    writeFileSync(file, old);
    await killAfter(ms, ['plugin', 'install', '--hook'], env);
    expect([old, changed]).toContain(readFileSync(file, 'utf8'));
  }
});

test('what a killed writer left is taken away after a day', () => {
  const cache = path.join(desk.folder, 'left');
  const env = { CACHEWHY_CACHE: cache };
  desk.run([hit], { env });
  const context = path.join(cache, 'context');
  for (const [name, days] of [
    ['old', 3],
    ['fresh', 0],
  ] as const) {
    const left = path.join(context, `${name}.bin.4711.abc123.tmp`);
    writeFileSync(left, 'half');
    utimesSync(left, Date.now() / 1000 - days * 86_400, Date.now() / 1000 - days * 86_400);
  }
  writeFileSync(path.join(desk.project, 'b.txt'), 'new\n');
  desk.run([miss], { env });
  expect(readdirSync(context).filter((name) => name.endsWith('.tmp'))).toEqual(['fresh.bin.4711.abc123.tmp']);
});

describe('two at once', () => {
  test('on one baseline, one report and one cache: all is whole, and both end well', { timeout: 60_000 }, async () => {
    const home = path.join(desk.folder, 'two');
    mkdirSync(home);
    const env = { CACHEWHY_CACHE: path.join(home, 'cache') };
    const args = ['--format', `json=${path.join(home, 'r.json')}`, '--save-baseline', path.join(home, 'b.gz')];
    for (let round = 0; round < 4; round++) {
      const ended = await Promise.all([0, 1, 2].map((i) => desk.start([...args, i % 2 === 0 ? hit : miss], { env })));
      for (const done of ended) expect(done, done.stderr).toMatchObject({ status: 0, stderr: '' });
      expect(JSON.parse(readFileSync(path.join(home, 'r.json'), 'utf8'))).toMatchObject({ schemaVersion: 1 });
      expect(loadBaseline(path.join(home, 'b.gz'))).toMatchObject({ note: null });
    }
    for (const folder of ['baselines', 'context', 'code'])
      expect(readdirSync(path.join(env.CACHEWHY_CACHE, folder), { recursive: true }).filter((name) => `${name}`.endsWith('.tmp'))).toEqual(
        [],
      );
  });
});

// From Node 22 on it is Node's own cache, with a sum of its own.
const own = !('enableCompileCache' in Module);
describe.runIf(own)('compiled code that is damaged', () => {
  const cache = path.join(desk.folder, 'compiled');
  const env = { CACHEWHY_CACHE: cache };
  const damage: readonly (readonly [string, (bytes: Buffer) => Buffer])[] = [
    ['is cut off', (b) => b.subarray(0, b.length >> 1)],
    ['is empty', () => Buffer.alloc(0)],
    ['has a hole, as after a loss of power', (b) => Buffer.from(b).fill(0, b.length >> 2, (b.length * 3) >> 2)],
    ['is all zeroes', (b) => Buffer.alloc(b.length)],
    ['is noise', (b) => Buffer.from(b).fill('noise')],
    ['has bits that are not as they were', (b) => Buffer.from(b.map((byte, i) => (i > 64 && i % 997 === 0 ? byte ^ 4 : byte)))],
  ];
  test.each(damage)('%s: it is compiled anew, and no process dies of it', (_, spoil) => {
    expectReport(desk.run([hit], { env }));
    const folder = path.join(cache, 'code', readdirSync(path.join(cache, 'code'))[0]!);
    const names = readdirSync(folder);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) writeFileSync(path.join(folder, name), spoil(readFileSync(path.join(folder, name))));
    const done = desk.run([hit], { env });
    expectReport(done);
    expect(done.stderr).toBe('');
  });
});
