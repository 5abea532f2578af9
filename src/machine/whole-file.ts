/** Writes files whole or not at all, whatever happens to the process or the disk meanwhile. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';

/** What went wrong, as people say it. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large',
  EIO: 'the disk does not work',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'its folder is a file',
  ENOENT: 'its folder does not exist',
  EISDIR: 'it is a folder',
};

/** Why a file could not be written: half a sentence. */
export function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return REASONS[code ?? ''] ?? code ?? 'error';
}

/**
 * Not mkdir's own `recursive`, which never ends where a folder exists but takes none (Node 20, /proc).
 * @throws the system's error
 */
export function makeFolder(folder: string, mode = 0o700): void {
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    const parent = path.dirname(folder);
    if (code !== 'ENOENT' || parent === folder) throw error;
    makeFolder(parent, mode);
    // The parent is there now; another process may have made the folder itself meanwhile.
    if (!existsSync(folder)) mkdirSync(folder, { mode });
  }
}

export interface WholeFile {
  /** Of a file that is made anew. Default: for its owner alone; where the user named it, as the umask says. */
  readonly mode?: number;
  /** Wait until the disk has it: a loss of power, too, leaves the old file or the new one. */
  readonly lasting?: boolean;
}

/** What lies beside a file until it takes its place. */
const TEMPORARY = /\.\d+\.[0-9a-z]+\.tmp$/;
const DAY = 24 * 3600 * 1000;

/** Removes, of files in a folder of our own, what a killed writer left a day ago or before. Never throws. */
export function dropTemporary(files: readonly string[]): void {
  const now = Date.now();
  for (const file of files) {
    if (!TEMPORARY.test(file)) continue;
    try {
      // A clock that was wrong for a while makes times that are to come: nobody writes for a day.
      if (Math.abs(now - statSync(file).mtimeMs) > DAY) rmSync(file, { force: true });
    } catch {
      // Another tidied up, too.
    }
  }
}

/**
 * Writes a file of our own beside its place and moves it there: a reader sees the old one or the new one, a full disk or a kill leaves the
 * old, and of two writers the last wins, with a whole file.
 * @throws the system's error; then nothing is left behind
 */
export function writeWhole(file: string, data: Uint8Array | string, { mode = 0o600, lasting = false }: WholeFile = {}): void {
  replace(file, data, mode, (fd) => {
    keepMode(fd, mode);
    if (lasting) fsyncSync(fd);
  });
}

/** Whatever the umask; some file systems have no modes. */
function keepMode(fd: number, mode: number): void {
  try {
    fchmodSync(fd, mode);
  } catch {
    // Its content counts.
  }
}

/**
 * The same for a file that the user named: links are followed, it keeps its mode and its owner, a device or a pipe is written to. Where no
 * other file can be put in its place it is written as it lies there, and put back where that fails.
 * @throws the system's error; what was there stays
 */
export function writeNamed(file: string, data: Uint8Array | string, { mode = 0o666, lasting = false }: WholeFile = {}): void {
  const there = statSync(file, { throwIfNoEntry: false });
  const link = there === undefined && lstatSync(file, { throwIfNoEntry: false }) !== undefined;
  // What /dev/fd/3 leads to is open elsewhere: a new file in its place would not be that one.
  if (link || /^\/(?:dev|proc)\//.test(path.resolve(file)) || (there && !there.isFile())) writeFileSync(file, data);
  else if (there) writeOver(realpathSync(file), data, there, lasting);
  else
    replace(file, data, mode, (fd) => {
      if (lasting) fsyncSync(fd);
    });
}

function writeOver(file: string, data: Uint8Array | string, there: Stats, lasting: boolean): void {
  accessSync(file, constants.W_OK);
  // Other names of the same file are to show the same.
  if (there.nlink > 1) {
    overwrite(file, data);
    return;
  }
  try {
    replace(file, data, 0o600, (fd) => {
      keepOwner(fd, there);
      keepMode(fd, there.mode & 0o7777);
      if (lasting) fsyncSync(fd);
    });
  } catch (error) {
    if (!IN_PLACE.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    overwrite(file, data);
  }
}

/** A folder that takes no file beside this one, a file that is a mount of its own, an owner that may not be given. */
const IN_PLACE = new Set(['EACCES', 'EPERM', 'EROFS', 'EBUSY']);

function keepOwner(fd: number, { uid, gid }: Stats): void {
  const now = fstatSync(fd);
  if (now.uid !== uid || now.gid !== gid) fchownSync(fd, uid, gid);
}

/**
 * Adds to a file that belongs to others as well.
 * @throws the system's error; of ours nothing stays
 */
export function appendWhole(file: string, data: Uint8Array | string): void {
  const fd = openSync(file, 'a');
  const before = fstatSync(fd);
  const bytes = toBytes(data);
  let at = 0;
  try {
    while (at < bytes.length) at += writeSync(fd, bytes, at);
  } catch (error) {
    // Unless another has written behind us.
    if (before.isFile() && fstatSync(fd).size === before.size + at) ftruncateSync(fd, before.size);
    throw error;
  } finally {
    closeSync(fd);
  }
}

function toBytes(data: Uint8Array | string): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
}

/** @param finish what is left to do before the file takes its place */
function replace(file: string, data: Uint8Array | string, mode: number, finish: (fd: number) => void): void {
  // Containers that share a folder share the numbers of their processes, too.
  const temporary = `${file}.${process.pid}.${Math.random().toString(36).slice(2, 10)}.tmp`;
  let made = false;
  try {
    const fd = openSync(temporary, 'wx', mode);
    made = true;
    try {
      writeBytes(fd, toBytes(data));
      finish(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
  } catch (error) {
    if (made) rmSync(temporary, { force: true });
    throw error;
  }
}

function overwrite(file: string, data: Uint8Array | string): void {
  const fd = openSync(file, 'r+');
  try {
    const before = readFileSync(fd);
    try {
      writeBytes(fd, toBytes(data));
    } catch (error) {
      writeBytes(fd, before);
      throw error;
    }
  } finally {
    closeSync(fd);
  }
}

function writeBytes(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at);
  ftruncateSync(fd, bytes.length);
}
