/** What truly happened to each vertex, and to the build. The words of the log do not mean what they seem to (buildkit: printer.go, progress.go). */
import type { Outcome } from '../model.ts';
import type { BuildLog, Vertex } from './log.ts';
import { isCacheableInstruction, isRemoteAdd } from './names.ts';
import type { Step } from './step.ts';

export function everCached(vertex: Vertex): boolean {
  return vertex.terminals.some((t) => t.word === 'cached') || vertex.intervals.some((i) => i.cached);
}

/** A lazily fetched hit: its layers come down under its own number and it ends as DONE. A hit prints no output. */
function isPulledHit(vertex: Vertex): boolean {
  return vertex.pulled && vertex.outputLines === 0;
}

function isClosed(vertex: Vertex): boolean {
  return vertex.terminals.length > 0;
}

/** Seconds of work on a vertex, as far as the log tells; null where it does not. */
function secondsOf(vertex: Vertex): number | null {
  const intervals = vertex.intervals.filter((i) => i.completed !== undefined && !i.cached);
  if (vertex.intervals.length > 0) return intervals.reduce((sum, i) => sum + ((i.completed ?? i.started) - i.started) / 1000, 0);
  // DONE is printed with the sum of all intervals so far: the last and largest counts.
  const shown = vertex.terminals.map((t) => t.seconds).filter((s) => s !== undefined);
  if (shown.length > 0) return Math.max(...shown);
  if (vertex.terminals.some((t) => t.word === 'cached')) return 0;
  if (vertex.lastOutputAt !== undefined) return vertex.lastOutputAt;
  if (vertex.firstTime !== undefined && vertex.lastTime !== undefined) return Math.max(0, (vertex.lastTime - vertex.firstTime) / 1000);
  return null;
}

/** First reading, from the vertex alone; `settleSteps` looks at the neighbours. */
export function readStatus(step: Step, log: BuildLog): void {
  const { vertex } = step;
  step.seconds = secondsOf(vertex);
  step.pulled = vertex.pulled;
  step.cacheable = isCacheableInstruction(step.parsed.instruction) && step.parsed.kind === 'step';
  if (!step.cacheable) {
    step.status = 'internal';
    return;
  }
  const words = vertex.terminals.map((t) => t.word);
  if (words.includes('error')) {
    step.status = 'failed';
    step.ran = !isKeyError(vertex.error ?? '');
  } else if (everCached(vertex) || (words.includes('done') && isPulledHit(vertex))) step.status = 'reused';
  else if (words.includes('canceled')) {
    step.status = 'canceled';
    step.ran = vertex.outputLines > 0;
  } else if (words.includes('done')) {
    step.status = 'rebuilt';
    step.ran = true;
  } else {
    // Never closed: it was running when the log or the build ended, or was never started at all (rawjson announces every vertex).
    const started = vertex.intervals.length > 0 || log.dialect !== 'rawjson';
    step.ran = started && !isPulledHit(vertex);
    step.status = started ? (log.end?.outcome === 'succeeded' || isExported(log) ? 'rebuilt' : 'canceled') : 'skipped';
  }
}

/** `failed to calculate checksum of ref …: "/missing": not found`: the step failed before anything ran, while its key was computed. */
export function isKeyError(message: string): boolean {
  return /failed to (?:calculate checksum|compute cache key)|cache key/.test(message);
}

/** `exporting to image … DONE`: only a build whose steps all succeeded is exported. */
function isExported(log: BuildLog): boolean {
  return exportLine(log) !== null;
}

/** The line on which the last export was done; null where none was. */
function exportLine(log: BuildLog): number | null {
  let last: number | null = null;
  for (const v of log.vertices.values()) {
    if (!v.names.some((n) => /^(?:\[[^\]]*\] )?exporting to (?!GitHub|registry)/.test(n))) continue;
    for (const t of v.terminals) if (t.word === 'done') last = Math.max(last ?? 0, t.line);
  }
  return last;
}

/** `ADD url` shows twice under one name: the fetch, a source, and the copy. The last is the copy. */
export function settleRemoteAdds(steps: Iterable<Step>): void {
  const last = new Map<string, Step>();
  for (const step of steps) {
    if (!step.cacheable || !isRemoteAdd(step.parsed)) continue;
    const fetch = last.get(step.name);
    if (fetch) {
      fetch.cacheable = false;
      fetch.status = 'internal';
      fetch.ran = false;
      if (!step.inputs.includes(fetch.id)) step.inputs.push(fetch.id);
    }
    last.set(step.name, step);
  }
}

/**
 * A step evaluated a second time under one name counts once. Bake and compose give each target its own context vertex, and with it every
 * step below; of equal ones the solver runs one (solver/scheduler.go, mergeTo) and the record of either target shows both: the one that
 * ran, and the other as cached the moment after.
 */
export function settleDuplicates(steps: Iterable<Step>): void {
  const all = [...steps].filter((s) => s.cacheable);
  const ran = new Map<string, Step>();
  for (const step of all) if (step.status === 'rebuilt') for (const name of step.vertex.names) ran.set(name, step);
  for (const step of all) {
    const first = step.status === 'reused' ? step.vertex.names.map((n) => ran.get(n)).find((s) => s !== undefined) : undefined;
    if (!first) continue;
    step.duplicateOf = first.id;
    step.cacheable = false;
    step.status = 'internal';
  }
}

/** The build's outcome: its own last words first, then what its vertices say. */
export function readOutcome(log: BuildLog, steps: Iterable<Step>): Outcome {
  if (log.end) return log.end.outcome;
  const all = [...steps];
  // One printer can show several waves of services: an export is the end only where no step begins after it.
  const exported = exportLine(log);
  if (exported !== null && !all.some((s) => s.cacheable && !isClosed(s.vertex) && s.vertex.line > exported)) return 'succeeded';
  if (all.some((s) => s.status === 'failed')) return 'failed';
  if (all.some((s) => s.vertex.terminals.some((t) => t.word === 'canceled'))) return 'canceled';
  if (all.length === 0 || all.some((s) => !isClosed(s.vertex) && (s.vertex.intervals.length > 0 || log.dialect !== 'rawjson')))
    return 'incomplete';
  // A builder without an output exports nothing: complete when it began at the beginning and each stage that was worked on reached its end.
  const began = all.some((s) => /load build definition|load remote build context|load git source|local bake definitions/.test(s.name));
  return began && all.some((s) => s.cacheable && s.parsed.position === s.parsed.of) ? 'succeeded' : 'incomplete';
}
