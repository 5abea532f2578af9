/** Writes to a stream of ours without Node's streams: they take longer to load than a small report to make. */
import { writeSync } from 'node:fs';

/** Writes all of a chunk. @returns why that could not be done (EPIPE: nobody reads any more), else null */
export function writeAll(fd: number, chunk: Uint8Array): NodeJS.ErrnoException | null {
  let at = 0;
  while (at < chunk.length) {
    try {
      at += writeSync(fd, chunk, at, chunk.length - at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return error as NodeJS.ErrnoException;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
  return null;
}
