/** Opens what the user named: standard input or files. Every way in which that can fail is one clear line. */
import { closeSync, fstatSync, openSync, read, readSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { writeAll } from '../machine/write.ts';
import { createLogReader, type ReadResult } from './reader.ts';

/** One buffer, used again for every read: memory does not grow with the log. Small enough for a processor to keep it near. */
const CHUNK = 128 * 1024;

/** Reads a file from its beginning to its end. */
export function readFileLog(path: string): ReadResult {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw openError(path, error as NodeJS.ErrnoException);
  }
  try {
    if (fstatSync(fd).isDirectory())
      throw new UserError(`${path} is a folder, not a log`, 'name the log file, or pipe the build into cachewhy');
    const reader = createLogReader();
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const length = readSync(fd, buffer, 0, CHUNK, null);
      if (length === 0) break;
      reader.push(buffer.subarray(0, length));
    }
    return reader.end();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw openError(path, error as NodeJS.ErrnoException);
  } finally {
    closeSync(fd);
  }
}

function openError(path: string, error: NodeJS.ErrnoException): UserError {
  switch (error.code) {
    case 'ENOENT':
      return new UserError(`${path}: no such file`, 'check the name, or pipe the build: docker build --progress=plain . 2>&1 | cachewhy');
    case 'EACCES':
    case 'EPERM':
      return new UserError(`${path}: no permission to read it`, 'make it readable for you');
    case 'EISDIR':
      return new UserError(`${path} is a folder, not a log`, 'name the log file, or pipe the build into cachewhy');
    default:
      return new UserError(`${path} cannot be read: ${error.code ?? error.message}`, 'check the file');
  }
}

/**
 * Reads standard input to its end.
 * @param passthrough hands each chunk on to standard error as it arrives, so that a pipe hides nobody's build output
 */
export async function readStdinLog(passthrough: boolean): Promise<ReadResult> {
  const reader = createLogReader();
  const buffer = Buffer.allocUnsafe(CHUNK);
  let hand = passthrough;
  for (;;) {
    const length = await readSome(buffer);
    if (length === 0) return reader.end();
    const chunk = buffer.subarray(0, length);
    // Nobody reads any more; a disk that is full may have room again.
    if (hand && writeAll(2, chunk)?.code === 'EPIPE') hand = false;
    reader.push(chunk);
  }
}

function readSome(buffer: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    read(0, buffer, 0, buffer.length, null, (error, length) => {
      if (!error) resolve(length);
      // A pipe that another program set to non-blocking: wait for it.
      else if (error.code === 'EAGAIN') setTimeout(() => readSome(buffer).then(resolve, reject), 5);
      else if (error.code === 'EOF') resolve(0);
      else if (error.code === 'EISDIR')
        reject(new UserError('standard input is a folder', 'name the log file, or pipe the build into cachewhy'));
      else
        reject(
          new UserError(
            `standard input cannot be read: ${error.code ?? error.message}`,
            'pipe the build into cachewhy, or name a log file',
          ),
        );
    });
  });
}
