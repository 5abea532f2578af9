/** Two builds' ingredients, compared. What differs in a step's own ingredients is why it missed; nothing here is guessed. */
import type { ContextListing } from '../context/types.ts';
import type { PathChange } from '../model.ts';
import { type Alignment, alignBuilds, groupSteps, signature } from './align.ts';
import { compareEnv, compareOwn, compareReads } from './diff-ingredients.ts';
import type { Base, BuildKeys, StageKeys, StepKeys } from './model.ts';

export type Difference =
  | { readonly kind: 'edited'; readonly before: string; readonly after: string }
  | { readonly kind: 'added'; readonly after: string }
  /** The same line stood elsewhere, or the line above it is gone. */
  | { readonly kind: 'moved'; readonly before: string; readonly after: string; readonly removed: string | null }
  | {
      readonly kind: 'arg' | 'env';
      readonly name: string;
      readonly before: string | null;
      readonly after: string | null;
      readonly reordered?: boolean;
      /** FROM uses it. */
      readonly inFrom?: boolean;
    }
  | { readonly kind: 'flag'; readonly name: string; readonly before: string | null; readonly after: string | null }
  /** USER, SHELL, WORKDIR above it, or another ingredient that a line above sets. */
  | { readonly kind: 'setting'; readonly name: string; readonly before: string | null; readonly after: string | null }
  | { readonly kind: 'platform'; readonly before: string | null; readonly after: string | null }
  | { readonly kind: 'files'; readonly context: string | null; readonly paths: readonly PathChange[] }
  /** `context`: the additional context that names it, in FROM or in --from. */
  | {
      readonly kind: 'image';
      readonly image: string;
      readonly before: string | null;
      readonly after: string | null;
      readonly context?: string;
    };

export interface Compared {
  /** The step of the build before that it was compared with; null where it is new. */
  readonly before: StepKeys | null;
  /** Differences of its own, strongest first; empty where nothing of its own differs. */
  readonly differences: readonly Difference[];
  /** A part of the key could not be compared because one side is unknown. */
  readonly unknown: readonly string[];
  /** Those of its differences that no step above it has as well: what would make it miss even with all above mended. */
  readonly fresh?: readonly Difference[];
}

/** What a build's images came to: reference → digest, null where the log shows none. */
export type ImageDigests = Readonly<Record<string, string | null>>;

export interface BuildState {
  readonly keys: BuildKeys;
  readonly listing: ContextListing | null;
  readonly named?: Readonly<Record<string, ContextListing | null>>;
  readonly images: ImageDigests;
}

/** Both builds and what of one goes back to what of the other. */
export interface Comparison {
  readonly before: BuildState;
  readonly after: BuildState;
  readonly alignment: Alignment;
  readonly stepBefore: ReadonlyMap<string, StepKeys>;
  readonly stepAfter: ReadonlyMap<string, StepKeys>;
  /** By step, before and after. */
  readonly stageOf: ReadonlyMap<StepKeys, StageKeys>;
}

/** Differences of one step while they are being found. */
export interface Findings {
  readonly differences: Difference[];
  readonly unknown: string[];
}

/** Compares each step of `after` with the step of `before` that it goes back to. Keyed by step id of `after`. */
export function diffBuilds(before: BuildState, after: BuildState): Map<string, Compared> {
  const stageOf = new Map<StepKeys, StageKeys>();
  for (const keys of [before.keys, after.keys])
    for (const [stage, steps] of groupSteps(keys)) for (const step of steps) stageOf.set(step, stage);
  const comparison: Comparison = {
    before,
    after,
    alignment: alignBuilds(before.keys, after.keys),
    stepBefore: new Map(before.keys.steps.map((step) => [step.id, step])),
    stepAfter: new Map(after.keys.steps.map((step) => [step.id, step])),
    stageOf,
  };
  const result = new Map<string, Compared>();
  const explained = new Map<string, ReadonlySet<string>>();
  for (const step of after.keys.steps) {
    const compared = compareStep(step, comparison);
    const above = explainedAbove(step, explained);
    result.set(step.id, { ...compared, fresh: compared.differences.filter((it) => !traces(it).every((trace) => above.has(trace))) });
    explained.set(step.id, new Set([...above, ...compared.differences.flatMap(traces)]));
  }
  return result;
}

function compareStep(step: StepKeys, comparison: Comparison): Compared {
  const { alignment } = comparison;
  const partner = alignment.partner.get(step.id) ?? null;
  const found: Findings = { differences: [], unknown: [] };
  if (!partner) {
    const elsewhere = alignment.left.get(signature(step)) ?? null;
    if (elsewhere) found.differences.push({ kind: 'moved', before: elsewhere.text, after: step.text, removed: null });
    else found.differences.push({ kind: 'added', after: step.text });
    return { before: elsewhere, ...found };
  }
  const lines = compareOwn(partner, step, found);
  compareEnv(partner, step, comparison, found);
  compareReads(partner, step, comparison, found, lines);
  compareBase(partner, step, comparison, found);
  return { before: partner, differences: found.differences, unknown: found.unknown };
}

/** What it stands on: an image, or a step that is not the one it stood on before. */
function compareBase(partner: StepKeys, step: StepKeys, comparison: Comparison, found: Findings): void {
  const { alignment, stepBefore, stepAfter, stageOf } = comparison;
  const above = step.base.kind === 'step' ? stepAfter.get(step.base.id) : undefined;
  const oldAbove = partner.base.kind === 'step' ? stepBefore.get(partner.base.id) : undefined;
  if (!above && !oldAbove) {
    compareImages(partner.base, step.base, partner, step, comparison, found);
    return;
  }
  // a new line above it explains all by itself
  if (above && !alignment.partner.has(above.id)) return;
  if (above && alignment.partner.get(above.id) === oldAbove) return;
  const [stage, oldStage] = [stageOf.get(step), stageOf.get(partner)];
  const fromChanged = (!above || stageOf.get(above) !== stage) && (!oldAbove || stageOf.get(oldAbove) !== oldStage);
  if (fromChanged && stage?.from !== undefined && oldStage?.from !== undefined && stage.from !== oldStage.from) {
    found.differences.push({ kind: 'edited', before: oldStage.from, after: stage.from });
    return;
  }
  if (found.differences.some((it) => it.kind === 'edited')) return;
  const gone = oldAbove && !comparison.after.keys.steps.some((it) => signature(it) === signature(oldAbove)) ? oldAbove.text : null;
  found.differences.push({ kind: 'moved', before: partner.text, after: step.text, removed: gone });
}

function compareImages(was: Base, is: Base, partner: StepKeys, step: StepKeys, comparison: Comparison, found: Findings): void {
  const image = is.kind === 'image' ? is.image : null;
  const old = was.kind === 'image' ? was.image : null;
  if (image === null && old === null) return;
  const digest = image === null ? null : (comparison.after.images[image] ?? null);
  const oldDigest = old === null ? null : (comparison.before.images[old] ?? null);
  // another name for the very same image changes nothing
  if (digest !== null && digest === oldDigest) return;
  const otherPlatform =
    step.platform !== partner.platform &&
    (step.platform === null || partner.platform === null ? digest !== null && oldDigest !== null : true);
  if (otherPlatform && !found.differences.some((it) => it.kind === 'platform'))
    found.differences.push({ kind: 'platform', before: partner.platform, after: step.platform });
  if (image !== old) {
    const context = is.kind === 'image' && was.kind === 'image' && is.context === was.context ? is.context : undefined;
    found.differences.push({
      kind: 'image',
      image: image ?? old ?? '',
      before: old,
      after: image,
      ...(context !== undefined && { context }),
    });
    compareFromArguments(partner, step, comparison, found);
  } else if (digest === null || oldDigest === null) found.unknown.push(`the digest of ${image}`);
  else if (!otherPlatform) found.differences.push({ kind: 'image', image: image ?? '', before: oldDigest, after: digest });
}

/** `FROM node:${VERSION}`: the argument behind another image. */
function compareFromArguments(partner: StepKeys, step: StepKeys, { stageOf }: Comparison, found: Findings): void {
  const was = new Map(stageOf.get(partner)?.mentions?.map((it) => [it.name, it]));
  for (const entry of stageOf.get(step)?.mentions ?? []) {
    const old = was.get(entry.name);
    if (old && old.value !== entry.value && old.value !== null && entry.value !== null)
      found.differences.push({ kind: 'arg', name: entry.name, before: old.value, after: entry.value, inFrom: true });
  }
}

/** What steps above a step have as differences: by these names it is told whether it has any of its own. */
function explainedAbove(step: StepKeys, explained: ReadonlyMap<string, ReadonlySet<string>>): Set<string> {
  const above = new Set<string>();
  const ends = step.reads.flatMap((read) => (read.kind === 'stage' && read.end?.kind === 'step' ? [read.end.id] : []));
  if (step.base.kind === 'step') ends.push(step.base.id);
  for (const id of ends) for (const trace of explained.get(id) ?? []) above.add(trace);
  return above;
}

function traces(difference: Difference): string[] {
  switch (difference.kind) {
    case 'arg':
    case 'env':
      return [`variable ${difference.name}`];
    case 'flag':
    case 'setting':
      return [`${difference.kind} ${difference.name}`];
    case 'platform':
      return ['platform'];
    case 'image':
      return [`image ${difference.image}`];
    case 'files':
      return difference.paths.length > 0
        ? difference.paths.map((it) => `file ${difference.context ?? ''} ${it.path}`)
        : [`files ${difference.context ?? ''}`];
    case 'edited':
      return [`edited ${difference.before} ${difference.after}`];
    case 'added':
      return [`added ${difference.after}`];
    case 'moved':
      return difference.removed === null ? ['moved'] : [`removed ${difference.removed}`];
  }
}
