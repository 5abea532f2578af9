/**
 * The scan of a context as a file in the user's cache folder, so that the next one need not read what has not changed.
 * Columns, not records: 100,000 files load in a few milliseconds, and threads can share the bytes.
 * A cache that is missing, damaged, of another version or cannot be written costs time, never correctness.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { dropTemporary, makeFolder, writeWhole } from '../machine/whole-file.ts';
import { CONTENT_WIDTH, type Columns, isRacy, KIND } from './folder.ts';

const MAGIC = 'cachewhy-context 2 ';
/** Head and first column; the head is one line of JSON, padded. */
const HEAD = 256;
/** Caches of other contexts that are kept; the ones used longest ago go first. */
const MAX_FILES = 50;

interface Counts {
  readonly folders: number;
  readonly names: number;
  readonly textBytes: number;
}

/**
 * Byte offsets of the columns. `text` holds the folders' paths, all paths and the link targets, a NUL behind each; in it,
 * `folderText[f]` to `folderText[f + 1]` are the paths of folder `f`.
 */
export interface Layout extends Counts {
  readonly folderInos: number;
  readonly folderMtimes: number;
  readonly folderCtimes: number;
  readonly sizes: number;
  readonly mtimes: number;
  readonly ctimes: number;
  readonly inos: number;
  readonly folderFirst: number;
  readonly folderText: number;
  readonly folderModes: number;
  readonly modes: number;
  readonly folderListed: number;
  readonly kinds: number;
  readonly contents: number;
  readonly folderDigests: number;
  readonly text: number;
  readonly end: number;
}

interface Head extends Counts {
  readonly rules: string;
  readonly crc: number;
}

export interface StatCache {
  /** Digest of the ignore rules that decided which names are sent. */
  readonly rules: string;
  readonly columns: Columns;
  /** The file's bytes, shareable between threads. */
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly layout: Layout;
}

/** The file that holds the scan of this context. */
export function statCacheFile(cacheDir: string, root: string, ignoreFile: string | null): string {
  const name = createHash('sha256')
    .update(JSON.stringify([root, ignoreFile]))
    .digest('hex')
    .slice(0, 32);
  return path.join(cacheDir, 'context', `${name}.bin`);
}

function layOut(counts: Counts): Layout {
  const { folders, names, textBytes } = counts;
  let at = HEAD;
  const take = (bytes: number): number => {
    const here = at;
    at += (bytes + 7) & ~7;
    return here;
  };
  const columns = {
    folderInos: take(folders * 8),
    folderMtimes: take(folders * 8),
    folderCtimes: take(folders * 8),
    sizes: take(names * 8),
    mtimes: take(names * 8),
    ctimes: take(names * 8),
    inos: take(names * 8),
    folderFirst: take((folders + 1) * 4),
    folderText: take((folders + 1) * 4),
    folderModes: take(folders * 2),
    modes: take(names * 2),
    folderListed: take(folders),
    kinds: take(names),
    contents: take(names * CONTENT_WIDTH),
    folderDigests: take(folders * CONTENT_WIDTH),
    text: take(textBytes),
  };
  return { ...counts, ...columns, end: at };
}

export interface OpenStatCache {
  /** Bytes of the file: some 150 for each name in the context. */
  readonly size: number;
  /** undefined where its content cannot be relied on. Call once. */
  load(): StatCache | undefined;
}

/** undefined where there is none. */
export function openStatCache(file: string): OpenStatCache | undefined {
  try {
    const fd = fs.openSync(file, 'r');
    return { size: fs.fstatSync(fd).size, load: () => load(fd) };
  } catch {
    return undefined;
  }
}

function load(fd: number): StatCache | undefined {
  try {
    const { size } = fs.fstatSync(fd);
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    for (let at = 0; at < size; ) {
      const n = fs.readSync(fd, bytes, at, size - at, at);
      if (n === 0) return undefined;
      at += n;
    }
    return decode(bytes);
  } catch {
    return undefined;
  } finally {
    fs.closeSync(fd);
  }
}

function decode(bytes: Uint8Array<SharedArrayBuffer>): StatCache | undefined {
  const { buffer } = bytes;
  const text = Buffer.from(buffer);
  const line = text.toString('latin1', 0, HEAD);
  if (!line.startsWith(MAGIC)) return undefined;
  const head = JSON.parse(line.slice(MAGIC.length)) as Head;
  const layout = layOut(head);
  if (bytes.length !== layout.end || crc32(bytes.subarray(HEAD)) !== head.crc) return undefined;
  const { folders, names } = layout;
  const kinds = new Uint8Array(buffer, layout.kinds, names);
  const folderText = new Uint32Array(buffer, layout.folderText, folders + 1);
  /** Strings behind each other, a NUL behind each. */
  const strings = (from: number, to: number): string[] =>
    from === to ? [] : text.toString('utf8', layout.text + from, layout.text + to - 1).split('\0');
  const targets = strings(folderText[folders]!, layout.textBytes);
  const links = new Map<number, string>();
  for (let i = kinds.indexOf(KIND.symlink); i >= 0; i = kinds.indexOf(KIND.symlink, i + 1)) links.set(i, targets[links.size]!);
  let paths: readonly string[] | undefined;
  let contents: string | undefined;
  const columns: Columns = {
    folderPaths: strings(0, folderText[0]!),
    folderListed: new Uint8Array(buffer, layout.folderListed, folders),
    folderModes: new Uint16Array(buffer, layout.folderModes, folders),
    folderInos: new Float64Array(buffer, layout.folderInos, folders),
    folderMtimes: new Float64Array(buffer, layout.folderMtimes, folders),
    folderCtimes: new Float64Array(buffer, layout.folderCtimes, folders),
    first: new Uint32Array(buffer, layout.folderFirst, folders + 1),
    get paths() {
      paths ??= strings(folderText[0]!, folderText[folders]!);
      return paths;
    },
    pathsIn: (f) => strings(folderText[f]!, folderText[f + 1]!),
    kinds,
    modes: new Uint16Array(buffer, layout.modes, names),
    sizes: new Float64Array(buffer, layout.sizes, names),
    mtimes: new Float64Array(buffer, layout.mtimes, names),
    ctimes: new Float64Array(buffer, layout.ctimes, names),
    inos: new Float64Array(buffer, layout.inos, names),
    get contents() {
      contents ??= text.toString('latin1', layout.contents, layout.contents + names * CONTENT_WIDTH);
      return contents;
    },
    links,
    folderDigests: text.toString('latin1', layout.folderDigests, layout.folderDigests + folders * CONTENT_WIDTH),
  };
  return { rules: head.rules, columns, bytes, layout };
}

/**
 * Writes the scan, all or nothing. What changed too shortly before it was looked at, or since, is marked so that it is read
 * again the next time.
 * @param seenFrom when the look at the files began, milliseconds since 1970.
 * @returns why it could not be written, in one sentence; undefined when it was.
 */
export function saveStatCache(file: string, rules: string, columns: Columns, seenFrom: number): string | undefined {
  try {
    makeFolder(path.dirname(file));
    writeWhole(file, encode(rules, columns, seenFrom));
    dropOldest(path.dirname(file));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Also what writers left that were killed. */
function dropOldest(folder: string): void {
  const all = fs.readdirSync(folder);
  dropTemporary(all.map((name) => path.join(folder, name)));
  const files = all.filter((name) => name.endsWith('.bin'));
  if (files.length <= MAX_FILES) return;
  const used = files.map((name) => ({ name, at: fs.statSync(path.join(folder, name)).mtimeMs })).sort((a, b) => b.at - a.at);
  for (const { name } of used.slice(MAX_FILES)) fs.rmSync(path.join(folder, name), { force: true });
}

function encode(rules: string, columns: Columns, seenFrom: number): Uint8Array {
  const { folderPaths, paths, first } = columns;
  const lines = folderPaths.map((_, f) =>
    paths
      .slice(first[f], first[f + 1])
      .map((path) => `${path}\0`)
      .join(''),
  );
  const folderLines = folderPaths.map((path) => `${path}\0`).join('');
  const tail = [...columns.links.values()].map((link) => `${link}\0`).join('');
  const text = Buffer.from(folderLines + lines.join('') + tail, 'utf8');
  const folderText = new Uint32Array(folderPaths.length + 1);
  folderText[0] = Buffer.byteLength(folderLines);
  for (const [f, line] of lines.entries()) folderText[f + 1] = folderText[f]! + Buffer.byteLength(line);
  const counts: Counts = { folders: folderPaths.length, names: paths.length, textBytes: text.length };
  const layout = layOut(counts);
  const bytes = Buffer.alloc(layout.end);
  const put = (at: number, column: ArrayBufferView): void => {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at);
  };
  const now = Date.now();
  const smudge = (ctime: number): number => (isRacy(ctime, seenFrom, now) ? Number.NaN : ctime);
  put(layout.folderInos, columns.folderInos);
  put(layout.folderMtimes, columns.folderMtimes);
  put(layout.folderCtimes, columns.folderCtimes.map(smudge));
  put(layout.folderFirst, first);
  put(layout.folderText, folderText);
  put(layout.folderModes, columns.folderModes);
  put(layout.folderListed, columns.folderListed);
  put(layout.sizes, columns.sizes);
  put(layout.mtimes, columns.mtimes);
  put(layout.ctimes, columns.ctimes.map(smudge));
  put(layout.inos, columns.inos);
  put(layout.modes, columns.modes);
  put(layout.kinds, columns.kinds);
  bytes.write(columns.contents, layout.contents, 'latin1');
  bytes.write(columns.folderDigests, layout.folderDigests, 'latin1');
  put(layout.text, text);
  const head: Head = { rules, ...counts, crc: crc32(bytes.subarray(HEAD)) };
  bytes.write(`${MAGIC}${JSON.stringify(head)}`.padEnd(HEAD - 1, ' ').concat('\n'), 0, 'latin1');
  return bytes;
}
