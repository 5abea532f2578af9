/** The protocol of `git cat-file --batch`: `<oid> <type> <size>\n<data>\n`, or `<oid> missing\n`. Chunks may break anywhere. */

/** One answer; data is null where the object is missing, or larger than the limit. */
export interface BatchAnswer {
  readonly oid: string;
  readonly type: 'blob' | 'tree' | 'commit' | 'tag' | 'missing';
  readonly size: number;
  readonly data: Buffer | null;
}

export interface BatchParser {
  /** Takes the next bytes and hands on every answer that they complete. Throws where they are not of this protocol. */
  push(chunk: Buffer): void;
}

const NEWLINE = 10;
/** No header is longer: 64 digits, a type and a size. */
const MAX_HEADER = 256;

/** @param maxBytes larger objects are skipped over, not kept */
export function createBatchParser(maxBytes: number, emit: (answer: BatchAnswer) => void): BatchParser {
  let header = '';
  let current: { oid: string; type: BatchAnswer['type']; size: number } | null = null;
  let data: Buffer | null = null;
  let filled = 0;

  const body = (chunk: Buffer, at: number): number => {
    const object = current as NonNullable<typeof current>;
    const take = Math.min(object.size - filled, chunk.length - at);
    if (data) chunk.copy(data, filled, at, at + take);
    filled += take;
    const end = at + take;
    // One newline stands after the data, perhaps in the next chunk.
    if (filled < object.size || end >= chunk.length) return end;
    if (chunk[end] !== NEWLINE) throw new Error('git cat-file: the data of an object does not end where it should');
    emit({ ...object, data });
    current = null;
    data = null;
    filled = 0;
    return end + 1;
  };

  const head = (chunk: Buffer, at: number): number => {
    const end = chunk.indexOf(NEWLINE, at);
    header += chunk.toString('latin1', at, end < 0 ? chunk.length : end);
    if (header.length > MAX_HEADER) throw new Error('git cat-file: a header is too long');
    if (end < 0) return chunk.length;
    const parsed = parseHeader(header);
    header = '';
    if (parsed.type === 'missing') emit({ ...parsed, data: null });
    else {
      current = parsed;
      data = parsed.size <= maxBytes ? Buffer.allocUnsafe(parsed.size) : null;
    }
    return end + 1;
  };

  return {
    push(chunk) {
      for (let at = 0; at < chunk.length; ) at = current ? body(chunk, at) : head(chunk, at);
    },
  };
}

/** `9913cbf0becfffa9d6b1031416114fc82b10c9aa tree 164` */
const OBJECT = /^([0-9a-f]{40,64}) (blob|tree|commit|tag) (\d{1,15})$/;
/** `deadbeef missing`, `HEAD^{tree} ambiguous`: the name comes back as it was written */
const ABSENT = /^(\S+) (?:missing|ambiguous)$/;

function parseHeader(line: string): { oid: string; type: BatchAnswer['type']; size: number } {
  const object = OBJECT.exec(line);
  if (object) return { oid: object[1] ?? '', type: object[2] as BatchAnswer['type'], size: Number(object[3]) };
  const absent = ABSENT.exec(line);
  if (absent) return { oid: absent[1] ?? '', type: 'missing', size: 0 };
  throw new Error(`git cat-file: unexpected answer ${JSON.stringify(line.slice(0, 80))}`);
}
