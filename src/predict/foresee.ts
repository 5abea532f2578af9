/**
 * Says of each step of a build that was not made yet whether the builder will reuse it, from the keys of the build before and from
 * caches that are imported. Pure.
 */
import type { Baseline, BaselineStep } from '../baseline/model.ts';
import type { BuildCommand } from '../command/types.ts';
import type { Presence } from '../keys/cache-export.ts';
import { createMemory, predict, remember } from '../keys/memory.ts';
import type { BuildKeys, StageKeys, StepKeys } from '../keys/model.ts';

/** What will become of a step. */
export interface Foreseen {
  readonly step: StepKeys;
  readonly verdict: 'reused' | 'rebuilt';
  /** Why it may come otherwise; null where the keys settle it. */
  readonly doubt: string | null;
  /** What it cost when it last ran; null where that is not known, or nothing like it ran. */
  readonly seconds: number | null;
}

export interface Sources {
  /** The build before on this builder; null where nothing is known of one, or the builder is empty. */
  readonly before: Baseline | null;
  /** The step of the build before that a step goes back to, by id: what it cost. */
  readonly partnerOf: (id: string) => BaselineStep | null;
  /** What imported caches hold, by step id; null where none could be read. */
  readonly imported: ReadonlyMap<string, Presence> | null;
  /** Stages whose files are taken to stay the same whatever runs in them; `all`. */
  readonly identical: readonly string[];
}

/** @param keys of the build that is to come */
export function foresee(keys: BuildKeys, command: BuildCommand, { before, partnerOf, imported, identical }: Sources): Foreseen[] {
  const memory = createMemory();
  if (before) {
    const done = new Set(Object.entries(before.steps).flatMap(([id, s]) => (s.status === 'reused' || s.status === 'rebuilt' ? [id] : [])));
    remember(before.keys, memory, before.images, false, done);
  }
  const verdicts = predict(keys, memory, before?.images ?? {});
  // Equal steps of several stages are one vertex: what forces one forces all.
  const forced = new Set(keys.steps.filter((step) => isForced(step, command)).map((step) => step.identity));
  const found = new Map<string, Foreseen>();
  for (const step of keys.steps) {
    const known = verdicts.get(step.id)!.verdict;
    const above = inputsOf(step).flatMap((id) => found.get(id) ?? []);
    const seconds = partnerOf(step.id)?.seconds ?? null;
    const presence = imported?.get(step.id);
    const settle = (verdict: Foreseen['verdict'], doubt: string | null): void => void found.set(step.id, { step, verdict, doubt, seconds });
    if (forced.has(step.identity)) settle('rebuilt', null);
    else if (presence === 'result') settle('reused', null);
    // What stands on a step that ran has no result to reuse, whatever its key; what only reads its files may have.
    else if (above.some((f) => f.verdict === 'rebuilt' && f.doubt === null && standsOn(step, f))) settle('rebuilt', null);
    else if (known === 'rebuilt')
      settle('rebuilt', presence === 'unknown' ? 'an imported cache may have it: a part of its key is not known here' : null);
    else {
      const own = doubtOf(step, found, keys);
      const sources = own === null ? [] : stagesRead(step, keys);
      const assumed = identical.includes('all') || (sources.length > 0 && sources.every((name) => identical.includes(name)));
      const stays = (own === null || assumed) && above.every((f) => f.verdict === 'reused' || !standsOn(step, f));
      settle(stays ? 'reused' : 'rebuilt', own ?? above.find((f) => f.doubt !== null)?.doubt ?? null);
    }
  }
  if (imported) skipUnneeded(keys, found, imported);
  return keys.steps.map((s) => found.get(s.id)!);
}

/** A step of whose result a cache has only the key is not run as long as nothing that runs needs its files. */
function skipUnneeded(keys: BuildKeys, found: Map<string, Foreseen>, imported: ReadonlyMap<string, Presence>): void {
  const needed = new Set<string>();
  for (const stage of keys.stages) if (stage.reachable && stage.end.kind === 'step' && isTarget(stage, keys)) needed.add(stage.end.id);
  for (const step of [...keys.steps].reverse()) {
    const own = found.get(step.id)!;
    if (own.verdict === 'rebuilt' && imported.get(step.id) === 'key' && !needed.has(step.id))
      found.set(step.id, { ...own, verdict: 'reused', doubt: null });
    else if (own.verdict === 'rebuilt') for (const id of inputsOf(step)) needed.add(id);
  }
}

/** The stage that is asked for: nothing that is built stands on it or reads it. */
function isTarget(stage: StageKeys, keys: BuildKeys): boolean {
  const used = keys.steps.some(
    (step) => step.stageIndex !== stage.index && stage.end.kind === 'step' && inputsOf(step).includes(stage.end.id),
  );
  return !used;
}

/** `--no-cache` does not reach WORKDIR. */
function isForced(step: StepKeys, command: BuildCommand): boolean {
  if (step.instruction === 'WORKDIR') return false;
  return command.noCache || command.noCacheFilter.some((f) => f.toLowerCase() === step.stage?.toLowerCase());
}

function doubtOf(step: StepKeys, found: ReadonlyMap<string, Foreseen>, keys: BuildKeys): string | null {
  if (step.reads.some((r) => (r.kind === 'context' || r.kind === 'named') && r.digest === null))
    return 'the files that it reads are not known';
  const again = step.reads.some((r) => r.kind === 'stage' && r.end?.kind === 'step' && found.get(r.end.id)?.verdict === 'rebuilt');
  return again ? `it is reused if ${stagesRead(step, keys).join(', ') || 'the stage above'} comes out byte for byte the same` : null;
}

function stagesRead(step: StepKeys, keys: BuildKeys): string[] {
  return step.reads.flatMap((r) => (r.kind === 'stage' ? [keys.stages[r.stage]?.name ?? `stage-${r.stage}`] : []));
}

function standsOn(step: StepKeys, above: Foreseen): boolean {
  return step.base.kind === 'step' && step.base.id === above.step.id;
}

function inputsOf(step: StepKeys): string[] {
  const ids = step.reads.flatMap((r) => (r.kind === 'stage' && r.end?.kind === 'step' ? [r.end.id] : []));
  return step.base.kind === 'step' ? [step.base.id, ...ids] : ids;
}
