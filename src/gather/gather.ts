/** Finds what else is known of a build: its Dockerfile, its context, what the build before looked like. Reads files; decides nothing. */
import path from 'node:path';
import type { Baseline } from '../baseline/model.ts';
import type { ScopeEntry } from '../causes/define.ts';
import type { BuildCommand } from '../command/types.ts';
import type { ContextListing } from '../context/types.ts';
import type { Comparison } from '../diagnose.ts';
import type { Rewrites, RewriteWish } from '../fix/advise.ts';
import type { KnownStep, StepDraft } from '../graph/build.ts';
import type { BuildLog } from '../graph/log.ts';
import type { StepGraph } from '../graph/step.ts';
import { projectRoot } from '../machine/plain-file.ts';
import type { BuildReport, SuspectHit } from '../model.ts';
import type { DiagnosisOptions } from '../options.ts';
import type { Acceptance } from './accept.ts';
import { findContext, findDockerfile, type Limits, type Source } from './sources.ts';

/** All that was found for one build, and how to remember it. */
export interface Gathered {
  readonly graph?: StepDraft;
  readonly known?: ReadonlyMap<string, KnownStep>;
  readonly scopes?: ReadonlyMap<string, readonly ScopeEntry[]>;
  readonly compare?: (graph: StepGraph) => Comparison;
  /** Rewrites of the Dockerfile and its ignore file, and what of this build they would have saved; made when asked for. */
  readonly rewrites?: (wish: RewriteWish) => Rewrites;
  /** Suspect hits that the files at hand show. */
  readonly suspects?: (graph: StepGraph) => readonly SuspectHit[];
  /** Seconds since a step last ran, as far as the baseline remembers; null where it does not. */
  readonly ageOf?: (name: string) => number | null;
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
  /** The build to compare with. */
  readonly previous?: Baseline;
  /** The command stands in the log, and nobody vouches for what it names. */
  readonly commandOfLog?: boolean;
}

/** @throws UserError where something that the user named cannot be read */
export async function gather(
  log: BuildLog,
  command: BuildCommand | null,
  options: DiagnosisOptions,
  cwd: string,
  given: Given = {},
): Promise<Gathered> {
  const base = command?.cwd === undefined ? cwd : path.resolve(cwd, command.cwd);
  const notes: string[] = [];
  const folders = [projectRoot(cwd), ...(options.context === undefined ? [] : [options.context])];
  const limits: Limits | undefined = given.commandOfLog ? { folders, notes } : undefined;
  const context = findContext(command, options, base, cwd, limits);
  const source = given.dockerfile === undefined ? findDockerfile(log, command, options, base, context, limits) : given.dockerfile;
  if (source) return (await import('./known.ts')).gatherKnown(log, command, options, { cwd, base, context, source, given, notes, limits });
  const unused = 'The baseline was not used: no Dockerfile was found that matches the log.';
  return { notes: options.baseline !== undefined ? [...notes, unused] : notes, home: null, previous: null };
}
