import fs from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectionDigest } from '../../src/context/content-key.ts';
import { comparePaths } from '../../src/context/context-tree.ts';
import { diffListings, findRenames, findStaleFiles } from '../../src/context/diff.ts';
import type { ContextEntry, ContextListing } from '../../src/context/types.ts';
import { listingOf } from './trees.ts';

type Row = readonly [path: string, type: ContextEntry['type'], mode: string, size: number, content: string];

/** Contexts before and after a change, and which files an engine's rebuilt COPY steps are known to have missed for. */
interface Case {
  readonly id: string;
  readonly before: readonly Row[];
  readonly after: readonly Row[];
  readonly steps: readonly {
    readonly step: string;
    readonly sources: readonly string[];
    readonly hit: boolean;
    readonly paths?: readonly string[];
    readonly change?: string;
  }[];
}

const cases = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../data/context/changes.json'), 'utf8')) as readonly Case[];

function fromRows(rows: readonly Row[]): ContextListing {
  const entries = rows.map(([name, type, mode, size, content]): [string, ContextEntry] => [
    name,
    {
      path: name,
      type,
      mode: Number.parseInt(mode, 8),
      size,
      content: type === 'file' ? `sha256:${content}` : null,
      ...(type === 'symlink' ? { link: content } : {}),
    },
  ]);
  return { entries: new Map(entries) };
}

describe('real builds', () => {
  it.each(cases)('$id', ({ before, after, steps }) => {
    const [old, now] = [fromRows(before), fromRows(after)];
    for (const { step, sources, hit, paths, change } of steps) {
      const changes = diffListings(old, now, { sources });
      if (hit) expect(changes, step).toEqual([]);
      if (paths)
        expect(
          changes.map((it) => it.path),
          step,
        ).toEqual([...paths].sort(comparePaths));
      if (change)
        expect(
          changes.every((it) => it.change === change),
          step,
        ).toBe(true);
      const same = selectionDigest(old, { sources }) === selectionDigest(now, { sources });
      expect(same, step).toBe(changes.length === 0);
    }
  });
});

describe('changes', () => {
  const before = { 'a.txt': 'a', 'd/f': 'f', 'd/g': 'g', l: '-> a.txt' };

  it.each<[what: string, after: Record<string, string | number>, changes: unknown[]]>([
    ['nothing', before, []],
    ['content', { ...before, 'a.txt': 'b' }, [{ path: 'a.txt', change: 'modified' }]],
    ['a new folder is told by its files', { ...before, 'n/m/x': '1' }, [{ path: 'n/m/x', change: 'added' }]],
    ['an empty one by itself', { ...before, 'n/m/': 0o755 }, [{ path: 'n/m', change: 'added' }]],
    [
      'a folder that went',
      { 'a.txt': 'a', l: '-> a.txt' },
      [
        { path: 'd/f', change: 'removed' },
        { path: 'd/g', change: 'removed' },
      ],
    ],
    ["a folder's mode", { 'd/': 0o700, ...before }, [{ path: 'd', change: 'metadata', detail: 'mode 755 → 700', unnoticed: true }]],
    ['a link', { ...before, l: '-> d/f' }, [{ path: 'l', change: 'modified', detail: 'link a.txt → d/f' }]],
    ['another type', { ...before, 'a.txt': '-> d/f' }, [{ path: 'a.txt', change: 'modified', detail: 'file → symlink' }]],
    [
      'a file that became a folder',
      { 'a.txt/x': 'x', 'd/f': 'f', 'd/g': 'g', l: '-> a.txt' },
      [
        { path: 'a.txt', change: 'modified', detail: 'file → dir' },
        { path: 'a.txt/x', change: 'added' },
      ],
    ],
  ])('%s', (_, after, changes) => {
    expect(diffListings(listingOf(before), listingOf(after))).toEqual(changes);
  });

  it('mode and content at once', () => {
    const old = listingOf({ f: 'x' });
    const entry = { ...old.entries.get('f')!, mode: 0o4755, content: 'git:y' };
    const changes = diffListings(old, { entries: new Map([['f', entry]]) });
    expect(changes).toEqual([{ path: 'f', change: 'modified', detail: 'mode 644 → 4755' }]);
  });

  it('says nothing of contents that cannot be compared', () => {
    const old = listingOf({ f: 'x', g: 'y' });
    const hashed = { ...old.entries.get('f')!, content: 'sha256:00' };
    const unknown = { ...old.entries.get('g')!, content: null };
    expect(
      diffListings(old, {
        entries: new Map<string, ContextEntry>([
          ['f', hashed],
          ['g', unknown],
        ]),
      }),
    ).toEqual([]);
    expect(
      diffListings(old, {
        entries: new Map<string, ContextEntry>([
          ['f', hashed],
          ['g', { ...unknown, size: 9 }],
        ]),
      }),
    ).toEqual([{ path: 'g', change: 'modified' }]);
  });

  it('a source that is a link to elsewhere: the link, and what differs there', () => {
    const old = listingOf({ 'v1/app': 'one', 'v2/app': 'two', current: '-> v1' });
    const now = listingOf({ 'v1/app': 'one', 'v2/app': 'two', current: '-> v2' });
    expect(diffListings(old, now, { sources: ['current'] })).toContainEqual({
      path: 'current',
      change: 'modified',
      detail: 'link v1 → v2',
    });
  });

  it('stays within the selection', () => {
    const [old, now] = [listingOf({ a: '1', b: '1' }), listingOf({ a: '2', b: '2' })];
    expect(diffListings(old, now, { sources: ['b'] })).toEqual([{ path: 'b', change: 'modified' }]);
  });
});

it('finds a file under its new name, unless there are two', () => {
  const old = listingOf({ 'a.txt': 'same', x: 'dup', y: 'dup' });
  const now = listingOf({ 'b.txt': 'same', z: 'dup' });
  expect(findRenames(old, now, diffListings(old, now))).toEqual([{ from: 'a.txt', to: 'b.txt' }]);
});

it('finds what a client would not send again: another content, the same size and time', () => {
  const times = (f: number) => () =>
    new Map([
      ['f', f],
      ['g', 1],
    ]);
  const old = { listing: listingOf({ f: 'x', g: 'x' }), mtimes: times(5) };
  expect(findStaleFiles(old, { listing: listingOf({ f: 'y', g: 'zz' }), mtimes: times(5) })).toEqual([{ path: 'f', size: 1, mtime: 5 }]);
  expect(findStaleFiles(old, { listing: listingOf({ f: 'y', g: 'x' }), mtimes: times(6) })).toEqual([]);
});

it('is empty exactly when nothing is different, and mirrors when turned round', () => {
  const tree = fc.dictionary(fc.constantFrom('a', 'b', 'd/a', 'd/b', 'd/e/a', 'f/'), fc.constantFrom('x', 'y', '-> a'), {
    noNullPrototype: true,
  });
  const mirror = { added: 'removed', removed: 'added', modified: 'modified', metadata: 'metadata' } as const;
  fc.assert(
    fc.property(tree, tree, (one, two) => {
      const [before, after] = [listingOf(one), listingOf(two)];
      const changes = diffListings(before, after);
      const equal = selectionDigest(before, { sources: ['.'] }) === selectionDigest(after, { sources: ['.'] });
      expect(changes.length === 0).toBe(equal);
      const turned = diffListings(after, before).map((it) => ({ path: it.path, change: mirror[it.change] }));
      expect(turned).toEqual(changes.map(({ path: at, change }) => ({ path: at, change })));
    }),
    { numRuns: 2000 },
  );
});
