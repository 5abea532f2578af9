/** Finds what else is known of a build: its Dockerfile, its context, what the build before looked like. Reads files; decides nothing. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Acceptance, readAcceptances } from './accept.ts';
import { openBaseline } from './baseline/open.ts';
import { protectKeys } from './baseline/protect.ts';
import { type Baseline, type BaselineStep, baselineFile, cacheFolder, loadBaseline, newSalt, type Project } from './baseline/store.ts';
import { appendPast, toPastBuild } from './baseline/trend.ts';
import { hide } from './causes/computed.ts';
import type { ScopeEntry } from './causes/define.ts';
import type { BuildCommand } from './command/types.ts';
import type { DiagnosisOptions } from './commands/options.ts';
import { compareWithBaseline } from './compare.ts';
import type { ContextListing } from './context/types.ts';
import type { Comparison, Rewrite } from './diagnose.ts';
import { matchSteps, readValues, type StepMatch } from './dockerfile/match.ts';
import type { Dockerfile } from './dockerfile/model.ts';
import { parseDockerfile } from './dockerfile/parse.ts';
import { UserError } from './errors.ts';
import { proposeFixes } from './fix/propose.ts';
import { buildGraph, type KnownStep } from './graph/build.ts';
import type { BuildLog } from './graph/log.ts';
import type { Step, StepGraph } from './graph/step.ts';
import { argsOfHistory } from './history/args.ts';
import { ageOfStep } from './history/inspect.ts';
import { parseHistory } from './history/parse.ts';
import { computeKeys } from './keys/compute.ts';
import type { BuildState, ImageDigests } from './keys/diff.ts';
import type { BuildKeys, KeyInput } from './keys/model.ts';
import { debugLog } from './log.ts';
import type { BuildReport } from './model.ts';
import { hashSecret, looksLikeSecret } from './secrets.ts';

/** All that was found for one build, and how to remember it. */
export interface Gathered {
  readonly known?: ReadonlyMap<string, KnownStep>;
  readonly scopes?: ReadonlyMap<string, readonly ScopeEntry[]>;
  readonly compare?: (graph: StepGraph) => Comparison;
  /** Rewrites of the Dockerfile and its ignore file, by id of the advice they carry out; made when first asked for. */
  readonly rewrites?: () => ReadonlyMap<string, Rewrite>;
  readonly notes: readonly string[];
  /** The file that remembers this project, where there is one. */
  readonly home: string | null;
  readonly previous: Baseline | null;
  /** Values that must not be shown: of arguments and ENV that look like secrets. */
  readonly secrets?: ReadonlySet<string>;
  /** Misses that comments in the Dockerfile accept. */
  readonly acceptances?: readonly Acceptance[];
  /** The baseline of this build. */
  remember?(report: BuildReport): Baseline;
}

/**
 * What the caller knows better than the disk now does: a builder's record has the Dockerfile that was used, a wrapper took the snapshot
 * while the build ran. Null: unknown, and not to be looked for.
 */
export interface Given {
  readonly dockerfile?: Source | null;
  readonly listing?: ContextListing | null;
  readonly named?: Readonly<Record<string, ContextListing | null>>;
}

export function gather(log: BuildLog, command: BuildCommand | null, options: DiagnosisOptions, cwd: string, given: Given = {}): Gathered {
  const notes: string[] = [];
  const base = command?.cwd === undefined ? cwd : path.resolve(cwd, command.cwd);
  const context = findContext(command, options, base, cwd);
  const source = given.dockerfile === undefined ? findDockerfile(log, command, options, base, context) : given.dockerfile;
  if (!source) {
    if (options.baseline !== undefined) notes.push('The baseline was not used: no Dockerfile was found that matches the log.');
    return { notes, home: null, previous: null };
  }
  const dockerfile = parseDockerfile(source.text, source.name);
  const graph = buildGraph(log);
  const args = findArguments(command, options, dockerfile, graph);
  const shape: KeyInput = { dockerfile, ...keyOptions(command), buildArgs: args.values, argsKnown: args.known };
  const match = matchSteps(graph.steps.values(), computeKeys(shape));
  debugLog().info(
    { dockerfile: source.path, matched: match?.matched ?? 0, compared: match?.compared ?? 0 },
    'Dockerfile held against the log',
  );
  if (!match || match.matched < match.compared) {
    if (options.dockerfile !== undefined && (!match || match.matched === 0))
      notes.push(`${options.dockerfile} does not match the steps of this log: it was not used.`);
    if (!match || match.matched === 0) return { notes, home: null, previous: null };
  }
  const folder = cacheFolder();
  const project: Project = {
    context: context ?? cwd,
    dockerfile: source.path ?? path.join(context ?? cwd, 'Dockerfile'),
    target: command?.target ?? null,
    platforms: command?.platforms ?? [],
  };
  const home = folder === undefined ? null : baselineFile(folder, project);
  const loaded =
    options.baseline !== undefined ? openBaseline(options.baseline) : home === null ? { baseline: null, note: null } : loadBaseline(home);
  if (loaded.note) notes.push(loaded.note);
  const previous = loaded.baseline;
  const listing = given.listing !== undefined ? given.listing : context === null ? null : readContext(context, source.path, folder, notes);
  const salt = previous?.salt ?? newSalt();
  const secrets = new Set<string>();
  const computed = computeKeys({
    ...shape,
    context: listing,
    namedContexts: given.named ?? readNamedContexts(command, base, folder, notes),
    protect: (name, value) => {
      if (!looksLikeSecret(name, value)) return value;
      secrets.add(value);
      return hide(hashSecret(value, salt));
    },
  });
  // The text of a Dockerfile may hold secrets as well: they are gone before anything is compared, shown or kept.
  const keys = protectKeys(computed, salt, secrets);
  const accepted = readAcceptances(source.text);
  notes.push(...accepted.notes);
  const now: BuildState = { keys, listing, images: readImages(graph, keys) };
  const matched = rematch(match, keys);
  return {
    known: knownSteps(matched, keys, graph, source.name),
    scopes: new Map([...matched.steps].map(([id, k]) => [id, k.env])),
    ...(previous && { compare: (g: StepGraph) => compareWithBaseline(g, matched, now, previous, command) }),
    ...(listing &&
      source.path !== null &&
      context !== null && { rewrites: () => proposeRewrites(source.text, source.path!, context, listing) }),
    notes,
    home,
    previous,
    acceptances: accepted.acceptances,
    secrets,
    remember: (report) => ({ ...remember(report, matched, now, salt, previous, command !== null), project }),
  };
}

function findContext(command: BuildCommand | null, options: DiagnosisOptions, base: string, cwd: string): string | null {
  if (options.context !== undefined) {
    if (!isFolder(options.context))
      throw new UserError(`the context ${options.context} is no folder`, 'name the folder that docker build was given');
    return path.resolve(options.context);
  }
  if (command?.contextKind === 'folder' && command.context !== undefined) {
    const folder = path.resolve(base, command.context);
    return isFolder(folder) ? folder : null;
  }
  if (command && (command.contextKind === 'stdin' || command.contextKind === 'remote' || command.contextKind === 'image')) return null;
  return path.resolve(cwd);
}

function isFolder(name: string): boolean {
  try {
    return statSync(name).isDirectory();
  } catch {
    return false;
  }
}

/** A Dockerfile and where it was found. */
export interface Source {
  readonly text: string;
  /** As shown in the report. */
  readonly name: string;
  /** Null where the text comes from the log itself. */
  readonly path: string | null;
}

function findDockerfile(
  log: BuildLog,
  command: BuildCommand | null,
  options: DiagnosisOptions,
  base: string,
  context: string | null,
): Source | null {
  const read = (file: string): Source | null => {
    try {
      if (statSync(file).size > 8 * 1024 * 1024) return null;
      return { text: readFileSync(file, 'utf8'), name: shownName(file, context), path: path.resolve(file) };
    } catch {
      return null;
    }
  };
  if (options.dockerfile !== undefined) {
    const found = read(options.dockerfile);
    if (!found) throw new UserError(`the Dockerfile ${options.dockerfile} cannot be read`, 'check the name given to --dockerfile');
    return found;
  }
  const named = command?.dockerfile;
  if (named !== undefined && named !== '-') {
    const found = read(path.resolve(base, named));
    if (found) return found;
  }
  if (named === undefined && context !== null) {
    const found = read(path.join(context, 'Dockerfile')) ?? read(path.join(context, 'Containerfile'));
    if (found) return found;
  }
  // A record of the build may carry the Dockerfile itself.
  const inside = log.dockerfiles.at(-1);
  return inside ? { text: inside.text, name: inside.file, path: null } : null;
}

function shownName(file: string, context: string | null): string {
  if (context === null) return path.basename(file);
  const relative = path.relative(context, path.resolve(file));
  return relative.startsWith('..') ? path.basename(file) : relative.split(path.sep).join('/');
}

function keyOptions(command: BuildCommand | null): Pick<KeyInput, 'target' | 'platforms' | 'flags'> {
  return {
    ...(command?.target !== undefined && { target: command.target }),
    platforms: command?.platforms ?? [],
    flags: command?.flags ?? {},
  };
}

function readHistory(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UserError(`the history ${file} cannot be read`, "make it with docker history --no-trunc --format '{{json .}}' IMAGE");
  }
}

/** How old the layer of a step is, by the image's history. @returns undefined where no history was given */
export function readAges(options: DiagnosisOptions): ((step: Step) => number | null) | undefined {
  if (options.history === undefined) return undefined;
  const history = parseHistory(readHistory(options.history));
  const now = Date.now();
  return (step) => ageOfStep(history, step.parsed.instruction ?? '', step.parsed.text, now);
}

/** Values of build arguments: from the command line, from the image's history, from the names of steps that show them. */
function findArguments(
  command: BuildCommand | null,
  options: DiagnosisOptions,
  dockerfile: Dockerfile,
  graph: StepGraph,
): { values: Record<string, string | null>; known: boolean } {
  const values: Record<string, string | null> = { ...command?.buildArgs };
  if (options.history !== undefined)
    for (const [name, value] of Object.entries(argsOfHistory(readHistory(options.history))))
      if (values[name] === undefined || values[name] === null) values[name] = value;
  const declared = new Set<string>();
  for (const i of [...dockerfile.globalArgs, ...dockerfile.stages.flatMap((s) => s.instructions)])
    if (i.keyword === 'ARG') for (const word of i.rest.split(/\s+/)) declared.add(word.split('=')[0] ?? '');
  const fixed = new Set(
    dockerfile.stages.flatMap((s) => s.instructions).flatMap((i) => (i.keyword === 'ENV' ? [/^[A-Za-z_]\w*/.exec(i.rest)?.[0] ?? ''] : [])),
  );
  const texts = dockerfile.stages.flatMap((s) => s.instructions).filter((i) => i.text.includes('$'));
  for (const step of graph.steps.values()) {
    if (!step.cacheable) continue;
    for (const i of texts) {
      if (i.keyword !== step.parsed.instruction) continue;
      for (const [name, value] of readValues(step.parsed.text, i.text))
        if (declared.has(name) && !fixed.has(name) && (values[name] === undefined || values[name] === null) && value !== '')
          values[name] = value;
    }
  }
  return { values, known: command !== null };
}

function readContext(root: string, dockerfile: string | null, folder: string | undefined, notes: string[]): ContextListing | null {
  const taken = snapshotOf(root, dockerfile, folder);
  if (typeof taken === 'string') {
    notes.push(taken);
    return null;
  }
  return taken;
}

let takeSnapshot: typeof import('./context/snapshot.ts').takeSnapshot | undefined;

/** The context is read only where it is needed: the caller loads its reader first. */
export async function prepareContext(): Promise<void> {
  ({ takeSnapshot } = await import('./context/snapshot.ts'));
}

function snapshotOf(root: string, dockerfile: string | null, folder: string | undefined): ContextListing | string {
  if (!takeSnapshot) return 'The build context was not read.';
  try {
    const snapshot = takeSnapshot({ root, ...(dockerfile !== null && { dockerfile }), ...(folder !== undefined && { cacheDir: folder }) });
    return snapshot.listing;
  } catch (error) {
    return `The build context ${root} could not be read: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}`;
  }
}

function readNamedContexts(
  command: BuildCommand | null,
  base: string,
  folder: string | undefined,
  notes: string[],
): Record<string, ContextListing | null> {
  const found: Record<string, ContextListing | null> = {};
  for (const [name, where] of Object.entries(command?.namedContexts ?? {})) {
    if (/^[a-z-]+:\/\//.test(where)) continue;
    const root = path.resolve(base, where);
    found[name] = isFolder(root) ? readContext(root, null, folder, notes) : null;
  }
  return found;
}

/** `docker.io/library/node:20` and `node:20` are one reference. */
function normalise(reference: string): string {
  const bare = reference
    .replace(/@sha256:[0-9a-f]{64}$/, '')
    .replace(/^docker\.io\//, '')
    .replace(/^library\//, '');
  return /:[^/]+$/.test(bare) ? bare : `${bare}:latest`;
}

function readImages(graph: StepGraph, keys: BuildKeys): ImageDigests {
  const shown = new Map<string, string | null>();
  for (const s of graph.steps.values())
    for (const alias of s.aliases) {
      const from = /^FROM (\S+)/.exec(alias.text);
      if (from) shown.set(normalise(from[1]!), /@(sha256:[0-9a-f]{64})$/.exec(from[1]!)?.[1] ?? null);
    }
  const images: Record<string, string | null> = {};
  const wanted = [
    ...keys.stages.flatMap((s) => (s.reachable && s.image !== null ? [s.image] : [])),
    ...keys.steps.flatMap((s) => s.reads.flatMap((r) => (r.kind === 'image' ? [r.image] : []))),
  ];
  for (const image of wanted) images[image] = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? shown.get(normalise(image)) ?? null;
  return images;
}

/** The same steps, with the keys that also know the files. */
function proposeRewrites(dockerfile: string, file: string, context: string, listing: ContextListing): Map<string, Rewrite> {
  const read = (name: string): string | null => {
    try {
      return statSync(name).size > 1024 * 1024 ? null : readFileSync(name, 'utf8');
    } catch {
      return null;
    }
  };
  const inside = path.relative(context, file).split(path.sep).join('/');
  const own = `${inside}.dockerignore`;
  const ignorePath = !inside.startsWith('..') && read(path.join(context, own)) !== null ? own : '.dockerignore';
  const { fixes } = proposeFixes({
    dockerfile,
    ...(!inside.startsWith('..') && { dockerfilePath: inside }),
    ignore: read(path.join(context, ignorePath)) ?? '',
    ignorePath,
    listing,
    readFile: (name) => read(path.join(context, name)),
  });
  return new Map(fixes.map((f) => [f.id, { patch: f.patch, keeps: f.keeps, unverified: f.unverified }]));
}

function rematch(match: StepMatch, keys: BuildKeys): StepMatch {
  const byId = new Map(keys.steps.map((k) => [k.id, k]));
  return { ...match, steps: new Map([...match.steps].flatMap(([id, k]) => (byId.has(k.id) ? [[id, byId.get(k.id)!] as const] : []))) };
}

/** Inputs and lines of each matched step, from the Dockerfile. Equal steps of several stages are one vertex. */
function knownSteps(match: StepMatch, keys: BuildKeys, graph: StepGraph, file: string): Map<string, KnownStep> {
  const vertexOf = new Map<string, string>();
  for (const [id, k] of match.steps) if (!vertexOf.has(k.identity)) vertexOf.set(k.identity, id);
  const byId = new Map(keys.steps.map((k) => [k.id, k]));
  const from = new Map<string, string>();
  for (const s of graph.steps.values())
    for (const a of s.aliases) if (a.text.startsWith('FROM ')) from.set(normalise(a.text.slice(5).split(' ')[0] ?? ''), s.id);
  const context = [...graph.steps.values()].find((s) => /load build context/.test(s.name))?.id;
  const known = new Map<string, KnownStep>();
  const place = (base: BuildKeys['steps'][number]['base']): string | undefined => {
    if (base.kind === 'image') return from.get(normalise(base.image));
    if (base.kind === 'scratch') return undefined;
    const k = byId.get(base.id);
    return k && (vertexOf.get(k.identity) ?? place(k.base));
  };
  for (const [id, k] of match.steps) {
    const inputs = new Set<string>();
    const add = (input: string | undefined): void => {
      if (input !== undefined && input !== id) inputs.add(input);
    };
    add(place(k.base));
    for (const r of k.reads) {
      if (r.kind === 'stage') {
        const stage = keys.stages[r.stage];
        if (stage) add(place(stage.end));
      } else if (r.kind === 'context') add(context);
      else if (r.kind === 'image') add(from.get(normalise(r.image)));
    }
    // An ADD of a URL keeps its fetch, which only the log shows.
    if (k.reads.some((r) => r.kind === 'remote' || r.kind === 'named' || r.kind === 'inline'))
      for (const input of graph.steps.get(id)?.inputs ?? []) if (!graph.steps.get(input)?.cacheable) add(input);
    known.set(id, { inputs: [...inputs], source: { ...k.range, file } });
  }
  return known;
}

function remember(
  report: BuildReport,
  match: StepMatch,
  now: BuildState,
  salt: string,
  previous: Baseline | null,
  commandKnown: boolean,
): Baseline {
  const steps: Record<string, BaselineStep> = {};
  const reports = new Map(report.steps.map((s) => [s.id, s]));
  const byIdentity = new Map<string, BaselineStep>();
  for (const [id, k] of match.steps) {
    const s = reports.get(id);
    if (!s) continue;
    const before = previous?.steps[k.id];
    // A reused step keeps what it cost when it last ran.
    const seconds = s.status === 'reused' && before && before.seconds !== null && before.seconds > 0 ? before.seconds : s.seconds;
    const entry: BaselineStep = { name: k.name, status: s.status, seconds };
    steps[k.id] = entry;
    byIdentity.set(k.identity, entry);
  }
  for (const k of now.keys.steps) {
    const shared = byIdentity.get(k.identity);
    if (shared) steps[k.id] ??= { ...shared, name: k.name };
  }
  const at = new Date().toISOString();
  const revision = process.env.GITHUB_SHA ?? process.env.CI_COMMIT_SHA ?? process.env.BUILDKITE_COMMIT ?? process.env.GIT_COMMIT;
  const past = appendPast(previous?.past ?? [], toPastBuild(report, at, revision?.slice(0, 64)));
  return {
    savedAt: at,
    salt,
    outcome: report.outcome,
    keys: now.keys,
    listing: now.listing,
    named: now.named ?? {},
    images: now.images,
    steps,
    commandKnown,
    past,
    ...(report.command !== undefined && { command: report.command }),
  };
}
