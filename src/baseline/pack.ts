/**
 * The file format of a baseline: gzip of two members. The first is JSON, `{ schema, version, bytes, build }`; the second, stored as it is,
 * holds the digests of the contexts' files (see columns.ts). `gzip -dc FILE | head -c …` shows the JSON.
 */
import { constants, gunzipSync, gzipSync } from 'node:zlib';
import { dictionary } from '../dictionary.ts';
import { type Columns, toColumns, toListing } from './columns.ts';
import type { Baseline } from './model.ts';
import { isBaselineShape } from './shape.ts';

const SCHEMA = 'cachewhy-baseline';
const VERSION = 1;
/** A baseline that unpacks to more than this is not read. */
const MAX_BYTES = 256 * 1024 * 1024;
/** A packed one above this is not even opened. */
export const MAX_PACKED_BYTES: number = 128 * 1024 * 1024;

export interface Loaded {
  readonly baseline: Baseline | null;
  /** Why there is none, where something is wrong. */
  readonly note: string | null;
  /** True where the file was written by a newer cachewhy: it must not be overwritten. */
  readonly newer?: boolean;
}

interface Packed extends Omit<Baseline, 'listing' | 'named'> {
  readonly listing: Columns | null;
  readonly named: Readonly<Record<string, Columns | null>>;
}

export function packBaseline(baseline: Baseline): Buffer {
  const bytes: Buffer[] = [];
  let length = 0;
  const columns = (listing: Baseline['listing']): Columns | null => {
    if (listing === null) return null;
    const packed = toColumns(listing, bytes, length);
    length += packed.length;
    return packed;
  };
  const build: Packed = {
    ...baseline,
    listing: columns(baseline.listing),
    named: Object.fromEntries(Object.entries(baseline.named).map(([name, listing]) => [name, columns(listing)])),
  };
  const head = gzipSync(JSON.stringify({ schema: SCHEMA, version: VERSION, bytes: length, build }), { level: 2 });
  return length === 0 ? head : Buffer.concat([head, gzipSync(Buffer.concat(bytes), { level: 0 })]);
}

/** @param name how the notes call it. Never throws. */
export function unpackBaseline(packed: Uint8Array, name: string): Loaded {
  try {
    const data = gunzipSync(packed, { maxOutputLength: MAX_BYTES });
    const head = splitHead(data);
    if (head.schema !== SCHEMA) return { baseline: null, note: `${name} is no baseline of cachewhy: it was not used.` };
    if (head.version !== VERSION)
      return {
        baseline: null,
        note: `${name} was written by another version of cachewhy (format ${String(head.version).slice(0, 20)}, this one reads ${VERSION}): it was not used.`,
        newer: isNewer(Number(head.version)),
      };
    return { baseline: revive(head.build, head.rest), note: null };
  } catch {
    return { baseline: null, note: `${name} is damaged: it was not used, and this build is remembered in its place.` };
  }
}

/** The format's number from a file's first bytes, without reading the rest; null where it is no baseline. */
export function peekVersion(start: Uint8Array): number | null {
  try {
    const text = gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 16 * 1024 * 1024 }).toString('latin1', 0, 200);
    const found = /^\{"schema":"cachewhy-baseline","version":(\d{1,9})[,}]/.exec(text);
    return found ? Number(found[1]) : null;
  } catch {
    return null;
  }
}

/** True for a format that only a newer cachewhy can read. */
export function isNewer(version: number | null): boolean {
  return version !== null && version > VERSION;
}

interface Head {
  readonly schema: unknown;
  readonly version: unknown;
  readonly build: unknown;
  readonly rest: Buffer;
}

/** The JSON is all but the last bytes, and says itself how many those are: `{"schema":…,"version":1,"bytes":3200,…`. */
function splitHead(data: Buffer): Head {
  const start = data.toString('latin1', 0, 200);
  const count = /^\{"schema":"cachewhy-baseline","version":1,"bytes":(\d{1,10}),/.exec(start);
  const length = count ? Number(count[1]) : 0;
  if (length > data.length) throw new Error('bytes are missing');
  const end = data.length - length;
  const json = JSON.parse(data.toString('utf8', 0, end)) as { schema?: unknown; version?: unknown; build?: unknown };
  return { schema: json.schema, version: json.version, build: json.build, rest: data.subarray(end) };
}

function revive(build: unknown, bytes: Buffer): Baseline {
  if (!isBaselineShape(build)) throw new Error('incomplete');
  const packed = build as unknown as Packed;
  const listing = (columns: Columns | null): Baseline['listing'] => (columns ? toListing(columns, bytes) : null);
  return {
    ...packed,
    images: dictionary(packed.images),
    steps: dictionary(packed.steps),
    listing: listing(packed.listing),
    named: dictionary(Object.fromEntries(Object.entries(packed.named).map(([name, columns]) => [name, listing(columns)]))),
  };
}
