/** Reads files whose names come from elsewhere: a log, a checkout, a folder of the user. Never more than expected, and never waits for one. */
import { closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readSync, realpathSync } from 'node:fs';
import path from 'node:path';

const CHUNK = 1 << 20;

/**
 * Reads a file whole. Its size is not believed: those of /proc and of pipes say 0, and others grow.
 * @param file 0: standard input
 * @param any a pipe or a device as well, and waits for it: a person named it (`-f <(make dockerfile)`)
 * @throws the system's error, or one with the code EFBIG or EINVAL (no plain file)
 */
export function readBounded(file: string | 0, maxBytes: number, any = false): Buffer {
  const fd = file === 0 ? 0 : openSync(file, any ? 'r' : constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) throw fault('EISDIR');
    if (!any && !stat.isFile()) throw fault('EINVAL');
    if (stat.size > maxBytes) throw fault('EFBIG');
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(stat.size - total, 0) + 4096));
      const length = readSync(fd, chunk, 0, chunk.length, null);
      if (length === 0) return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total);
      total += length;
      if (total > maxBytes) throw fault('EFBIG');
      chunks.push(chunk.subarray(0, length));
    }
  } finally {
    if (fd !== 0) closeSync(fd);
  }
}

/** The text of a plain file; null where there is none, or none that can be read whole. */
export function readPlainText(file: string, maxBytes: number): string | null {
  try {
    return readBounded(file, maxBytes).toString('utf8');
  } catch {
    return null;
  }
}

function fault(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}

/** Does a file or folder really lie there, wherever links lead? Of one that does not exist, the folder that would hold it counts. */
export function liesIn(folders: readonly string[], file: string): boolean {
  const real = realPlace(path.resolve(file));
  return real !== null && folders.some((folder) => isBelow(realPlace(path.resolve(folder)), real));
}

function isBelow(folder: string | null, file: string): boolean {
  return folder !== null && (file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep));
}

function realPlace(file: string): string | null {
  try {
    return realpathSync(file);
  } catch (error) {
    const parent = path.dirname(file);
    // A link that leads to nothing, or in a ring, has no place.
    const { code } = error as NodeJS.ErrnoException;
    if ((code !== 'ENOENT' && code !== 'ENOTDIR') || parent === file || isLink(file)) return null;
    const above = realPlace(parent);
    return above === null ? null : path.join(above, path.basename(file));
  }
}

function isLink(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/**
 * Would a report written there end outside of the project although its name lies inside? Checkouts hold links of other people.
 * What the user names outside, and devices, are nobody's trick.
 */
export function leadsOut(file: string): boolean {
  const root = projectRoot(process.cwd());
  return isBelow(root, path.resolve(file)) && !liesIn([root], file);
}

/** The repository that a folder belongs to; the folder itself where there is none. */
export function projectRoot(folder: string): string {
  const start = path.resolve(folder);
  for (let at = start; ; at = path.dirname(at)) {
    if (existsSync(path.join(at, '.git'))) return at;
    if (path.dirname(at) === at) return start;
  }
}
