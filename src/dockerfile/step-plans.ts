/** What a single step does, resolved: the process of a RUN, the files of a COPY, the folder of a WORKDIR. */
import { lookUp } from './environment.ts';
import type { Scope, State } from './evaluate.ts';
import { type ExpandOptions, expand } from './expand.ts';
import { heredocContent, readHeredocHead } from './heredoc.ts';
import type { Instruction } from './model.ts';
import { type Mount, readMounts } from './mounts.ts';
import { joinPaths, resolveDestination, resolveWorkdir } from './paths.ts';
import type { CopyPlan, Origin, PlannedMount, RunPlan, WorkdirPlan } from './plan.ts';
import { parsePlatform } from './platform.ts';
import { isRemote } from './remote.ts';
import { findContext } from './stage-graph.ts';

export interface Planned {
  readonly plan: RunPlan | CopyPlan | WorkdirPlan;
  /** Variables that were used. */
  readonly used: readonly string[];
}

export function planStep(instruction: Instruction, state: State, scope: Scope): Planned {
  const used = new Set<string>();
  const read = (text: string, options: ExpandOptions): string => {
    const expansion = expand(text, (name) => lookUp(state.env, name), options);
    for (const name of expansion?.used ?? []) used.add(name);
    return expansion?.text ?? text;
  };
  const { escape } = scope.dockerfile.directives;
  const value = (text: string): string => read(text, { escape });
  let plan: Planned['plan'];
  if (instruction.keyword === 'WORKDIR') plan = { kind: 'workdir', path: resolveWorkdir(state.workdir, value(instruction.rest)) };
  else if (instruction.keyword === 'RUN') plan = planRun(instruction, state, scope, value);
  else plan = planCopy(instruction, state, scope, value, (body) => read(body, { escape: '\\', noQuotes: true }));
  return { plan, used: [...used] };
}

function flagValue(instruction: Instruction, name: string): string | null {
  return instruction.flags.findLast((flag) => flag.name === name)?.value ?? null;
}

/** `--link`, `--link=true`; null where the flag is not there. */
function flagBool(instruction: Instruction, name: string): boolean | null {
  const flag = instruction.flags.findLast((it) => it.name === name);
  return flag ? flag.value === null || flag.value.toLowerCase() === 'true' : null;
}

function planRun(run: Instruction, state: State, scope: Scope, value: (text: string) => string): RunPlan {
  const { command, script } = runCommand(run, scope.platform.startsWith('windows'));
  const shell = run.json ? null : state.shell;
  const args = script ? [joinPaths('/dev/pipes', script.name)] : (run.json ?? [...state.shell, command]);
  return {
    kind: 'run',
    args: script && shell ? [...shell, ...args] : args,
    shell,
    command: run.json ? JSON.stringify(run.json) : command,
    mounts: readMounts(run, value).map((mount) => planMount(mount, state, scope)),
    script,
    network: flagValue(run, 'network'),
    security: flagValue(run, 'security'),
    devices: run.flags.filter((flag) => flag.name === 'device' && flag.value !== null).map((flag) => flag.value!),
  };
}

/** A here-document alone is the command itself, or with `#!` a file to run; among other words it is put back for the shell to read. */
function runCommand(run: Instruction, windows: boolean): { command: string; script: RunPlan['script'] } {
  const [first] = run.heredocs;
  if (!first || run.json) return { command: run.rest, script: null };
  if (readHeredocHead(run.rest)) {
    const content = heredocContent(first);
    if (windows || !first.body.startsWith('#!')) return { command: content, script: null };
    return { command: content, script: { name: first.name, content } };
  }
  return { command: run.rest + run.heredocs.map((it) => `\n${it.body}${it.name}`).join(''), script: null };
}

function planMount(mount: Mount, state: State, scope: Scope): PlannedMount {
  const withFiles = mount.type === 'bind' || mount.type === 'cache';
  const stage = mount.from === '' ? null : scope.graph.find(mount.from);
  const resolves = mount.type === 'bind' || mount.type === 'cache' || mount.type === 'tmpfs';
  const target = resolves && !mount.target.startsWith('/') ? joinPaths('/', state.workdir, mount.target) : mount.target;
  let origin: Origin | null = null;
  if (withFiles)
    origin =
      mount.from === ''
        ? mount.type === 'cache'
          ? { kind: 'scratch' }
          : { kind: 'context', context: '' }
        : resolveFrom(mount.from, scope);
  return {
    ...mount,
    target,
    writtenTarget: mount.target,
    origin,
    stage,
  };
}

/** What --from names: a stage, an additional context, an image. */
function resolveFrom(name: string, scope: Scope): Origin {
  const stage = scope.graph.find(name);
  if (stage !== null) return scope.heads.get(stage) ?? { kind: 'scratch' };
  if (name === 'scratch') return { kind: 'scratch' };
  const context = findContext(scope.settings, name, parsePlatform(scope.platform));
  if (!context) return { kind: 'image', image: name, platform: scope.platform };
  if (context.ref && 'image' in context.ref)
    return { kind: 'image', image: context.ref.image, platform: scope.platform, context: context.name };
  return { kind: 'context', context: context.name };
}

function planCopy(
  copy: Instruction,
  state: State,
  scope: Scope,
  value: (text: string) => string,
  body: (text: string) => string,
): CopyPlan {
  const add = copy.keyword === 'ADD';
  const words = copy.words.slice(0, -1);
  const heads = words.map(readHeredocHead);
  const bodies = new Map(copy.heredocs.map((it) => [it.name, it]));
  const inline = heads.flatMap((head) => {
    const heredoc = head && bodies.get(head.name);
    if (!heredoc) return [];
    return [{ name: heredoc.name, content: heredoc.expand ? body(heredocContent(heredoc)) : heredocContent(heredoc) }];
  });
  const sources = words.filter((_, index) => heads[index] === null).map(value);
  const from = add ? null : flagValue(copy, 'from');
  const stage = from === null ? null : scope.graph.find(from);
  return {
    kind: 'copy',
    add,
    sources: add ? sources.filter((source) => !isRemote(source)) : sources,
    remotes: add ? sources.filter(isRemote) : [],
    inline,
    dest: resolveDestination(state.workdir, value(copy.words.at(-1) ?? '')),
    origin: from === null ? { kind: 'context', context: '' } : resolveFrom(from, scope),
    from,
    fromStage: stage,
    chown: mapValue(flagValue(copy, 'chown'), value),
    chmod: mapValue(flagValue(copy, 'chmod'), value),
    exclude: copy.flags.filter((flag) => flag.name === 'exclude' && flag.value !== null).map((flag) => value(flag.value!)),
    parents: !add && flagBool(copy, 'parents') === true,
    link: flagBool(copy, 'link') === true,
    keepGitDir: flagBool(copy, 'keep-git-dir') === true,
    checksum: mapValue(flagValue(copy, 'checksum'), value),
    unpack: flagBool(copy, 'unpack'),
  };
}

function mapValue(text: string | null, value: (text: string) => string): string | null {
  return text === null || text === '' ? null : value(text);
}
