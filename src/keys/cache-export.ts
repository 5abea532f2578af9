/**
 * Whether an exported cache holds a step: its records are named by the very digests of the keys (BuildKit: cache/remotecache/v1). Pure.
 */
import { contentKeys, recordDigest } from '../context/content-key.ts';
import type { CopySelection } from '../context/select.ts';
import type { Origin } from '../dockerfile/plan.ts';
import { asObject } from '../json.ts';
import type { ExactInput, ExactKey } from './exact.ts';
import type { OperationInput } from './operations.ts';

/** `application/vnd.buildkit.cacheconfig.v0` */
export interface CacheExport {
  readonly records: readonly CacheRecord[];
}

export interface CacheRecord {
  readonly digest: string;
  /** For each input its alternatives; `link` is the index of another record. */
  readonly inputs?: readonly (readonly { readonly selector?: string; readonly link: number }[])[];
  /** Absent or empty: the key is known, its result is not there. */
  readonly layers?: readonly unknown[];
  readonly chains?: readonly unknown[];
}

/** key: only what follows from it is there, which helps as long as nothing needs its files. unknown: a part of its key is not known. */
export type Presence = 'result' | 'key' | 'absent' | 'unknown';

export interface KnownInputs {
  /** Names of the records that an image may have; null where its digest is not known. */
  image(origin: Origin): readonly string[] | null;
  /** Names of the records of what is read from a context ('' is the build context); null where its files are not known. */
  content(context: string, selection: CopySelection): readonly string[] | null;
}

/** Names of the records of a here-document: a file that is made on the spot. */
function inlineRecords({ name, content, mode }: Extract<OperationInput, { kind: 'inline' }>): string[] {
  const data = Buffer.from(content);
  const file = { path: name, type: 'file', mode, size: data.length, content: null } as const;
  const listing = { entries: new Map([[name, file]]) };
  return contentKeys(listing, { sources: [name] }, () => [data]).map((key) => recordDigest(key, -1));
}

/** By step id, as `exactKeys` has it. */
export function findInExport(keys: ReadonlyMap<string, ExactKey>, cache: CacheExport, known: KnownInputs): Map<string, Presence> {
  const byName = new Map<string, number[]>();
  for (const [index, record] of cache.records.entries()) byName.set(record.digest, [...(byName.get(record.digest) ?? []), index]);
  const recordsOf = (names: readonly string[]): number[] => names.flatMap((name) => byName.get(name) ?? []);
  const found = new Map<string, readonly number[] | null>();

  /** Records of an input; null where that cannot be told. */
  const inputRecords = (input: ExactInput, prefix: string): readonly number[] | null => {
    const { from } = input;
    if (from.kind === 'step') return found.get(`${prefix}${from.step.replace('.', ':')}`) ?? null;
    if (from.kind === 'image') {
      const names = known.image(from);
      return names && recordsOf(names);
    }
    if (from.kind === 'context' && input.content) {
      const names = known.content(from.context, input.content);
      return names && recordsOf(names);
    }
    return from.kind === 'inline' ? recordsOf(inlineRecords(from)) : null;
  };

  const presences = new Map<string, Presence>();
  for (const [id, key] of keys) {
    const prefix = id.slice(0, id.lastIndexOf(' ') + 1);
    const inputs = key.inputs.map((input) => ({ selector: input.selector ?? undefined, records: inputRecords(input, prefix) }));
    if (key.record === null || inputs.some((i) => i.records === null)) {
      found.set(id, null);
      presences.set(id, 'unknown');
      continue;
    }
    const records = recordsOf([key.record]).filter((index) => {
      const alternatives = cache.records[index]!.inputs ?? [];
      return (
        alternatives.length === inputs.length &&
        inputs.every((input, at) =>
          alternatives[at]!.some(
            (a) =>
              input.records!.includes(a.link) &&
              (a.selector === undefined || input.selector === undefined || a.selector === input.selector),
          ),
        )
      );
    });
    found.set(id, records);
    const complete = records.some((index) => (cache.records[index]!.layers?.length ?? 0) + (cache.records[index]!.chains?.length ?? 0) > 0);
    presences.set(id, complete ? 'result' : records.length > 0 ? 'key' : 'absent');
  }
  return presences;
}

function isInput(value: unknown): boolean {
  const { selector, link } = asObject(value);
  return typeof link === 'number' && (selector === undefined || typeof selector === 'string');
}

/** @returns null where the text is no such configuration */
export function readCacheExport(text: string): CacheExport | null {
  try {
    const { records } = JSON.parse(text) as { records?: unknown };
    if (!Array.isArray(records)) return null;
    const valid = records.every(
      (r: Partial<CacheRecord> | null) =>
        typeof r?.digest === 'string' &&
        (r.inputs === undefined || (Array.isArray(r.inputs) && r.inputs.every((i) => Array.isArray(i) && i.every(isInput)))) &&
        [r.layers, r.chains].every((list) => list === undefined || Array.isArray(list)),
    );
    return valid ? { records: records as CacheRecord[] } : null;
  } catch {
    return null;
  }
}
