/** Hands on what the child writes, chunk by chunk, without turning deaf to signals while nobody reads. */
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** How often a full pipe is tried again. */
const RETRY_MS = 5;

export interface HandOn {
  /** The reader does not read: what waits here may wait for ever. */
  stuck(): boolean;
}

/**
 * @param stream what the child writes to
 * @param fd where it goes, byte for byte, before anything else is done with it
 * @param onChunk takes each chunk after that
 */
export function handOn(stream: Readable, fd: 1 | 2, onChunk: (chunk: Uint8Array) => void): HandOn {
  const out = openWithoutWaiting(fd) ?? fd;
  let waits = false;
  const write = async (chunk: Uint8Array): Promise<NodeJS.ErrnoException | null> => {
    for (let at = 0; at < chunk.length && !stream.destroyed; ) {
      try {
        at += writeSync(out, chunk, at, chunk.length - at);
        waits = false;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return error as NodeJS.ErrnoException;
        waits = true;
        await delay(RETRY_MS);
      }
    }
    return null;
  };
  stream.on('error', () => undefined);
  stream.on('data', (chunk: Uint8Array) => {
    stream.pause();
    void write(chunk).then((fault) => {
      // Nobody reads any more (`| head`): the child is to see that as it would without us. A full disk is no such thing: builders go on.
      if (fault?.code === 'EPIPE') {
        stream.destroy();
        return;
      }
      onChunk(chunk);
      // A child that writes without end leaves time for signals.
      setImmediate(() => stream.resume());
    });
  });
  return { stuck: () => waits };
}

/**
 * A pipe once more, for us alone: to switch its waiting off where it stands would switch it off for all who write to it.
 * @returns null where that cannot be done: then a full pipe is waited for
 */
function openWithoutWaiting(fd: number): number | null {
  if (process.platform !== 'linux') return null;
  try {
    if (!fstatSync(fd).isFIFO()) return null;
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
}
