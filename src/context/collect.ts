/** From the root down: folders that are as they were come from the cache, the others are looked into, new content is hashed. */
import fs from 'node:fs';
import type { FolderState, IgnoreRules } from './dockerignore.ts';
import { hashAll, type Pause } from './file-hash.ts';
import { type Columns, type Folder, folderAt, joinFolders, KIND } from './folder.ts';
import { type FolderTask, problemKind, reason, type ScanTools, scanFolder } from './scan.ts';
import type { ContextProblem } from './types.ts';

export interface CollectOptions {
  /** Absolute, without a trailing slash. */
  readonly root: string;
  readonly rules: IgnoreRules;
  readonly problems: ContextProblem[];
  /** The scan before, if there is one. */
  readonly before: Columns | undefined;
  /** By position in `before`: is this folder, with its files, as it was? */
  isUnchanged(folder: number): boolean;
  /** Milliseconds of work before it yields; 0: never. */
  readonly slice: number;
  /** Names to list at most. */
  readonly limit: number;
}

export interface Collection {
  readonly columns: Columns;
  /** Is it another scan than the one before? */
  readonly changed: boolean;
  /** Files whose bytes were read. */
  readonly hashed: number;
}

interface Unread {
  readonly folder: Folder;
  readonly index: number;
}

export function* collectFolders(options: CollectOptions): Generator<Pause, Collection, void> {
  const { before, isUnchanged } = options;
  if (before?.folderPaths.every((_, f) => isUnchanged(f))) return { columns: before, changed: false, hashed: 0 };
  const unread: Unread[] = [];
  const folders = yield* walk(options, unread);
  yield* readFiles(options, unread);
  return { columns: joinFolders(folders), changed: true, hashed: unread.length };
}

function* walk(options: CollectOptions, unread: Unread[]): Generator<Pause, Folder[], void> {
  const { root, rules, problems, before, isUnchanged, slice, limit } = options;
  const positions = new Map(before?.folderPaths.map((it, f) => [it, f]));
  const known = new Map(before?.folderPaths.map((it, f) => [it, folderAt(before, f)]));
  const tools: ScanTools = { root, rules, before: known, problems };
  const folders: Folder[] = [];
  const stack: FolderTask[] = [{ path: '', listed: true, state: () => undefined }];
  let names = 0;
  let pauseAt = performance.now() + slice;
  for (let task = stack.pop(); task; task = stack.pop()) {
    let folder = known.get(task.path);
    if (folder && folder.listed === task.listed && isUnchanged(positions.get(task.path)!)) {
      pushChildren(stack, rules, task, folder, known);
    } else {
      const scan = scanFolder(tools, task);
      if (!scan) continue;
      folder = scan.folder;
      for (const child of scan.tasks.toReversed()) stack.push(child);
      for (const index of scan.unread) unread.push({ folder, index });
    }
    folders.push(folder);
    names += folder.paths.length;
    if (names > limit) {
      problems.push({ path: '', kind: 'too-large', message: `more than ${limit} names: the rest is not listed` });
      break;
    }
    if (slice > 0 && performance.now() > pauseAt) {
      yield 0;
      pauseAt = performance.now() + slice;
    }
  }
  return folders;
}

/** The folders of a folder that is as it was; which patterns match them is worked out if one has to be looked into. */
function pushChildren(stack: FolderTask[], rules: IgnoreRules, task: FolderTask, folder: Folder, known: ReadonlyMap<string, Folder>): void {
  for (let i = folder.paths.length - 1; i >= 0; i--) {
    if (folder.kinds[i] !== KIND.folder) continue;
    const path = folder.paths[i]!;
    let state: FolderState | undefined;
    const ask = (): FolderState => {
      state ??= rules.judge(path, task.state()).state;
      return state;
    };
    const listed = known.get(path)?.listed ?? !rules.judge(path, task.state()).ignored;
    stack.push({ path, listed, state: ask });
  }
}

function* readFiles(options: CollectOptions, unread: readonly Unread[]): Generator<Pause, void, void> {
  if (unread.length === 0) return;
  const { root, problems, slice } = options;
  const paths = unread.map(({ folder, index }) => `${root}/${folder.paths[index]!}`);
  const sizes = unread.map(({ folder, index }) => folder.sizes[index]!);
  const hashes = yield* hashAll(paths, sizes, slice);
  const again: Unread[] = [];
  for (const [i, { folder, index }] of unread.entries()) {
    folder.contents[index] = hashes[i]!;
    if (hashes[i] === '' && lookAgain(folder, index, paths[i]!, problems)) again.push({ folder, index });
  }
  if (again.length > 0) yield* readAgain(options, again);
}

/** Files that were written to while they were read get a second try; then it is said that their content is not known. */
function* readAgain(options: CollectOptions, again: readonly Unread[]): Generator<Pause, void, void> {
  const { root, problems, slice } = options;
  const paths = again.map(({ folder, index }) => `${root}/${folder.paths[index]!}`);
  const sizes = again.map(({ folder, index }) => folder.sizes[index]!);
  const hashes = yield* hashAll(paths, sizes, slice);
  for (const [i, { folder, index }] of again.entries()) {
    folder.contents[index] = hashes[i]!;
    if (hashes[i] !== '') continue;
    folder.ctimes[index] = Number.NaN;
    const path = folder.paths[index]!;
    problems.push({ path, kind: 'changing', message: 'was written to while it was read; its content is not known' });
  }
}

/** Why a file could not be read: gone, forbidden, or of another length by now. true: worth a second try. */
function lookAgain(folder: Folder, index: number, full: string, problems: ContextProblem[]): boolean {
  const path = folder.paths[index]!;
  folder.ctimes[index] = Number.NaN; // not to be taken from the cache the next time
  try {
    const stat = fs.lstatSync(full);
    fs.accessSync(full, fs.constants.R_OK);
    if (stat.isFile()) {
      folder.sizes[index] = stat.size;
      folder.modes[index] = stat.mode & 0o7777;
      folder.mtimes[index] = stat.mtimeMs;
      folder.ctimes[index] = stat.ctimeMs;
      folder.inos[index] = stat.ino;
      return true;
    }
    folder.kinds[index] = KIND.ignored;
    problems.push({ path, kind: 'changing', message: 'became something else while it was read' });
  } catch (error) {
    const kind = problemKind(error);
    if (kind === 'vanished') folder.kinds[index] = KIND.ignored;
    problems.push({ path, kind, message: kind === 'vanished' ? 'was removed while it was read' : `cannot be read: ${reason(error)}` });
  }
  return false;
}
