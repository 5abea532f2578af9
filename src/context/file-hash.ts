/** SHA-256 of many files, on this thread and on others. */
import { createHash, hash } from 'node:crypto';
import fs from 'node:fs';
import { startThreads, type Threads } from './threads.ts';

export interface HashJob {
  /** Absolute. */
  readonly paths: readonly string[];
  /** Bytes that each file is expected to have; another length means that it is being written to. */
  readonly sizes: Float64Array<SharedArrayBuffer>;
  /** 32 bytes per file. */
  readonly digests: Uint8Array<SharedArrayBuffer>;
  /** 0: not looked at; 1: done; 2: could not be read, or has another length. */
  readonly states: Uint8Array<SharedArrayBuffer>;
  /** [0]: the next file. */
  readonly shared: Int32Array<SharedArrayBuffer>;
}

type Hashing = { readonly createHash: typeof createHash; readonly hash: typeof hash };

/** Fewer files than this, or bytes, are hashed before a thread has started. */
const WORTH_THREADS = { files: 400, bytes: 32 * 1024 * 1024 };

/** Takes files until none is left (true), or until the deadline (false). Goes to threads as text: nothing but its arguments. */
function hashFiles(io: typeof fs, hashing: Hashing, job: HashJob, deadline: number): boolean {
  const { paths, sizes, digests, states, shared } = job;
  const small = Buffer.allocUnsafe(64 * 1024);
  const large = 4 * 1024 * 1024;
  // never wait for the other end of a pipe, never follow a link that took the file's place
  const flags = io.constants.O_RDONLY | (io.constants.O_NONBLOCK ?? 0) | (io.constants.O_NOFOLLOW ?? 0);
  let buffer = small;

  const digest = (path: string, size: number): Uint8Array | undefined => {
    const fd = io.openSync(path, flags);
    try {
      if (size < small.length) {
        let length = 0;
        for (let n = -1; n !== 0 && length < small.length; length += n) n = io.readSync(fd, small, length, size + 1 - length, null);
        return length === size ? hashing.hash('sha256', small.subarray(0, length), 'buffer') : undefined;
      }
      if (buffer === small) buffer = Buffer.allocUnsafe(large);
      const sum = hashing.createHash('sha256');
      let length = 0;
      for (let n = -1; n !== 0 && length <= size; length += n) {
        n = io.readSync(fd, buffer, 0, large, null);
        sum.update(buffer.subarray(0, n));
      }
      return length === size ? sum.digest() : undefined;
    } finally {
      io.closeSync(fd);
    }
  };

  for (;;) {
    const i = Atomics.add(shared, 0, 1);
    if (i >= paths.length) return true;
    if (states[i] !== 0) continue;
    try {
      const found = digest(paths[i]!, sizes[i]!);
      if (found) digests.set(found, i * 32);
      states[i] = found ? 1 : 2;
    } catch {
      states[i] = 2;
    }
    if (deadline > 0 && performance.now() > deadline) return false;
  }
}

/** What a generator in slices wants before it goes on: the milliseconds to wait; 0 is a turn of the event loop. */
export type Pause = number;

/** How long to leave other threads alone before looking again. */
const POLL_MS = 2;
/** A thread that has not come back by then (a file system that hangs) is given up. */
const THREADS_MS = 60_000;

/**
 * Hashes files.
 * @param slice milliseconds of work before it yields; 0: never, it blocks until all is done.
 * @returns `sha256:<hex>` in the order of the paths, '' for files that could not be read in their expected length.
 */
export function* hashAll(paths: readonly string[], sizes: readonly number[], slice: number): Generator<Pause, string[], void> {
  const job: HashJob = {
    paths,
    sizes: new Float64Array(new SharedArrayBuffer(sizes.length * 8)),
    digests: new Uint8Array(new SharedArrayBuffer(paths.length * 32)),
    states: new Uint8Array(new SharedArrayBuffer(paths.length)),
    shared: new Int32Array(new SharedArrayBuffer(4)),
  };
  job.sizes.set(sizes);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const worthIt = paths.length > 1 && (paths.length >= WORTH_THREADS.files || bytes >= WORTH_THREADS.bytes);
  const task = `(job) => (${hashFiles.toString()})(require('node:fs'), require('node:crypto'), job, 0)`;
  const threads = worthIt ? startThreads(task) : undefined;
  threads?.go({ ...job });
  while (!hashFiles(fs, { createHash, hash }, job, slice > 0 ? performance.now() + slice : 0)) yield 0;
  if (threads && slice > 0) yield* threadsDone(threads, THREADS_MS);
  else threads?.wait(THREADS_MS);
  threads?.stop();
  Atomics.store(job.shared, 0, 0);
  hashFiles(fs, { createHash, hash }, job, 0); // what a thread left undone
  const hex = Buffer.from(job.digests.buffer).toString('hex');
  return paths.map((_, i) => (job.states[i] === 1 ? `sha256:${hex.slice(i * 64, i * 64 + 64)}` : ''));
}

/** Waits for threads without blocking this one. */
export function* threadsDone(threads: Threads, milliseconds: number): Generator<Pause, void, void> {
  const until = performance.now() + milliseconds;
  while (threads.running() > 0 && performance.now() < until) yield POLL_MS;
}
