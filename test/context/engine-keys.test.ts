import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentKeys, contentsOf, recordDigest } from '../../src/context/content-key.ts';
import { type CopySelection, resolveSelection } from '../../src/context/select.ts';
import { takeSnapshot } from '../../src/context/snapshot.ts';
import { makeFolder, type Node, writeTree } from './trees.ts';

/**
 * What an engine itself put into its cache for COPYs of these contexts: the digest of the record that stands for the content
 * (from `moby.buildkit.cache.v0` of images built with BUILDKIT_INLINE_CACHE=1), or that the build failed.
 */
interface Observed {
  readonly engine: string;
  readonly trees: Readonly<Record<string, Readonly<Record<string, Node>>>>;
  readonly cases: readonly {
    readonly name: string;
    readonly tree: string;
    readonly ignore?: string;
    readonly selections: readonly (CopySelection & { readonly record?: string; readonly fails?: true })[];
  }[];
}

const observed = JSON.parse(fs.readFileSync(path.join(import.meta.dirname, '../data/context/engine-keys.json'), 'utf8')) as Observed;

describe(`content keys of ${observed.engine}`, () => {
  it.each(observed.cases)('$name', ({ tree, ignore, selections }) => {
    const root = makeFolder();
    writeTree(root, observed.trees[tree]!);
    if (ignore !== undefined) writeTree(root, { '.dockerignore': { file: ignore } });
    const snapshot = takeSnapshot({ root });
    for (const { record, fails, ...selection } of selections) {
      const about = JSON.stringify(selection);
      if (fails) {
        expect([...resolveSelection(snapshot.listing, selection).failures, ...snapshot.problems], about).not.toEqual([]);
        continue;
      }
      const records = contentKeys(snapshot.listing, selection, contentsOf(root)).map((key) => recordDigest(key, -1));
      expect(records, about).toContain(record);
    }
  });
});
