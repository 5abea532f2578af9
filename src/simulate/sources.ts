/** A source of a COPY as it is written: a path, or a pattern with the folder in which BuildKit begins to look. */
import { comparePaths } from '../context/context-tree.ts';
import { cleanPath, containsWildcards, matchPath } from '../context/go-path.ts';
import type { GitNode } from '../git/snapshot.ts';
import type { SentTree } from './sent-tree.ts';

export interface Source {
  readonly path: string;
  readonly wild: boolean;
  readonly malformed: boolean;
  /** The path up to its first wildcard. */
  readonly prefix: string;
  /** The rest, one for each folder. */
  readonly patterns: readonly string[];
}

export interface Match {
  readonly name: string;
  readonly node: GitNode;
}

/** @param literal wildcards are plain characters */
export function readSource(source: string, literal: boolean): Source {
  const path = cleanPath(`/${source}`).slice(1);
  const wild = !literal && containsWildcards(path);
  const parts = path.split('/');
  const first = parts.findIndex(containsWildcards);
  return {
    path,
    wild,
    // A malformed pattern fails the build; asked about '' it is read to its end.
    malformed: wild && matchPath(`/${path}`, '', true) === undefined,
    prefix: wild ? parts.slice(0, first).join('/') : path,
    patterns: wild ? parts.slice(first) : [],
  };
}

/** What a wildcard path matches, by name below the part of it that has no wildcards. */
export function matchSource({ patterns }: Source, tree: SentTree, start: GitNode): Match[] {
  const found: Match[] = [];
  const walk = (dir: GitNode, at: number, prefix: string): void => {
    const own = patterns[at] ?? '';
    for (const name of dir.children?.keys() ?? []) {
      if (matchPath(own, name, true) !== true) continue;
      const node = tree.childOf(dir, name);
      if (!node) continue;
      if (at + 1 === patterns.length) found.push({ name: prefix + name, node });
      else if (node.kind === 'tree') walk(node, at + 1, `${prefix}${name}/`);
    }
  };
  walk(start, 0, '');
  return found.sort((a, b) => comparePaths(a.name, b.name));
}
