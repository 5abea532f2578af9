/** What one image's history proves: which layers are old, which are large, which hold a secret. Pure. */
import { looksLikeSecret, maskText, maskValues } from '../secrets.ts';
import { bytes } from '../text.ts';
import { readVariables } from './created-by.ts';
import type { History, HistoryEntry } from './model.ts';

/** Layers that one build made, by the times of their snapshots: cached layers keep the time at which they were first made. */
export interface BuildCluster {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Indices in the history. */
  readonly entries: readonly number[];
}

export interface LargeLayer {
  readonly entry: number;
  readonly size: number;
  /** Of all layers, 0 to 1. */
  readonly share: number;
  readonly advice: string;
}

export interface ExposedSecret {
  readonly kind: 'arg' | 'env' | 'command';
  /** Null where the text of a command holds it. */
  readonly name: string | null;
  readonly entry: number;
  readonly advice: string;
}

export interface Inspection {
  /** Each entry as it may be shown: keyword and text, secrets masked. */
  readonly shown: readonly string[];
  /** Oldest first. Empty where the times tell nothing. */
  readonly clusters: readonly BuildCluster[];
  /** The oldest layer of the newest build: what it had to make anew. Null where that cannot be told. */
  readonly firstNew: number | null;
  readonly large: readonly LargeLayer[];
  readonly secrets: readonly ExposedSecret[];
  /** Bytes of all layers, as far as they are told. */
  readonly size: number;
  readonly notes: readonly string[];
}

/** Layers further apart are of different builds: steps take minutes, builds are further apart. */
const GAP_MS = 3600 * 1000;
const LARGE = 200e6;
const HUGE = 1e9;

export function inspectHistory(history: History): Inspection {
  const notes = [...history.notes];
  const { clusters, why } = clusterLayers(history.entries);
  if (why !== null) notes.push(why);
  const newest = clusters.at(-1);
  const size = history.entries.reduce((sum, entry) => sum + (entry.size ?? 0), 0);
  const secrets = secretValues(history.entries);
  return {
    shown: history.entries.map((entry) => showEntry(entry, secrets)),
    clusters,
    firstNew: clusters.length > 1 && newest ? Math.max(...newest.entries) : null,
    large: history.entries.flatMap((entry, i) => describeLarge(entry, i, size)),
    secrets: history.entries.flatMap((entry, i) => findSecrets(entry, i)),
    size,
    notes,
  };
}

/** Entries that hold files. Those without carry the time of a neighbour and prove nothing. */
function isLayer(entry: HistoryEntry): boolean {
  if (entry.diffId !== null) return true;
  return entry.instruction === null || /^(?:RUN|COPY|ADD|WORKDIR)$/.test(entry.instruction);
}

function clusterLayers(entries: readonly HistoryEntry[]): { clusters: BuildCluster[]; why: string | null } {
  const layers = entries.flatMap((entry, i) => (isLayer(entry) && entry.createdAt !== null ? [{ i, at: entry.createdAt }] : []));
  if (layers.length === 0) return { clusters: [], why: 'the history tells no times, so nothing about which layers were reused' };
  const own = layers.filter((layer) => layer.at > Date.UTC(1990, 0));
  if (own.length === 0 || (own.length > 2 && own.every((layer) => layer.at === own[0]!.at)))
    return { clusters: [], why: 'all layers carry one time (a reproducible build): nothing can be told about which were reused' };
  const clusters: { from: number; to: number; entries: number[] }[] = [];
  // From the oldest layer up. A layer older than the one below it came from a cache, or from another image.
  for (const layer of own.reverse()) {
    const last = clusters.at(-1);
    if (last && layer.at >= last.from - GAP_MS && layer.at - last.to <= GAP_MS) {
      last.to = Math.max(last.to, layer.at);
      last.from = Math.min(last.from, layer.at);
      last.entries.push(layer.i);
    } else clusters.push({ from: layer.at, to: layer.at, entries: [layer.i] });
  }
  const ordered = clusters.every((cluster, i) => i === 0 || cluster.from > clusters[i - 1]!.to);
  return ordered
    ? { clusters, why: null }
    : { clusters: [], why: 'the times of the layers do not rise from the base up: nothing can be told from them' };
}

function describeLarge(entry: HistoryEntry, index: number, total: number): LargeLayer[] {
  const { size, instruction } = entry;
  if (size === null || instruction === null || instruction === 'FROM') return [];
  const share = total > 0 ? size / total : 0;
  if (size < LARGE || (size < HUGE && share < 0.25)) return [];
  const copies = instruction === 'COPY' || instruction === 'ADD';
  const advice = copies
    ? `${bytes(size)} are copied into the image: list what the image does not need in .dockerignore, or name the sources one by one`
    : `${bytes(size)} in one layer: remove caches and build tools in the same RUN, use --mount=type=cache for downloads, or copy only the result out of a build stage`;
  return [{ entry: index, size, share, advice }];
}

function findSecrets(entry: HistoryEntry, index: number): ExposedSecret[] {
  const found: ExposedSecret[] = [];
  const kind = entry.instruction === 'ENV' ? 'env' : 'arg';
  const variables = entry.instruction === 'ENV' || entry.instruction === 'ARG' ? readVariables(entry.text) : (entry.args ?? []);
  for (const { name, value } of variables)
    if (looksLikeSecret(name, value)) found.push({ kind, name, entry: index, advice: secretAdvice(name) });
  if (variables.length === 0 && entry.instruction === 'RUN' && maskText(entry.text) !== entry.text)
    found.push({
      kind: 'command',
      name: null,
      entry: index,
      advice: 'read it from a secret mount: RUN --mount=type=secret,id=NAME … "$(cat /run/secrets/NAME)"',
    });
  return found;
}

function secretAdvice(name: string): string {
  const id = name.toLowerCase();
  return `everyone who has the image can read it; change it, and pass it as docker build --secret id=${id},env=${name} with RUN --mount=type=secret,id=${id},env=${name} …`;
}

/** Values that must not appear in any text of this history. */
function secretValues(entries: readonly HistoryEntry[]): Set<string> {
  const values = new Set<string>();
  for (const entry of entries) {
    const variables = [
      ...(entry.args ?? []),
      ...(entry.instruction === 'ENV' || entry.instruction === 'ARG' ? readVariables(entry.text) : []),
    ];
    for (const { name, value } of variables) if (looksLikeSecret(name, value)) values.add(value);
  }
  return values;
}

function showEntry(entry: HistoryEntry, secrets: ReadonlySet<string>): string {
  const text =
    entry.instruction === null ? entry.text || entry.comment || 'layer without a description' : `${entry.instruction} ${entry.text}`.trim();
  const variables = entry.instruction === 'ENV' || entry.instruction === 'ARG' ? readVariables(entry.text) : [];
  // `ARG A=one TOKEN=two words` has no quotes: the values are masked one by one.
  const masked = variables.some(({ name, value }) => looksLikeSecret(name, value)) ? maskValues(text, secrets) : text;
  return maskText(maskValues(masked, secrets));
}

/**
 * The newest entry of a step, by its instruction and text as a log or a Dockerfile shows them.
 * @returns null where the history has no such step (it is of another stage, or its variables were filled in)
 */
function findEntry(history: History, instruction: string, text: string): HistoryEntry | null {
  const wanted = squeeze(text);
  return history.entries.find((entry) => entry.instruction === instruction && squeeze(entry.text) === wanted) ?? null;
}

function squeeze(text: string): string {
  return text
    .replace(/\\\r?\n/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Seconds since the layer of a step was made; null where the history does not tell. @param now milliseconds since 1970 */
export function ageOfStep(history: History, instruction: string, text: string, now: number): number | null {
  const at = findEntry(history, instruction, text)?.createdAt ?? null;
  // Reproducible builds date their layers to 1970 or 1980: no age.
  return at === null || at < Date.UTC(1990, 0) ? null : Math.max(0, Math.round((now - at) / 1000));
}
