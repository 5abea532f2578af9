/** Reads and writes baseline files: whole or not at all, whatever happens to the process, the disk or another cachewhy. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { pruneBaselines } from './folder.ts';
import type { Baseline } from './model.ts';
import { isNewer, type Loaded, MAX_PACKED_BYTES, packBaseline, peekVersion, unpackBaseline } from './pack.ts';

export { cacheFolder } from '../cache-folder.ts';
export { baselineFile, pruneBaselines } from './folder.ts';
export type { Baseline, BaselineStep, PastBuild, Project } from './model.ts';
export { type Loaded, packBaseline, unpackBaseline } from './pack.ts';

/** A salt for the hashes of one project's secrets. */
export function newSalt(): string {
  return randomBytes(16).toString('hex');
}

/** Never throws. A file that is not there is no baseline and no note. */
export function loadBaseline(file: string): Loaded {
  let packed: Buffer;
  try {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      if (size > MAX_PACKED_BYTES)
        return {
          baseline: null,
          note: `The baseline ${file} is larger (${Math.round(size / 1e6)} MB) than any that cachewhy writes: it was not used.`,
        };
      packed = readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { baseline: null, note: code === 'ENOENT' ? null : `The baseline ${file} cannot be read (${code ?? 'error'}).` };
  }
  return unpackBaseline(packed, `The baseline ${file}`);
}

/** What went wrong, as people say it. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'its folder is a file',
  ENOENT: 'its folder cannot be made',
  EISDIR: 'it is a folder',
};

/**
 * Writes a baseline beside its place and moves it there: a reader sees the old one or the new one, and a full disk or a kill leaves the old.
 * Of two that save at once the last wins, with a whole file.
 * @returns a note where it could not be written; never throws
 */
export function saveBaseline(file: string, baseline: Baseline): string | null {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const there = peek(file);
    if (there !== null && isNewer(peekVersion(there)))
      return `The baseline ${file} was written by a newer cachewhy: it was not overwritten. Remove it to start anew.`;
    makeFolder(path.dirname(file));
    writeWhole(temporary, packBaseline(baseline));
    renameSync(temporary, file);
    // A new project is the moment to tidy up after old ones.
    if (there === null && path.basename(path.dirname(file)) === 'baselines') pruneBaselines(path.dirname(path.dirname(file)));
    return null;
  } catch (error) {
    remove(temporary);
    const { code } = error as NodeJS.ErrnoException;
    const reason = REASONS[code ?? ''] ?? code ?? 'error';
    return `The baseline could not be saved to ${file} (${reason}): what was there stays.`;
  }
}

/** Not mkdir's own `recursive`, which never ends where a folder exists but takes none (Node 20, /proc). */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = path.dirname(folder);
    if (code !== 'ENOENT' || parent === folder) throw error;
    makeFolder(parent);
    // The parent is there now; another process may have made the folder itself meanwhile.
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
  }
}

/** The first bytes of a file, null where there is none. */
function peek(file: string): Buffer | null {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    const start = Buffer.alloc(4096);
    return start.subarray(0, readSync(fd, start, 0, start.length, 0));
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

function writeWhole(file: string, data: Buffer): void {
  const fd = openSync(file, 'wx', 0o600);
  try {
    for (let at = 0; at < data.length; ) at += writeSync(fd, data, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function remove(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It was never made, or goes with the next tidying.
  }
}
