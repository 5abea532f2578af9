/** Replays one Dockerfile over the commits of a history against a remembered cache. */

import { compileIgnore, type IgnoreRules } from '../context/dockerignore.ts';
import type { CopySelection } from '../context/select.ts';
import { type FileChange, findNode, type GitNode } from '../git/snapshot.ts';
import type { PathChange } from '../model.ts';
import { createCache, type Use } from './cache.ts';
import type { Durations } from './durations.ts';
import { type BuildBefore, createExplainer, type FindChanges, pathChange } from './explain.ts';
import type { Memory, SimulatedCause, SimulatedCommit } from './model.ts';
import { makePlan, type Plan, type PlanOptions, type PlanStep } from './plan.ts';
import { createTally, type StepOutcome, type Tally } from './tally.ts';
import { type ContextView, createView } from './view.ts';

export interface ReplayOptions extends PlanOptions {
  readonly memory: Memory;
  /** Stages whose output is taken to be the same whatever runs in them; `*` for all. */
  readonly identical: ReadonlySet<string>;
  readonly submodules: boolean;
  readonly oidLength: 40 | 64;
  readonly linkTarget: (oid: string) => string | undefined;
  readonly durations: Durations;
  /** Bytes that a step's result takes, for a memory with a limit. */
  readonly sizeOf: (step: PlanStep) => number;
  /** Folder of the context in the repository, '' for its root. */
  readonly context: string;
  /** Build arguments that have another value in each build. */
  readonly changingArgs: readonly string[];
  /** Tags of base images move every so many days; null: never. */
  readonly baseDays: number | null;
  /** `.git` is in the context: it differs at each commit. */
  readonly withGit: boolean;
}

/** The build's files as of one commit. */
export interface CommitFiles {
  readonly commit: { readonly oid: string; readonly subject: string; readonly time: number };
  readonly root: GitNode;
  readonly changes: readonly FileChange[];
  /** null: there is none. */
  readonly dockerfile: { readonly path: string; readonly text: string } | null;
  /** Text of the ignore file that applies; '' where there is none. */
  readonly ignore: string;
  /** From the root of the repository; null where there is none. */
  readonly ignorePath: string | null;
  /** Files that were rewritten: path in the context → content. */
  readonly replaced?: ReadonlyMap<string, string>;
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

/** Would a selection take `.git`, were it there? */
export function takesGit(selection: CopySelection): boolean {
  return selection.sources.some((s) => /^(?:\.?\/?|\.?\/?\.git(?:\/.*)?|\.?\/?\.?\*)$/.test(s));
}

/** Views are kept for the ignore files used last: histories go back and forth. */
const MAX_VIEWS = 4;
const NOTHING: ReadonlyMap<string, string> = new Map();
const MAX_PLANS = 200;

interface Prepared {
  readonly plan: Plan;
  readonly view: ContextView;
  /** What `.git` holds; '' where it is not in the context. */
  readonly git: string;
  /** Which of the images a tag is taken to point to. */
  readonly age: string;
}

/** What happens to each step of a plan; indexes are those of the plan. */
interface Outcome {
  readonly keys: readonly number[];
  readonly digests: ReadonlyMap<string, readonly string[]>;
  /** Index of the step that gives its name to all with this key. */
  readonly shown: ReadonlyMap<number, number>;
  /** The first step of each key, in order. */
  readonly distinct: readonly number[];
  readonly rebuilt: ReadonlySet<number>;
  readonly uncertain: ReadonlySet<number>;
}

export function createReplay(options: ReplayOptions): ReplayRun {
  const cache = createCache(options.memory);
  /** The same, for keys in which no stage's output counts: what may be reused for all that is known. */
  const hopeful = createCache(options.memory);
  const ids = new Map<string, number>();
  const plans = new Map<string, Plan>();
  const views = new Map<string, { readonly rules: IgnoreRules; readonly view: ContextView }>();
  const tally = createTally(options.durations);
  const explain = createExplainer();
  let before: (BuildBefore & { readonly ignore: string; readonly age: string }) | null = null;
  /** Files that changed since then. */
  let pending = new Map<string, FileChange>();

  const intern = (text: string): number => {
    let id = ids.get(text);
    if (id === undefined) {
      id = ids.size;
      ids.set(text, id);
    }
    return id;
  };
  const planOf = (text: string, path: string, commit: string): Plan => {
    const changing = options.changingArgs.length > 0;
    const key = changing ? `${commit}\0${text}` : text;
    let plan = plans.get(key);
    if (!plan) {
      if (plans.size >= MAX_PLANS) plans.clear();
      const values = Object.fromEntries(options.changingArgs.map((name) => [name, commit]));
      plan = makePlan(text, path, changing ? { ...options, buildArgs: { ...options.buildArgs, ...values } } : options);
      plans.set(key, plan);
    }
    return plan;
  };
  const viewOf = (ignore: string): { readonly rules: IgnoreRules; readonly view: ContextView } => {
    let found = views.get(ignore);
    views.delete(ignore);
    if (!found) {
      const rules = compileIgnore(ignore);
      found = { rules, view: createView({ ...options, rules }) };
    }
    views.set(ignore, found);
    for (const key of views.keys()) {
      if (views.size <= MAX_VIEWS) break;
      views.delete(key);
    }
    return found;
  };

  /** What is needed to compute keys, or why the build cannot begin. */
  const prepare = (files: CommitFiles): Prepared | string => {
    if (!files.dockerfile) return 'the Dockerfile is not there';
    const plan = planOf(files.dockerfile.text, files.dockerfile.path, files.commit.oid);
    if (plan.problem !== null) return plan.problem;
    const folder = findNode(files.root, options.context);
    if (folder?.kind !== 'tree') return `the context ${options.context} is not there`;
    const { rules, view } = viewOf(files.ignore);
    if (rules.error) return `.dockerignore, line ${rules.error.line}: ${rules.error.message}`;
    view.show(folder);
    view.replace(files.replaced ?? NOTHING);
    const git = options.withGit && rules.ignores('.git') === false ? files.commit.oid : '';
    const age = options.baseDays === null ? '' : ` ${Math.floor(files.commit.time / 86_400 / options.baseDays)}`;
    return { plan, view, git, age };
  };

  const ownIds = new WeakMap<PlanStep, number>();
  const ownId = (step: PlanStep): number => {
    let id = ownIds.get(step);
    if (id === undefined) {
      id = intern(step.own);
      ownIds.set(step, id);
    }
    return id;
  };

  const isIdentical = (stage: string | null): boolean => stage !== null && (options.identical.has('*') || options.identical.has(stage));

  /** Keys of a step, by which it is looked up, and of its result, on which others stand: they differ for COPY --link alone. */
  const keyOf = (step: PlanStep, results: readonly number[], digests: string, age: string, hope: boolean): [number, number] => {
    const inputs = step.inputs.map((input) => {
      if (input.byContent && (hope || isIdentical(input.stage))) return `=${input.stage}`;
      if (input.step >= 0) return results[input.step];
      return input.source.startsWith('image ') && !input.source.includes('@sha256:') ? input.source + age : input.source;
    });
    const key = (from: number): number =>
      intern(`${hope ? 'h' : ''}${ownId(step)}\u0001${(from === 0 ? inputs : inputs.slice(from)).join('\u0001')}\u0001${digests}`);
    const result = key(0);
    return [step.linked ? key(1) : result, result];
  };

  /** @returns the outcome, or the first step whose source is missing */
  const evaluate = ({ plan, view, git, age }: Prepared): Outcome | { readonly failing: PlanStep; readonly missing: string } => {
    const keys: number[] = [];
    const hopes: number[] = [];
    const results: number[] = [];
    const hopeResults: number[] = [];
    const digests = new Map<string, readonly string[]>();
    const first = new Map<number, number>();
    const rebuilt = new Set<number>();
    const uncertain = new Set<number>();
    for (const [i, step] of plan.steps.entries()) {
      const own: string[] = [];
      for (const selection of step.reads) {
        const selected = view.select(selection);
        const [missing] = selected.missing;
        if (missing !== undefined) return { failing: step, missing };
        own.push(git !== '' && takesGit(selection) ? `${selected.digest} .git ${git}` : selected.digest);
      }
      if (own.length > 0) digests.set(step.keys.id, own);
      const files = own.length === 0 ? '' : own.map(intern).join(' ');
      const [key, result] = keyOf(step, results, files, age, false);
      const [hopeKey, hopeResult] = keyOf(step, hopeResults, files, age, true);
      keys.push(key);
      results.push(result);
      hopes.push(hopeKey);
      hopeResults.push(hopeResult);
      if (!first.has(key)) first.set(key, i);
      if (cache.has(key)) continue;
      rebuilt.add(i);
      if (hopeful.has(hopeKey)) uncertain.add(i);
    }
    remember(plan, keys, hopes, rebuilt);
    const shown = new Map<number, number>();
    for (const i of plan.written) shown.set(keys[i] as number, i);
    return { keys, digests, shown, distinct: [...first.values()], rebuilt, uncertain };
  };

  const remember = (plan: Plan, keys: readonly number[], hopes: readonly number[], rebuilt: ReadonlySet<number>): void => {
    const loaded = new Set<number>(plan.steps.length > 0 ? [plan.written.at(-1) ?? 0] : []);
    for (const i of rebuilt) {
      loaded.add(i);
      for (const input of plan.steps[i]?.inputs ?? []) if (input.step >= 0) loaded.add(input.step);
    }
    const uses = (list: readonly number[]): Use[] =>
      plan.steps.map((step, i) => ({
        key: list[i] as number,
        base: step.inputs[0] && step.inputs[0].step >= 0 ? (list[step.inputs[0].step] as number) : -1,
        loaded: loaded.has(i),
        bytes: options.sizeOf(step),
      }));
    cache.finish(uses(keys));
    hopeful.finish(uses(hopes));
  };

  /** First misses above each rebuilt step; a first miss has itself. */
  const rootsOf = (plan: Plan, outcome: Outcome): Map<number, ReadonlySet<number>> => {
    const roots = new Map<number, ReadonlySet<number>>();
    for (const i of outcome.rebuilt) {
      const above = new Set<number>();
      for (const input of plan.steps[i]?.inputs ?? []) {
        const ignored = (input.byContent && isIdentical(input.stage)) || (input.stage === null && (plan.steps[i] as PlanStep).linked);
        if (input.step >= 0 && outcome.rebuilt.has(input.step) && !ignored) for (const r of roots.get(input.step) ?? []) above.add(r);
      }
      roots.set(i, above.size > 0 ? above : new Set([i]));
    }
    return roots;
  };

  const changesFor = (view: ContextView, ignore: string): FindChanges => {
    const prefix = options.context === '' ? '' : `${options.context}/`;
    return (selections) => {
      const found: PathChange[] = [];
      for (const change of pending.values()) {
        if (!change.path.startsWith(prefix)) continue;
        const path = change.path.slice(prefix.length);
        if (selections.some((s) => (change.after ? view.covers(s, path) : view.mayCover(s, path)))) found.push(pathChange(change, path));
      }
      if (options.withGit && selections.some(takesGit)) found.push({ path: '.git', change: 'modified' });
      if (before && before.ignore !== ignore) found.push(...ignoreChanges(view, before.ignore, selections, found));
      return found.sort((a, b) => (a.path < b.path ? -1 : 1));
    };
  };

  /** Files that another ignore file lets through, or no longer. */
  const ignoreChanges = (
    view: ContextView,
    old: string,
    selections: readonly CopySelection[],
    known: readonly PathChange[],
  ): PathChange[] => {
    const earlier = viewOf(old).view;
    earlier.show(view.shown);
    earlier.replace(NOTHING);
    const seen = new Set(known.map((p) => p.path));
    const found: PathChange[] = [];
    const collect = (from: ContextView, to: ContextView, change: 'added' | 'removed'): void => {
      const there = to.listing().entries;
      for (const e of from.listing().entries.values())
        if (e.type !== 'dir' && !there.has(e.path) && !seen.has(e.path) && selections.some((s) => from.covers(s, e.path)))
          found.push({ path: e.path, change, detail: change === 'added' ? 'no longer ignored' : 'now ignored' });
    };
    collect(view, earlier, 'added');
    collect(earlier, view, 'removed');
    return found;
  };

  const explainRoot = (prepared: Prepared, step: PlanStep, outcome: Outcome, changes: FindChanges): SimulatedCause => {
    const cause = explain(prepared.plan, step, outcome.digests.get(step.keys.id) ?? [], before, changes);
    const source = step.inputs[0]?.step === -1 ? step.inputs[0].source : '';
    if (cause.kind !== 'cold-cache' || !before || before.age === prepared.age || !source.startsWith('image ')) return cause;
    return { kind: 'base-image-changed', summary: `${source.slice(6)} is taken to be another image now`, before: null, after: null };
  };

  const describe = (files: CommitFiles, prepared: Prepared, outcome: Outcome): SimulatedCommit => {
    const { plan, view } = prepared;
    const roots = rootsOf(plan, outcome);
    const name = (i: number): string => plan.steps[outcome.shown.get(outcome.keys[i] as number) ?? i]?.keys.name ?? '';
    const changes = changesFor(view, files.ignore);
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

  let fallbacks = 0;
  const attempt = (files: CommitFiles): { readonly prepared: Prepared; readonly outcome: Outcome } | Broken => {
    const prepared = prepare(files);
    if (typeof prepared === 'string') return { status: 'unbuildable', problem: prepared, rebuilt: [] };
    const outcome = evaluate(prepared);
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

interface Broken {
  readonly status: 'failed' | 'unbuildable';
  readonly problem: string;
  readonly rebuilt: readonly string[];
}
