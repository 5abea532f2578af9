/** Reads the wire format of protocol buffers: enough for the few messages that BuildKit records. */

/** A field of a message: numbers as they are on the wire, strings and messages as bytes. */
export interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** The fields of a message in order; unknown kinds end the reading, so that a damaged message gives what is whole. */
export function* readFields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n && at < message.length; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const key = varint();
    if (key === undefined) return;
    const number = Number(key >> 3n);
    switch (Number(key & 7n)) {
      case 0: {
        const value = varint();
        if (value === undefined) return;
        yield { number, value };
        break;
      }
      case 1:
      case 5: {
        const length = (key & 7n) === 1n ? 8 : 4;
        if (at + length > message.length) return;
        yield { number, value: message.subarray(at, at + length) };
        at += length;
        break;
      }
      case 2: {
        const length = varint();
        if (length === undefined || length > BigInt(message.length - at)) return;
        yield { number, value: message.subarray(at, at + Number(length)) };
        at += Number(length);
        break;
      }
      default:
        return;
    }
  }
}

export function asText(field: Field): string {
  return typeof field.value === 'bigint' ? '' : field.value.toString('utf8');
}

export function asNumber(field: Field): number {
  return typeof field.value === 'bigint' ? Number(BigInt.asIntN(64, field.value)) : 0;
}

/** google.protobuf.Timestamp as RFC 3339 with nanoseconds, as Go prints it. */
export function asTime(field: Field): string | undefined {
  if (typeof field.value === 'bigint') return undefined;
  let seconds = 0;
  let nanos = 0;
  for (const f of readFields(field.value)) {
    if (f.number === 1) seconds = asNumber(f);
    if (f.number === 2) nanos = asNumber(f);
  }
  if (Math.abs(seconds) > 8.64e12) return undefined;
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(nanos).padStart(9, '0')}Z`;
}
