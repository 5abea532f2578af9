/** From a replayed history to what is told of it: the sums, what was taken for granted, notes. */
import type { Commit } from '../git/repository.ts';
import { listAssumptions } from './assumptions.ts';
import type { Inferred } from './evidence.ts';
import type { Replay, Simulation } from './model.ts';
import type { BuildPaths, SimulateOptions } from './options.ts';
import { makePlan } from './plan.ts';
import { type CommitFiles, takesGit } from './prepare.ts';
import type { ReplayOptions } from './replay.ts';

/** What is known when a history was replayed. */
export interface Replayed {
  readonly options: SimulateOptions;
  readonly paths: BuildPaths;
  readonly commits: readonly Commit[];
  readonly replay: Replay;
  readonly replayOptions: ReplayOptions;
  readonly seen: { readonly lfs: boolean; readonly submodules: boolean; readonly files?: CommitFiles };
  /** How many steps have a duration that was read somewhere. */
  readonly durationsKnown: number;
  readonly inferred: Inferred | null;
  /** The cache began with the commit before the first. */
  readonly warm: boolean;
}

export function describeReplay(it: Replayed): Simulation {
  const { options, paths, commits, replay, replayOptions, seen, durationsKnown, inferred, warm } = it;
  const text = seen.files?.dockerfile?.text ?? '';
  const plan = makePlan(text, paths.dockerfile, replayOptions);
  const steps = plan.steps.map((s) => s.keys);
  const notes: string[] = [];
  if (paths.repo.shallow) notes.push('The repository is a shallow clone: older commits are not here. git fetch --unshallow brings them.');
  if (inferred?.target !== undefined && options.target === undefined)
    notes.push(`The log is of target ${inferred.target}: it is simulated.`);
  const first = replay.commits.find((c) => c.status === 'built');
  if (!warm && first && first.reused.length === 0 && replay.summary.built > 1)
    notes.push(`The first build (${first.commit.slice(0, 8)}) finds an empty cache: all of it counts as rebuilt.`);
  const gitMatters = paths.context === '' && plan.steps.some((s) => s.reads.some(takesGit)) && !gitIsIgnored(seen.files?.ignore ?? '');
  return {
    ...replay,
    repository: {
      ref: options.ref,
      from: commits[0]?.oid ?? '',
      to: commits.at(-1)?.oid ?? '',
      shallow: paths.repo.shallow,
    },
    dockerfile: paths.dockerfile,
    context: paths.context === '' ? '.' : paths.context,
    target: replayOptions.target ?? null,
    memory: options.memory,
    assumptions: listAssumptions({
      replay,
      steps,
      images: [...new Set(plan.keys?.stages.flatMap((s) => (s.reachable && s.image !== null ? [s.image] : [])) ?? [])],
      memory: options.memory,
      warm,
      identical: replayOptions.identical,
      baseDays: options.baseDays,
      buildArgs: Object.keys(replayOptions.buildArgs),
      declaredArgs: declaredArgs(plan),
      changingArgs: options.changingArgs,
      durationsKnown,
      submodules: options.submodules,
      readsSubmodules: seen.submodules,
      lfs: seen.lfs,
      mergeOp: options.mergeOp,
      gitMatters,
      withGit: options.withGit,
    }),
    notes,
  };
}

function gitIsIgnored(ignore: string): boolean {
  return /^[ \t]*\/?\.git\/?[ \t]*$/m.test(ignore) || /^[ \t]*\*[ \t]*$/m.test(ignore);
}

/** Arguments that the Dockerfile takes and that no default fixes. */
function declaredArgs(plan: ReturnType<typeof makePlan>): string[] {
  const names = new Set<string>();
  for (const i of [...plan.dockerfile.globalArgs, ...plan.dockerfile.stages.flatMap((s) => s.instructions)])
    if (i.keyword === 'ARG') for (const p of i.pairs) names.add(p.name);
  return [...names];
}
