/** The records of `--progress=rawjson` (buildkit: client/graph.go). What a log holds is not to be trusted: every field is checked where it is read. */

export interface RawVertex {
  readonly digest: string;
  readonly inputs?: readonly string[];
  readonly name?: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
  /** COPY --link: the copy is `weak`, the merge (`LINK COPY …`) is not. */
  readonly progressGroup?: { readonly id?: string; readonly name?: string; readonly weak?: boolean };
}

export interface RawStatus {
  readonly id: string;
  readonly vertex: string;
  readonly total?: number;
  readonly current?: number;
  readonly started?: string;
  readonly completed?: string;
}

/** `short` and the Dockerfile in `sourceInfo.data` are base64. */
export interface RawWarning {
  readonly vertex?: string;
  readonly short?: string;
  readonly sourceInfo?: { readonly filename?: string; readonly data?: string };
}

export interface SolveStatus {
  readonly vertexes: readonly RawVertex[];
  readonly statuses: readonly RawStatus[];
  readonly warnings: readonly RawWarning[];
}

/** @returns the records that are usable; undefined where the text is no JSON object */
export function parseStatus(text: string): SolveStatus | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isObject(value) ? toStatus(value) : undefined;
}

export function toStatus(value: Readonly<Record<string, unknown>>): SolveStatus {
  return {
    vertexes: objects<RawVertex>(value.vertexes).filter((v) => typeof v.digest === 'string'),
    statuses: objects<RawStatus>(value.statuses).filter((s) => typeof s.vertex === 'string' && typeof s.id === 'string'),
    warnings: objects<RawWarning>(value.warnings),
  };
}

function objects<T>(value: unknown): T[] {
  return Array.isArray(value) ? (value.filter(isObject) as T[]) : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * RFC 3339 with up to nine decimals, as Go prints it.
 * @returns milliseconds since the epoch, with their fraction; undefined where it is no time
 */
export function parseTime(text: unknown): number | undefined {
  if (typeof text !== 'string' || text.length > 40) return undefined;
  const ms = Date.parse(text);
  // Go's zero time (`0001-01-01T00:00:00Z`) means that there is none.
  if (Number.isNaN(ms) || ms <= 0) return undefined;
  const rest = /\.\d{3}(\d{1,6})/.exec(text);
  return rest?.[1] ? ms + Number(`0.${rest[1]}`) : ms;
}

export function decodeBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
