/** A log as a stream, for users of the library: any Readable of bytes or text. The command line reads file descriptors itself, without a stream between. */
import type { Readable } from 'node:stream';
import split2 from 'split2';
import { createLogReader, type ReadResult } from './reader.ts';

/** A longer line is an error: no log of a build has one. */
const MAX_LINE = 512 * 1024 * 1024;

/** Reads a stream to its end. Rejects with the stream's own error. */
export function readLogStream(stream: Readable): Promise<ReadResult> {
  return new Promise((resolve, reject) => {
    const reader = createLogReader();
    const lines = split2('\n', { maxLength: MAX_LINE });
    lines.on('data', (line: string) => reader.push(Buffer.from(`${line}\n`, 'utf8')));
    lines.on('end', () => resolve(reader.end()));
    lines.on('error', reject);
    stream.on('error', (error) => {
      lines.destroy();
      reject(error);
    });
    stream.pipe(lines);
  });
}
