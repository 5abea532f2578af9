/**
 * Second hands for work on many files. A thread gets a function as text and data to clone or share; there is no file for it to
 * load, so that a bundled program can start one as well. The caller works on the same shared counter, and finishes alone where
 * no thread can be had.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

export interface Threads {
  /** Gives them what to work on. They have been starting up since they were made. */
  go(data: Readonly<Record<string, unknown>>): void;
  /** How many are still at work. */
  running(): number;
  /** Blocks until all have finished or the time is up. */
  wait(milliseconds: number): void;
  /** Lets go of those that are still there. */
  stop(): void;
}

/** A start costs some 30 ms of processor time: beyond three there is little to gain from a disk's cache. */
const MAX_THREADS = 3;

/**
 * Starts a thread for each processor to spare; each will run `(${task})(data)` once `go` is called.
 * @param task source of a function that needs nothing but its argument and `require`; it must not outlive its work.
 */
export function startThreads(task: string): Threads {
  const count = Math.min(availableParallelism() - 1, MAX_THREADS);
  /** [0] threads that have not finished, [1] set when there is work */
  const control = new Int32Array(new SharedArrayBuffer(8));
  const workers: Worker[] = [];
  const source = `const { workerData: control, parentPort, receiveMessageOnPort } = require('node:worker_threads');
try {
  Atomics.wait(control, 1, 0);
  const sent = receiveMessageOnPort(parentPort);
  if (sent) (${task})(sent.message);
} finally { Atomics.sub(control, 0, 1); Atomics.notify(control, 0); parentPort.close(); }`;
  for (let i = 0; i < count; i++) {
    try {
      const worker = new Worker(source, { eval: true, workerData: control, stdout: false, stderr: false });
      Atomics.add(control, 0, 1);
      worker.on('error', () => {}); // what it did not do is done by the caller
      worker.unref();
      workers.push(worker);
    } catch {
      break; // no thread to be had: the caller does it all
    }
  }
  return {
    go: (data) => {
      for (const worker of workers) worker.postMessage(data);
      Atomics.store(control, 1, 1);
      Atomics.notify(control, 1);
    },
    running: () => Atomics.load(control, 0),
    wait: (milliseconds) => {
      const until = performance.now() + milliseconds;
      for (let n = Atomics.load(control, 0); n > 0; n = Atomics.load(control, 0)) {
        const left = until - performance.now();
        if (left <= 0) return;
        Atomics.wait(control, 0, n, left);
      }
    },
    stop: () => {
      for (const worker of workers) void worker.terminate();
    },
  };
}
