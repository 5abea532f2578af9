import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentKeys, recordDigest, selectionDigest, selectorDigest } from '../../src/context/content-key.ts';
import type { CopySelection } from '../../src/context/select.ts';
import type { ContextEntry, ContextListing } from '../../src/context/types.ts';
import { listingOf } from './trees.ts';

/** The bytes are what stands behind `git:` in the test's listings. */
const read = (entry: ContextEntry): Uint8Array => Buffer.from(entry.content?.slice(4) ?? '');
const keysOf = (listing: ContextListing, ...sources: string[]): readonly string[] => contentKeys(listing, { sources }, read);

describe('digests that BuildKit 0.32.2 printed', () => {
  it('one file: its hash, the list of one, the record', () => {
    const listing = listingOf({ 'v.txt': '2\n' });
    const [key] = keysOf(listing, 'v.txt');
    expect(key).toMatch(/^sha256:2ae6a3e2/);
    expect(recordDigest(key!, -1)).toMatch(/^sha256:38640cdd/);
    expect(selectorDigest({ sources: ['v.txt'] }, listing)).toBe('sha256:0504b54ff310f0759434fe2cfcade602e81b336a406d1745c128e22f36a902c8');
  });

  // COPY src /app/ · COPY src/*.js /g/ · COPY src/a.js src/sub /m/
  const listing = listingOf({ 'src/a.js': '1\n', 'src/empty/': 0o755, 'src/lnk': '-> a.js', 'src/sub/b.js': '22\n' });

  it('a folder with an empty folder, a symlink and a folder in it', () => {
    // file-list 6e3e7e9e… in digest-list b1af6a1d…
    expect(keysOf(listing, 'src')).toEqual(['sha256:b1af6a1dd0c9a90d08aa798d5032ae2c992e64044cf0a06eb9846bd889b48cdb']);
  });

  it('a wildcard', () => {
    expect(keysOf(listing, 'src/*.js')).toContain('sha256:e2566964ea53d66d5989cbd600b4b145b98a855f3b98e5f6020294fb5fe6174e');
  });

  it('two sources', () => {
    const [key] = keysOf(listing, 'src/a.js', 'src/sub');
    expect(key).toBe('sha256:21c577024d075206ea7afb0293fdd78d7c7313e46c0dcf547714f3bfe475dd18');
    expect(recordDigest(key!, -1)).toBe('sha256:cdae67f0a4783344f05647dcc6afb56ae37c65a3823cda35b8c4c45769244411');
  });
});

describe('what is and is not in a key', () => {
  const plain = { 'a.txt': 'x', 'd/f': 'y', 'd/e/': 0o755 };
  const all: CopySelection = { sources: ['.'] };
  const changed = (listing: ContextListing, selection = all): boolean =>
    selectionDigest(listingOf(plain), selection) !== selectionDigest(listing, selection);

  it.each<[what: string, tree: Record<string, string | number>, changed: boolean]>([
    ['nothing', plain, false],
    ['content', { ...plain, 'a.txt': 'z' }, true],
    ['a new file', { ...plain, b: '' }, true],
    ['a new empty folder', { ...plain, 'n/': 0o755 }, true],
    ["a folder's mode", { ...plain, 'd/e/': 0o700 }, true],
    ['a removed folder', { 'a.txt': 'x', 'd/f': 'y' }, true],
    ['a file that became a link to its like', { ...plain, 'a.txt': '-> d/f' }, true],
  ])('%s', (_, tree, expected) => {
    expect(changed(listingOf(tree))).toBe(expected);
  });

  it('a source that is a symlink counts as what it leads to, under no name of its own', () => {
    const before = listingOf({ 'r1/f': 'x', 'r2/f': 'x', s: '-> r1' });
    const after = listingOf({ 'r1/f': 'x', 'r2/f': 'x', s: '-> r2' });
    expect(selectionDigest(before, { sources: ['s'] })).toBe(selectionDigest(after, { sources: ['s'] }));
    expect(selectionDigest(before, all)).not.toBe(selectionDigest(after, all));
  });

  it('is not known for devices, missing sources and files that cannot be read', () => {
    const listing = listingOf({ f: 'x' });
    expect(contentKeys(listing, { sources: ['g'] }, read)).toEqual([]);
    expect(contentKeys(listing, { sources: ['f'] }, () => undefined)).toEqual([]);
    const device: ContextEntry = { path: 'p', type: 'other', mode: 0o644, size: 0, content: null };
    expect(contentKeys({ entries: new Map([['p', device]]) }, { sources: ['.'] }, read)).toEqual([]);
  });
});

it('the cheap digest differs exactly when the exact one does', () => {
  const name = fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/a', 'l', 'd/l');
  const value = fc.constantFrom('x', 'y', '', '-> a', '-> d', '-> nowhere', '-> d/e');
  const tree = fc.dictionary(name, value, { maxKeys: 7, noNullPrototype: true });
  const selection = fc.record({
    sources: fc.uniqueArray(fc.constantFrom('.', 'a', 'd', 'd/*', '*', 'l', 'd/e', 'd/l', 'l/*', '?'), { minLength: 1, maxLength: 3 }),
    exclude: fc.subarray(['a', '**/b', '!d/b', 'd']),
    parents: fc.boolean(),
  });
  fc.assert(
    fc.property(tree, tree, selection, (before, after, it) => {
      const [one, two] = [listingOf(before), listingOf(after)];
      const [keys, others] = [contentKeys(one, it, read), contentKeys(two, it, read)];
      if (keys.length === 0 || others.length === 0) return;
      expect(selectionDigest(one, it) === selectionDigest(two, it)).toBe(keys[0] === others[0]);
    }),
    { numRuns: 3000 },
  );
});
