/**
 * Reads an image's history in every form that people have it in: JSON lines, a JSON array (docker, podman, the engine's API), an image's
 * configuration, and the tables that docker and podman print, as pasted.
 */
import { readCreatedBy, readVariables } from './created-by.ts';
import { readJsonValues } from './json-values.ts';
import type { History, HistoryEntry, RawEntry } from './model.ts';
import { readTable } from './table.ts';
import { readSize, readTime } from './values.ts';

const MAX_ENTRIES = 10_000;

/** Never throws; a text without a history gives no entries and a note. */
export function parseHistory(text: string): History {
  const clean = text.replace(/^\uFEFF/, '');
  const notes: string[] = [];
  let raw = /^\s*[[{]/.test(clean) ? readJson(clean, notes) : readTable(clean, notes);
  if (raw.length > MAX_ENTRIES) {
    notes.push(`only the first ${MAX_ENTRIES} entries of the history were read`);
    raw = raw.slice(0, MAX_ENTRIES);
  }
  if (raw.length === 0) notes.push('no history was found in the text');
  const entries = describe(raw);
  if (entries.some((entry) => entry.cut)) notes.push('the history was cut by docker: take it with --no-trunc');
  return { entries, notes };
}

/** Oldest first, so that each RUN is read with the ARG lines above it. */
function describe(raw: readonly RawEntry[]): HistoryEntry[] {
  const lines: string[] = [];
  const entries: HistoryEntry[] = [];
  for (const entry of [...raw].reverse()) {
    const read = readCreatedBy(entry.createdBy, { lines });
    if (read.instruction === 'ARG') lines.push(read.text);
    entries.push({ ...entry, ...read });
  }
  return entries.reverse();
}

function readJson(text: string, notes: string[]): RawEntry[] {
  const { values, bad } = readJsonValues(text);
  if (bad > 0) notes.push(`${bad} part${bad === 1 ? '' : 's'} of the history could not be read as JSON`);
  return values.flatMap((value) => (Array.isArray(value) ? value.flatMap(readObject) : readObject(value)));
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readObject(value: unknown): RawEntry[] {
  if (!isFields(value)) return [];
  // An image's configuration: oldest first, one diff id for each entry that is a layer.
  if (Array.isArray(value.history)) {
    const rootfs = isFields(value.rootfs) && Array.isArray(value.rootfs.diff_ids) ? value.rootfs.diff_ids : [];
    let layer = 0;
    return value.history
      .flatMap((entry): RawEntry[] => {
        if (!isFields(entry)) return [];
        const diffId = entry.empty_layer === true ? null : rootfs[layer++];
        return readObject(entry).map((raw) => ({
          ...raw,
          size: entry.empty_layer === true ? 0 : raw.size,
          diffId: typeof diffId === 'string' ? diffId : null,
        }));
      })
      .reverse();
  }
  const createdBy = value.CreatedBy ?? value.created_by ?? value.createdBy;
  if (typeof createdBy !== 'string' && value.Size === undefined && value.empty_layer === undefined && value.created === undefined)
    return [];
  const id = value.ID ?? value.Id ?? value.id;
  const comment = value.Comment ?? value.comment;
  return [
    {
      createdBy: typeof createdBy === 'string' ? createdBy : '',
      createdAt: readTime(value.CreatedAt ?? value.Created ?? value.created),
      size: readSize(value.Size ?? value.size),
      comment: typeof comment === 'string' ? comment : '',
      id: typeof id === 'string' && id !== '' && id !== '<missing>' ? id : null,
      diffId: null,
    },
  ];
}

/** All variables that ENV entries set, newest value first come. */
export function environmentOf(history: History): Map<string, string> {
  const env = new Map<string, string>();
  for (const entry of history.entries)
    if (entry.instruction === 'ENV' && !entry.cut)
      for (const { name, value } of readVariables(entry.text)) if (!env.has(name)) env.set(name, value);
  return env;
}
