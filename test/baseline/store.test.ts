import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { baselineFile, pruneBaselines } from '../../src/baseline/folder.ts';
import { packBaseline, unpackBaseline } from '../../src/baseline/pack.ts';
import { loadBaseline, saveBaseline } from '../../src/baseline/store.ts';
import type { ContextEntry } from '../../src/context/types.ts';
import { cacheFolder } from '../../src/machine/cache-folder.ts';
import { cpuTime } from '../cpu-time.ts';
import { baseline, entry, listing } from './build.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'baseline-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;
const fresh = (): string => path.join(folder, `f${++count}`, 'x.json.gz');

describe('what is saved', () => {
  test('comes back as it was', () => {
    const file = fresh();
    expect(saveBaseline(file, baseline())).toBeNull();
    expect(loadBaseline(file)).toEqual({ baseline: baseline(), note: null });
  });

  test('is for the user alone', () => {
    const file = fresh();
    saveBaseline(file, baseline());
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(readdirSync(path.dirname(file))).toEqual(['x.json.gz']);
  });

  test('any listing survives', () => {
    const content = fc.oneof(
      fc.constant(null),
      fc.string(),
      fc.constant(`sha256:${'0f'.repeat(32)}`),
      fc.constant(`git:${'0f'.repeat(20)}`),
      fc.constant(`git:${'0F'.repeat(20)}`),
    );
    const name = fc.string({ minLength: 1, unit: 'binary' }).filter((s) => !s.includes('/') && Buffer.from(s).toString() === s);
    const file = fc.record({
      path: fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/')),
      type: fc.constantFrom<ContextEntry['type']>('file', 'dir', 'symlink', 'other'),
      mode: fc.nat(0o7777),
      size: fc.maxSafeNat(),
      content,
      link: fc.option(fc.string(), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: (f) => f.path }), (files) => {
        const entries = files.map(({ link, ...f }): ContextEntry => ({ ...f, ...(link !== undefined && { link }) }));
        const before = baseline({ listing: listing(...entries) });
        const { baseline: after, note } = unpackBaseline(packBaseline(before), 'x');
        expect(note).toBeNull();
        expect([...after!.listing!.entries]).toEqual([...before.listing!.entries]);
        expect(after!.named).toEqual(before.named);
      }),
    );
  });

  test('an empty context is not an unknown one', () => {
    expect(unpackBaseline(packBaseline(baseline({ listing: listing() })), 'x').baseline!.listing!.entries.size).toBe(0);
    expect(unpackBaseline(packBaseline(baseline({ listing: null, named: {} })), 'x').baseline!.listing).toBeNull();
  });

  test('100,000 files are small and quick', () => {
    const files = Array.from({ length: 100_000 }, (_, i) =>
      entry(`packages/module-${i % 1000}/src/file-${i}.ts`, { size: i, content: `sha256:${i.toString(16).padStart(64, '7')}` }),
    );
    const all = baseline({ listing: listing(...files) });
    let packed: Buffer = Buffer.alloc(0);
    const spent = cpuTime(() => {
      packed = packBaseline(all);
      expect(unpackBaseline(packed, 'x').baseline!.listing!.entries.size).toBe(100_000);
    });
    expect(spent).toBeLessThan(5000);
    expect(packed.length).toBeLessThan(6e6);
  });
});

describe('a file that is no baseline', () => {
  test('is no error where it does not exist', () => {
    expect(loadBaseline(fresh())).toEqual({ baseline: null, note: null });
  });

  test.each([
    ['empty', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['other JSON', gzipSync('{"a":1}')],
    ['no JSON', gzipSync('hello')],
    ['null', gzipSync('null')],
    ['cut short', packBaseline(baseline()).subarray(0, -10)],
    ['without its digests', gzipSync(gunzipSync(packBaseline(baseline())).subarray(0, -3))],
    ['a shell of one', gzipSync('{"schema":"cachewhy-baseline","version":1,"bytes":0,"build":{}}')],
    [
      'fields of other types',
      gzipSync(
        JSON.stringify({
          schema: 'cachewhy-baseline',
          version: 1,
          bytes: 0,
          build: { ...baseline(), listing: null, named: {}, steps: [1] },
        }),
      ),
    ],
  ])('%s: said, not used, and replaced by the next', (_, data) => {
    const file = fresh();
    mkdirSync(path.dirname(file));
    writeFileSync(file, data);
    const loaded = loadBaseline(file);
    expect(loaded.baseline).toBeNull();
    expect(loaded.note).toMatch(/not used/);
    expect(loaded.note).not.toContain('\n');
    expect(saveBaseline(file, baseline())).toBeNull();
    expect(loadBaseline(file).baseline).toEqual(baseline());
  });

  test('of a newer version is neither used nor overwritten', () => {
    const file = fresh();
    mkdirSync(path.dirname(file));
    const newer = gzipSync('{"schema":"cachewhy-baseline","version":2,"build":{"other":"shape"}}');
    writeFileSync(file, newer);
    expect(loadBaseline(file)).toMatchObject({ baseline: null, newer: true, note: expect.stringContaining('another version') });
    expect(saveBaseline(file, baseline())).toMatch(/newer cachewhy: it was not overwritten/);
    expect(readFileSync(file)).toEqual(newer);
  });

  test('any damage is noticed or harmless', () => {
    const whole = packBaseline(baseline());
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        const loaded = unpackBaseline(damaged, 'x');
        if (loaded.baseline === null) expect(loaded.note).not.toBeNull();
        else expect(loaded.baseline).toEqual(baseline());
      }),
      { numRuns: 500 },
    );
  });

  test('a bomb is not unpacked', () => {
    const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024), { level: 1 });
    expect(unpackBaseline(bomb, 'x').note).toMatch(/damaged/);
  });
});

describe('places that cannot be written', () => {
  test('a folder that is a file', () => {
    const file = path.join(folder, 'plain');
    writeFileSync(file, '');
    expect(saveBaseline(path.join(file, 'x.json.gz'), baseline())).toMatch(/could not be saved .*\(its folder is a file\)/);
  });

  test('a folder in its place', () => {
    const file = fresh();
    mkdirSync(file, { recursive: true });
    expect(saveBaseline(file, baseline())).toMatch(/could not be saved/);
    expect(readdirSync(path.dirname(file))).toEqual(['x.json.gz']);
  });

  test.skipIf(!existsSync('/proc/self'))('a file system that takes no folders', () => {
    expect(saveBaseline('/proc/cachewhy/x.json.gz', baseline())).toMatch(/could not be saved .*\(its folder cannot be made\)/);
  });
});

describe('where it lies', () => {
  test.each([
    [{ CACHEWHY_CACHE: '/c' }, '/c'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/cachewhy'],
  ])('%o', (env, expected) => {
    expect(cacheFolder(env)).toBe(expected);
  });

  test('a relative XDG_CACHE_HOME is no place', () => {
    expect(cacheFolder({ XDG_CACHE_HOME: 'x' })).not.toBe('x/cachewhy');
  });

  test('one file for each context, Dockerfile, target and platform', () => {
    const project = {
      context: folder,
      dockerfile: path.join(folder, 'Dockerfile'),
      target: null,
      platforms: ['linux/amd64', 'linux/arm64'],
    };
    const file = baselineFile('/c', project);
    expect(file).toMatch(/^\/c\/baselines\/[0-9a-f]{32}\.json\.gz$/);
    expect(baselineFile('/c', { ...project, platforms: [...project.platforms].reverse() })).toBe(file);
    expect(baselineFile('/c', { ...project, context: `${folder}/.` })).toBe(file);
    const others = [{ target: 'prod' }, { platforms: [] }, { context: '/' }, { dockerfile: path.join(folder, 'other') }];
    expect(new Set([file, ...others.map((o) => baselineFile('/c', { ...project, ...o }))]).size).toBe(5);
  });

  test('old ones and what interrupted writes left go, others stay', () => {
    const cache = path.join(folder, 'prune');
    const where = path.join(cache, 'baselines');
    mkdirSync(where, { recursive: true });
    const now = Date.now();
    const make = (name: string, days: number): void => {
      writeFileSync(path.join(where, name), '');
      utimesSync(path.join(where, name), now / 1000 - days * 86400, now / 1000 - days * 86400);
    };
    const hash = (n: number): string => n.toString(16).padStart(32, '0');
    for (let i = 0; i < 510; i++) make(`${hash(i)}.json.gz`, i / 10);
    make(`${hash(600)}.json.gz`, 91);
    make(`${hash(601)}.json.gz`, -400);
    make(`${hash(1)}.json.gz.12.ab.tmp`, 2);
    make(`${hash(2)}.json.gz.12.ab.tmp`, 0);
    make('mine.txt', 1000);
    pruneBaselines(cache, now);
    const left = new Set(readdirSync(where));
    expect(left.size).toBe(502);
    expect(left.has(`${hash(600)}.json.gz`)).toBe(false);
    expect(left.has(`${hash(601)}.json.gz`)).toBe(true);
    expect(left.has(`${hash(509)}.json.gz`)).toBe(false);
    expect(left.has(`${hash(1)}.json.gz.12.ab.tmp`)).toBe(false);
    expect(left.has(`${hash(2)}.json.gz.12.ab.tmp`)).toBe(true);
    expect(left.has('mine.txt')).toBe(true);
    expect(() => pruneBaselines('/nowhere')).not.toThrow();
  });
});
