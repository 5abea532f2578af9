import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { selectionDigest } from '../../src/context/content-key.ts';
import { diffListings, findStaleFiles } from '../../src/context/diff.ts';
import { type CopySelection, selectEntries } from '../../src/context/select.ts';
import { type Snapshot, takeSnapshot, takeSnapshotInBackground } from '../../src/context/snapshot.ts';
import type { ContextListing } from '../../src/context/types.ts';
import { UserError } from '../../src/errors.ts';
import { makeFolder, writeTree } from './trees.ts';

const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const paths = (snapshot: Snapshot): string[] => [...snapshot.listing.entries.keys()];

/** Long ago, so that nothing looks as if it had just been written: `ctime` cannot be set, but the clock can be moved. */
function later(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

describe('a listing', () => {
  it('has everything that is sent, a folder before what is in it', () => {
    const root = makeFolder();
    writeTree(root, {
      b: { file: 'bb', mode: '755' },
      a: { dir: '700' },
      'a/z': { file: 'z' },
      'a-b': { file: '' },
      'a/link': { link: '../b' },
      empty: { dir: '755' },
      'node_modules/x': { dir: '755' },
      '.dockerignore': { file: 'node_modules\n' },
    });
    const snapshot = takeSnapshot({ root });
    expect([...snapshot.listing.entries.values()]).toEqual([
      { path: '.dockerignore', type: 'file', mode: 0o644, size: 13, content: sha256('node_modules\n') },
      { path: 'a', type: 'dir', mode: 0o700, size: 0, content: null },
      { path: 'a/link', type: 'symlink', mode: 0o777, size: 0, content: null, link: '../b' },
      { path: 'a/z', type: 'file', mode: 0o644, size: 1, content: sha256('z') },
      { path: 'a-b', type: 'file', mode: 0o644, size: 0, content: sha256('') },
      { path: 'b', type: 'file', mode: 0o755, size: 2, content: sha256('bb') },
      { path: 'empty', type: 'dir', mode: 0o755, size: 0, content: null },
    ]);
    expect(snapshot.totals).toEqual({ files: 4, folders: 2, symlinks: 1, others: 0, bytes: 16, ignored: 1 });
    expect(snapshot.problems).toEqual([]);
  });

  it('has the folders above what an exception takes back in, and no others', () => {
    const root = makeFolder();
    writeTree(root, {
      'src/deep': { dir: '755' },
      'src/deep/keep': { file: '' },
      'src/other': { dir: '755' },
      'src/x': { file: '' },
      y: { file: '' },
    });
    const cached = { root, cacheDir: makeFolder(), ignore: '*\n!src/deep/keep' };
    expect(paths(takeSnapshot(cached))).toEqual(['src', 'src/deep', 'src/deep/keep']);
    expectSameTree(takeSnapshot(cached).listing);
    expect(takeSnapshot(cached).totals).toMatchObject({ files: 1, folders: 2 });
    expect(paths(takeSnapshot({ root, ignore: '**\n!**/keep' }))).toEqual(['src', 'src/deep', 'src/deep/keep']);
    expect(paths(takeSnapshot({ root, ignore: '*\n!nothing/here' }))).toEqual([]);
  });

  it("prefers the Dockerfile's own ignore file", () => {
    const root = makeFolder();
    writeTree(root, {
      docker: { dir: '755' },
      'docker/app.Dockerfile.dockerignore': { file: 'a' },
      '.dockerignore': { file: 'b' },
      a: {},
      b: {},
    });
    const own = takeSnapshot({ root, dockerfile: path.join(root, 'docker/app.Dockerfile') });
    expect(own.ignore.file).toBe(path.join(root, 'docker/app.Dockerfile.dockerignore'));
    expect(paths(own)).toEqual(['.dockerignore', 'b', 'docker', 'docker/app.Dockerfile.dockerignore']);
    expect(takeSnapshot({ root, dockerfile: path.join(root, 'Dockerfile') }).ignore.file).toBe(path.join(root, '.dockerignore'));
  });

  it('says what is wrong with the ignore file, and lists everything', () => {
    const root = makeFolder();
    writeTree(root, { a: {}, '.dockerignore': { file: 'x\n[\n' } });
    const snapshot = takeSnapshot({ root });
    expect(snapshot.problems).toEqual([{ path: '.dockerignore', kind: 'ignore-file', message: 'line 2: syntax error in pattern' }]);
    expect(paths(snapshot)).toEqual(['.dockerignore', 'a']);
  });

  it('takes strange names as they come, and leaves out what no builder takes', () => {
    const root = makeFolder();
    writeTree(root, {
      'new\nline': { file: '1' },
      'esc\u001b[31m': { file: '2' },
      '😀': { file: '3' },
      '\ue000': { file: '4' },
      ' ': { dir: '755' },
      ' /x': {},
    });
    fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'x');
    const snapshot = takeSnapshot({ root });
    expect(paths(snapshot)).toEqual([' ', ' /x', 'esc\u001b[31m', 'new\nline', '\ue000', '😀']);
    expect(snapshot.problems.map((it) => it.kind)).toEqual(['undecodable-name']);
  });

  it('knows files that arrive empty because the ignore rules contradict each other, and says so each time', () => {
    const root = makeFolder();
    writeTree(root, { a: { dir: '755' }, 'a/b': { file: 'hello' }, c: {} });
    const options = { root, ignore: 'a\n!a/b\na', cacheDir: makeFolder() };
    for (let i = 0; i < 3; i++) {
      const { listing, problems } = takeSnapshot(options);
      expect(listing.entries.get('a/b')).toMatchObject({ size: 5, content: sha256('') });
      expect(problems).toMatchObject([{ path: 'a/b', kind: 'ignore-file' }]);
      if (i === 0) later();
    }
  });

  it('does not wait for pipes, and sees sockets as builders do', async () => {
    const root = makeFolder();
    const server = net.createServer().listen(path.join(root, 'socket'));
    await new Promise((done) => server.once('listening', done));
    const { execFileSync } = await import('node:child_process');
    execFileSync('mkfifo', [path.join(root, 'pipe')]);
    const { entries } = takeSnapshot({ root }).listing;
    server.close();
    expect(entries.get('pipe')).toMatchObject({ type: 'other', content: null });
    expect(entries.get('socket')).toMatchObject({ type: 'file', size: 0, content: sha256('') });
  });

  it.skipIf(process.getuid?.() === 0)('goes on where it may not read', () => {
    const root = makeFolder();
    writeTree(root, { secret: { file: 'x', mode: '000' }, closed: { dir: '000' }, open: {} });
    onTestFinished(() => fs.chmodSync(path.join(root, 'closed'), 0o755));
    const snapshot = takeSnapshot({ root });
    expect(paths(snapshot)).toEqual(['closed', 'open', 'secret']);
    expect(snapshot.listing.entries.get('secret')?.content).toBeNull();
    expect(snapshot.problems.map((it) => [it.path, it.kind])).toEqual([
      ['closed', 'unreadable'],
      ['secret', 'unreadable'],
    ]);
  });

  it('follows a root that is a symlink, and refuses what is no folder', () => {
    const root = makeFolder();
    writeTree(root, { real: { dir: '755' }, 'real/f': {}, link: { link: 'real' } });
    expect(paths(takeSnapshot({ root: path.join(root, 'link') }))).toEqual(['f']);
    expect(() => takeSnapshot({ root: path.join(root, 'real/f') })).toThrow(UserError);
    expect(() => takeSnapshot({ root: path.join(root, 'gone') })).toThrow(/there is no such folder/);
  });

  it('stops at its limit and says so', () => {
    const root = makeFolder();
    for (const folder of ['a', 'b', 'c']) writeTree(root, { [folder]: { dir: '755' }, [`${folder}/1`]: {}, [`${folder}/2`]: {} });
    expect(takeSnapshot({ root, maxEntries: 4 }).problems).toEqual([
      { path: '', kind: 'too-large', message: expect.stringContaining('more than 4 names') },
    ]);
  });
});

/** A listing that knows digests and entries without having made them must give the same as its bare entries. */
function expectSameTree(listing: ContextListing): void {
  const selections: CopySelection[] = [
    ...['.', 'd', 'a.txt', 'a*', 'd/*', '*', 'd/l', 'gone'].map((source) => ({ sources: [source] })),
    { sources: ['.'], exclude: ['d'] },
    { sources: ['d', 'big'] },
  ];
  const digests = selections.map((it) => selectionDigest(listing, it));
  const selected = selections.map((it) => selectEntries(listing, it));
  const bare = { entries: new Map(listing.entries) };
  expect(digests).toEqual(selections.map((it) => selectionDigest(bare, it)));
  expect(selected).toEqual(selections.map((it) => selectEntries(bare, it)));
}

describe('from one snapshot to the next', () => {
  function makeContext(): { root: string; cacheDir: string } {
    const root = makeFolder();
    writeTree(root, {
      'a.txt': { file: 'one' },
      d: { dir: '755' },
      'd/b.txt': { file: 'two' },
      'd/l': { link: 'b.txt' },
      big: { file: 'x'.repeat(100_000) },
    });
    return { root, cacheDir: makeFolder() };
  }

  function swap(root: string, name: string, make: (at: string) => void): void {
    const at = path.join(root, name);
    fs.rmSync(at, { recursive: true });
    make(at);
  }

  it('reads nothing again that has not changed', () => {
    const context = makeContext();
    later();
    expect(takeSnapshot(context).hashed).toBe(3);
    const again = takeSnapshot(context);
    expect(again.hashed).toBe(0);
    expect(again.listing).toEqual(takeSnapshot({ root: context.root }).listing);
  });

  it('reads again what was written just before it was looked at', () => {
    const context = makeContext();
    takeSnapshot(context);
    expect(takeSnapshot(context).hashed).toBe(3);
  });

  it.each<[what: string, change: (root: string) => void, hashed: number]>([
    ['content', (root) => fs.writeFileSync(path.join(root, 'd/b.txt'), 'TWO'), 1],
    ['a mode', (root) => fs.chmodSync(path.join(root, 'a.txt'), 0o755), 1],
    ["a folder's mode", (root) => fs.chmodSync(path.join(root, 'd'), 0o700), 0],
    ['a new file', (root) => fs.writeFileSync(path.join(root, 'd/new'), 'n'), 1],
    ['a file that went', (root) => fs.rmSync(path.join(root, 'a.txt')), 0],
    ['a folder that went', (root) => fs.rmSync(path.join(root, 'd'), { recursive: true }), 0],
    ['a link', (root) => swap(root, 'd/l', (at) => fs.symlinkSync('x', at)), 0],
    ['a file that became a folder', (root) => swap(root, 'a.txt', (at) => fs.mkdirSync(at)), 0],
    ['a folder that became a file', (root) => swap(root, 'd', (at) => fs.writeFileSync(at, '')), 1],
    ['a renamed folder', (root) => fs.renameSync(path.join(root, 'd'), path.join(root, 'e')), 1],
    ['a touched file', (root) => fs.utimesSync(path.join(root, 'a.txt'), 5, 5), 1],
  ])('sees %s', (_, change, hashed) => {
    const context = makeContext();
    later();
    takeSnapshot(context);
    change(context.root);
    const snapshot = takeSnapshot(context);
    expect(snapshot.listing).toEqual(takeSnapshot({ root: context.root }).listing);
    expect(snapshot.hashed).toBe(hashed);
    const again = takeSnapshot(context);
    expect(again.listing).toEqual(snapshot.listing);
    expectSameTree(takeSnapshot(context).listing);
    expectSameTree(again.listing);
  });

  it('sees another content of the same size and time, and that a builder does not', () => {
    const context = makeContext();
    later();
    const file = path.join(context.root, 'a.txt');
    fs.utimesSync(file, 1000, 1000);
    const before = takeSnapshot(context);
    fs.writeFileSync(file, 'eno');
    fs.utimesSync(file, 1000, 1000);
    const after = takeSnapshot(context);
    expect(diffListings(before.listing, after.listing)).toEqual([{ path: 'a.txt', change: 'modified' }]);
    expect(findStaleFiles(before, after)).toEqual([{ path: 'a.txt', size: 3, mtime: 1_000_000 }]);
  });

  it('decides anew what is ignored when the ignore file changes, without reading files again', () => {
    const context = makeContext();
    later();
    takeSnapshot({ ...context, ignore: '# nothing' });
    const snapshot = takeSnapshot({ ...context, ignore: 'd' });
    expect(paths(snapshot)).toEqual(['a.txt', 'big']);
    expect(snapshot.hashed).toBe(0);
    expect(paths(takeSnapshot({ ...context, ignore: '' }))).toContain('d/b.txt');
  });

  it('does without a cache that is damaged or cannot be written', () => {
    const context = makeContext();
    later();
    const expected = takeSnapshot(context).listing;
    const [name] = fs.readdirSync(path.join(context.cacheDir, 'context'));
    const file = path.join(context.cacheDir, 'context', name!);
    const bytes = fs.readFileSync(file);
    for (let at = 0; at < bytes.length; at += 37) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 0x55;
      fs.writeFileSync(file, damaged);
      expect(takeSnapshot(context).listing).toEqual(expected);
    }
    for (const length of [0, 10, 300, bytes.length - 1]) {
      fs.writeFileSync(file, bytes.subarray(0, length));
      expect(takeSnapshot(context).listing).toEqual(expected);
    }
    const blocked = path.join(makeFolder(), 'file');
    fs.writeFileSync(blocked, '');
    expect(takeSnapshot({ ...context, cacheDir: blocked }).listing).toEqual(expected);
  });

  it('writes nothing into the context, and leaves no temporary file', () => {
    const context = makeContext();
    takeSnapshot(context);
    takeSnapshot(context);
    expect(fs.readdirSync(context.root).sort()).toEqual(['a.txt', 'big', 'd']);
    expect(fs.readdirSync(path.join(context.cacheDir, 'context'))).toHaveLength(1);
  });
});

describe('many files', () => {
  /** Enough for other threads to be asked. */
  function makeMany(): { root: string; cacheDir: string } {
    const root = makeFolder();
    for (let d = 0; d < 30; d++) {
      fs.mkdirSync(path.join(root, `d${d}`));
      for (let f = 0; f < 120; f++) fs.writeFileSync(path.join(root, `d${d}/f${f}`), `${d} ${f}`);
    }
    return { root, cacheDir: makeFolder() };
  }

  it('are hashed and checked by several threads with the same result', async () => {
    const context = makeMany();
    later();
    const first = takeSnapshot(context);
    expect(first.totals.files).toBe(3600);
    expect(first.listing.entries.get('d7/f9')?.content).toBe(sha256('7 9'));
    fs.writeFileSync(path.join(context.root, 'd7/f9'), 'changed');
    fs.rmSync(path.join(context.root, 'd8'), { recursive: true });
    const second = takeSnapshot(context);
    expect(second.listing).toEqual(takeSnapshot({ root: context.root }).listing);
    expect(second.hashed).toBe(1);
  });

  it('can be looked at while something else goes on', async () => {
    const context = makeMany();
    later();
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const cold = await takeSnapshotInBackground(context);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
    expect(cold.listing).toEqual(takeSnapshot({ root: context.root }).listing);
    expect((await takeSnapshotInBackground(context)).hashed).toBe(0);
  });

  it('can be left in the middle', async () => {
    const context = makeMany();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 5);
    await expect(takeSnapshotInBackground(context, stop.signal)).rejects.toThrow(/abort/);
  });

  it('survives a context that changes while it is read', async () => {
    const { root } = makeMany();
    let n = 0;
    const churn = setInterval(() => {
      for (let i = 0; i < 20; i++, n++) {
        const file = path.join(root, `d${n % 30}/f${(n * 7) % 120}`);
        if (n % 3 === 0) fs.rmSync(file, { force: true });
        else fs.writeFileSync(file, 'y'.repeat(n % 500));
      }
    }, 1);
    const snapshot = await takeSnapshotInBackground({ root });
    clearInterval(churn);
    for (const entry of snapshot.listing.entries.values()) {
      if (entry.type === 'file' && entry.content === null) expect(snapshot.problems.map((it) => it.path)).toContain(entry.path);
    }
  });
});
