/**
 * Asks the file system whether a scan still holds: the one loop that runs over every file of an unchanged context, on this
 * thread and on others. `verifyFolders` is handed to the other threads as text, so it uses nothing but its arguments.
 */
import type fs from 'node:fs';
import type { Layout } from './stat-cache.ts';

/** What `verifyFolders` found out about a folder. */
export const VERDICT = { unknown: 0, same: 1, changed: 2 } as const;

export interface VerifyJob {
  readonly root: string;
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  readonly layout: Layout;
  /** A folder whose own times are as they were holds the names that it held. True of file systems that keep such times. */
  readonly trustFolderTimes: boolean;
  /** The device the root is on: a folder on another one is looked into in any case. */
  readonly device: number;
  /** [0]: the next folder to look at. */
  readonly shared: Int32Array<SharedArrayBuffer>;
  readonly verdicts: Uint8Array<SharedArrayBuffer>;
}

type FileSystem = Pick<typeof fs, 'lstatSync' | 'readdirSync'>;

/**
 * Takes folders until none is left (true), or until the deadline (false).
 * @param pathsIn what lay in a folder, in the order of the columns.
 */
export function verifyFolders(
  io: FileSystem,
  job: VerifyJob,
  folderPaths: readonly string[],
  pathsIn: (folder: number) => readonly string[],
  deadline: number,
): boolean {
  const { layout, shared, verdicts } = job;
  const { buffer } = job.bytes;
  const { folders, names } = layout;
  const folderInos = new Float64Array(buffer, layout.folderInos, folders);
  const folderMtimes = new Float64Array(buffer, layout.folderMtimes, folders);
  const folderCtimes = new Float64Array(buffer, layout.folderCtimes, folders);
  const first = new Uint32Array(buffer, layout.folderFirst, folders + 1);
  const folderModes = new Uint16Array(buffer, layout.folderModes, folders);
  const sizes = new Float64Array(buffer, layout.sizes, names);
  const mtimes = new Float64Array(buffer, layout.mtimes, names);
  const ctimes = new Float64Array(buffer, layout.ctimes, names);
  const inos = new Float64Array(buffer, layout.inos, names);
  const modes = new Uint16Array(buffer, layout.modes, names);
  const kinds = new Uint8Array(buffer, layout.kinds, names);
  const options = { throwIfNoEntry: false } as const;
  /** S_IFMT of regular files and symlinks, by kind. */
  const types = [0, 0o100000, 0, 0o120000, 0];

  const holds = (folder: number): boolean => {
    const path = folderPaths[folder]!;
    const full = path === '' ? job.root : `${job.root}/${path}`;
    const own = io.lstatSync(full, options);
    if (!own || (own.mode & 0o170000) !== 0o040000) return false;
    if (folder > 0 && (own.mode & 0o7777) !== folderModes[folder]) return false;
    const from = first[folder]!;
    const count = first[folder + 1]! - from;
    const paths = pathsIn(folder);
    const untouched = own.ino === folderInos[folder] && own.mtimeMs === folderMtimes[folder] && own.ctimeMs === folderCtimes[folder];
    if (!untouched) return false;
    if (!job.trustFolderTimes || own.dev !== job.device) {
      const found = io.readdirSync(full);
      if (found.length !== count) return false;
      for (let n = 0; n < count; n++) if (paths[n] !== (path === '' ? '' : `${path}/`) + found[n]) return false;
    }
    const prefix = `${job.root}/`;
    for (let n = 0; n < count; n++) {
      const i = from + n;
      const kind = kinds[i]!;
      if (kind === 0 || kind === 2) continue; // ignored; or a folder, which has its own turn
      const stat = io.lstatSync(prefix + paths[n]!, options);
      if (!stat || stat.mtimeMs !== mtimes[i] || stat.ctimeMs !== ctimes[i] || stat.ino !== inos[i]) return false;
      if (stat.size !== sizes[i] || (stat.mode & 0o7777) !== modes[i]) return false;
      if (types[kind] !== 0 && (stat.mode & 0o170000) !== types[kind]) return false;
    }
    return true;
  };

  for (;;) {
    const folder = Atomics.add(shared, 0, 1);
    if (folder >= folders) return true;
    let same = false;
    try {
      same = holds(folder);
    } catch {
      // unreadable by now: whoever scans it says so
    }
    verdicts[folder] = same ? 1 : 2;
    if (deadline > 0 && performance.now() > deadline) return false;
  }
}

/** `verifyFolders` for another thread: a function of the job, as source. */
export const VERIFY_TASK: string = `(job) => {
  const { bytes, layout } = job;
  const text = Buffer.from(bytes.buffer, layout.text, layout.textBytes);
  const folderText = new Uint32Array(bytes.buffer, layout.folderText, layout.folders + 1);
  const folderPaths = text.toString('utf8', 0, folderText[0]).split('\\0');
  const pathsIn = (folder) => text.toString('utf8', folderText[folder], folderText[folder + 1]).split('\\0');
  (${verifyFolders.toString()})(require('node:fs'), job, folderPaths, pathsIn, 0);
}`;
