/** What a scan of a context keeps: folder by folder (`Folder`), or all of it as columns (`Columns`). */

/** What a name in a folder is. `ignored`: not sent, and not even opened. */
export const KIND = { ignored: 0, file: 1, folder: 2, symlink: 3, other: 4 } as const;

/**
 * One folder. Parallel columns, because a context may have 100,000 files: `paths[i]` has `kinds[i]`, `modes[i]`, ….
 * Times are in milliseconds with a fraction, as `fs.Stats` has them. Folders among the paths have empty columns: they have a
 * `Folder` of their own.
 */
export interface Folder {
  /** Relative to the root; '' for the root itself. */
  readonly path: string;
  /** false: itself ignored, opened only because an exception may take something in it back in. */
  readonly listed: boolean;
  /** Of the folder itself; the root's mode is not sent, and 0 here. A `ctime` of NaN is not to be relied on, see `isRacy`. */
  readonly mode: number;
  readonly ino: number;
  readonly mtime: number;
  readonly ctime: number;
  /** Of everything in it, sorted; relative to the root. */
  readonly paths: readonly string[];
  readonly kinds: Uint8Array;
  readonly modes: Uint16Array;
  readonly sizes: Float64Array;
  readonly mtimes: Float64Array;
  readonly ctimes: Float64Array;
  readonly inos: Float64Array;
  /** `sha256:…` of a file, the target of a symlink; '' where it is not known. */
  readonly contents: string[];
}

/** Folders one behind the other: `first[f]` to `first[f + 1]` is what lies in folder `f`. */
export interface Columns {
  /** A folder before those in it, in the order of their names. */
  readonly folderPaths: readonly string[];
  readonly folderListed: Uint8Array;
  readonly folderModes: Uint16Array;
  readonly folderInos: Float64Array;
  readonly folderMtimes: Float64Array;
  readonly folderCtimes: Float64Array;
  readonly first: Uint32Array;
  readonly paths: readonly string[];
  /** The paths of one folder; of a cached scan they are cheaper than all `paths`. */
  pathsIn(folder: number): readonly string[];
  readonly kinds: Uint8Array;
  readonly modes: Uint16Array;
  readonly sizes: Float64Array;
  readonly mtimes: Float64Array;
  readonly ctimes: Float64Array;
  readonly inos: Float64Array;
  /** `CONTENT_WIDTH` characters for each path: `sha256:…` of a file, spaces for anything else. */
  readonly contents: string;
  /** Targets of symlinks, by position. */
  readonly links: ReadonlyMap<number, string>;
  /** Digest of each folder with all that is in it (`selectionDigest`), `CONTENT_WIDTH` characters each; '' when not worked out. */
  readonly folderDigests: string;
}

export const CONTENT_WIDTH = 71;

/** The content identity of the file at a position, '' when it is not known. */
export function contentAt(columns: Columns, i: number): string {
  const at = i * CONTENT_WIDTH;
  return columns.contents[at] === 's' ? columns.contents.slice(at, at + CONTENT_WIDTH) : '';
}

export function folderAt(columns: Columns, f: number): Folder {
  const from = columns.first[f]!;
  const to = columns.first[f + 1]!;
  return {
    path: columns.folderPaths[f]!,
    listed: columns.folderListed[f] === 1,
    mode: columns.folderModes[f]!,
    ino: columns.folderInos[f]!,
    mtime: columns.folderMtimes[f]!,
    ctime: columns.folderCtimes[f]!,
    paths: columns.pathsIn(f),
    kinds: columns.kinds.subarray(from, to),
    modes: columns.modes.subarray(from, to),
    sizes: columns.sizes.subarray(from, to),
    mtimes: columns.mtimes.subarray(from, to),
    ctimes: columns.ctimes.subarray(from, to),
    inos: columns.inos.subarray(from, to),
    contents: Array.from({ length: to - from }, (_, i) => columns.links.get(from + i) ?? contentAt(columns, from + i)),
  };
}

export function joinFolders(folders: readonly Folder[]): Columns {
  const paths = folders.flatMap((it) => it.paths);
  const kinds = concat(Uint8Array, paths.length, folders, (it) => it.kinds);
  const contents = folders.flatMap((it) => it.contents);
  const links = new Map<number, string>();
  for (const [i, content] of contents.entries()) if (kinds[i] === KIND.symlink) links.set(i, content);
  const first = new Uint32Array(folders.length + 1);
  for (const [f, folder] of folders.entries()) first[f + 1] = first[f]! + folder.paths.length;
  return {
    folderPaths: folders.map((it) => it.path),
    folderListed: Uint8Array.from(folders, (it) => (it.listed ? 1 : 0)),
    folderModes: Uint16Array.from(folders, (it) => it.mode),
    folderInos: Float64Array.from(folders, (it) => it.ino),
    folderMtimes: Float64Array.from(folders, (it) => it.mtime),
    folderCtimes: Float64Array.from(folders, (it) => it.ctime),
    first,
    paths,
    pathsIn: (f) => folders[f]!.paths,
    kinds,
    modes: concat(Uint16Array, paths.length, folders, (it) => it.modes),
    sizes: concat(Float64Array, paths.length, folders, (it) => it.sizes),
    mtimes: concat(Float64Array, paths.length, folders, (it) => it.mtimes),
    ctimes: concat(Float64Array, paths.length, folders, (it) => it.ctimes),
    inos: concat(Float64Array, paths.length, folders, (it) => it.inos),
    contents: contents.map((content, i) => (kinds[i] === KIND.file ? content : '').padEnd(CONTENT_WIDTH)).join(''),
    links,
    folderDigests: '',
  };
}

type Column = Uint8Array | Uint16Array | Float64Array;

function concat<T extends Column>(
  type: new (length: number) => T,
  length: number,
  folders: readonly Folder[],
  pick: (folder: Folder) => T,
): T {
  const out = new type(length);
  let at = 0;
  for (const folder of folders) {
    const column = pick(folder);
    out.set(column, at);
    at += column.length;
  }
  return out;
}

/**
 * How close to the look at it a change may lie without being told from a later one: timestamps are coarse (2 s on FAT, a
 * clock tick elsewhere). What changed that recently is read again the next time, as git does with its index.
 */
const RACY_MS = 2000;

/** Could it change once more without its `ctime` changing? Looked at between `from` and `to`, milliseconds since 1970. */
export function isRacy(ctime: number, from: number, to: number): boolean {
  return from - RACY_MS < ctime && ctime < to + RACY_MS;
}
