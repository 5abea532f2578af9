/**
 * The digest of a selection, built as BuildKit builds a content key: equal exactly when BuildKit's are.
 * With a description of each entry in place of its hash it is cheap (`selectionDigest`); with the bytes at hand it is
 * BuildKit's very own (`contentKey`), by which an exported cache names its records.
 * https://github.com/moby/buildkit/tree/master/cache/contenthash
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { baseName, type ContextTree, joinPath, treeOf } from './context-tree.ts';
import { type CopySelection, resolveSelection, type SelectedPart } from './select.ts';
import type { ContextEntry, ContextListing } from './types.ts';

/** The bytes of a file, whole or in pieces; undefined when they cannot be had. */
export type ContentReader = (entry: ContextEntry) => Uint8Array | Iterable<Uint8Array> | undefined;

/** What stands for one entry, its folder's content not included; undefined: not known. */
type Describe = (entry: ContextEntry) => string | undefined;

/**
 * How the entries of a list (a source with wildcards, `--exclude` or `--parents`) are named in the hash: by their last
 * component (seen with Docker 28.5), or by their path from the source on (seen with BuildKit 0.32).
 */
type ListNames = 'base' | 'path';

/** The root folder's own header is not sent: BuildKit puts the digest of nothing in its place. */
const NOTHING: string = sha256('');
export const ROOT_HEADER: string = NOTHING;

function sha256(text: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/**
 * A digest of what a step reads from a context, without reading any file: two listings of the same kind (both working
 * trees or both git trees) give the same digest exactly when BuildKit's content keys are the same.
 */
export function selectionDigest(listing: ContextListing, selection: CopySelection): string {
  return digestSelection(listing, selection, describeEntry, 'path')!;
}

/** Digests of whole folders by `describeEntry`: several steps read the same ones. */
const folderDigests = new WeakMap<ContextTree, Map<string, string>>();

/**
 * BuildKit's content key of a selection (`sha256:…`): one, or two where builders of different age name list entries
 * differently. None where it cannot be known: the build fails on the selection, a file cannot be read, or there are devices
 * among the entries. Extended attributes count only where the listing has them.
 */
export function contentKeys(listing: ContextListing, selection: CopySelection, read: ContentReader): readonly string[] {
  const { parts, failures } = resolveSelection(listing, selection);
  if (failures.length > 0) return [];
  // sources with equal selectors come in the order of Go's unstable sort, which keeps short lists as they are
  if (parts.length > 12 && new Set(parts.map((it) => it.source)).size < parts.length) return [];
  const known = new Map<ContextEntry, string | undefined>();
  const describe: Describe = (entry) => {
    if (!known.has(entry)) known.set(entry, hashFile(entry, read));
    return known.get(entry);
  };
  const names: readonly ListNames[] = parts.some((part) => part.kind === 'list') ? ['path', 'base'] : ['path'];
  const keys = names.map((it) => digestSelection(listing, selection, describe, it)).filter((it) => it !== undefined);
  return [...new Set(keys)];
}

/** Reads the files of a context's folder, piece by piece. */
export function contentsOf(root: string): ContentReader {
  return (entry) => {
    try {
      return readPieces(fs.openSync(path.join(root, entry.path), 'r'));
    } catch {
      return undefined;
    }
  };
}

function* readPieces(fd: number): Generator<Uint8Array, void, void> {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  try {
    for (let n = fs.readSync(fd, buffer); n > 0; n = fs.readSync(fd, buffer)) yield buffer.subarray(0, n);
  } finally {
    fs.closeSync(fd);
  }
}

/** The name of a record in a cache (`application/vnd.buildkit.cacheconfig.v0`): -1 is the output of content keys, 0 that of steps. */
export function recordDigest(key: string, output: -1 | 0): string {
  return sha256(`${key}@${output}`);
}

/** The selector that a record's input carries: which paths the step picks from the input. */
export function selectorDigest(selection: CopySelection, listing: ContextListing): string {
  const paths = resolveSelection(listing, selection).parts.map((it) => it.source);
  return sha256(paths.sort().reverse().join('\0'));
}

/** What stands for an entry in a `selectionDigest`: equal for two exactly when BuildKit's hashes are. */
function describeEntry(entry: ContextEntry): string {
  const xattrs = entry.xattrs ? JSON.stringify(Object.entries(entry.xattrs).sort()) : '';
  if (entry.type === 'file') return describeFile(entry.mode, entry.size, entry.content) + xattrs;
  if (entry.type === 'symlink') return describeLink(entry.mode, entry.link ?? '') + xattrs;
  return (entry.type === 'dir' ? describeFolder(entry.mode) : describeOther(entry.mode)) + xattrs;
}

export function describeFile(mode: number, size: number, content: string | null): string {
  return `file ${mode} ${size} ${content ?? '-'} `;
}

export function describeLink(mode: number, link: string): string {
  return `symlink ${mode} ${link} `;
}

export function describeFolder(mode: number): string {
  return `dir ${mode} `;
}

export function describeOther(mode: number): string {
  return `other ${mode} `;
}

/** The digest of a folder from its own header and those of its children, folders by their digest. */
export function digestFolder(header: string, children: readonly (readonly [name: string, digest: string])[]): string {
  return sha256(`\0${header}${children.map(([name, digest]) => `\0${name}${digest}`).join('')}`);
}

function digestSelection(listing: ContextListing, selection: CopySelection, describe: Describe, names: ListNames): string | undefined {
  const tree = treeOf(listing);
  const digests: string[] = [];
  for (const part of resolveSelection(listing, selection).parts) {
    const digest = digestPart(tree, part, describe, names);
    if (digest === undefined) return undefined;
    digests.push(digest);
  }
  return sha256(digests.join('\0'));
}

function digestPart(tree: ContextTree, part: SelectedPart, describe: Describe, names: ListNames): string | undefined {
  const [first] = part.items;
  if (!first) return sha256('');
  if (part.kind === 'whole') return digestWhole(tree, first.path, describe);
  const single = part.items.length === 1 && baseName(part.source) === baseName(first.name === '' ? part.source : first.name);
  const lines: string[] = [];
  for (const item of part.items) {
    const digest = item.whole ? digestWhole(tree, item.path, describe) : describeAt(tree, item.path, describe);
    if (digest === undefined) return undefined;
    if (single) return digest;
    if (names === 'base') lines.push(`${baseName(item.name === '' ? part.source : item.name)}${digest}`);
    else lines.push(`${item.name === '' ? '\0' : `\0${item.name.replaceAll('/', '\0')}`}${digest}`);
  }
  return sha256(names === 'base' ? lines.join('\0') : lines.join(''));
}

function describeAt(tree: ContextTree, path: string, describe: Describe): string | undefined {
  const entry = tree.entry(path);
  return entry ? describe(entry) : ROOT_HEADER;
}

/** A file's hash, or that of a folder: its header, then each child under its name, folders by their own digest. */
function digestWhole(tree: ContextTree, path: string, describe: Describe): string | undefined {
  const own = describeAt(tree, path, describe);
  const entry = tree.entry(path);
  if (own === undefined || (entry && entry.type !== 'dir')) return own;
  const known = describe === describeEntry ? memoryOf(tree) : undefined;
  const remembered = known?.get(path) ?? (known && tree.digest(path));
  if (remembered) return remembered;
  const children: [name: string, digest: string][] = [];
  for (const name of tree.children(path)) {
    const digest = digestWhole(tree, joinPath(path, name), describe);
    if (digest === undefined) return undefined;
    children.push([name, digest]);
  }
  const digest = digestFolder(own, children);
  known?.set(path, digest);
  return digest;
}

function memoryOf(tree: ContextTree): Map<string, string> {
  const known = folderDigests.get(tree) ?? new Map<string, string>();
  folderDigests.set(tree, known);
  return known;
}

const TYPE_FLAG = { file: '0', symlink: '2', dir: '5' } as const;

/** The hash of one entry: a tar header as text, then the bytes. Owner and group of a local context are always 0. */
function hashFile(entry: ContextEntry, read: ContentReader): string | undefined {
  if (entry.type === 'other') return undefined;
  const hash = createHash('sha256');
  const header = `namemode${entry.mode}uid0gid0size${entry.type === 'file' ? entry.size : 0}typeflag${TYPE_FLAG[entry.type]}`;
  hash.update(`${header}linkname${entry.type === 'symlink' ? (entry.link ?? '') : ''}unamegnamedevmajor0devminor0`);
  for (const [name, value] of Object.entries(entry.xattrs ?? {}).sort()) hash.update(name + value);
  if (entry.type === 'file' && entry.size > 0 && entry.content !== NOTHING) {
    const bytes = read(entry);
    if (bytes === undefined) return undefined;
    if (bytes instanceof Uint8Array) hash.update(bytes);
    else for (const piece of bytes) hash.update(piece);
  }
  return `sha256:${hash.digest('hex')}`;
}
