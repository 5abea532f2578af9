/** `cachewhy simulate`: replays a git history against a Dockerfile, and against changes of it. */

import path from 'node:path';
import { UserError } from '../errors.ts';
import { type Commit, listCommits, openRepository, type Repository, resolveCommit } from '../git/repository.ts';
import { tryGit } from '../git/run.ts';
import { oneLine } from '../text.ts';
import { describeReplay } from './describe.ts';
import { createDurations, type Durations, type TimedStep, withShares } from './durations.ts';
import { type Inferred, inferBuild, type LogEvidence, readBaselineTimes, readLogs } from './evidence.ts';
import type { Replay, Simulation } from './model.ts';
import type { BuildPaths, SimulateOptions } from './options.ts';
import type { PlanStep } from './plan.ts';
import type { CommitFiles } from './prepare.ts';
import { createReplay, type ReplayOptions } from './replay.ts';
import { compareReplays, type VariantSpec } from './variants.ts';
import { openBlobs, type WalkTools, walkHistory } from './walk.ts';

/** What a simulation found, and what is needed to replay changes over the same commits. */
export interface SimulationRun {
  readonly simulation: Simulation;
  readonly paths: BuildPaths;
  /** The files of the newest commit that can be built; null where there is none. */
  readonly newest: { readonly files: CommitFiles; readonly tools: WalkTools } | null;
  /** Replays changes; each is held against the simulation. */
  replay(specs: readonly VariantSpec[]): Promise<ReturnType<typeof compareReplays>[]>;
  /** Ends the programs that were started. */
  close(): void;
}

const DEFAULT_COMMITS = 200;

export async function runSimulation(options: SimulateOptions): Promise<SimulationRun> {
  const repo = await openRepository(options.repo);
  const paths = resolvePaths(repo, options);
  const [commits, logs] = [await findCommits(repo, options), readLogs(options.logs)];
  const timed: TimedStep[] = [...logs.timed, ...(options.baseline === undefined ? [] : readBaselineTimes(options.baseline))];
  const durations = createDurations(timed);
  const inferred = await inferFromLog(paths, commits, logs, options);
  const blobs = openBlobs(repo);
  const replayOptions = makeReplayOptions(options, repo, paths, durations, inferred, blobs.linkTarget);
  // The builder has built the commit before these: it does not count, but the cache has it.
  const warm = options.cold ? null : await findParent(repo, commits[0]);
  const walk = async (visit: (files: CommitFiles, counts: boolean, tools: WalkTools) => void | Promise<void>) => {
    const last: { files?: CommitFiles; tools?: WalkTools } = {};
    const result = await walkHistory({ ...paths, blobs, commits: warm ? [warm, ...commits] : commits }, async (files, tools, index) => {
      last.tools = tools;
      await visit(files, !warm || index > 0, tools);
      if (files.dockerfile) last.files = files;
      if (index % 20 === 0) options.onProgress?.(index, commits.length);
    });
    options.onProgress?.(commits.length, commits.length);
    return { ...result, ...last };
  };

  const run = createReplay(replayOptions);
  const seen = await walk((files, counts) => void run.build(files, { counts }));
  const replay = run.tally.result();
  if (replay.summary.built === 0) {
    blobs.close();
    throw nothingBuilt(replay, paths);
  }
  return {
    simulation: describeReplay({
      options,
      paths,
      commits,
      replay,
      replayOptions,
      seen,
      durationsKnown: timed.length,
      inferred,
      warm: warm !== null,
    }),
    paths,
    newest: seen.files && seen.tools ? { files: seen.files, tools: seen.tools } : null,
    async replay(specs) {
      const runs = specs.map((spec) => ({
        spec,
        run: createReplay({ ...replayOptions, durations: withShares(durations, spec.shares) }),
        unchanged: 0,
      }));
      await walk(async (files, counts, tools) => {
        for (const r of runs) {
          const changed = await r.spec.rewrite(files, tools);
          if (!changed && counts) r.unchanged++;
          r.run.build(changed ?? files, { counts, ...(changed && !r.spec.strict && { fallback: files }) });
        }
      });
      return runs.map((r) => compareReplays(r.spec, replay, r.run.tally.result(), r.unchanged + r.run.fallbacks));
    },
    close: () => blobs.close(),
  };
}

function makeReplayOptions(
  options: SimulateOptions,
  repo: Repository,
  paths: BuildPaths,
  durations: Durations,
  inferred: Inferred | null,
  linkTarget: (oid: string) => string | undefined,
): ReplayOptions {
  const target = options.target ?? inferred?.target;
  return {
    ...(target !== undefined && { target }),
    buildArgs: inferred?.buildArgs ?? options.buildArgs,
    imageEnv: inferred?.imageEnv ?? [],
    platforms: options.platforms,
    mergeOp: options.mergeOp,
    memory: options.memory,
    identical: new Set(options.identical.map((s) => (s === 'all' ? '*' : s))),
    submodules: options.submodules,
    oidLength: repo.oidLength,
    linkTarget,
    durations,
    sizeOf: (step: PlanStep) =>
      step.keys.instruction === 'RUN' ? options.runBytes : step.keys.instruction === 'WORKDIR' ? 0 : options.copyBytes,
    context: paths.context,
    changingArgs: options.changingArgs,
    baseDays: options.baseDays,
    withGit: options.withGit && paths.context === '',
  };
}

async function findParent(repo: Repository, first: Commit | undefined): Promise<Commit | null> {
  if (!first || (await resolveCommit(repo, `${first.oid}^`)) === null) return null;
  return (await listCommits(repo, { ref: `${first.oid}^`, limit: 1 }))[0] ?? null;
}

async function findCommits(repo: Repository, options: SimulateOptions): Promise<Commit[]> {
  const limit = options.commits ?? (options.since === undefined && !options.ref.includes('..') ? DEFAULT_COMMITS : undefined);
  const commits = await listCommits(repo, {
    ref: options.ref,
    allParents: options.allParents,
    ...(limit !== undefined && { limit }),
    ...(options.since !== undefined && { since: options.since }),
  });
  if (commits.length === 0)
    throw new UserError(
      `no commits${options.since === undefined ? '' : ` since ${oneLine(options.since)}`} in ${oneLine(options.ref)}`,
      'take a longer range with --since or --commits',
    );
  return commits;
}

/** Paths as given are relative to the folder; git wants them from the root of the repository. */
function resolvePaths(repo: Repository, options: SimulateOptions): BuildPaths {
  const fromRoot = (file: string, what: string): string => {
    const full = path.posix.normalize(path.posix.join('/', repo.prefix, file.split(path.sep).join('/')));
    const climbs = path.posix.normalize(path.posix.join(repo.prefix, file));
    if (climbs.startsWith('..') || path.isAbsolute(file))
      throw new UserError(`${what} ${oneLine(file)} is not in the repository`, 'name it relative to the folder that the command runs in');
    return full.replace(/^\/+|(?<!\/)\/+$/g, '');
  };
  const context = fromRoot(options.context, 'the context');
  const dockerfile =
    options.dockerfile === undefined ? `${context === '' ? '' : `${context}/`}Dockerfile` : fromRoot(options.dockerfile, 'the Dockerfile');
  return { repo, context, dockerfile };
}

/** Target and arguments that the logs show, held against the oldest and the newest Dockerfile. */
async function inferFromLog(
  paths: BuildPaths,
  commits: readonly Commit[],
  logs: LogEvidence,
  options: SimulateOptions,
): Promise<ReturnType<typeof inferBuild>> {
  if (logs.builds.length === 0 || options.target !== undefined) return null;
  const texts: string[] = [];
  for (const commit of [commits.at(-1), commits[0]]) {
    const shown = await tryGit(paths.repo.dir, ['cat-file', 'blob', `${commit?.oid}:${paths.dockerfile}`]);
    if (shown.status === 0) texts.push(shown.stdout.toString('utf8'));
  }
  return inferBuild(logs.builds, texts, options.buildArgs);
}

function nothingBuilt(replay: Replay, paths: BuildPaths): UserError {
  const last = replay.commits.at(-1);
  return new UserError(
    `none of ${replay.commits.length} commits can be built: ${last?.problem ?? 'no reason known'}`,
    `the Dockerfile is taken from ${paths.dockerfile}; name another with --dockerfile, the context with --context`,
  );
}
