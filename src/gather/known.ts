/** What a build's Dockerfile, context and baseline tell of it. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { baselineFile } from '../baseline/folder.ts';
import type { Baseline, Project } from '../baseline/model.ts';
import { openBaseline } from '../baseline/open.ts';
import type { Loaded } from '../baseline/pack.ts';
import { loadBaseline, newSalt } from '../baseline/store.ts';
import type { BuildCommand } from '../command/types.ts';
import { compareWithBaseline } from '../compare.ts';
import type { Comparison } from '../diagnose.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import type { RewriteWish } from '../fix/advise.ts';
import { draftGraph, type StepDraft } from '../graph/build.ts';
import type { BuildLog } from '../graph/log.ts';
import type { StepGraph } from '../graph/step.ts';
import { argsOfHistory } from '../history/args.ts';
import { draftKeys, type KeyDraft } from '../keys/compute.ts';
import type { BuildState } from '../keys/diff.ts';
import { matchSteps, type StepMatch } from '../keys/match.ts';
import type { KeyInput } from '../keys/model.ts';
import { debugLog } from '../log.ts';
import { cacheFolder } from '../machine/cache-folder.ts';
import type { SuspectHit } from '../model.ts';
import type { DiagnosisOptions } from '../options.ts';
import { agesOfPast } from '../suspects/ages.ts';
import { findStaleArguments } from '../suspects/stale-argument.ts';
import { findStaleHits } from '../suspects/stale-files.ts';
import { readAcceptances } from './accept.ts';
import { findArguments } from './arguments.ts';
import { namedImages, readContext, readNamedContexts } from './contexts.ts';
import type { Gathered, Given } from './gather.ts';
import { readHistory } from './history.ts';
import { readImages } from './images.ts';
import { knownSteps, rematch } from './known-steps.ts';
import { completeProtected } from './protected-keys.ts';
import { makeBaseline } from './remember.ts';
import { proposeRewrites } from './rewrites.ts';
import { type Limits, pathInRepository, type Source } from './sources.ts';
import { inferTarget } from './target.ts';
import { readTriggers } from './triggers.ts';

/** Where things are: absolute paths but for the source's shown name. */
interface Places {
  readonly cwd: string;
  /** Where the command ran. */
  readonly base: string;
  readonly context: string | null;
  readonly source: Source;
  readonly given: Given;
  /** Takes what the user should know. */
  readonly notes: string[];
  readonly limits: Limits | undefined;
}

export async function gatherKnown(
  log: BuildLog,
  command: BuildCommand | null,
  options: DiagnosisOptions,
  { cwd, base, context, source, given, notes, limits }: Places,
): Promise<Gathered> {
  const dockerfile = parseDockerfile(source.text, source.name);
  const graph = draftGraph(log);
  const args = findArguments(command, options, dockerfile, graph);
  const images = namedImages(command, graph);
  const { draft, shape } = draftShown(
    graph,
    { dockerfile, ...keyOptions(command), buildArgs: args.values, argsKnown: args.known, namedContexts: images },
    command,
  );
  const match = matchSteps(graph, draft.keys);
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
  const project = projectOf(command, source, context ?? cwd);
  const home = folder === undefined ? null : baselineFile(folder, project);
  const loaded = given.previous ? { baseline: given.previous, note: null } : await findBaseline(options.baseline, home);
  if (loaded.note) notes.push(loaded.note);
  const previous = loaded.baseline;
  const listing = given.listing !== undefined ? given.listing : context === null ? null : readContext(context, source.path, folder, notes);
  const salt = previous?.salt ?? newSalt();
  const named = given.named ?? readNamedContexts(command, base, folder, notes, limits);
  const { keys, secrets } = completeProtected(draft, { context: listing, namedContexts: { ...images, ...named } }, salt);
  const accepted = readAcceptances(source.text);
  notes.push(...accepted.notes);
  const now: BuildState = { keys, listing, named, images: readImages(graph, keys) };
  const matched = rematch(match, keys);
  const inRepository = pathInRepository(source, cwd);
  return {
    graph,
    known: knownSteps(matched, keys, graph, {
      file: source.name,
      ...(inRepository !== null && inRepository !== source.name && { path: inRepository }),
    }),
    scopes: new Map([...matched.steps].map(([id, k]) => [id, k.env])),
    ...(previous && {
      compare: (g: StepGraph) => withStaleHits(compareWithBaseline(g, matched, now, previous, command), g, matched, now, previous, context),
      ageOf: agesOfPast(previous.past, Date.now()),
    }),
    ...(options.history !== undefined && command && { suspects: (g: StepGraph) => staleArguments(g, command, options.history!, matched) }),
    ...(listing &&
      source.path !== null &&
      context !== null && {
        rewrites: (wish: RewriteWish) => {
          const grounds = {
            before: previous?.listing ?? null,
            shape: { ...shape, namedContexts: { ...images, ...named } },
            steps: match.steps,
          };
          return proposeRewrites(source.text, source.path!, context, listing, grounds, wish);
        },
      }),
    notes,
    home,
    previous,
    acceptances: accepted.acceptances,
    secrets,
    remember: (report) => ({ ...makeBaseline(report, matched, now, salt, previous, command !== null), project }),
  };
}

/** The keys' input, with what only the log's names tell: the target where the command line is not known, triggers of base images. */
function draftShown(
  graph: StepDraft,
  given: KeyInput,
  command: BuildCommand | null,
): { readonly draft: KeyDraft; readonly shape: KeyInput } {
  let shape = given;
  let draft = draftKeys(shape);
  const target = command === null ? inferTarget(graph, shape, draft) : undefined;
  if (target !== undefined) {
    shape = { ...shape, target };
    draft = draftKeys(shape);
  }
  const triggers = readTriggers(graph, draft.keys);
  if (triggers === null) return { draft, shape };
  shape = { ...shape, images: triggers };
  return { draft: draftKeys(shape), shape };
}

/** @param context absolute */
function withStaleHits(
  compared: Comparison,
  graph: StepGraph,
  match: StepMatch,
  now: BuildState,
  before: Baseline,
  context: string | null,
): Comparison {
  if (context === null) return compared;
  const stale = findStaleHits(graph, match, now, before, (name) => mtimeOf(path.join(context, name)));
  if (stale.length === 0) return compared;
  const steps = new Set(stale.map((h) => h.step));
  return {
    ...compared,
    suspectHits: [...compared.suspectHits, ...stale],
    notes: compared.notes.filter((n) => !steps.has(n.split(' ', 1)[0] ?? '') || !n.includes('was reused although')),
  };
}

function mtimeOf(file: string): number | null {
  try {
    return lstatSync(file).mtimeMs;
  } catch {
    return null;
  }
}

function staleArguments(graph: StepGraph, command: BuildCommand, history: string, match: StepMatch): SuspectHit[] {
  const scopes = new Map([...match.steps].map(([id, k]) => [id, k.env]));
  return findStaleArguments(graph, command.buildArgs, argsOfHistory(readHistory(history)), scopes);
}

/** @param context absolute */
export function projectOf(command: BuildCommand | null, source: Source, context: string): Project {
  return {
    context,
    dockerfile: source.path ?? path.join(context, 'Dockerfile'),
    target: command?.target ?? null,
    platforms: command?.platforms ?? [],
  };
}

/** @param home the file that remembers the project; null where there is none */
export async function findBaseline(name: string | undefined, home: string | null): Promise<Loaded> {
  if (name !== undefined) return openBaseline(name);
  return home === null ? { baseline: null, note: null } : loadBaseline(home);
}

export function keyOptions(command: BuildCommand | null): Pick<KeyInput, 'target' | 'platforms' | 'flags'> {
  return {
    ...(command?.target !== undefined && { target: command.target }),
    platforms: command?.platforms ?? [],
    flags: command?.flags ?? {},
  };
}
