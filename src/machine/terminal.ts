import { fstatSync } from 'node:fs';
import type { WriteStream } from 'node:tty';

/** Node's stream of a terminal; null where the file descriptor is none. Asks the descriptor first: the stream alone takes longer to load. */
export function terminalAt(fd: 1 | 2): WriteStream | null {
  if (!isDevice(fd)) return null;
  const stream = fd === 1 ? process.stdout : process.stderr;
  return stream.isTTY ? stream : null;
}

/** Whether standard input is somebody's keyboard. */
export function inputIsTerminal(): boolean {
  return isDevice(0) && process.stdin.isTTY === true;
}

function isDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}
