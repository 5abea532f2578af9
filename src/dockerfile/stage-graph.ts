/**
 * Which stages a build reaches, and how they are named. https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go
 * (buildDispatchStates, buildStageDependencyGraph, initOnBuildTriggers)
 */
import { lookUp, type Variable } from './environment.ts';
import { expand } from './expand.ts';
import type { GlobalArgs } from './global-args.ts';
import { familiarImage } from './image-ref.ts';
import type { Dockerfile, Instruction, Stage } from './model.ts';
import { readCsv } from './mounts.ts';
import { parseInstruction } from './parse.ts';
import type { NamedContextRef, Settings } from './plan.ts';
import { formatPlatform, type Platform, parsePlatform } from './platform.ts';
import { hasUnknown } from './unknown.ts';

export interface StageNode {
  readonly stage: Stage;
  /** FROM's image or stage, variables replaced. */
  readonly base: string;
  /** Global arguments that FROM uses. */
  readonly mentions: readonly Variable[];
  /** The stage that FROM names. */
  readonly baseStage: number | null;
  /** Of `FROM --platform`; null where it has none. */
  readonly platform: Platform | null;
  /** An additional context of the stage's own name takes its place: nothing of it is run. */
  readonly replacedBy: { readonly name: string; readonly ref: NamedContextRef } | null;
  /** An additional context of the image's name takes the image's place. */
  readonly imageContext: { readonly name: string; readonly ref: NamedContextRef } | null;
  /** Triggers of the base first, then its own; each with whether ONBUILD held it back. */
  readonly commands: readonly { readonly instruction: Instruction; readonly onbuild: boolean }[];
  /** The numbers of steps as FROM's name and the steps' names show them. */
  readonly ofFrom: number;
  readonly of: number;
  readonly displayed: string | null;
  /** Stages that it reads from, by its own instructions or its base's triggers. */
  readonly reads: ReadonlySet<number>;
  readonly triggerReads: ReadonlySet<number>;
}

export interface StageGraph {
  readonly nodes: readonly StageNode[];
  readonly target: number | null;
  readonly reached: ReadonlySet<number>;
  /** Reached by triggers only: the frontend resolves these twice and counts their FROM twice. */
  readonly late: ReadonlySet<number>;
  readonly problems: readonly string[];
  /** The stage that --from or a mount's from names, before the stages that follow. */
  readonly find: (name: string) => number | null;
}

const COUNTED = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

export function buildStageGraph(dockerfile: Dockerfile, settings: Settings, globals: GlobalArgs): StageGraph {
  const problems: string[] = [];
  const names = new Map<string, number>();
  const drafts = dockerfile.stages.map((stage) => {
    const used = new Set<string>();
    const base = expandGlobal(dockerfile, globals, stage.base, used);
    const platform = readStagePlatform(dockerfile, globals, stage, problems, used);
    const baseStage = names.get(base) ?? null;
    if (stage.name !== null) names.set(stage.name.toLowerCase(), stage.index);
    return { stage, base, platform, baseStage, mentions: globals.env.variables.filter((it) => used.has(it.name)) };
  });
  const find = (name: string): number | null => {
    if (/^\d+$/.test(name)) return Number(name) < drafts.length ? Number(name) : null;
    return names.get(name.toLowerCase()) ?? null;
  };
  const single = drafts.length === 1 && !hasHiddenState(dockerfile, find);
  const nodes = drafts.map((draft): StageNode => {
    const { stage, base, platform, baseStage } = draft;
    const replacedBy = stage.name === null ? null : findContext(settings, stage.name, platform);
    const imageContext = baseStage === null && base !== 'scratch' ? findContext(settings, base, platform) : null;
    const triggers = replacedBy ? [] : readTriggers(dockerfile, settings, stage, base, baseStage);
    const commands = [
      ...triggers.map((instruction) => ({ instruction, onbuild: true })),
      ...(replacedBy ? [] : stage.instructions).map((instruction) => ({ instruction, onbuild: false })),
    ];
    const counted = stage.instructions.filter((it) => COUNTED.has(it.keyword)).length + (base !== 'scratch' && baseStage === null ? 1 : 0);
    const reads = new Set<number>(baseStage === null ? [] : [baseStage]);
    const triggerReads = new Set<number>();
    for (const { instruction, onbuild } of commands)
      for (const name of namedSources(instruction)) {
        const read = find(name);
        if (read !== null) (onbuild ? triggerReads : reads).add(read);
      }
    // engines differ: some show the name as written, most in lower case
    const displayed = single ? null : (stage.name?.toLowerCase() ?? `stage-${stage.index}`);
    return { ...draft, replacedBy, imageContext, commands, ofFrom: counted, of: counted + triggers.length, displayed, reads, triggerReads };
  });
  const target = findTarget(settings.target, nodes, names, problems);
  const early = reach(nodes, target, false);
  const reached = reach(nodes, target, true);
  return { nodes, target, reached, late: new Set([...reached].filter((it) => !early.has(it))), problems, find };
}

function expandGlobal(dockerfile: Dockerfile, globals: GlobalArgs, text: string, used: Set<string>): string {
  const expansion = expand(text, (name) => lookUp(globals.env, name), { escape: dockerfile.directives.escape });
  for (const name of expansion?.used ?? []) used.add(name);
  return expansion?.text ?? text;
}

function readStagePlatform(
  dockerfile: Dockerfile,
  globals: GlobalArgs,
  stage: Stage,
  problems: string[],
  used: Set<string>,
): Platform | null {
  if (stage.platform === null) return null;
  const text = expandGlobal(dockerfile, globals, stage.platform, used);
  const platform = parsePlatform(text);
  if (!platform && !hasUnknown(text)) problems.push(`line ${stage.range.line}: ${text || stage.platform} is no platform`);
  return platform;
}

/** A stage, image or context that an instruction reads from, by the names it gives. */
function namedSources(instruction: Instruction): string[] {
  const from = instruction.keyword === 'COPY' ? instruction.flags.find((flag) => flag.name === 'from')?.value : null;
  if (from) return [from];
  if (instruction.keyword !== 'RUN') return [];
  return mountSources(instruction).filter((name) => name !== '');
}

/** The `from` of each mount, '' where it has none. Variables are not allowed in it. */
function mountSources(run: Instruction): string[] {
  const mounts = run.flags.filter((flag) => flag.name === 'mount' && flag.value !== null);
  return mounts.map((flag) => {
    const field = readCsv(flag.value!)?.find((it) => /^from=/i.test(it));
    return field?.slice('from='.length) ?? '';
  });
}

/**
 * An image that COPY --from names and any mount make the frontend keep a state more than there are stages:
 * a Dockerfile of one stage then shows the stage in its names (`[stage-0 3/3]`).
 */
function hasHiddenState(dockerfile: Dockerfile, find: (name: string) => number | null): boolean {
  const instructions = dockerfile.stages.flatMap((stage) => stage.instructions);
  return instructions.some((instruction) => {
    if (instruction.keyword === 'RUN') return mountSources(instruction).some((name) => name === '' || find(name) === null);
    return namedSources(instruction).some((name) => find(name) === null);
  });
}

/** An additional context by the name of an image or a stage; `name::linux/arm64` goes before `name`. */
export function findContext(
  settings: Settings,
  reference: string,
  platform: Platform | null,
): { name: string; ref: NamedContextRef } | null {
  if (/^(?:scratch|context)$/i.test(reference) || Object.keys(settings.namedContexts).length === 0) return null;
  const short = familiarImage(reference);
  for (const name of platform ? [`${short}::${formatPlatform(platform)}`, short] : [short]) {
    const ref = settings.namedContexts[name];
    if (ref !== undefined) return { name, ref };
  }
  return null;
}

function readTriggers(dockerfile: Dockerfile, settings: Settings, stage: Stage, base: string, baseStage: number | null): Instruction[] {
  if (baseStage !== null)
    return dockerfile.stages[baseStage]!.instructions.filter((it) => it.keyword === 'ONBUILD' && it.trigger).map((it) => ({
      ...it.trigger!,
      range: stage.from.range,
    }));
  const texts = settings.images[base]?.onbuild ?? [];
  return texts.map((text) => parseInstruction(text, stage.from.range)).filter((it) => it !== null);
}

function findTarget(
  name: string | undefined,
  nodes: readonly StageNode[],
  names: ReadonlyMap<string, number>,
  problems: string[],
): number | null {
  if (!name) return nodes.length > 0 ? nodes.length - 1 : null;
  const found = names.get(name.toLowerCase()) ?? (/^\d+$/.test(name) && Number(name) < nodes.length ? Number(name) : null);
  if (found === null) problems.push(`no stage is called ${name}`);
  return found;
}

function reach(nodes: readonly StageNode[], target: number | null, triggers: boolean): Set<number> {
  const reached = new Set<number>();
  const queue = target === null ? [] : [target];
  for (let index = queue.pop(); index !== undefined; index = queue.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    const node = nodes[index]!;
    if (!node.replacedBy) queue.push(...node.reads, ...(triggers ? node.triggerReads : []));
  }
  return reached;
}
