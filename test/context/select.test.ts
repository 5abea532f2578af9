import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CopySelection, resolveSelection, selectEntries } from '../../src/context/select.ts';
import { listingOf } from './trees.ts';

const listing = listingOf({
  'package.json': '{}',
  'package-lock.json': '{}',
  'src/app.ts': 'a',
  'src/app.test.ts': 't',
  'src/lib/util.ts': 'u',
  'src/empty/': 0o755,
  'docs/guide.md': 'g',
  current: '-> docs',
  'src/link': '-> app.ts',
  dangling: '-> nowhere',
  '[id]': 'i',
});

const paths = (selection: CopySelection): string[] => selectEntries(listing, selection).map((it) => it.path);

describe('sources', () => {
  it.each<[sources: string[], selected: string[]]>([
    [['package.json'], ['package.json']],
    [['package*.json'], ['package-lock.json', 'package.json']],
    [['./src/lib'], ['src/lib', 'src/lib/util.ts']],
    [['/src/lib/'], ['src/lib', 'src/lib/util.ts']],
    [['../../src/lib'], ['src/lib', 'src/lib/util.ts']],
    [
      ['src/lib', 'src'],
      ['src', 'src/app.test.ts', 'src/app.ts', 'src/empty', 'src/lib', 'src/lib/util.ts', 'src/link'],
    ],
    [['current'], ['docs', 'docs/guide.md']],
    [['current/*'], ['docs/guide.md']],
    [['src/l*'], ['src/lib', 'src/lib/util.ts', 'src/app.ts']],
    [['**/*.ts'], ['src/app.test.ts', 'src/app.ts']],
    [['*/lib'], ['src/lib', 'src/lib/util.ts']],
    [['\\[id\\]'], []],
    [['[[]id]'], ['[id]']],
    [['nothing*'], []],
  ])('%j', (sources, selected) => {
    expect(paths({ sources })).toEqual(selected);
  });

  it('all of it is every entry', () => {
    expect(paths({ sources: ['.'] })).toEqual([...listing.entries.keys()]);
  });

  it('a bind mount takes wildcards for what they are', () => {
    expect(paths({ sources: ['[id]'], literal: true })).toEqual(['[id]']);
    expect(paths({ sources: ['package*.json'], literal: true })).toEqual([]);
  });

  it('says what is missing and what the build fails on', () => {
    expect(resolveSelection(listing, { sources: ['gone', 'no*'] })).toMatchObject({
      missing: ['gone', 'no*'],
      failures: ['gone: not found'],
    });
    expect(resolveSelection(listing, { sources: ['dang*'] }).failures).toEqual(['dangling: leads to nothing in the context']);
    expect(resolveSelection(listing, { sources: ['a['] }).failures).toEqual(['a[: syntax error in pattern']);
    expect(resolveSelection(listingOf({ l1: '-> l2', l2: '-> l1' }), { sources: ['l1'] }).failures).toEqual(['l1: not found']);
  });
});

describe('--exclude and --parents', () => {
  it('--exclude leaves out files, and keeps the modes of folders', () => {
    expect(paths({ sources: ['src'], exclude: ['*.test.ts', 'lib'] })).toEqual(['src', 'src/app.ts', 'src/empty', 'src/link']);
    expect(paths({ sources: ['src'], exclude: ['**/*.ts'] })).toEqual(['src', 'src/empty', 'src/lib', 'src/link']);
  });

  it('--parents covers the folders above, down from the pivot', () => {
    expect(paths({ sources: ['src/lib/util.ts'], parents: true })).toEqual(['src', 'src/lib', 'src/lib/util.ts']);
    expect(paths({ sources: ['src/./lib/util.ts'], parents: true })).toEqual(['src', 'src/lib', 'src/lib/util.ts']);
    expect(paths({ sources: ['**/*.ts'], parents: true, exclude: ['**/*.test.ts'] })).toEqual([
      'src',
      'src/app.ts',
      'src/lib',
      'src/lib/util.ts',
    ]);
  });
});

it('selects entries of the listing, each once, whatever is asked', () => {
  const piece = fc.constantFrom('src', 'lib', '*', '**', '..', '.', '/', 'current', 'link', '[', '?', '*.ts', './', '!', '\\');
  const pattern = fc.array(piece, { minLength: 1, maxLength: 4 }).map((it) => it.join('/'));
  const selection = fc.record({
    sources: fc.array(pattern, { maxLength: 3 }),
    exclude: fc.array(pattern, { maxLength: 2 }),
    parents: fc.boolean(),
  });
  fc.assert(
    fc.property(selection, (it) => {
      const found = paths(it);
      expect(new Set(found).size).toBe(found.length);
      for (const path of found) expect(listing.entries.has(path)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
