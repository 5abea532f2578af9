/**
 * Turns a scan into a listing. Its entries are made when somebody asks for them: most steps ask for a few files or for the
 * digest of a whole folder, and of 100,000 entries nobody looks at most.
 */
import { describeFile, describeFolder, describeLink, describeOther, digestFolder, ROOT_HEADER } from './content-key.ts';
import { type ContextTree, compareBytes, resolveIn, setTree } from './context-tree.ts';
import { CONTENT_WIDTH, type Columns, contentAt, KIND } from './folder.ts';
import type { ContextEntry, ContextListing } from './types.ts';

export interface ListingTotals {
  readonly files: number;
  readonly folders: number;
  readonly symlinks: number;
  readonly others: number;
  /** Of all files together. */
  readonly bytes: number;
  /** Names that are left out; what lies in ignored folders is not counted. */
  readonly ignored: number;
}

const WINDOWS = process.platform === 'win32';

/** What a builder is told: a client on Windows gives everything the executable bit and takes other people's right to write. */
function modeOf(mode: number): number {
  return WINDOWS ? ((mode & 0o777) | 0o111) & 0o755 : mode;
}

/** Columns with what is needed to find one's way in them. */
interface Index {
  readonly columns: Columns;
  /** Position of each folder that is sent, and of the root. */
  readonly folders: ReadonlyMap<string, number>;
}

export function makeListing(columns: Columns): ContextListing {
  const index: Index = { columns, folders: foldersSent(columns) };
  let entries: ReadonlyMap<string, ContextEntry> | undefined;
  const listing: ContextListing = {
    get entries() {
      entries ??= listEntries(index);
      return entries;
    },
  };
  setTree(listing, columnTree(index));
  return listing;
}

/** Folders that are sent: all but those that are themselves ignored and hold nothing that is taken back in. */
function foldersSent(columns: Columns): ReadonlyMap<string, number> {
  const { folderPaths, folderListed, first, kinds } = columns;
  const positions = new Map(folderPaths.map((path, f) => [path, f]));
  if (!folderListed.includes(0)) return positions;
  const sent = new Map<string, number>(folderPaths.length > 0 ? [['', 0]] : []);
  const isSent = (kind: number): boolean => kind !== KIND.ignored && kind !== KIND.folder;
  for (const [f, folder] of folderPaths.entries()) {
    if (folderListed[f] === 0 && !kinds.subarray(first[f], first[f + 1]).some(isSent)) continue;
    for (let path = folder; path !== '' && !sent.has(path); path = parentOf(path)) sent.set(path, positions.get(path)!);
  }
  return sent;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** Is the path that stands at a position sent? */
function isSent({ columns, folders }: Index, i: number, path: string): boolean {
  const kind = columns.kinds[i];
  return kind === KIND.folder ? folders.has(path) : kind !== KIND.ignored;
}

function entryAt({ columns, folders }: Index, i: number, path: string): ContextEntry {
  switch (columns.kinds[i]) {
    case KIND.file:
      return { path, type: 'file', mode: modeOf(columns.modes[i]!), size: columns.sizes[i]!, content: contentAt(columns, i) || null };
    case KIND.folder:
      return { path, type: 'dir', mode: modeOf(columns.folderModes[folders.get(path)!]!), size: 0, content: null };
    case KIND.symlink:
      return { path, type: 'symlink', mode: 0o777, size: 0, content: null, link: columns.links.get(i)! };
    default:
      return { path, type: 'other', mode: modeOf(columns.modes[i]!), size: 0, content: null };
  }
}

function listEntries(index: Index): ReadonlyMap<string, ContextEntry> {
  const { columns, folders } = index;
  const entries = new Map<string, ContextEntry>();
  const list = (folder: number): void => {
    for (let i = columns.first[folder]!; i < columns.first[folder + 1]!; i++) {
      const path = columns.paths[i]!;
      if (!isSent(index, i, path)) continue;
      entries.set(path, entryAt(index, i, path));
      if (columns.kinds[i] === KIND.folder) list(folders.get(path)!);
    }
  };
  if (columns.folderPaths.length > 0) list(0);
  return entries;
}

/** The tree of a listing, without its entries. */
function columnTree(index: Index): ContextTree {
  const { columns, folders } = index;
  const lists = new Map<number, readonly string[]>();
  const pathsIn = (folder: number): readonly string[] => {
    const paths = lists.get(folder) ?? columns.pathsIn(folder);
    lists.set(folder, paths);
    return paths;
  };
  const made = new Map<string, ContextEntry | undefined>();
  const entry = (path: string): ContextEntry | undefined => {
    if (!made.has(path)) {
      const i = findPath(index, path, pathsIn);
      made.set(path, i >= 0 && isSent(index, i, path) ? entryAt(index, i, path) : undefined);
    }
    return made.get(path);
  };
  return {
    entry,
    children: (folder) => {
      const f = folders.get(folder);
      if (f === undefined) return [];
      const from = columns.first[f]!;
      const paths = pathsIn(f).filter((path, n) => isSent(index, from + n, path));
      return paths.map((path) => path.slice(folder === '' ? 0 : folder.length + 1));
    },
    resolve: (path, followLast) => resolveIn(entry, path, followLast),
    digest: (folder) => {
      const at = (folders.get(folder) ?? 0) * CONTENT_WIDTH;
      return folders.has(folder) ? columns.folderDigests.slice(at, at + CONTENT_WIDTH) : '';
    },
  };
}

/** The position of a path, -1 when it is not there; paths in a folder are sorted. */
function findPath({ columns, folders }: Index, path: string, pathsIn: (folder: number) => readonly string[]): number {
  const f = path === '' ? undefined : folders.get(parentOf(path));
  if (f === undefined) return -1;
  const paths = pathsIn(f);
  let low = 0;
  let high = paths.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareBytes(paths[middle]!, path);
    if (order === 0) return columns.first[f]! + middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** The same columns with the digest of each folder: what `selectionDigest` would work out from the entries. */
export function withFolderDigests(columns: Columns): Columns {
  const index: Index = { columns, folders: foldersSent(columns) };
  const { folderPaths, first, kinds, paths, modes, sizes, links, folderModes } = columns;
  const digests = new Array<string>(folderPaths.length).fill('');
  const describe = (i: number): string => {
    switch (kinds[i]) {
      case KIND.file:
        return describeFile(modeOf(modes[i]!), sizes[i]!, contentAt(columns, i) || null);
      case KIND.symlink:
        return describeLink(0o777, links.get(i)!);
      default:
        return describeOther(modeOf(modes[i]!));
    }
  };
  // folders come before those in them: backwards, what a folder holds is known
  for (let f = folderPaths.length - 1; f >= 0; f--) {
    const skip = folderPaths[f] === '' ? 0 : folderPaths[f]!.length + 1;
    const children: [name: string, digest: string][] = [];
    for (let i = first[f]!; i < first[f + 1]!; i++) {
      if (!isSent(index, i, paths[i]!)) continue;
      const digest = kinds[i] === KIND.folder ? digests[index.folders.get(paths[i]!)!]! : describe(i);
      children.push([paths[i]!.slice(skip), digest]);
    }
    digests[f] = digestFolder(f === 0 ? ROOT_HEADER : describeFolder(modeOf(folderModes[f]!)), children);
  }
  return { ...columns, folderDigests: digests.join('') };
}

/** How much of what is in a context. */
export function countEntries(columns: Columns): ListingTotals {
  const { kinds, sizes } = columns;
  const totals = { files: 0, folders: foldersSent(columns).size - 1, symlinks: 0, others: 0, bytes: 0, ignored: 0 };
  for (let i = 0; i < kinds.length; i++) {
    const kind = kinds[i];
    if (kind === KIND.file) {
      totals.files++;
      totals.bytes += sizes[i]!;
    } else if (kind === KIND.symlink) totals.symlinks++;
    else if (kind === KIND.other) totals.others++;
    else if (kind === KIND.ignored) totals.ignored++;
  }
  return totals;
}

/** Last modification of each file and symlink, in milliseconds since 1970. */
export function listMtimes(columns: Columns): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (const [i, path] of columns.paths.entries()) {
    const kind = columns.kinds[i];
    if (kind === KIND.file || kind === KIND.symlink) out.set(path, columns.mtimes[i]!);
  }
  return out;
}
