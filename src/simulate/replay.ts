/** Replays one Dockerfile over the commits of a history against a remembered cache. */
import type { FileChange } from '../git/snapshot.ts';
import { type BuilderOptions, createBuilder, type Outcome } from './builder.ts';
import { findChanges } from './changes.ts';
import type { Durations } from './durations.ts';
import { type BuildBefore, createExplainer, type FindChanges } from './explain.ts';
import type { SimulatedCause, SimulatedCommit } from './model.ts';
import type { PlanStep } from './plan.ts';
import { type CommitFiles, createPreparer, type Prepared, type PrepareOptions } from './prepare.ts';
import { createTally, type StepOutcome, type Tally } from './tally.ts';

export interface ReplayOptions extends PrepareOptions, BuilderOptions {
  readonly durations: Durations;
}

export interface BuildOptions {
  /** false: the cache takes it in, the sums do not. */
  readonly counts: boolean;
  /** What is built instead where the files cannot be built. */
  readonly fallback?: CommitFiles;
}

export interface ReplayRun {
  build(files: CommitFiles, how: BuildOptions): SimulatedCommit | null;
  readonly tally: Tally;
  /** How often the fallback was built. */
  readonly fallbacks: number;
}

interface Broken {
  readonly status: 'failed' | 'unbuildable';
  readonly problem: string;
  readonly rebuilt: readonly string[];
}

export function createReplay(options: ReplayOptions): ReplayRun {
  const preparer = createPreparer(options);
  const builder = createBuilder(options);
  const tally = createTally(options.durations);
  const explain = createExplainer();
  let before: (BuildBefore & { readonly ignore: string; readonly age: string }) | null = null;
  /** Files that changed since then. */
  let pending = new Map<string, FileChange>();
  let fallbacks = 0;

  const explainRoot = (prepared: Prepared, step: PlanStep, outcome: Outcome, changes: FindChanges): SimulatedCause => {
    const cause = explain(prepared.plan, step, outcome.digests.get(step.keys.id) ?? [], before, changes);
    const source = step.inputs[0]?.step === -1 ? step.inputs[0].source : '';
    if (cause.kind !== 'cold-cache' || !before || before.age === prepared.age || !source.startsWith('image ')) return cause;
    return { kind: 'base-image-changed', summary: `${source.slice(6)} is taken to be another image now`, before: null, after: null };
  };

  const describe = (files: CommitFiles, prepared: Prepared, outcome: Outcome): SimulatedCommit => {
    const { plan, view } = prepared;
    const roots = builder.rootsOf(plan, outcome);
    const name = (i: number): string => plan.steps[outcome.shown.get(outcome.keys[i] as number) ?? i]?.keys.name ?? '';
    const changes = findChanges(options, view, [...pending.values()], () =>
      before && before.ignore !== files.ignore ? preparer.viewThrough(before.ignore, view.shown) : null,
    );
    // Steps of one key are one: what goes by another index is the first of them.
    const firstOf = new Map(outcome.distinct.map((d) => [outcome.keys[d], d]));
    const first = (i: number): number => firstOf.get(outcome.keys[i] as number) ?? i;
    const outcomes: StepOutcome[] = outcome.distinct.map((i) => {
      const step = plan.steps[i] as PlanStep;
      const own = roots.get(i);
      const isRoot = own?.size === 1 && own.has(i);
      return {
        index: i,
        step,
        name: name(i),
        rebuilt: outcome.rebuilt.has(i),
        uncertain: outcome.uncertain.has(i),
        roots: own ? [...new Set([...own].map(first))] : [],
        inputs: step.inputs.flatMap((input) => (input.step >= 0 ? [first(input.step)] : [])),
        cause: isRoot ? explainRoot(prepared, step, outcome, changes) : null,
      };
    });
    return tally.add(files.commit, outcomes);
  };

  const attempt = (files: CommitFiles): { readonly prepared: Prepared; readonly outcome: Outcome } | Broken => {
    const prepared = preparer.prepare(files);
    if (typeof prepared === 'string') return { status: 'unbuildable', problem: prepared, rebuilt: [] };
    const outcome = builder.build(prepared);
    if (!('failing' in outcome)) return { prepared, outcome };
    return { status: 'failed', problem: `${outcome.missing} is not in the context`, rebuilt: [outcome.failing.keys.name] };
  };

  return {
    tally,
    get fallbacks() {
      return fallbacks;
    },
    build(files, { counts, fallback }) {
      for (const change of files.changes) {
        const start = pending.get(change.path) ?? change;
        pending.set(change.path, {
          path: change.path,
          ...(start.before && { before: start.before }),
          ...(change.after && { after: change.after }),
        });
      }
      let built = files;
      let result = attempt(files);
      if ('problem' in result && fallback) {
        built = fallback;
        result = attempt(fallback);
        if (counts) fallbacks++;
      }
      if ('problem' in result) return counts ? tally.addBroken(files.commit, result.status, result.problem, result.rebuilt) : null;
      const { prepared, outcome } = result;
      const commit = counts ? describe(built, prepared, outcome) : null;
      before = { plan: prepared.plan, digests: outcome.digests, ignore: built.ignore, age: prepared.age };
      pending = new Map();
      return commit;
    },
  };
}
