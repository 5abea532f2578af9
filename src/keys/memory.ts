/** What a builder remembers, by keys: which steps of a build it would reuse, given what it has built. Pure. */
import { createHash } from 'node:crypto';
import type { ImageDigests } from './diff.ts';
import type { Base, BuildKeys, StepKeys } from './model.ts';

/** What was built before. */
export interface KeyMemory {
  /** Key → result. Equal content under another key leads to one result. */
  readonly results: Map<string, string>;
  /** What a step does and stands on, whatever the stages that it reads came to → the last result. */
  readonly families: Map<string, string>;
}

/**
 * reused: its key is known. maybe: it is reused if the files of a stage that runs again come out byte-identical (a cut-off), or if what is not
 * known is as before. rebuilt: neither.
 */
export type Verdict = 'reused' | 'rebuilt' | 'maybe';

export interface Prediction {
  readonly verdict: Verdict;
  /** True where all that it stands on and reads is reused: it misses on its own. */
  readonly firstMiss: boolean;
  readonly key: string;
}

export function createMemory(): KeyMemory {
  return { results: new Map(), families: new Map() };
}

/** By step id, in the order of the steps. */
export function predict(keys: BuildKeys, memory: KeyMemory, images: ImageDigests = {}): Map<string, Prediction> {
  const found = new Map<string, Prediction>();
  for (const { step, strict, hoped, unsure } of place(keys, memory, images)) {
    const known = memory.results.has(strict.key);
    const hope = memory.results.has(hoped.key) || memory.families.has(hoped.family);
    const above = inputsOf(step).map((id) => found.get(id)?.verdict);
    const doubt = unsure || above.includes('maybe');
    const verdict = known ? (doubt ? 'maybe' : 'reused') : hope ? 'maybe' : 'rebuilt';
    found.set(step.id, { verdict, firstMiss: verdict === 'rebuilt' && above.every((it) => it === 'reused'), key: strict.key });
  }
  return found;
}

/**
 * Takes a build's steps into the memory.
 * @param sameOutput what a stage that ran again left is taken for equal to what it left before: its readers then led to the result before
 * @param done ids of the steps that were reached; all where absent
 */
export function remember(
  keys: BuildKeys,
  memory: KeyMemory,
  images: ImageDigests = {},
  sameOutput = false,
  done?: ReadonlySet<string>,
): void {
  for (const { step, strict, hoped } of place(keys, memory, images)) {
    if (done && !done.has(step.id)) continue;
    const result = sameOutput ? hoped.result : strict.result;
    memory.results.set(strict.key, result);
    memory.families.set(strict.family, result);
    if (sameOutput) memory.families.set(hoped.family, result);
  }
}

interface Place {
  readonly key: string;
  /** The key without what stages that it reads came to. */
  readonly family: string;
  /** What later steps stand on. */
  readonly result: string;
}

interface Placed {
  readonly step: StepKeys;
  /** Taking what stages leave for different whenever they run again, … */
  readonly strict: Place;
  /** … and taking it for equal. */
  readonly hoped: Place;
  /** Part of the key is not known: it is taken to be as it was. */
  readonly unsure: boolean;
}

/** The steps with their keys, inputs first. */
function place(keys: BuildKeys, memory: KeyMemory, images: ImageDigests): Placed[] {
  const strictly = new Map<string, string>();
  const hopefully = new Map<string, string>();
  return keys.steps.map((step) => {
    const strict = placeStep(step, strictly, images, (key) => memory.results.get(key) ?? key);
    const hoped = placeStep(step, hopefully, images, (key, family) => memory.results.get(key) ?? memory.families.get(family) ?? key);
    strictly.set(step.id, strict.result);
    hopefully.set(step.id, hoped.result);
    const unsure = step.reads.some((read) => (read.kind === 'context' || read.kind === 'named') && read.digest === null);
    return { step, strict, hoped, unsure };
  });
}

function placeStep(
  step: StepKeys,
  results: ReadonlyMap<string, string>,
  images: ImageDigests,
  resultOf: (key: string, family: string) => string,
): Place {
  const stands = (base: Base): string => {
    if (base.kind === 'step') return results.get(base.id) ?? '';
    return base.kind === 'image' ? `image ${images[base.image] ?? base.image} ${step.platform ?? ''}` : 'scratch';
  };
  const reads = step.reads.map((read) => {
    if (read.kind === 'context' || read.kind === 'named') return read.digest ?? read.selection;
    if (read.kind === 'image') return [images[read.image] ?? read.image, read.paths];
    return read.kind === 'stage' ? read.paths : read;
  });
  const stages = step.reads.flatMap((read) => (read.kind === 'stage' && read.end ? [stands(read.end)] : []));
  const env = step.env.map((it) => [it.name, it.value]);
  const family = digest([step.instruction, step.own, env, reads, stands(step.base)]);
  const key = stages.length === 0 ? family : digest([family, stages]);
  return { key, family, result: resultOf(key, family) };
}

function inputsOf(step: StepKeys): string[] {
  const ids = step.reads.flatMap((read) => (read.kind === 'stage' && read.end?.kind === 'step' ? [read.end.id] : []));
  return step.base.kind === 'step' ? [step.base.id, ...ids] : ids;
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}
