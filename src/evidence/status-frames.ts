/**
 * The progress that a builder recorded (`application/vnd.buildkit.status.v0`): frames of a little-endian length and a StatusResponse
 * (moby/buildkit api/services/control/control.proto). Turned into the documents of `--progress=rawjson`, without the steps' output.
 */
import { asNumber, asText, asTime, type Field, readFields } from './protobuf.ts';

/** One document as rawjson prints it, ready for that reader. */
export type RawDocument = Readonly<Record<string, unknown>>;

/** Damaged frames end the reading. */
export function readStatusFrames(data: Buffer): RawDocument[] {
  const documents: RawDocument[] = [];
  for (let at = 0; at + 4 <= data.length; ) {
    const length = data.readUInt32LE(at);
    at += 4;
    if (length > data.length - at) break;
    documents.push(readStatus(data.subarray(at, at + length)));
    at += length;
  }
  return documents;
}

function readStatus(message: Buffer): RawDocument {
  const vertexes: object[] = [];
  const statuses: object[] = [];
  const logs: object[] = [];
  const warnings: object[] = [];
  for (const field of readFields(message)) {
    if (field.number === 1) vertexes.push(readMessage(field, VERTEX));
    else if (field.number === 2) statuses.push(readMessage(field, STATUS));
    else if (field.number === 3) logs.push(readMessage(field, LOG));
    else if (field.number === 4) warnings.push(readMessage(field, WARNING));
  }
  return {
    ...(vertexes.length > 0 && { vertexes }),
    ...(statuses.length > 0 && { statuses }),
    ...(logs.length > 0 && { logs }),
    ...(warnings.length > 0 && { warnings }),
  };
}

type Reader = (field: Field) => unknown;
/** By field number: the name in rawjson, how to read it, and whether it repeats. */
type Shape = Readonly<Record<number, { readonly name: string; readonly read: Reader; readonly many?: boolean }>>;

const flag: Reader = (f) => f.value === 1n;
const bytes: Reader = (f) => (typeof f.value === 'bigint' ? '' : f.value.toString('base64'));
const message =
  (shape: Shape): Reader =>
  (f) =>
    readMessage(f, shape);

const GROUP: Shape = {
  1: { name: 'id', read: asText },
  2: { name: 'name', read: asText },
  3: { name: 'weak', read: flag },
};
const VERTEX: Shape = {
  1: { name: 'digest', read: asText },
  2: { name: 'inputs', read: asText, many: true },
  3: { name: 'name', read: asText },
  4: { name: 'cached', read: flag },
  5: { name: 'started', read: asTime },
  6: { name: 'completed', read: asTime },
  7: { name: 'error', read: asText },
  8: { name: 'progressGroup', read: message(GROUP) },
};
const STATUS: Shape = {
  1: { name: 'id', read: asText },
  2: { name: 'vertex', read: asText },
  3: { name: 'name', read: asText },
  4: { name: 'current', read: asNumber },
  5: { name: 'total', read: asNumber },
  6: { name: 'timestamp', read: asTime },
  7: { name: 'started', read: asTime },
  8: { name: 'completed', read: asTime },
};
/** The text itself (4) is left out: only that there was some. */
const LOG: Shape = {
  1: { name: 'vertex', read: asText },
  2: { name: 'timestamp', read: asTime },
  3: { name: 'stream', read: asNumber },
};
const SOURCE: Shape = {
  1: { name: 'filename', read: asText },
  2: { name: 'data', read: bytes },
};
const WARNING: Shape = {
  1: { name: 'vertex', read: asText },
  2: { name: 'level', read: asNumber },
  3: { name: 'short', read: bytes },
  4: { name: 'detail', read: bytes, many: true },
  5: { name: 'url', read: asText },
  6: { name: 'sourceInfo', read: message(SOURCE) },
};

function readMessage(field: Field, shape: Shape): object {
  const out: Record<string, unknown> = {};
  if (typeof field.value === 'bigint') return out;
  for (const f of readFields(field.value)) {
    const known = shape[f.number];
    if (!known) continue;
    const value = known.read(f);
    if (known.many) out[known.name] = [...((out[known.name] as unknown[] | undefined) ?? []), value];
    else if (value !== undefined) out[known.name] = value;
  }
  return out;
}
