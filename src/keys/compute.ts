/** From a Dockerfile and a command line to the ingredients of every step's cache key. Pure. */
import { createHash } from 'node:crypto';
import { dictionary } from '../dictionary.ts';
import type { Environment, Variable } from '../dockerfile/environment.ts';
import { evaluate } from '../dockerfile/evaluate.ts';
import type { NamedContextRef, Origin, Plan, PlannedStage, PlannedStep, Settings } from '../dockerfile/plan.ts';
import { showUnknown, unknown, unknownArgument } from '../dockerfile/unknown.ts';
import { copyIngredients, digestRead, type Ingredients, runIngredients, workdirIngredients } from './ingredients.ts';
import type { Base, BuildKeys, KeyInput, Read, ScopeEntry, StageKeys, StepKeys } from './model.ts';

/** Names as patterns, for steps whose names are not known in full. Kept beside the keys: a baseline has no use for them. */
const patterns = new WeakMap<StepKeys, string>();

/** A step's name with placeholders for what is not known. */
export function namePattern(step: StepKeys): string {
  return patterns.get(step) ?? step.name;
}

/** The keys as far as the Dockerfile and the command line tell: without digests of files, without identities, with values that may be secret. */
export interface KeyDraft {
  /** Every identity is '': `completeKeys` gives them theirs. */
  readonly keys: BuildKeys;
  readonly steps: readonly DraftStep[];
}

interface DraftStep {
  readonly planned: PlannedStep;
  readonly keys: StepKeys;
  /** With placeholders for what is not known. */
  readonly reads: readonly Read[];
}

/** What completes a draft: what lies in the contexts, and how secrets are hidden. */
export type Contents = Pick<KeyInput, 'context' | 'namedContexts' | 'selectionDigest' | 'protect'>;

/** @returns keys of the steps of all stages that the target needs */
export function computeKeys(input: KeyInput): BuildKeys {
  return completeKeys(draftKeys(input), input);
}

/** For who must know the steps before it reads the files, or completes them several times. Of `Contents` only the names of contexts count. */
export function draftKeys(input: KeyInput): KeyDraft {
  const plans = evaluate(input.dockerfile, settingsOf(input));
  const built = plans.map((plan) => buildPlatform(input, plan, plans.length > 1));
  const steps = built.flatMap((it) => it.steps);
  const keys = {
    stages: built.flatMap((it) => it.stages),
    steps: steps.map((it) => it.keys),
    syntax: input.dockerfile.directives.syntax,
    platforms: [...(input.platforms ?? [])],
    target: input.target ?? null,
  };
  return { keys, steps };
}

export function completeKeys({ keys, steps }: KeyDraft, contents: Contents): BuildKeys {
  const hide = createHider(contents.protect);
  const identify = createIdentifier();
  const done = steps.map((draft) => {
    const reads = draft.reads.map((read) => showRead(digestRead(read, contents)));
    const env = hide(draft.keys.env);
    const { mentions } = draft.keys;
    const step = { ...draft.keys, reads, env, ...(mentions && { mentions: hide(mentions) }) };
    return register({ ...step, identity: identify(draft.planned, step) }, draft.planned);
  });
  const stages = contents.protect ? keys.stages.map((it) => (it.mentions ? { ...it, mentions: hide(it.mentions) } : it)) : keys.stages;
  return { ...keys, stages, steps: done };
}

type Entries = readonly ScopeEntry[];

/** Steps below each other share their variables: each list is gone through once. */
function createHider(protect: Contents['protect']): (entries: Entries) => Entries {
  if (!protect) return (entries) => entries;
  const hidden = new Map<Entries, Entries>();
  return (entries) => {
    let done = hidden.get(entries);
    if (!done) {
      done = entries.map((it) => (it.value === null ? it : { ...it, value: protect(it.name, it.value) }));
      hidden.set(entries, done);
    }
    return done;
  };
}

/** The settings by which a Dockerfile is evaluated. */
export function settingsOf(input: KeyInput): Settings {
  const buildArgs = Object.entries(input.buildArgs ?? {}).map(([name, value]) => [name, value ?? unknownArgument(name)]);
  return {
    ...(input.target !== undefined && { target: input.target }),
    platforms: input.platforms ?? [],
    ...(input.builderPlatform !== undefined && { builderPlatform: input.builderPlatform }),
    buildArgs: dictionary(Object.fromEntries(buildArgs)),
    images: dictionary(input.images),
    namedContexts: dictionary(
      Object.fromEntries(Object.entries(input.namedContexts ?? {}).map(([name, it]) => [name, contextRef(name, it)])),
    ),
    ...(input.argsKnown === false && { openArgs: 'stages' as const }),
  };
}

function contextRef(name: string, context: NonNullable<KeyInput['namedContexts']>[string]): NamedContextRef {
  if (context === null) return null;
  return 'image' in context ? { image: context.image } : { other: name };
}

function buildPlatform(input: KeyInput, plan: Plan, several: boolean): { readonly stages: StageKeys[]; readonly steps: DraftStep[] } {
  const prefix = several ? `${plan.platform} ` : '';
  const ids = new Map(plan.steps.map((step) => [step.id, `${prefix}${step.stageIndex}:${step.position}`]));
  const toBase = (origin: Origin): Base => {
    if (origin.kind === 'step') return { kind: 'step', id: ids.get(origin.step)! };
    if (origin.kind === 'image')
      return { kind: 'image', image: showUnknown(origin.image), ...(origin.context !== undefined && { context: origin.context }) };
    return origin.kind === 'scratch' ? { kind: 'scratch' } : { kind: 'image', image: origin.context };
  };
  // without --platform nobody says what the builder's own platform is
  const explicit = (input.platforms ?? []).length > 0 || input.builderPlatform !== undefined;
  const platforms = new Map(plan.stages.map((stage) => [stage.index, explicit || stage.explicitPlatform ? stage.runsOn : null]));
  const scopes = new Map<Environment, Entries>();
  const scopeOf = (env: Environment): Entries => {
    let entries = scopes.get(env);
    if (!entries) {
      entries = env.variables.map(toEntry);
      scopes.set(env, entries);
    }
    return entries;
  };
  const steps = plan.steps.map((planned): DraftStep => {
    const { own, reads } = ingredientsOf(input, planned, platforms.get(planned.stageIndex) ?? null, toBase);
    const env = planned.plan.kind === 'run' ? scopeOf(planned.env) : [];
    const keys = buildStep(planned, ids.get(planned.id)!, platforms.get(planned.stageIndex) ?? null, toBase(planned.base), own, env);
    return { planned, keys: register(keys, planned), reads };
  });
  return { stages: listStages(input, plan, platforms, toBase), steps };
}

function ingredientsOf(input: KeyInput, step: PlannedStep, platform: string | null, toBase: (origin: Origin) => Base): Ingredients {
  const { plan } = step;
  if (plan.kind === 'run') return runIngredients(input, step, plan, platform, toBase);
  return plan.kind === 'copy' ? copyIngredients(plan, toBase) : workdirIngredients(input, step, plan);
}

function register(keys: StepKeys, step: PlannedStep): StepKeys {
  if (step.pattern !== step.name) patterns.set(keys, step.pattern);
  return keys;
}

function buildStep(step: PlannedStep, id: string, platform: string | null, base: Base, values: Ingredients['own'], env: Entries): StepKeys {
  const { plan } = step;
  const own: Record<string, string> = {};
  const partial: string[] = [];
  for (const name of Object.keys(values)) {
    own[name] = showUnknown(values[name]!);
    if (own[name] !== values[name]) partial.push(name);
  }
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
    base,
    reads: [],
    env,
    own,
    identity: '',
    ...(step.mentions.length > 0 && { mentions: step.mentions.map(toEntry) }),
    ...(partial.length > 0 && { partial }),
    ...(step.onbuild && { onbuild: true as const }),
    ...(plan.kind === 'copy' && plan.link && { link: true as const }),
  };
}

function toEntry(variable: Variable): ScopeEntry {
  const { name, value, origin, from } = variable;
  const shown = showUnknown(value);
  // a value that is one unknown from end to end is simply not known
  const whole = shown !== value && (value === unknown(name) || value === unknownArgument(name));
  return {
    kind: origin === 'arg' ? 'arg' : 'env',
    name,
    value: whole ? null : shown,
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
    const mentions = planned?.mentions.map(toEntry) ?? [];
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

/** @returns what names everything that makes a vertex what it is, up to the images and contexts that it stands on. Steps are asked for in order. */
function createIdentifier(): (step: PlannedStep, keys: StepKeys) => string {
  const identities = new Map<string, string>();
  const scopes = new Map<Entries, string>();
  const scopeText = (env: Entries): string => {
    let text = scopes.get(env);
    if (text === undefined) {
      text = JSON.stringify(env.map((it) => [it.name, it.value]));
      scopes.set(env, text);
    }
    return text;
  };
  const place = (origin: Origin): string => {
    if (origin.kind === 'step') return identities.get(origin.step) ?? '';
    if (origin.kind === 'image') return `image ${origin.image} ${origin.platform}`;
    return origin.kind === 'context' ? `context ${origin.context}` : 'scratch';
  };
  return (step, keys) => {
    const { plan } = step;
    const sources =
      plan.kind === 'run' ? plan.mounts.map((it) => (it.origin ? place(it.origin) : '')) : plan.kind === 'copy' ? [place(plan.origin)] : [];
    const reads = keys.reads.map((read) => (read.kind === 'stage' ? read.paths : read));
    const runsOn = step.keyword === 'RUN' ? step.runsOn : '';
    const text = JSON.stringify([place(step.base), step.keyword, runsOn, scopeText(keys.env), Object.entries(keys.own), sources, reads]);
    const identity = createHash('sha256').update(text).digest('hex').slice(0, 32);
    identities.set(step.id, identity);
    return identity;
  };
}
