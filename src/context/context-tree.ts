/** A listing as a tree: who lies in which folder, in the order of their bytes, and where symlinks lead. */
import { cleanPath } from './go-path.ts';
import type { ContextEntry, ContextListing } from './types.ts';

export interface ContextTree {
  /** undefined: nothing there. The root ('') has no entry. */
  entry(path: string): ContextEntry | undefined;
  /** Names in a folder, sorted by bytes. */
  children(folder: string): readonly string[];
  /** Follows symlinks within the context: the path they end at ('' is the root), undefined when nothing is there. */
  resolve(path: string, followLast: boolean): Resolved | undefined;
  /** The digest of a folder with all that is in it (`selectionDigest`), where it is known without looking; '' where it is not. */
  digest(folder: string): string;
}

export interface Resolved {
  readonly path: string;
  /** The links that were followed on the way, in order. */
  readonly links: readonly string[];
}

/** BuildKit gives up beyond (`maxSymlinkLimit`). */
const MAX_LINKS = 255;
const NONE: readonly string[] = [];
const trees = new WeakMap<ContextListing, ContextTree>();

/** The tree of a listing; made once. */
export function treeOf(listing: ContextListing): ContextTree {
  const known = trees.get(listing);
  if (known) return known;
  const folders = new Map<string, string[]>();
  for (const path of listing.entries.keys()) {
    const slash = path.lastIndexOf('/');
    const folder = slash < 0 ? '' : path.slice(0, slash);
    const names = folders.get(folder);
    if (names) names.push(path.slice(slash + 1));
    else folders.set(folder, [path.slice(slash + 1)]);
  }
  for (const names of folders.values()) sortNames(names);
  const entry = (path: string): ContextEntry | undefined => listing.entries.get(path);
  const tree: ContextTree = {
    entry,
    children: (folder) => folders.get(folder) ?? NONE,
    resolve: (path, followLast) => resolveIn(entry, path, followLast),
    digest: () => '',
  };
  trees.set(listing, tree);
  return tree;
}

export function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Is the path the folder itself, or below it? '' is the root. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}

/** Sorts in place, by the bytes of the names; listings come sorted, so that it mostly is a check. */
export function sortNames(names: string[]): string[] {
  for (let i = 1; i < names.length; i++) {
    if (compareBytes(names[i - 1]!, names[i]!) > 0) return names.sort(compareBytes);
  }
  return names;
}

/** Order of the UTF-8 bytes. JavaScript's own order differs in the surrogates: they belong behind U+FFFF. */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return byteRank(x) - byteRank(y);
  }
  return a.length - b.length;
}

function byteRank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** Order of a listing: folder by folder, a folder before what is in it; a slash sorts before every other character. */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return (x === 47 ? -1 : byteRank(x)) - (y === 47 ? -1 : byteRank(y));
  }
  return a.length - b.length;
}

/** For a listing that knows its tree without making its entries. */
export function setTree(listing: ContextListing, tree: ContextTree): void {
  trees.set(listing, tree);
}

/** BuildKit's `getFollowLinks`: component by component, never out of the root. */
export function resolveIn(entry: (path: string) => ContextEntry | undefined, path: string, followLast: boolean): Resolved | undefined {
  const links: string[] = [];
  const rest = path.split('/').reverse();
  let current = '';
  while (rest.length > 0) {
    const part = rest.pop()!;
    const next = cleanPath(`/${current}/${part}`).slice(1);
    const found = entry(next);
    if (found?.type !== 'symlink' || (!followLast && rest.every((it) => it === ''))) {
      current = next;
      continue;
    }
    links.push(next);
    if (links.length > MAX_LINKS) return undefined;
    const target = found.link ?? '';
    if (target.startsWith('/')) current = '';
    rest.push(...target.split('/').reverse());
  }
  return current === '' || entry(current) ? { path: current, links } : undefined;
}
