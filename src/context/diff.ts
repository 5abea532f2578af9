/** What changed between two listings, path by path. */
import { comparePaths, isWithin } from './context-tree.ts';
import { type CopySelection, resolveSelection, selectEntries } from './select.ts';
import type { ContextEntry, ContextListing, PathChange } from './types.ts';

/**
 * The differences that BuildKit sees, sorted by path; with a selection only those among the entries that the step covers.
 * A folder that came (or went) with what is in it is not listed, an empty one is.
 */
export function diffListings(before: ContextListing, after: ContextListing, selection?: CopySelection): PathChange[] {
  const all = diffWhole(before, after);
  if (!selection || all.length === 0) return [...all];
  const folders = wholeFolders(before, after, selection);
  if (folders) return all.filter(({ path }) => folders.some((folder) => isWithin(path, folder)));
  const changes = diffEntries(selectMap(before, selection), selectMap(after, selection));
  return [...changes, ...diffLinks(before, after, selection, changes)].sort((a, b) => comparePaths(a.path, b.path));
}

const wholes = new WeakMap<ContextListing, WeakMap<ContextListing, readonly PathChange[]>>();

/** All changes between two listings; worked out once, though asked for by every step that reads the context. */
function diffWhole(before: ContextListing, after: ContextListing): readonly PathChange[] {
  const known = wholes.get(before) ?? new WeakMap<ContextListing, readonly PathChange[]>();
  wholes.set(before, known);
  const changes = known.get(after) ?? diffEntries(before.entries, after.entries);
  known.set(after, changes);
  return changes;
}

/** What a selection covers, where it is the same files and whole folders before and after; undefined when it is not that simple. */
function wholeFolders(before: ContextListing, after: ContextListing, selection: CopySelection): readonly string[] | undefined {
  const [old, now] = [resolveSelection(before, selection).parts, resolveSelection(after, selection).parts];
  if ([...old, ...now].some((part) => part.kind === 'list')) return undefined;
  const targets = (parts: typeof old): string[] => parts.flatMap((part) => part.items.map((item) => item.path));
  const [were, are] = [targets(old), targets(now)];
  return were.length === are.length && were.every((it, i) => it === are[i]) ? are : undefined;
}

function selectMap(listing: ContextListing, selection: CopySelection): ReadonlyMap<string, ContextEntry> {
  return new Map(selectEntries(listing, selection).map((entry) => [entry.path, entry]));
}

function diffEntries(before: ReadonlyMap<string, ContextEntry>, after: ReadonlyMap<string, ContextEntry>): PathChange[] {
  const changes: PathChange[] = [];
  const added: ContextEntry[] = [];
  const removed: ContextEntry[] = [];
  for (const entry of after.values()) {
    const old = before.get(entry.path);
    if (!old) added.push(entry);
    else if (old !== entry) {
      const change = compareEntries(old, entry);
      if (change) changes.push(change);
    }
  }
  for (const entry of before.values()) if (!after.has(entry.path)) removed.push(entry);
  changes.push(...withoutFull(added, 'added'), ...withoutFull(removed, 'removed'));
  return changes.sort((a, b) => comparePaths(a.path, b.path));
}

/** What happened to an entry that is there before and after; undefined: nothing that BuildKit hashes, as far as is known. */
function compareEntries(before: ContextEntry, after: ContextEntry): PathChange | undefined {
  const { path } = after;
  const details: string[] = [];
  let modified = false;
  if (before.type !== after.type) {
    details.push(`${before.type} → ${after.type}`);
    modified = true;
  } else if (before.type === 'symlink') {
    if (before.link !== after.link) {
      details.push(`link ${before.link ?? ''} → ${after.link ?? ''}`);
      modified = true;
    }
  } else if (before.type === 'file') modified = contentDiffers(before, after);
  if (before.type === after.type && before.mode !== after.mode) details.push(`mode ${octal(before.mode)} → ${octal(after.mode)}`);
  details.push(...diffXattrs(before, after));
  if (!modified && details.length === 0) return undefined;
  const change = modified ? 'modified' : 'metadata';
  if (details.length === 0) return { path, change };
  const unnoticed = before.type === 'dir' && after.type === 'dir';
  return { path, change, detail: details.join(', '), ...(unnoticed ? { unnoticed } : {}) };
}

/** Contents of different kinds (a git blob, a hashed file), or unknown ones, say nothing about each other; sizes still do. */
function contentDiffers(before: ContextEntry, after: ContextEntry): boolean {
  if (before.size !== after.size) return true;
  if (before.content === null || after.content === null) return false;
  if (before.content === after.content) return false;
  const kind = (content: string): string => content.slice(0, content.indexOf(':'));
  return kind(before.content) === kind(after.content);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(3, '0');
}

function diffXattrs(before: ContextEntry, after: ContextEntry): string[] {
  if (!before.xattrs || !after.xattrs) return []; // a listing without them does not know of any
  const names = new Set([...Object.keys(before.xattrs), ...Object.keys(after.xattrs)]);
  return [...names].filter((name) => before.xattrs?.[name] !== after.xattrs?.[name]).map((name) => `xattr ${name}`);
}

/** Leaves out the folders in which something else of the same kind of change lies. */
function withoutFull(entries: readonly ContextEntry[], change: 'added' | 'removed'): PathChange[] {
  const full = new Set<string>();
  for (const { path } of entries) {
    const slash = path.lastIndexOf('/');
    if (slash >= 0) full.add(path.slice(0, slash));
  }
  return entries.filter((it) => it.type !== 'dir' || !full.has(it.path)).map(({ path }) => ({ path, change }));
}

/**
 * Symlinks that a source leads through are not hashed themselves. When one points elsewhere now, and the files it leads to
 * differ, the link is what changed.
 */
function diffLinks(before: ContextListing, after: ContextListing, selection: CopySelection, changes: readonly PathChange[]): PathChange[] {
  if (changes.length === 0) return [];
  const links = (listing: ContextListing): string[] => resolveSelection(listing, selection).parts.flatMap((part) => part.links);
  const known = new Set(changes.map((it) => it.path));
  const out: PathChange[] = [];
  for (const path of new Set([...links(before), ...links(after)])) {
    const [old, now] = [before.entries.get(path), after.entries.get(path)];
    const change = old && now ? compareEntries(old, now) : undefined;
    if (change && !known.has(path)) out.push(change);
  }
  return out;
}

/** A file that moved: gone from one path, and the only file of that content to appear at another. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** Which of the added files are removed ones under another name. Empty files prove nothing. */
export function findRenames(before: ContextListing, after: ContextListing, changes: readonly PathChange[]): Rename[] {
  const removed = byContent(before, changes, 'removed');
  const added = byContent(after, changes, 'added');
  const out: Rename[] = [];
  for (const [content, paths] of added) {
    const from = removed.get(content);
    if (paths.length === 1 && from?.length === 1) out.push({ from: from[0]!, to: paths[0]! });
  }
  return out.sort((a, b) => comparePaths(a.to, b.to));
}

function byContent(listing: ContextListing, changes: readonly PathChange[], change: PathChange['change']): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const it of changes) {
    const entry = it.change === change ? listing.entries.get(it.path) : undefined;
    if (!entry?.content || entry.size === 0) continue;
    const paths = out.get(entry.content);
    if (paths) paths.push(it.path);
    else out.set(entry.content, [it.path]);
  }
  return out;
}

/** A file whose content changed while its size, mode and time did not: builders do not notice, and reuse what is stale. */
export interface StaleFile {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
}

interface TimedListing {
  readonly listing: ContextListing;
  mtimes(): ReadonlyMap<string, number>;
}

/**
 * Files that a BuildKit client would not send again although their content is another: it compares size, mode and time of
 * last modification only.
 */
export function findStaleFiles(before: TimedListing, after: TimedListing): StaleFile[] {
  const out: StaleFile[] = [];
  for (const { path, change, detail } of diffListings(before.listing, after.listing)) {
    if (change !== 'modified' || detail !== undefined) continue;
    const entry = after.listing.entries.get(path);
    const mtime = after.mtimes().get(path);
    if (!entry || mtime === undefined || before.listing.entries.get(path)?.size !== entry.size) continue;
    if (before.mtimes().get(path) === mtime) out.push({ path, size: entry.size, mtime });
  }
  return out;
}
