/** Says of each step of a build that was not made yet whether the builder will reuse it, from the keys of the build before. Pure. */
import type { Baseline } from '../baseline/model.ts';
import type { BuildCommand } from '../command/types.ts';
import { createMemory, predict, remember } from '../keys/memory.ts';
import type { BuildKeys, StepKeys } from '../keys/model.ts';

/** What will become of a step. */
export interface Foreseen {
  readonly step: StepKeys;
  readonly verdict: 'reused' | 'rebuilt';
  /** Why it may come otherwise; null where the keys settle it. */
  readonly doubt: string | null;
  /** What it cost when it last ran; null where that is not known, or nothing like it ran. */
  readonly seconds: number | null;
}

/**
 * @param keys of the build that is to come
 * @param partnerOf the step of the build before that a step goes back to, by id
 * @param identical stages whose files are taken to stay the same whatever runs in them; `all`
 */
export function foresee(
  keys: BuildKeys,
  before: Baseline,
  command: BuildCommand,
  partnerOf: (id: string) => StepKeys | null,
  identical: readonly string[],
): Foreseen[] {
  const memory = createMemory();
  const done = new Set(Object.entries(before.steps).flatMap(([id, s]) => (s.status === 'reused' || s.status === 'rebuilt' ? [id] : [])));
  remember(before.keys, memory, before.images, false, done);
  const verdicts = predict(keys, memory, before.images);
  // Equal steps of several stages are one vertex: what forces one forces all.
  const forced = new Set(keys.steps.filter((step) => isForced(step, command)).map((step) => step.identity));
  const found = new Map<string, Foreseen>();
  for (const step of keys.steps) {
    const known = verdicts.get(step.id)!.verdict;
    const above = inputsOf(step).flatMap((id) => found.get(id) ?? []);
    const partner = partnerOf(step.id);
    const seconds = (partner && before.steps[partner.id]?.seconds) ?? null;
    // What stands on a step that ran has no result to reuse, whatever its key; what only reads its files may have.
    if (forced.has(step.identity) || above.some((f) => f.verdict === 'rebuilt' && f.doubt === null && standsOn(step, f))) {
      found.set(step.id, { step, verdict: 'rebuilt', doubt: null, seconds });
      continue;
    }
    const own = known === 'rebuilt' ? null : doubtOf(step, found, keys);
    const sources = own === null ? [] : stagesRead(step, keys);
    const assumed = identical.includes('all') || (sources.length > 0 && sources.every((name) => identical.includes(name)));
    const doubt = known === 'rebuilt' ? null : (own ?? above.find((f) => f.doubt !== null)?.doubt ?? null);
    const stays = (own === null || assumed) && above.every((f) => f.verdict === 'reused' || !standsOn(step, f));
    found.set(step.id, { step, verdict: known === 'rebuilt' || !stays ? 'rebuilt' : 'reused', doubt, seconds });
  }
  return keys.steps.map((s) => found.get(s.id)!);
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
