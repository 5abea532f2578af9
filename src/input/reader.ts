/** Bytes to builds: decoding, lines, and the gate that drops a step's output unread. Memory does not grow with the log. */
import type { BuildLog } from '../graph/log.ts';
import { cleanLine } from './clean.ts';
import { findTimeEnd, isSameVertex, readOutputLine } from './output-lines.ts';
import { joinWrapped, looksLikePowerShell } from './powershell.ts';
import { Router, type UnreadLines } from './router.ts';

export interface ReadResult {
  /** In the order in which they begin. */
  readonly builds: readonly BuildLog[];
  readonly unread: Readonly<UnreadLines>;
  /** Titles of the wrappers that were taken off. */
  readonly wrappers: readonly string[];
  readonly lines: number;
  readonly bytes: number;
  /** The input is no text at all. */
  readonly binary: boolean;
  readonly notes: readonly string[];
  /** The error with which a client gave up before it began a build; null where there is none, or a build began. */
  readonly refusal?: string | null;
}

/** Takes a log in chunks of any size; the result does not depend on where they are cut. */
export interface LogReader {
  push(chunk: Uint8Array): void;
  end(): ReadResult;
}

const LF = 10;
const HASH = 35;
const BRACE = 123;
/** Of a longer line only the beginning is read: no name or status is that long. */
const MAX_LINE = 256 * 1024;
/** A record of rawjson may hold a whole build. */
const MAX_RECORD = 128 * 1024 * 1024;
/** PowerShell wraps lines: such logs are read to the end before they are joined. Beyond this they are read as they come. */
const MAX_HELD_LINES = 2_000_000;
const SAMPLE_LINES = 400;

export function createLogReader(): LogReader {
  return new Reader();
}

class Reader implements LogReader {
  private readonly router = new Router();
  private encoding: 'utf8' | 'utf16' | null = null;
  private utf16: InstanceType<typeof TextDecoder> | null = null;
  private head: Uint8Array = new Uint8Array(0);
  /** An unfinished line, in a buffer with room for more: a long one is not copied anew with each chunk. */
  private rest: Uint8Array = new Uint8Array(0);
  private room: Buffer = Buffer.alloc(0);
  /** The current line is too long: skip to its end. */
  private skipping = false;
  private lines = 0;
  private bytes = 0;
  private binary = false;
  private truncated = 0;
  /** Lines held back: the first few, to see what the log is; all of them where PowerShell wrapped it. */
  private held: { text: string; number: number }[] | null = [];
  private powershell = false;

  push(chunk: Uint8Array): void {
    if (this.binary || chunk.length === 0) return;
    this.bytes += chunk.length;
    if (this.encoding === null) {
      this.head = concat(this.head, chunk);
      if (this.head.length < 4) return;
      this.start(this.head);
      return;
    }
    this.feed(chunk);
  }

  end(): ReadResult {
    if (this.encoding === null && this.head.length > 0) this.start(this.head);
    if (this.utf16) this.feedUtf8(Buffer.from(this.utf16.decode(), 'utf8'));
    if (this.rest.length > 0 && !this.binary) {
      this.scan(concat(this.rest, new Uint8Array([LF])));
      this.rest = new Uint8Array(0);
    }
    this.release();
    this.router.end();
    const builds = this.router.builds.filter((b) =>
      [...b.vertices.values()].some((v) => v.names.some((n) => n !== '' && n !== '[internal] booting buildkit')),
    );
    const notes: string[] = [];
    if (this.truncated > 0)
      notes.push(
        `${this.truncated} line${this.truncated === 1 ? ' was' : 's were'} longer than ${MAX_LINE / 1024} KiB: only the beginning was read.`,
      );
    return {
      builds,
      unread: this.router.unread,
      wrappers: [...this.router.wrappers],
      lines: this.lines,
      bytes: this.bytes,
      binary: this.binary,
      notes,
      refusal: builds.length === 0 ? this.router.refusal : null,
    };
  }

  private start(head: Uint8Array): void {
    const utf16le = (head[0] === 0xff && head[1] === 0xfe) || (head[1] === 0 && head[3] === 0 && head[0] !== 0);
    const utf16be = (head[0] === 0xfe && head[1] === 0xff) || (head[0] === 0 && head[2] === 0 && head[1] !== 0);
    if (utf16le || utf16be) {
      this.encoding = 'utf16';
      this.utf16 = new TextDecoder(utf16le ? 'utf-16le' : 'utf-16be');
      this.powershell = true;
    } else {
      this.encoding = 'utf8';
      this.binary = looksBinary(head.subarray(0, 8192));
    }
    this.head = new Uint8Array(0);
    if (!this.binary) this.feed(head);
  }

  private feed(chunk: Uint8Array): void {
    if (this.utf16) this.feedUtf8(Buffer.from(this.utf16.decode(chunk, { stream: true }), 'utf8'));
    else this.feedUtf8(chunk);
  }

  private feedUtf8(chunk: Uint8Array): void {
    let data = chunk;
    if (this.skipping) {
      const at = data.indexOf(LF);
      if (at < 0) return;
      this.skipping = false;
      data = data.subarray(at + 1);
    }
    if (this.rest.length > 0) {
      // Join only up to the first line end: a chunk is never copied whole.
      const at = data.indexOf(LF);
      if (at < 0) {
        this.keep(data);
        return;
      }
      const line = concat(this.rest, data.subarray(0, at + 1));
      this.rest = new Uint8Array(0);
      this.scan(line);
      data = data.subarray(at + 1);
    }
    const used = this.scan(data);
    // A copy: the caller uses its buffer again.
    if (used < data.length) this.keep(data.subarray(used));
  }

  /** Adds to the unfinished line, within bounds. */
  private keep(data: Uint8Array): void {
    const length = this.rest.length + data.length;
    const limit = (this.rest.length > 0 ? this.rest[0] : data[0]) === BRACE ? MAX_RECORD : MAX_LINE;
    if (length > limit) {
      this.truncated++;
      const start = concat(this.rest, data.subarray(0, MAX_LINE)).subarray(0, MAX_LINE);
      this.rest = new Uint8Array(0);
      this.room = Buffer.alloc(0);
      this.skipping = true;
      this.scan(concat(start, new Uint8Array([LF])));
      return;
    }
    if (length > this.room.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * length, 4096));
      larger.set(this.rest);
      this.room = larger;
    }
    this.room.set(data, this.rest.length);
    this.rest = this.room.subarray(0, length);
  }

  /** Reads whole lines. @returns how many bytes of `data` were used */
  private scan(data: Uint8Array): number {
    let at = 0;
    let last = 0;
    let timeEnd = 0;
    let lines = 0;
    while (at < data.length) {
      const end = data.indexOf(LF, at);
      if (end < 0) break;
      this.lines++;
      const time = data[at] === HASH && this.held === null ? findTimeEnd(data, at, end) : 0;
      if (time > 0) {
        if (lines > 0 && !isSameVertex(data, last, at)) {
          this.output(data, last, timeEnd, lines);
          lines = 0;
        }
        last = at;
        timeEnd = time;
        lines++;
      } else {
        if (lines > 0) this.output(data, last, timeEnd, lines);
        lines = 0;
        this.text(decode(data, at, this.limit(data, at, end)));
      }
      at = end + 1;
    }
    if (lines > 0) this.output(data, last, timeEnd, lines);
    return at;
  }

  /** A run of output lines of one vertex: its last line, the end of the time in it, and how many they are. */
  private output(data: Uint8Array, last: number, timeEnd: number, lines: number): void {
    const { number, seconds } = readOutputLine(data, last, timeEnd);
    this.router.output(number, lines, seconds);
  }

  /** Where a line ends for the reader: one that is too long is cut. */
  private limit(data: Uint8Array, start: number, end: number): number {
    if (end - start <= MAX_LINE || data[start] === BRACE) return end;
    this.truncated++;
    return start + MAX_LINE;
  }

  private text(text: string): void {
    if (this.held === null) {
      this.router.line(text, this.lines);
      return;
    }
    this.held.push({ text, number: this.lines });
    if (this.powershell ? this.held.length > MAX_HELD_LINES : this.held.length >= SAMPLE_LINES) this.decide();
  }

  /** After the first lines: goes on line by line, or holds all where lines were wrapped. */
  private decide(): void {
    if (!this.powershell && this.held && looksLikePowerShell(this.held.map((l) => l.text))) {
      this.powershell = true;
      return;
    }
    this.release();
  }

  private release(): void {
    const held = this.held;
    this.held = null;
    if (!held) return;
    if (!this.powershell) this.powershell = looksLikePowerShell(held.map((l) => l.text));
    if (this.powershell) this.router.wrappers.add('PowerShell');
    for (const l of this.powershell ? joinWrapped(held.map((l) => ({ ...l, text: cleanLine(l.text) }))) : held)
      this.router.line(l.text, l.number);
  }
}

function decode(data: Uint8Array, start: number, end: number): string {
  return Buffer.from(data.buffer, data.byteOffset + start, end - start).toString('utf8');
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return Buffer.from(b);
  // A Buffer, as all chunks are: with arrays of two kinds the scan would be half as fast.
  const out = Buffer.allocUnsafe(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

/** A log has escape codes and line ends, but no other control characters in number. */
function looksBinary(sample: Uint8Array): boolean {
  let odd = 0;
  for (const byte of sample)
    if (byte === 0 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13 && byte !== 27 && byte !== 8 && byte !== 7 && byte !== 12))
      odd++;
  return sample.length > 0 && odd / sample.length > 0.02;
}
