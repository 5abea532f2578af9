/** Reads a tar stream as it arrives: headers, and a digest of each file's bytes. Long names come as GNU or pax records. */
import { createHash, type Hash } from 'node:crypto';

export interface TarEntry {
  /** Without a leading `./` or slash, and without a slash at the end. */
  readonly path: string;
  /** The header's type flag: `0` file, `1` hard link, `2` symlink, `5` folder, … */
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly link: string;
  /** SHA-256 of the bytes; '' for entries without any. */
  readonly digest: string;
}

export interface TarReader {
  /** Takes the next bytes. Throws where they are no tar. */
  push(chunk: Buffer): void;
}

const BLOCK = 512;
/** No name or pax record comes near it. */
const MAX_META = 1 << 20;

interface Header {
  name: string;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  link: string;
  readonly size: number;
}

export function createTarReader(emit: (entry: TarEntry) => void): TarReader {
  let rest: Buffer = Buffer.alloc(0);
  let header: Header | null = null;
  let left = 0;
  let padding = 0;
  let hash: Hash | null = null;
  let meta: Buffer[] = [];
  let longName: string | null = null;
  let longLink: string | null = null;

  const isMeta = (h: Header): boolean => 'LKxg'.includes(h.type);
  const finish = (h: Header): void => {
    if (isMeta(h)) {
      const data = Buffer.concat(meta);
      const text = (): string => data.toString('utf8').replace(/(?<!\0)\0+$/, '');
      if (h.type === 'L') longName = text();
      else if (h.type === 'K') longLink = text();
      else if (h.type === 'x')
        for (const [key, value] of paxRecords(data)) {
          if (key === 'path') longName = value;
          if (key === 'linkpath') longLink = value;
        }
      return;
    }
    emit({
      path: (longName ?? h.name).replace(/^(?:\.?\/)+/, '').replace(/(?<!\/)\/+$/, ''),
      type: h.type,
      mode: h.mode,
      uid: h.uid,
      gid: h.gid,
      link: longLink ?? h.link,
      digest: hash ? hash.digest('hex') : '',
    });
    longName = null;
    longLink = null;
  };
  const begin = (h: Header): void => {
    if (!Number.isSafeInteger(h.size) || h.size < 0) throw new Error('tar: a size that is none');
    header = h;
    left = h.size;
    padding = (BLOCK - (h.size % BLOCK)) % BLOCK;
    meta = [];
    hash = !isMeta(h) && (h.type === '0' || h.type === '7') ? createHash('sha256') : null;
    if (isMeta(h) && h.size > MAX_META) throw new Error('tar: a name is too long');
    if (left === 0) end();
  };
  const end = (): void => {
    if (header) finish(header);
    header = null;
  };

  return {
    push(chunk) {
      const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      let at = 0;
      while (at < data.length) {
        if (header) {
          const part = data.subarray(at, at + left);
          if (isMeta(header)) meta.push(Buffer.from(part));
          else hash?.update(part);
          left -= part.length;
          at += part.length;
          if (left === 0) end();
        } else if (padding > 0) {
          const skip = Math.min(padding, data.length - at);
          padding -= skip;
          at += skip;
        } else {
          if (data.length - at < BLOCK) break;
          const h = parseHeader(data.subarray(at, at + BLOCK));
          at += BLOCK;
          if (h) begin(h);
        }
      }
      rest = at < data.length ? Buffer.from(data.subarray(at)) : Buffer.alloc(0);
    },
  };
}

/** null: a block of zeros, which ends the archive. */
function parseHeader(block: Buffer): Header | null {
  if (block[0] === 0) return null;
  if (!block.toString('latin1', 257, 262).startsWith('ustar')) throw new Error('tar: no header where one should be');
  const text = (from: number, length: number): string => block.toString('utf8', from, from + length).replace(/\0[\s\S]*$/, '');
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(345, 155) : '';
  const flag = String.fromCharCode(block[156] ?? 48);
  return {
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    type: flag === '\0' ? '0' : flag,
    mode: number(block, 100, 8),
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    link: text(157, 100),
    size: number(block, 124, 12),
  };
}

/** Octal, or base 256 where the first bit is set. */
function number(block: Buffer, from: number, length: number): number {
  if ((block[from] ?? 0) & 0x80) {
    let value = (block[from] ?? 0) & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + (block[from + i] ?? 0);
    return value;
  }
  return Number.parseInt(
    block
      .toString('latin1', from, from + length)
      .replace(/(?<![\0 ])[\0 ]+$/, '')
      .trim() || '0',
    8,
  );
}

/** `27 path=some/long/name\n` */
function paxRecords(data: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const digits = space < 0 ? '' : data.toString('latin1', at, Math.min(space, at + 12));
    const length = /^\d{1,9}$/.test(digits) ? Number(digits) : 0;
    if (length === 0) break;
    const record = data.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (equals > 0) records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}
