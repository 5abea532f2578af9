/** From the events of one build to its steps: status, inputs, first misses, cascade, cost. */

import { settleCascade } from './cascade.ts';
import { inferInputs } from './edges.ts';
import type { BuildLog, Vertex } from './log.ts';
import { parseVertexName, resolvePrefixes, type VertexName } from './names.ts';
import { isKeyError, readOutcome, readStatus, settleDuplicates, settleRemoteAdds } from './outcome.ts';
import type { Step, StepGraph } from './step.ts';

/** What the Dockerfile says of a step: exact inputs and its lines. Keyed by step id. */
export interface KnownStep {
  readonly inputs?: readonly string[];
  readonly source?: Step['source'];
}

/** The steps of a build as each by itself tells. Settling them changes them: it can be done once. */
export interface StepDraft {
  readonly log: BuildLog;
  /** In the order of the log. */
  readonly steps: ReadonlyMap<string, Step>;
}

/** The graph of one build from its log alone. */
export function buildGraph(log: BuildLog): StepGraph {
  return settleGraph(draftGraph(log));
}

/** What the log says of each step by itself, before they are held against each other. */
export function draftGraph(log: BuildLog): StepDraft {
  const steps = createSteps(log);
  for (const s of steps) readStatus(s, log);
  settleRemoteAdds(steps);
  settleDuplicates(steps);
  inferInputs(steps);
  return { log, steps: new Map(steps.map((s) => [s.id, s])) };
}

/** @param known what a matching Dockerfile adds; it overrides what the names suggest, never what the log states */
export function settleGraph({ log, steps: byId }: StepDraft, known: ReadonlyMap<string, KnownStep> = new Map()): StepGraph {
  const steps = [...byId.values()];
  for (const s of steps) {
    const k = known.get(s.id);
    if (k?.inputs && s.vertex.inputs === undefined) s.inputs = [...k.inputs];
    if (k?.source) s.source = k.source;
  }
  settleLinks(steps, byId, log);
  const outcome = readOutcome(log, steps);
  if (outcome === 'failed' || outcome === 'canceled') settleSkipped(steps, byId);
  const exactInputs = log.dialect === 'rawjson' || known.size > 0;
  return { log, outcome, seconds: wallSeconds(log), steps: byId, misses: settleCascade(steps, byId), exactInputs };
}

function createSteps(log: BuildLog): Step[] {
  const vertices = foldGroups([...log.vertices.values()].filter((v) => v.names.length > 0));
  const names: VertexName[] = [];
  const spans: number[] = [];
  for (const v of vertices) {
    spans.push(v.names.length);
    for (const n of v.names) names.push(parseVertexName(n));
  }
  const resolved = resolvePrefixes(names);
  let at = 0;
  return vertices.map((vertex, i) => {
    const aliases = resolved.slice(at, at + (spans[i] ?? 0));
    at += spans[i] ?? 0;
    const parsed = aliases.at(-1)!;
    return {
      id: vertex.id,
      name: vertex.names.at(-1)!,
      vertex,
      parsed,
      aliases,
      cacheable: false,
      status: 'internal',
      role: 'none',
      seconds: null,
      inputs: [...(vertex.inputs ?? [])],
      ran: false,
      pulled: false,
      rebased: false,
      duplicateOf: null,
      source: null,
    };
  });
}

/**
 * COPY --link is a progress group of two vertices: the copy, which is weak, and the merge that puts it on its base (`LINK COPY --link …`).
 * It is one step. The copy decides whether it was a hit; a merge that ran under a cached copy was only rebased.
 */
function foldGroups(vertices: Vertex[]): Vertex[] {
  const groups = new Map<string, Vertex[]>();
  for (const v of vertices) if (v.group) groups.set(v.group.id, [...(groups.get(v.group.id) ?? []), v]);
  const standIn = new Map<string, string>();
  const merged = new Map<string, Vertex>();
  for (const members of groups.values()) {
    const copy = members.find((m) => m.group?.weak) ?? members[0];
    if (!copy || members.length < 2) continue;
    const inner = new Set(members.map((m) => m.id));
    const others = members.filter((m) => m !== copy);
    const ran = others.some((m) => m.intervals.some((i) => !i.cached && i.completed !== undefined) && !m.intervals.some((i) => i.cached));
    merged.set(copy.id, {
      ...copy,
      names: [copy.group?.name || copy.names[0] || ''],
      inputs: [...new Set(members.flatMap((m) => m.inputs ?? []))].filter((id) => !inner.has(id)),
      merging: copy.merging || ran,
      intervals: members.flatMap((m) => m.intervals),
      terminals: copy.terminals.length > 0 ? copy.terminals : others.flatMap((m) => m.terminals),
    });
    for (const m of others) standIn.set(m.id, copy.id);
  }
  if (merged.size === 0) return vertices;
  return vertices
    .filter((v) => !standIn.has(v.id))
    .map((v) => {
      const vertex = merged.get(v.id) ?? v;
      return vertex.inputs ? { ...vertex, inputs: [...new Set(vertex.inputs.map((id) => standIn.get(id) ?? id))] } : vertex;
    });
}

/**
 * COPY --link after an upstream miss ends as DONE although its copy was a hit: it was put on another base. `merging` proves it; without it a
 * copy of no length is taken for one, but never on the graph-driver store (`writing image sha256:…`), where --link is an ordinary COPY.
 */
function settleLinks(steps: readonly Step[], byId: ReadonlyMap<string, Step>, log: BuildLog): void {
  if (log.foretold) return;
  const plainStore = [...log.vertices.values()].some((v) => [...v.statuses.keys()].some((t) => t.startsWith('writing image sha256:')));
  for (const s of steps) {
    if (!s.cacheable || !/^(?:COPY|ADD)(?: --\S+)* --link(?:=true)?(?: |$)/.test(s.parsed.text)) continue;
    if (s.status === 'reused') s.rebased = s.vertex.merging;
    if (s.status !== 'rebuilt') continue;
    const upstream = s.inputs.some((id) => byId.get(id)?.status === 'rebuilt' || byId.get(id)?.rebased);
    const noLength = s.vertex.intervals.length === 0 && (s.seconds ?? 0) <= 0.1;
    if (upstream && !plainStore && (s.vertex.merging || noLength)) {
      s.status = 'reused';
      s.rebased = true;
      s.ran = false;
    }
  }
}

/**
 * In a build that failed, CACHED may mean that a step was never looked at: a child that fails while its key is computed starts, and its inputs
 * are then marked cached. A hit is proven where something that stands on it ran.
 */
function settleSkipped(steps: readonly Step[], byId: ReadonlyMap<string, Step>): void {
  const proven = new Set<string>();
  const doubted = new Set<string>();
  const down = (from: Step, into: Set<string>): void => {
    const queue = [from];
    for (let s = queue.pop(); s; s = queue.pop())
      for (const id of s.inputs) {
        const input = byId.get(id);
        if (input && !into.has(id)) {
          into.add(id);
          queue.push(input);
        }
      }
  };
  for (const s of steps) {
    if (!s.cacheable) continue;
    if (s.ran && (s.status === 'rebuilt' || s.status === 'failed' || s.status === 'canceled')) down(s, proven);
    if (s.status === 'failed' && isKeyError(s.vertex.error ?? '')) down(s, doubted);
  }
  for (const s of steps) {
    if (s.status !== 'reused' || proven.has(s.id) || s.pulled) continue;
    if (doubted.has(s.id) || standsOnFailure(s, byId)) s.status = 'skipped';
  }
}

function standsOnFailure(step: Step, byId: ReadonlyMap<string, Step>): boolean {
  const seen = new Set<string>();
  const queue = [...step.inputs];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const s = byId.get(id);
    if (!s) continue;
    if (s.status === 'failed' || s.vertex.terminals.at(-1)?.word === 'canceled') return true;
    queue.push(...s.inputs);
  }
  return false;
}

/** Wall time of the build in seconds: from its own words, its real times, or the wrapper's stamps. */
function wallSeconds(log: BuildLog): number | null {
  if (log.end?.seconds !== undefined) return log.end.seconds;
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const v of log.vertices.values())
    for (const i of v.intervals) {
      first = Math.min(first, i.started);
      last = Math.max(last, i.completed ?? i.started);
    }
  if (last >= first) return (last - first) / 1000;
  return log.firstTime !== undefined && log.lastTime !== undefined ? Math.max(0, (log.lastTime - log.firstTime) / 1000) : null;
}
