/** Reads and writes baseline files: whole or not at all, whatever happens to the process, the disk or another cachewhy. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { readBounded } from '../machine/plain-file.ts';
import { makeFolder, reasonOf, writeNamed } from '../machine/whole-file.ts';
import { pruneBaselines } from './folder.ts';
import type { Baseline } from './model.ts';
import { isNewer, type Loaded, MAX_PACKED_BYTES, packBaseline, peekVersion, unpackBaseline } from './pack.ts';
import { mergePast } from './trend.ts';

/** A salt for the hashes of one project's secrets. */
export function newSalt(): string {
  return randomBytes(16).toString('hex');
}

/** Baselines as they were when they were loaded: what was saved since is another cachewhy's. */
const seen = new Map<string, string>();

function stampOf(file: string): string {
  const { ino, mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? {};
  return `${ino} ${mtimeMs} ${size}`;
}

/** Never throws. A file that is not there is no baseline and no note. */
export function loadBaseline(file: string): Loaded {
  let packed: Buffer;
  try {
    seen.set(file, stampOf(file));
    packed = readBounded(file, MAX_PACKED_BYTES, true);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EFBIG') return { baseline: null, note: `The baseline ${file} is larger than any that cachewhy writes: it was not used.` };
    return {
      baseline: null,
      note: code === 'ENOENT' || code === 'ENOTDIR' ? null : `The baseline ${file} cannot be read (${code ?? 'error'}).`,
    };
  }
  return unpackBaseline(packed, `The baseline ${file}`);
}

/**
 * Writes a baseline beside its place and moves it there: a reader sees the old one or the new one, and a full disk or a kill leaves the old.
 * Of two that save at once the last wins, with a whole file that remembers the builds of both.
 * @returns a note where it could not be written; never throws
 */
export function saveBaseline(file: string, baseline: Baseline): string | null {
  let there: Buffer | null = null;
  try {
    there = peek(file);
    if (there !== null && isNewer(peekVersion(there)))
      return `The baseline ${file} was written by a newer cachewhy: it was not overwritten. Remove it to start anew.`;
    makeFolder(path.dirname(file));
    writeNamed(file, packBaseline(withOthers(file, baseline)), { mode: 0o600, lasting: true });
    // A new project is the moment to tidy up after old ones.
    if (there === null && path.basename(path.dirname(file)) === 'baselines') pruneBaselines(path.dirname(path.dirname(file)));
    return null;
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'its folder cannot be made' : reasonOf(error);
    return `The baseline could not be saved to ${file} (${reason})${there === null ? '' : ': what was there stays'}.`;
  }
}

/** With the builds that another cachewhy remembered there since this one looked. */
function withOthers(file: string, baseline: Baseline): Baseline {
  const before = seen.get(file);
  if (before === undefined || before === stampOf(file)) return baseline;
  const there = loadBaseline(file).baseline;
  return there ? { ...baseline, past: mergePast(there.past, baseline.past) } : baseline;
}

/** The first bytes of a file, null where there is none. Of a pipe nothing is to be read. */
function peek(file: string): Buffer | null {
  let fd: number;
  try {
    if (!statSync(file).isFile()) return null;
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
