/** From a Dockerfile and a command line to the ingredients of every step's cache key. Pure. */
import { createHash } from 'node:crypto';
import type { Variable } from '../dockerfile/environment.ts';
import { evaluate } from '../dockerfile/evaluate.ts';
import type { NamedContextRef, Origin, Plan, PlannedStage, PlannedStep, Settings } from '../dockerfile/plan.ts';
import { showUnknown, unknown, unknownArgument } from '../dockerfile/unknown.ts';
import { copyIngredients, type Ingredients, runIngredients, workdirIngredients } from './ingredients.ts';
import type { Base, BuildKeys, KeyInput, Read, ScopeEntry, StageKeys, StepKeys } from './model.ts';

/** Names as patterns, for steps whose names are not known in full. Kept beside the keys: a baseline has no use for them. */
const patterns = new WeakMap<StepKeys, string>();

/** A step's name with placeholders for what is not known. */
export function namePattern(step: StepKeys): string {
  return patterns.get(step) ?? step.name;
}

/** @returns keys of the steps of all stages that the target needs */
export function computeKeys(input: KeyInput): BuildKeys {
  const plans = evaluate(input.dockerfile, settingsOf(input));
  const built = plans.map((plan) => buildPlatform(input, plan, plans.length > 1));
  return {
    stages: built.flatMap((it) => it.stages),
    steps: built.flatMap((it) => it.steps),
    syntax: input.dockerfile.directives.syntax,
    platforms: [...(input.platforms ?? [])],
    target: input.target ?? null,
  };
}

/** The settings by which a Dockerfile is evaluated. */
export function settingsOf(input: KeyInput): Settings {
  const buildArgs = Object.entries(input.buildArgs ?? {}).map(([name, value]) => [name, value ?? unknownArgument(name)]);
  return {
    ...(input.target !== undefined && { target: input.target }),
    platforms: input.platforms ?? [],
    ...(input.builderPlatform !== undefined && { builderPlatform: input.builderPlatform }),
    buildArgs: Object.fromEntries(buildArgs),
    images: input.images ?? {},
    namedContexts: Object.fromEntries(Object.entries(input.namedContexts ?? {}).map(([name, it]) => [name, contextRef(name, it)])),
    ...(input.argsKnown === false && { openArgs: 'stages' as const }),
  };
}

function contextRef(name: string, context: NonNullable<KeyInput['namedContexts']>[string]): NamedContextRef {
  if (context === null) return null;
  return 'image' in context ? { image: context.image } : { other: name };
}

function buildPlatform(input: KeyInput, plan: Plan, several: boolean): Pick<BuildKeys, 'stages' | 'steps'> {
  const prefix = several ? `${plan.platform} ` : '';
  const ids = new Map(plan.steps.map((step) => [step.id, `${prefix}${step.stageIndex}:${step.position}`]));
  const toBase = (origin: Origin): Base => {
    if (origin.kind === 'step') return { kind: 'step', id: ids.get(origin.step)! };
    if (origin.kind === 'image') return { kind: 'image', image: showUnknown(origin.image) };
    return origin.kind === 'scratch' ? { kind: 'scratch' } : { kind: 'image', image: origin.context };
  };
  // without --platform nobody says what the builder's own platform is
  const explicit = (input.platforms ?? []).length > 0 || input.builderPlatform !== undefined;
  const platforms = new Map(plan.stages.map((stage) => [stage.index, explicit || stage.explicitPlatform ? stage.runsOn : null]));
  const identities = new Map<string, string>();
  const steps = plan.steps.map((step) => {
    const keys = buildStep(input, step, ids.get(step.id)!, platforms.get(step.stageIndex) ?? null, toBase);
    identities.set(step.id, identify(step, keys, identities));
    return register({ ...keys, identity: identities.get(step.id)! }, step);
  });
  return { stages: listStages(input, plan, platforms, toBase), steps };
}

function register(keys: StepKeys, step: PlannedStep): StepKeys {
  if (step.pattern !== step.name) patterns.set(keys, step.pattern);
  return keys;
}

function buildStep(
  input: KeyInput,
  step: PlannedStep,
  id: string,
  platform: string | null,
  toBase: (origin: Origin) => Base,
): Omit<StepKeys, 'identity'> {
  const { plan } = step;
  const { own, reads }: Ingredients =
    plan.kind === 'run'
      ? runIngredients(input, step, plan, platform, toBase)
      : plan.kind === 'copy'
        ? copyIngredients(input, plan, toBase)
        : workdirIngredients(input, step, plan);
  const shown = Object.entries(own).map(([name, value]) => [name, showUnknown(value)] as const);
  const partial = shown.filter(([name, value]) => own[name] !== value).map(([name]) => name);
  const mentions = step.mentions.map((it) => toEntry(input, it));
  return {
    id,
    stageIndex: step.stageIndex,
    stage: step.stage,
    platform,
    position: step.position,
    of: step.of,
    instruction: step.keyword,
    name: step.name,
    text: step.instruction.text,
    range: step.range,
    base: toBase(step.base),
    reads: reads.map(showRead),
    env: plan.kind === 'run' ? step.env.variables.map((it) => toEntry(input, it)) : [],
    own: Object.fromEntries(shown),
    ...(mentions.length > 0 && { mentions }),
    ...(partial.length > 0 && { partial }),
    ...(step.onbuild && { onbuild: true as const }),
    ...(plan.kind === 'copy' && plan.link && { link: true as const }),
  };
}

function toEntry(input: KeyInput, variable: Variable): ScopeEntry {
  const { name, value, origin, from } = variable;
  const shown = showUnknown(value);
  // a value that is one unknown from end to end is simply not known
  const whole = shown !== value && (value === unknown(name) || value === unknownArgument(name));
  return {
    kind: origin === 'arg' ? 'arg' : 'env',
    name,
    value: whole ? null : input.protect ? input.protect(name, shown) : shown,
    ...(shown !== value && !whole && { partial: true as const }),
    ...((origin === 'image' || origin === 'default') && { inherited: true as const }),
    ...(from.length > 0 && { from }),
  };
}

function showRead(read: Read): Read {
  if (read.kind === 'stage' || read.kind === 'image') return { ...read, paths: read.paths.map((it) => showUnknown(it)) };
  if (read.kind === 'remote') return { ...read, url: showUnknown(read.url) };
  if (read.kind === 'inline') return read;
  return { ...read, selection: { ...read.selection, sources: read.selection.sources.map((it) => showUnknown(it)) } };
}

function listStages(
  input: KeyInput,
  plan: Plan,
  platforms: ReadonlyMap<number, string | null>,
  toBase: (origin: Origin) => Base,
): StageKeys[] {
  const reached = new Map(plan.stages.map((stage): [number, PlannedStage] => [stage.index, stage]));
  return input.dockerfile.stages.map((stage): StageKeys => {
    const planned = reached.get(stage.index);
    const mentions = planned?.mentions.map((it) => toEntry(input, it)) ?? [];
    return {
      index: stage.index,
      name: stage.name,
      image: planned?.image === null || planned === undefined ? null : showUnknown(planned.image),
      parent: planned?.baseStage ?? null,
      end: planned ? toBase(planned.head) : { kind: 'scratch' },
      reachable: planned !== undefined,
      from: stage.from.text,
      ...(mentions.length > 0 && { mentions }),
      ...(planned && { platform: platforms.get(stage.index) ?? null }),
    };
  });
}

/** Everything that makes the vertex what it is, up to the images and contexts that it stands on. */
function identify(step: PlannedStep, keys: Omit<StepKeys, 'identity'>, identities: ReadonlyMap<string, string>): string {
  const place = (origin: Origin): string => {
    if (origin.kind === 'step') return identities.get(origin.step) ?? '';
    return origin.kind === 'image'
      ? `image ${origin.image} ${origin.platform}`
      : origin.kind === 'context'
        ? `context ${origin.context}`
        : 'scratch';
  };
  const { plan } = step;
  const sources =
    plan.kind === 'run' ? plan.mounts.map((it) => (it.origin ? place(it.origin) : '')) : plan.kind === 'copy' ? [place(plan.origin)] : [];
  const reads = keys.reads.map((read) => (read.kind === 'stage' ? read.paths : read));
  const env = keys.env.map((it) => [it.name, it.value]);
  const text = JSON.stringify([
    place(step.base),
    step.keyword,
    step.keyword === 'RUN' ? step.runsOn : '',
    env,
    Object.entries(keys.own),
    sources,
    reads,
  ]);
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
