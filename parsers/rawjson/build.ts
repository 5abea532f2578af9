/**
 * One build out of its records. Nothing is told before its end: a vertex is shown many times, announced long before it starts or never started,
 * and only at the end is it known in which order they started, which is the order in which the other formats print them.
 */
import type { BuildEvent, EventSink } from '../../src/events.ts';
import type { LogRecord } from './documents.ts';
import { decodeBase64, parseTime, type RawStatus, type RawVertex, type RawWarning, type SolveStatus } from './schema.ts';

interface Interval {
  readonly started: number;
  completed: number | undefined;
  cached: boolean;
}

interface Known {
  readonly digest: string;
  readonly line: number;
  /** All names it was shown under: targets of bake share vertices. */
  readonly names: string[];
  inputs: readonly string[];
  group: { readonly id: string; readonly name: string; readonly weak: boolean } | undefined;
  /** By start, so that a repeated message counts once. */
  readonly intervals: Map<string, Interval>;
  /** Lines on which it was first seen cached, and last seen completed without being cached. */
  cachedLine: number | undefined;
  doneLine: number | undefined;
  error: { readonly message: string; readonly line: number } | undefined;
  readonly statuses: Map<string, RawStatus>;
  outputs: number;
  lastOutput: string;
}

const MAX_NAME = 16 * 1024;
const MAX_NAMES = 200;
const MAX_STATUSES = 1000;
const MAX_DOCKERFILE = 6 * 1024 * 1024;

/** `[internal] load build definition from Dockerfile`, `[web internal] load local bake definitions`: the beginning of a build, or of a target. */
const BEGINS = /^\[(?:.{1,200} )?internal\] load (?:build definition|local bake|remote|git source)/;
/** bake reads its own file before anything else. */
const LOCAL_BAKE = /^\[internal\] load local bake/;
const LOADS = /^\[(?:.{1,200} )?internal\] load build definition/;
/** `[2/7] RUN …`, `[web build 2/7] RUN …` */
const STEP = /^\[(?:[^\]]{1,300} )?\s{0,4}\d{1,4}\/\d{1,4}\] /;
const EXPORT = /^(?:\[[^\]]{1,300}\] )?exporting to (?!GitHub)/;
/** A build goes on without the cache that it could not import. */
const IMPORT = /^(?:\[[^\]]{1,300}\] )?importing cache/;
const CANCELED = /context canceled$/;

export class RawBuild {
  private readonly vertices = new Map<string, Known>();
  private readonly names = new Set<string>();
  private readonly warnings: RawWarning[] = [];
  private readonly notes = new Set<string>();
  private stepsStarted = false;
  private messages = 0;
  /** The last message was a whole record. */
  private whole = false;
  private final: { readonly outcome: 'failed' | 'canceled'; readonly message: string } | undefined;
  private readonly emit: EventSink;

  constructor(emit: EventSink) {
    this.emit = emit;
  }

  /** Do these records begin another build? */
  isFollowedBy(status: SolveStatus): boolean {
    // `history logs` prints each record as one document; the first message of a build that goes on is never whole.
    if (this.messages === 1 && this.whole && isWhole(status)) return true;
    if (!this.stepsStarted && !this.final) return false;
    return status.vertexes.some((v) => {
      if (typeof v.name !== 'string' || !BEGINS.test(v.name)) return false;
      const known = this.vertices.get(v.digest);
      // Each build loads its Dockerfile under a digest of its own, and each target of a bake under a name of its own.
      if (!known)
        return (
          this.names.has(v.name) || this.final !== undefined || LOCAL_BAKE.test(v.name) || (LOADS.test(v.name) && !this.loadsLike(v.name))
        );
      // `[internal] load remote build context` has the same digest in every build: it starts again after the export.
      const started = parseTime(v.started);
      const exported = this.exported();
      return (
        started !== undefined &&
        exported !== undefined &&
        started > exported &&
        [...known.intervals.values()].some((i) => i.started < exported) &&
        !known.intervals.has(String(v.started))
      );
    });
  }

  add(status: SolveStatus, line: number): void {
    this.messages++;
    this.whole = isWhole(status);
    for (const v of status.vertexes) this.vertex(v, line);
    for (const s of status.statuses) this.status(s, line);
    for (const w of status.warnings) if (this.warnings.length < 1000) this.warnings.push(w);
  }

  count(record: LogRecord, line: number): void {
    const k = this.known(record.vertex, line);
    k.outputs++;
    k.lastOutput = record.timestamp;
  }

  note(text: string): void {
    this.notes.add(text);
  }

  /** The words with which the client ended. */
  finish(outcome: 'failed' | 'canceled', message: string): void {
    this.final = { outcome, message };
  }

  private known(digest: string, line: number): Known {
    let k = this.vertices.get(digest);
    if (!k) {
      k = {
        digest,
        line,
        names: [],
        inputs: [],
        group: undefined,
        intervals: new Map(),
        cachedLine: undefined,
        doneLine: undefined,
        error: undefined,
        statuses: new Map(),
        outputs: 0,
        lastOutput: '',
      };
      this.vertices.set(digest, k);
    }
    return k;
  }

  private vertex(v: RawVertex, line: number): void {
    const k = this.known(v.digest, line);
    if (typeof v.name === 'string') {
      const name = v.name.slice(0, MAX_NAME);
      if (!k.names.includes(name) && k.names.length < MAX_NAMES) k.names.push(name);
      this.names.add(name);
    }
    if (Array.isArray(v.inputs) && v.inputs.length > 0) k.inputs = v.inputs.filter((d) => typeof d === 'string');
    const group = v.progressGroup;
    if (typeof group?.id === 'string')
      k.group = { id: group.id, name: typeof group.name === 'string' ? group.name.slice(0, MAX_NAME) : '', weak: group.weak === true };
    this.interval(k, v, line);
    // A later repeat may lack what an earlier one had: a hit whose layers are fetched starts again without `cached`.
    if (v.cached === true) k.cachedLine ??= line;
    if (typeof v.error === 'string' && v.error !== '') k.error = { message: v.error, line };
  }

  private interval(k: Known, v: RawVertex, line: number): void {
    const started = parseTime(v.started);
    if (started === undefined || typeof v.started !== 'string') return;
    if (!this.stepsStarted && k.names.some((n) => STEP.test(n))) this.stepsStarted = true;
    const completed = parseTime(v.completed);
    const interval = k.intervals.get(v.started) ?? { started, completed: undefined, cached: false };
    if (v.cached === true) interval.cached = true;
    if (completed !== undefined) {
      interval.completed = completed;
      if (!interval.cached) k.doneLine = line;
    }
    k.intervals.set(v.started, interval);
  }

  private status(s: RawStatus, line: number): void {
    const k = this.known(s.vertex, line);
    if (k.statuses.size < MAX_STATUSES || k.statuses.has(s.id)) k.statuses.set(s.id, s);
  }

  /** Targets of one bake are all named, and the build of one Dockerfile has no target. */
  private loadsLike(name: string): boolean {
    const plain = name.startsWith('[internal]');
    for (const n of this.names) if (LOADS.test(n) && n.startsWith('[internal]') === plain) return true;
    return false;
  }

  /** When the last export ended; undefined where none did, or where something still goes on. */
  private exported(): number | undefined {
    let last: number | undefined;
    for (const k of this.vertices.values())
      for (const i of k.intervals.values()) {
        if (i.completed === undefined) return undefined;
        if (!i.cached && k.names.some((n) => EXPORT.test(n))) last = Math.max(last ?? 0, i.completed);
      }
    return last;
  }

  /** Tells everything. */
  end(): void {
    const ids = new Map<string, string>();
    // A digest that only statuses or output name was never announced: nothing can be said of it.
    const ordered = this.ordered().filter((k) => k.names.length > 0);
    for (const k of ordered) ids.set(k.digest, `#${ids.size + 1}`);
    for (const k of ordered) for (const event of eventsOf(k, ids)) this.emit(event);
    this.emitWarnings(ids);
    for (const text of this.notes) this.emit({ type: 'note', text });
    const end = this.final ?? this.outcome();
    if (end) this.emit({ type: 'end', ...end });
  }

  /** In the order of their first start, inputs before what stands on them; those that never started at the end. */
  private ordered(): Known[] {
    const starts = new Map<Known, number>();
    for (const k of this.vertices.values())
      starts.set(k, Math.min(...[...k.intervals.values()].map((i) => i.started), Number.POSITIVE_INFINITY));
    const byStart = [...this.vertices.values()].sort((a, b) => compare(starts.get(a)!, starts.get(b)!));
    const placed = new Set<Known>();
    for (const root of byStart) {
      // Depth first without recursion: a chain may be long.
      const stack = [root];
      const entered = new Set<Known>();
      while (stack.length > 0) {
        const k = stack.at(-1)!;
        const waiting = entered.has(k)
          ? []
          : k.inputs.map((d) => this.vertices.get(d)).filter((i) => i !== undefined && !placed.has(i) && !entered.has(i));
        entered.add(k);
        if (waiting.length > 0) stack.push(...(waiting.reverse() as Known[]));
        else {
          stack.pop();
          placed.add(k);
        }
      }
    }
    return [...placed];
  }

  private emitWarnings(ids: ReadonlyMap<string, string>): void {
    const texts = new Set<string>();
    const files = new Set<string>();
    for (const w of this.warnings) {
      const id = (typeof w.vertex === 'string' && ids.get(w.vertex)) || null;
      const text = typeof w.short === 'string' && w.short.length < MAX_NAME ? decodeBase64(w.short) : '';
      if (text !== '' && !texts.has(text)) this.emit({ type: 'warning', id, text });
      texts.add(text);
      const info = w.sourceInfo;
      if (typeof info?.data !== 'string' || info.data.length > MAX_DOCKERFILE || files.has(info.data)) continue;
      files.add(info.data);
      const file = typeof info.filename === 'string' ? info.filename : 'Dockerfile';
      this.emit({ type: 'dockerfile', file, text: decodeBase64(info.data) });
    }
  }

  /** A stream without last words: what its vertices say. Undefined where they do not tell. */
  private outcome(): { readonly outcome: 'succeeded' | 'failed' | 'canceled'; readonly message?: string } | undefined {
    const all = [...this.vertices.values()];
    const errors = all.filter((k) => k.error && !k.names.some((n) => IMPORT.test(n)));
    const failed = errors.find((k) => !CANCELED.test(k.error?.message ?? ''));
    if (failed?.error) return { outcome: 'failed', message: failed.error.message };
    if (errors.length > 0) return { outcome: 'canceled' };
    if (all.some((k) => [...k.intervals.values()].some((i) => i.completed === undefined))) return undefined;
    if (all.some((k) => k.doneLine !== undefined && k.names.some((n) => EXPORT.test(n)))) return { outcome: 'succeeded' };
    // Without an exporter: the whole graph is announced, so the build is over when nothing that stands at its end is missing.
    const used = new Set(all.flatMap((k) => k.inputs));
    const last = all.filter((k) => !used.has(k.digest) && k.names.some((n) => STEP.test(n)));
    return last.length > 0 && last.every((k) => k.cachedLine !== undefined || k.doneLine !== undefined)
      ? { outcome: 'succeeded' }
      : undefined;
  }
}

/** Does one message both announce a vertex and complete it? A record does; a build that goes on announces, then starts. */
function isWhole(status: SolveStatus): boolean {
  const announced = new Set<string>();
  for (const v of status.vertexes) if (v.started === undefined) announced.add(v.digest);
  return status.vertexes.some((v) => v.completed !== undefined && announced.has(v.digest));
}

function compare(a: number, b: number): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function* eventsOf(k: Known, ids: ReadonlyMap<string, string>): Generator<BuildEvent> {
  const id = ids.get(k.digest)!;
  const inputs = k.inputs.map((d) => ids.get(d)).filter((i) => i !== undefined);
  for (const name of k.names)
    yield { type: 'vertex', id, name, line: k.line, digest: k.digest, inputs, ...(k.group !== undefined && { group: k.group }) };
  for (const s of k.statuses.values()) yield statusEvent(id, s);
  const intervals = mergeIntervals([...k.intervals.values()].sort((a, b) => a.started - b.started));
  if (k.outputs > 0) {
    const at = outputTime(k, intervals);
    yield { type: 'output', id, lines: k.outputs, ...(at !== undefined && { at }) };
  }
  for (const i of intervals)
    yield {
      type: 'interval',
      id,
      started: i.started,
      cached: i.cached,
      ...(i.completed !== undefined && { completed: Math.max(i.completed, i.started) }),
    };
  if (k.cachedLine !== undefined) yield { type: 'cached', id, line: k.cachedLine };
  if (k.error && CANCELED.test(k.error.message)) yield { type: 'canceled', id, line: k.error.line };
  else if (k.error) yield { type: 'error', id, message: k.error.message, line: k.error.line };
  else if (k.doneLine !== undefined && intervals.every((i) => i.completed !== undefined)) yield { type: 'done', id, line: k.doneLine };
}

/** Each target of a bake tells the times of a shared vertex for itself: what overlaps is one interval (buildkit: display.go, mergeIntervals). */
function mergeIntervals(sorted: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const i of sorted) {
    const last = merged.at(-1);
    if (!last || last.cached !== i.cached || (last.completed !== undefined && i.started >= last.completed && i.started !== last.started)) {
      merged.push({ ...i });
    } else if (last.completed !== undefined) {
      last.completed = i.completed === undefined ? undefined : Math.max(last.completed, i.completed);
    }
  }
  return merged;
}

function statusEvent(id: string, s: RawStatus): BuildEvent {
  const started = parseTime(s.started);
  const completed = parseTime(s.completed);
  return {
    type: 'status',
    id,
    text: s.id.slice(0, MAX_NAME),
    done: completed !== undefined,
    ...(typeof s.current === 'number' && s.current > 0 && { bytes: s.current }),
    ...(typeof s.total === 'number' && s.total > 0 && { total: s.total }),
    ...(started !== undefined && completed !== undefined && { seconds: Math.max(0, completed - started) / 1000 }),
  };
}

/** Seconds from the start of the last interval to the last output. */
function outputTime(k: Known, intervals: readonly Interval[]): number | undefined {
  const at = parseTime(k.lastOutput);
  const started = intervals.findLast((i) => at !== undefined && i.started <= at)?.started;
  return at === undefined || started === undefined ? undefined : (at - started) / 1000;
}
