/**
 * Runs a Dockerfile in the mind, for one platform: which stages are reached, which steps they have, with every value in its place.
 * Mirrors https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go (dispatchStages, dispatch).
 */
import { EMPTY, type Environment, getVariable, lookUp, setVariable, type Variable } from './environment.ts';
import { expand } from './expand.ts';
import { type GlobalArgs, givenArg, readGlobalArgs } from './global-args.ts';
import { normalizeImage } from './image-ref.ts';
import type { Dockerfile, Instruction } from './model.ts';
import type { ImageFacts, Origin, Plan, PlannedStage, PlannedStep, Settings } from './plan.ts';
import { formatPlatform, type Platform, parsePlatform } from './platform.ts';
import { buildStageGraph, type StageGraph, type StageNode } from './stage-graph.ts';
import { type Prefix, prefixName, stepText } from './step-names.ts';
import { planStep } from './step-plans.ts';
import { unknown } from './unknown.ts';

/** What a stage has come to at a place in it. */
export interface State {
  env: Environment;
  /** The image configuration's own variables: what a stage built on this one starts from. */
  config: Environment;
  user: string;
  workdir: string;
  shell: readonly string[];
  head: Origin;
}

/** What the planning of a step may ask for. */
export interface Scope {
  readonly dockerfile: Dockerfile;
  readonly settings: Settings;
  readonly graph: StageGraph;
  /** Heads of the stages evaluated so far. */
  readonly heads: ReadonlyMap<number, Origin>;
  readonly platform: string;
}

const DEFAULT_PLATFORM: Platform = { os: 'linux', arch: 'amd64', variant: '', osVersion: '' };
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const DEFAULT_SHELL = ['/bin/sh', '-c'];
const DEFAULT_SHELL_WINDOWS = ['cmd', '/S', '/C'];
/** Arguments that steer the scanner and never reach a RUN. */
const NO_ENV = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);

/** One plan for each platform that is built, in the order given. */
export function evaluate(dockerfile: Dockerfile, settings: Settings): Plan[] {
  const build = (settings.builderPlatform && parsePlatform(settings.builderPlatform)) || DEFAULT_PLATFORM;
  const targets = settings.platforms.map((it) => parsePlatform(it)).filter((it) => it !== null);
  const several = targets.length > 1 || /^(?:1|t|true)$/i.test(settings.buildArgs.BUILDKIT_MULTI_PLATFORM ?? '');
  return (targets.length > 0 ? targets : [build]).map((target) => evaluatePlatform(dockerfile, settings, build, target, several));
}

function evaluatePlatform(dockerfile: Dockerfile, settings: Settings, build: Platform, target: Platform, several: boolean): Plan {
  const globals = readGlobalArgs(dockerfile, settings, build, target);
  const graph = buildStageGraph(dockerfile, settings, globals);
  const heads = new Map<number, Origin>();
  const states = new Map<number, { state: State; platform: Platform; explicit: boolean }>();
  const stages: PlannedStage[] = [];
  const steps: PlannedStep[] = [];
  for (const node of graph.nodes) {
    const { index } = node.stage;
    if (!graph.reached.has(index)) continue;
    const base = node.baseStage === null ? undefined : states.get(node.baseStage);
    const platform = base?.platform ?? node.platform ?? target;
    const shown = several ? platform : null;
    const { state, origin, image } = openStage(node, base?.state, settings, platform);
    const scope = { dockerfile, settings, graph, heads, platform: formatPlatform(platform) };
    const idPrefix = several ? `${formatPlatform(target)}/` : '';
    const first = graph.late.has(index) ? 2 : 1;
    const from = fromName(node, image, shown, first);
    if (!node.replacedBy) steps.push(...runStage(node, state, { scope, globals, shown, idPrefix, taken: from === null ? 0 : first }));
    const explicit = base?.explicit ?? node.platform !== null;
    states.set(index, { state, platform, explicit });
    heads.set(index, state.head);
    stages.push({
      index,
      name: node.stage.name,
      displayed: node.displayed,
      platform: shown && formatPlatform(shown),
      runsOn: scope.platform,
      explicitPlatform: explicit,
      image,
      baseStage: node.baseStage,
      origin,
      head: state.head,
      mentions: node.mentions,
      from: node.stage.from,
      fromName: from,
    });
  }
  return { platform: formatPlatform(target), stages, steps, target: graph.target, problems: graph.problems };
}

function openStage(
  node: StageNode,
  base: State | undefined,
  settings: Settings,
  platform: Platform,
): { state: State; origin: Origin; image: string | null } {
  if (base && !node.replacedBy) return { state: inherit(base), origin: base.head, image: null };
  const context = node.replacedBy ?? node.imageContext;
  if (!context && node.base === 'scratch')
    return { state: fromImage({ env: [] }, { kind: 'scratch' }, platform), origin: { kind: 'scratch' }, image: null };
  const image = context ? (context.ref && 'image' in context.ref ? context.ref.image : null) : node.base;
  const origin: Origin =
    image === null
      ? { kind: 'context', context: context!.name }
      : { kind: 'image', image, platform: formatPlatform(platform), ...(context && { context: context.name }) };
  // a folder as a base has no configuration
  const facts: ImageFacts = image === null ? (context!.ref === null ? {} : { env: [] }) : (settings.images[image] ?? {});
  return { state: fromImage(facts, origin, platform), origin, image };
}

function fromImage(facts: ImageFacts, head: Origin, platform: Platform): State {
  const known = facts.env !== undefined;
  let env: Environment = { ...EMPTY, complete: known };
  for (const pair of facts.env ?? []) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    env = setVariable(env, { name, value: equals < 0 ? '' : pair.slice(equals + 1), origin: 'image', from: [] });
  }
  env = addDefaultPath(env, platform);
  const hidden = (what: string): string => (known ? '' : unknown(`${what} of the base image`));
  return {
    env,
    config: env,
    user: facts.user ?? hidden('user'),
    workdir: facts.workdir ? facts.workdir : hidden('working directory') || '/',
    shell: facts.shell && facts.shell.length > 0 ? facts.shell : known ? defaultShell(platform) : [hidden('shell')],
    head,
  };
}

function defaultShell(platform: Platform): readonly string[] {
  return platform.os === 'windows' ? DEFAULT_SHELL_WINDOWS : DEFAULT_SHELL;
}

/** PATH is always set, but for what an image may set itself, and on Windows. */
function addDefaultPath(env: Environment, platform: Platform): Environment {
  if (!env.complete || platform.os === 'windows' || getVariable(env, 'PATH')) return env;
  return setVariable(env, { name: 'PATH', value: DEFAULT_PATH, origin: 'default', from: [] });
}

/** FROM another stage: its configuration's variables are set once more, so that those of its arguments come before them. */
function inherit(base: State): State {
  let env = base.env;
  for (const variable of base.config.variables) env = setVariable(env, variable);
  return { ...base, env };
}

function fromName(node: StageNode, image: string | null, shown: Platform | null, position: number): string | null {
  if (image === null || node.replacedBy || node.imageContext) return null;
  const prefix: Prefix = { platform: shown, stage: node.displayed, position, of: node.ofFrom, onbuild: false };
  return prefixName(prefix, `FROM ${normalizeImage(image)}`, null);
}

interface StageRun {
  readonly scope: Scope;
  readonly globals: GlobalArgs;
  readonly shown: Platform | null;
  readonly idPrefix: string;
  /** Numbers that FROM took: none where it has no vertex. */
  readonly taken: number;
}

function runStage(node: StageNode, state: State, run: StageRun): PlannedStep[] {
  const { scope, shown } = run;
  const { escape } = scope.dockerfile.directives;
  const steps: PlannedStep[] = [];
  let position = run.taken;
  for (const { instruction, onbuild } of node.commands) {
    const { keyword } = instruction;
    if (keyword !== 'RUN' && keyword !== 'COPY' && keyword !== 'ADD' && keyword !== 'WORKDIR') {
      applyInstruction(instruction, state, scope, run.globals);
      continue;
    }
    const planned = planStep(instruction, state, scope);
    if (planned.plan.kind === 'workdir') state.workdir = planned.plan.path;
    // WORKDIR / changes nothing on disk: it is counted but has no vertex
    if (planned.plan.kind === 'workdir' && planned.plan.path === '/') continue;
    position++;
    const { text, pattern } = stepText(instruction, state.env, escape);
    const prefix: Prefix = { platform: shown, stage: node.displayed, position, of: node.of, onbuild };
    const id = `${run.idPrefix}${node.stage.index}.${position}`;
    steps.push({
      id,
      stage: node.displayed,
      stageIndex: node.stage.index,
      platform: shown && formatPlatform(shown),
      runsOn: scope.platform,
      position,
      of: node.of,
      keyword,
      onbuild,
      name: prefixName(prefix, text, state.env),
      pattern: prefixName(prefix, pattern, state.env),
      instruction,
      range: instruction.range,
      mentions: mentionedVariables(state.env, planned.used),
      base: state.head,
      env: state.env,
      user: state.user,
      workdir: state.workdir,
      shell: state.shell,
      plan: planned.plan,
    });
    state.head = { kind: 'step', step: id };
  }
  return steps;
}

/** The variables of these names, and the arguments behind them. */
function mentionedVariables(env: Environment, used: readonly string[]): Variable[] {
  const names = new Set([...mentionedArguments(env, used), ...used]);
  return [...names].map((name) => getVariable(env, name)).filter((it) => it !== undefined);
}

function mentionedArguments(env: Environment, used: readonly string[]): string[] {
  const found = new Set<string>();
  for (const name of used) {
    const variable = getVariable(env, name);
    if (variable?.origin === 'arg') found.add(name);
    for (const it of variable?.from ?? []) found.add(it);
  }
  return [...found];
}

/** ENV, ARG, USER, SHELL; the rest concerns the image's configuration alone. */
function applyInstruction(instruction: Instruction, state: State, scope: Scope, globals: GlobalArgs): void {
  const { escape } = scope.dockerfile.directives;
  const read = (text: string, env: Environment): { text: string; used: readonly string[] } => {
    const expansion = expand(text, (name) => lookUp(env, name), { escape });
    return { text: expansion?.text ?? text, used: [...(expansion?.used ?? [])] };
  };
  if (instruction.keyword === 'ENV') {
    const before = state.env;
    for (const pair of instruction.pairs) {
      const value = read(pair.value ?? '', before);
      const variable = {
        name: read(pair.name, before).text,
        value: value.text,
        origin: 'env',
        from: mentionedArguments(before, value.used),
      } as const;
      state.env = setVariable(state.env, variable);
      state.config = setInPlace(state.config, variable);
    }
  } else if (instruction.keyword === 'ARG') {
    for (const { name, value } of instruction.pairs) setArgument(name, value, state, scope, globals);
  } else if (instruction.keyword === 'USER') {
    state.user = read(instruction.rest, state.env).text;
  } else if (instruction.keyword === 'SHELL' && instruction.json) {
    state.shell = instruction.json;
  }
}

/** The image configuration keeps a variable at its first place. */
function setInPlace(env: Environment, variable: Environment['variables'][number]): Environment {
  const at = env.variables.findIndex((it) => it.name === variable.name);
  return { ...env, variables: at < 0 ? [...env.variables, variable] : env.variables.with(at, variable) };
}

/** The command line goes before the default, the default before a global argument. Without any of them nothing is set. */
function setArgument(name: string, fallback: string | null, state: State, scope: Scope, globals: GlobalArgs): void {
  if (NO_ENV.has(name)) return;
  const global = getVariable(globals.env, name);
  // the platform's arguments are given by the builder, not by a command line that may be unknown
  const builtIn = global !== undefined && !globals.declared.has(name);
  let value = builtIn ? scope.settings.buildArgs[name] : givenArg(scope.settings, name);
  let from: readonly string[] = [];
  if (value === undefined && fallback !== null) {
    const expansion = expand(fallback, (it) => lookUp(state.env, it), { escape: scope.dockerfile.directives.escape });
    value = expansion?.text ?? fallback;
    from = mentionedArguments(state.env, [...(expansion?.used ?? [])]);
  } else if (value === undefined && global) {
    value = global.value;
    from = global.from;
  }
  if (value !== undefined) state.env = setVariable(state.env, { name, value, origin: 'arg', from });
}
