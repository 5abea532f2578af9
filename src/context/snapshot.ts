/**
 * A snapshot of a build context: the listing after `.dockerignore`, with content identities, as of now.
 * The first takes as long as reading all files; the next ones ask the file system only whether anything has changed.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { collectFolders } from './collect.ts';
import { type Pause, threadsDone } from './file-hash.ts';
import { describeIgnore, findIgnoreFile, type IgnoreFile } from './ignore-file.ts';
import { countEntries, type ListingTotals, listMtimes, makeListing, withFolderDigests } from './listing.ts';
import { problemKind, reason } from './scan.ts';
import { openStatCache, type StatCache, saveStatCache, statCacheFile } from './stat-cache.ts';
import { startThreads } from './threads.ts';
import type { ContextListing, ContextProblem } from './types.ts';
import { VERDICT, VERIFY_TASK, type VerifyJob, verifyFolders } from './verify.ts';

export interface SnapshotOptions {
  /** The context's folder. */
  readonly root: string;
  /** Path of the Dockerfile, for its own ignore file. Leave out for standard input and for named contexts. */
  readonly dockerfile?: string;
  /** Where scans are kept between runs (the user's cache folder). Without it every file is read. */
  readonly cacheDir?: string;
  /** Ignore rules in place of those in the context. */
  readonly ignore?: string;
  /** Gives up listing beyond this many names. Default: two million. */
  readonly maxEntries?: number;
}

export interface Snapshot {
  /** Absolute, symlinks resolved. */
  readonly root: string;
  readonly listing: ContextListing;
  readonly ignore: IgnoreFile;
  readonly problems: readonly ContextProblem[];
  readonly totals: ListingTotals;
  /** When the look at the files began, milliseconds since 1970. */
  readonly takenAt: number;
  /** Files whose bytes were read for this snapshot; the others were known. */
  readonly hashed: number;
  /** Last modification of each file, milliseconds since 1970. No part of any key: it tells stale hits (`findStaleFiles`). */
  mtimes(): ReadonlyMap<string, number>;
}

const MAX_ENTRIES = 2_000_000;
/** Bytes of a cache from which on a second thread pays: some 3,000 names. */
const WORTH_THREADS = 500_000;
const THREADS_MS = 10_000;
/** Milliseconds of work between two turns of the event loop. */
const SLICE_MS = 8;

/** Takes a snapshot; blocks until it is there. */
export function takeSnapshot(options: SnapshotOptions): Snapshot {
  const steps = snapshotSteps(options, 0);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** The same in slices, so that a build's output can pass meanwhile. Aborting rejects at the next slice. */
export async function takeSnapshotInBackground(options: SnapshotOptions, signal?: AbortSignal): Promise<Snapshot> {
  const steps = snapshotSteps(options, SLICE_MS);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    await (step.value > 0 ? delay(step.value) : nextTurn());
    signal?.throwIfAborted();
  }
}

function* snapshotSteps(options: SnapshotOptions, slice: number): Generator<Pause, Snapshot, void> {
  const root = resolveRoot(options.root);
  const ignore = options.ignore === undefined ? findIgnoreFile(root, options.dockerfile) : describeIgnore(null, options.ignore);
  const problems: ContextProblem[] = ignore.problem ? [ignore.problem] : [];
  const rulesDigest = digestRules(ignore);
  const file = options.cacheDir === undefined ? undefined : statCacheFile(options.cacheDir, root, ignore.file);
  const takenAt = Date.now();
  const { cache, unchanged } = yield* recall(root, file, rulesDigest, slice);
  const collected = yield* collectFolders({
    root,
    rules: ignore.rules,
    problems,
    before: cache?.columns,
    isUnchanged: (folder) => unchanged?.[folder] === VERDICT.same,
    slice,
    limit: options.maxEntries ?? MAX_ENTRIES,
  });
  const keep = file !== undefined && collected.changed;
  const columns = keep ? withFolderDigests(collected.columns) : collected.columns;
  if (keep) saveStatCache(file, rulesDigest, columns, takenAt);
  let mtimes: ReadonlyMap<string, number> | undefined;
  return {
    root,
    listing: makeListing(columns),
    totals: countEntries(columns),
    ignore,
    problems,
    takenAt,
    hashed: collected.hashed,
    mtimes: () => {
      mtimes ??= listMtimes(columns);
      return mtimes;
    },
  };
}

function resolveRoot(root: string): string {
  let resolved: string;
  try {
    resolved = fs.realpathSync(root);
    if (fs.statSync(resolved).isDirectory()) return resolved;
  } catch (error) {
    const what = problemKind(error) === 'vanished' ? 'there is no such folder' : `it cannot be read (${reason(error)})`;
    throw new UserError(`build context ${root}: ${what}`, 'Give the folder that was sent to the builder with --context.');
  }
  throw new UserError(`build context ${root}: it is no folder`, 'Give the folder that was sent to the builder with --context.');
}

/** Rules that decide alike have the same digest, comments apart. */
function digestRules(ignore: IgnoreFile): string {
  const patterns = ignore.rules.patterns.map((it) => (it.exception ? `!${it.text}` : it.text));
  return createHash('sha256').update(JSON.stringify(patterns)).digest('hex');
}

/**
 * File systems that change a folder's times whenever a name in it comes or goes, so that an unchanged folder need not be read
 * again: ext, xfs, btrfs, tmpfs, f2fs, zfs, overlayfs. Others (network, FUSE, virtual machines' shares) are asked each time.
 */
const FOLDER_TIMES: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0x01021994, 0xf2f52010, 0x2fc12fc1, 0x794c7630]);

function keepsFolderTimes(root: string): boolean {
  try {
    return process.platform === 'linux' && FOLDER_TIMES.has(fs.statfsSync(root).type);
  } catch {
    return false;
  }
}

interface Recalled {
  readonly cache?: StatCache;
  /** Verdicts by folder; absent when the cached decisions on what is ignored do not hold. */
  readonly unchanged?: Uint8Array;
}

/** The scan before, and which of its folders are as they were. Threads are started before it is known what they will work on. */
function* recall(root: string, file: string | undefined, rules: string, slice: number): Generator<Pause, Recalled, void> {
  const opened = file === undefined ? undefined : openStatCache(file);
  if (!opened) return {};
  const threads = opened.size >= WORTH_THREADS ? startThreads(VERIFY_TASK) : undefined;
  try {
    const cache = opened.load();
    if (cache?.rules !== rules) return cache ? { cache } : {};
    const { bytes, layout, columns } = cache;
    const job: VerifyJob = {
      root,
      bytes,
      layout,
      trustFolderTimes: keepsFolderTimes(root),
      device: fs.statSync(root).dev,
      shared: new Int32Array(new SharedArrayBuffer(4)),
      verdicts: new Uint8Array(new SharedArrayBuffer(layout.folders)),
    };
    threads?.go({ ...job });
    while (!verifyFolders(fs, job, columns.folderPaths, columns.pathsIn, slice > 0 ? performance.now() + slice : 0)) yield 0;
    if (threads && slice > 0) yield* threadsDone(threads, THREADS_MS);
    else threads?.wait(THREADS_MS);
    return { cache, unchanged: job.verdicts.slice() };
  } finally {
    threads?.stop();
  }
}
