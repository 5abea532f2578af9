/** What happens to a baseline when its writer dies, when two write at once, and when the disk is full. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadBaseline, saveBaseline } from '../../src/baseline/store.ts';
import { baseline, entry, listing } from './build.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'baseline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const saver = path.join(folder, 'saver.mjs');
beforeAll(() => {
  const source = path.join(import.meta.dirname, 'saver.ts');
  buildSync({ entryPoints: [source], bundle: true, platform: 'node', format: 'esm', outfile: saver, logLevel: 'error' });
});

/** Saves over and over, each time with a context of another size, until it is killed. */
function startSaver(file: string, name: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, [saver, file, name], { stdio: ['ignore', 'pipe', 'inherit'] });
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
function stop(child: ReturnType<typeof spawn>): Promise<unknown> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  return gone;
}

test('killed at any moment, a save leaves the old baseline or the new one', async () => {
  const file = path.join(folder, 'killed.json.gz');
  saveBaseline(file, baseline({ command: 'first' }));
  for (let i = 0; i < 12; i++) {
    const child = startSaver(file, `run ${i}`);
    await new Promise((resolve) => child.stdout!.once('data', resolve));
    await sleep(Math.random() * 40);
    await stop(child);
    const { baseline: found, note } = loadBaseline(file);
    expect(note).toBeNull();
    expect(found!.listing!.entries.size === 5 || found!.listing!.entries.size % 1000 === 0).toBe(true);
    expect(found!.command === 'first' || /^run \d+$/.test(found!.command!)).toBe(true);
  }
});

test('two that save at once leave a whole baseline of one of them, and every reader sees one', async () => {
  const file = path.join(folder, 'two.json.gz');
  saveBaseline(file, baseline({ command: 'first' }));
  const savers = ['a', 'b'].map((name) => startSaver(file, name));
  const seen = new Set<string>();
  await Promise.all(savers.map((child) => new Promise((resolve) => child.stdout!.once('data', resolve))));
  for (let i = 0; i < 60; i++) {
    const { baseline: found, note } = loadBaseline(file);
    expect(note).toBeNull();
    seen.add(found!.command!);
    await sleep(5);
  }
  await Promise.all(savers.map((child) => stop(child)));
  expect([...seen].every((name) => ['first', 'a', 'b'].includes(name))).toBe(true);
  expect(loadBaseline(file).note).toBeNull();
});

test('of two that looked at the same time, the one that saves last remembers what the other built', () => {
  const file = path.join(folder, 'both.json.gz');
  const build = (day: number): ReturnType<typeof baseline>['past'][number] => ({
    at: `2026-01-0${day}T00:00:00.000Z`,
    hitRate: 1,
    rebuiltSeconds: day,
    missed: [],
  });
  saveBaseline(file, baseline({ past: [build(1)] }));
  loadBaseline(file);
  // Another process saves meanwhile.
  const elsewhere = path.join(folder, 'elsewhere.json.gz');
  saveBaseline(elsewhere, baseline({ past: [build(1), build(2)] }));
  writeFileSync(file, readFileSync(elsewhere));
  expect(saveBaseline(file, baseline({ command: 'ours', past: [build(1), build(3)] }))).toBeNull();
  expect(loadBaseline(file).baseline).toMatchObject({ command: 'ours', past: [build(1), build(2), build(3)] });
  // Nobody came between: the past is what the caller says.
  saveBaseline(file, baseline({ past: [build(4)] }));
  expect(loadBaseline(file).baseline!.past).toEqual([build(4)]);
});

const canMount = ((): boolean => {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(!canMount)('on a full disk the old baseline stays, and a note says why', () => {
  // A file system of 64 kB in a mount namespace of its own.
  const disk = path.join(folder, 'disk');
  const script = `mkdir -p ${disk} && mount -t tmpfs -o size=64k tmpfs ${disk} && ${process.execPath} ${saver} ${disk}/x.json.gz once && ls -A ${disk}`;
  const out = execFileSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' });
  expect(out).toContain('the disk is full): what was there stays.');
  expect(out).toContain('still there: small');
  expect(out.trim().split('\n').at(-1)).toBe('x.json.gz');
});

test('a save that fails leaves nothing behind', () => {
  const file = path.join(folder, 'sub', 'x.json.gz');
  saveBaseline(file, baseline());
  const before = readFileSync(file);
  const broken = { ...baseline(), listing: listing(entry('a', { type: 'nonsense' as 'file' })), keys: undefined as never };
  // Whatever the reason, it is a note and no throw.
  Object.defineProperty(broken, 'past', {
    enumerable: true,
    get: () => {
      throw new Error('no');
    },
  });
  expect(saveBaseline(file, broken)).toMatch(/could not be saved/);
  expect(readFileSync(file)).toEqual(before);
  expect(readdirSync(path.dirname(file))).toEqual(['x.json.gz']);
  writeFileSync(path.join(folder, 'unused'), '');
});
