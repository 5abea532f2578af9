/** Looks into one folder of a context: names, what is ignored, `lstat` of the rest. */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import fs from 'node:fs';
import { compareBytes, joinPath, sortNames } from './context-tree.ts';
import type { FolderState, IgnoreRules } from './dockerignore.ts';
import { type Folder, KIND } from './folder.ts';
import type { ContextProblem } from './types.ts';

export interface ScanTools {
  /** Absolute, without a trailing slash. */
  readonly root: string;
  readonly rules: IgnoreRules;
  /** The scan before: a file with the same `lstat` has the same content. */
  readonly before: ReadonlyMap<string, Folder>;
  readonly problems: ContextProblem[];
}

/** A folder to look into: what the folder above knows of it. */
export interface FolderTask {
  readonly path: string;
  readonly listed: boolean;
  /** Which patterns matched it. Asked for only when the folder is really looked into. */
  state(): FolderState | undefined;
}

export interface FolderScan {
  readonly folder: Folder;
  /** The folders in it, in order. */
  readonly tasks: readonly FolderTask[];
  /** Which names are files whose content is not known yet: indices. */
  readonly unread: readonly number[];
}

const EMPTY = `sha256:${createHash('sha256').digest('hex')}`;
const NO_THROW = { throwIfNoEntry: false } as const;

/** undefined: it is not there (any more), or it is no folder. */
export function scanFolder(tools: ScanTools, task: FolderTask): FolderScan | undefined {
  const { root, rules, problems } = tools;
  const full = task.path === '' ? root : `${root}/${task.path}`;
  const own = fs.lstatSync(full, NO_THROW);
  if (!own?.isDirectory()) return undefined;
  const said = problems.length;
  const names = readNames(tools, task, full);
  const before = tools.before.get(task.path);
  const count = names.length;
  const folder: Folder = {
    path: task.path,
    listed: task.listed,
    mode: task.path === '' ? 0 : own.mode & 0o7777,
    ino: own.ino,
    mtime: own.mtimeMs,
    ctime: own.ctimeMs,
    paths: names.map((name) => joinPath(task.path, name)),
    kinds: new Uint8Array(count),
    modes: new Uint16Array(count),
    sizes: new Float64Array(count),
    mtimes: new Float64Array(count),
    ctimes: new Float64Array(count),
    inos: new Float64Array(count),
    contents: new Array<string>(count).fill(''),
  };
  const tasks: FolderTask[] = [];
  const unread: number[] = [];
  const above = task.state();
  for (let i = 0; i < count; i++) {
    const path = folder.paths[i]!;
    const { ignored, state } = rules.judge(path, above);
    if (ignored && !rules.mayHoldExceptions(path)) continue;
    const stat = lstat(tools, path, `${root}/${path}`);
    if (!stat) continue;
    if (stat.isDirectory()) {
      folder.kinds[i] = KIND.folder;
      tasks.push({ path, listed: !ignored, state: () => state });
    } else if (!ignored) {
      keepStat(folder, i, stat);
      if (arrivesEmpty(tools, folder, i)) continue;
      if (!reuseContent(folder, i, before) && !readContent(problems, folder, i, `${root}/${path}`)) unread.push(i);
    }
  }
  // where there is something to say, it is to be said the next time as well: the folder is looked into again
  return { folder: problems.length > said ? { ...folder, ctime: Number.NaN } : folder, tasks, unread };
}

/**
 * A client walks the context by one reading of the ignore file and opens files by another. Where exceptions are taken back
 * again (`a`, `!a/b`, `a`) they differ: the file is sent with its size, and without its bytes. Seen with Docker 28.5.
 */
function arrivesEmpty({ rules, problems }: ScanTools, folder: Folder, i: number): boolean {
  if (folder.kinds[i] !== KIND.file || !rules.hasExceptions || rules.ignores(folder.paths[i]!) !== true) return false;
  folder.contents[i] = EMPTY;
  problems.push({
    path: folder.paths[i]!,
    kind: 'ignore-file',
    message: 'builders get this file empty: the ignore rules contradict each other',
  });
  return true;
}

function readNames(tools: ScanTools, task: FolderTask, full: string): string[] {
  try {
    const names = sortNames(fs.readdirSync(full));
    return names.some((name) => name.includes('\uFFFD')) ? decodable(tools, task, full) : names;
  } catch (error) {
    // an ignored folder that cannot be opened is nobody's loss
    if (task.listed) tools.problems.push({ path: task.path, kind: problemKind(error), message: `cannot be opened: ${reason(error)}` });
    return [];
  }
}

/** Names that are not UTF-8 cannot be sent to a builder at all (its protocol refuses them): they are left out, and said. */
function decodable(tools: ScanTools, task: FolderTask, full: string): string[] {
  const names: string[] = [];
  for (const bytes of fs.readdirSync(full, { encoding: 'buffer' })) {
    const name = bytes.toString('utf8');
    if (Buffer.from(name, 'utf8').equals(bytes)) names.push(name);
    else {
      const path = joinPath(task.path, name);
      tools.problems.push({ path, kind: 'undecodable-name', message: 'the name is not UTF-8; no builder takes such a file' });
    }
  }
  return names.sort(compareBytes);
}

function lstat(tools: ScanTools, path: string, full: string): Stats | undefined {
  try {
    return fs.lstatSync(full, NO_THROW);
  } catch (error) {
    tools.problems.push({ path, kind: problemKind(error), message: `cannot be looked at: ${reason(error)}` });
    return undefined;
  }
}

export function problemKind(error: unknown): 'vanished' | 'unreadable' {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOENT' || code === 'ENOTDIR' ? 'vanished' : 'unreadable';
}

export function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown error';
}

function keepStat(folder: Folder, i: number, stat: Stats): void {
  // a socket reaches the builder as an empty file
  folder.kinds[i] = stat.isFile() || stat.isSocket() ? KIND.file : stat.isSymbolicLink() ? KIND.symlink : KIND.other;
  folder.modes[i] = stat.mode & 0o7777;
  folder.sizes[i] = stat.size;
  folder.mtimes[i] = stat.mtimeMs;
  folder.ctimes[i] = stat.ctimeMs;
  folder.inos[i] = stat.ino;
  if (stat.isSocket()) folder.contents[i] = EMPTY;
}

/** Takes the content from the scan before, if nothing that `lstat` tells has changed. A NaN there is equal to nothing. */
function reuseContent(folder: Folder, i: number, before: Folder | undefined): boolean {
  const at = before ? findPath(before.paths, folder.paths[i]!, i) : -1;
  if (!before || at < 0 || before.contents[at] === '' || before.kinds[at] !== folder.kinds[i]) return false;
  const same =
    before.sizes[at] === folder.sizes[i] &&
    before.mtimes[at] === folder.mtimes[i] &&
    before.ctimes[at] === folder.ctimes[i] &&
    before.inos[at] === folder.inos[i];
  if (same) folder.contents[i] = before.contents[at]!;
  return same;
}

/** Where a path is in a sorted list; most often where it was. */
function findPath(paths: readonly string[], path: string, guess: number): number {
  if (paths[guess] === path) return guess;
  let low = 0;
  let high = paths.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareBytes(paths[middle]!, path);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Symlinks are read here and now; what is neither file nor link has no content. true: nothing left to do. */
function readContent(problems: ContextProblem[], folder: Folder, i: number, full: string): boolean {
  if (folder.kinds[i] === KIND.file) return folder.contents[i] !== '';
  if (folder.kinds[i] === KIND.symlink) {
    try {
      folder.contents[i] = fs.readlinkSync(full);
    } catch (error) {
      problems.push({ path: folder.paths[i]!, kind: problemKind(error), message: `the link cannot be read: ${reason(error)}` });
    }
  }
  return true;
}
