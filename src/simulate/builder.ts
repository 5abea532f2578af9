/** The simulated builder: computes the keys of a build, looks each up, and remembers what it made. */
import { createCache, type Use } from './cache.ts';
import type { Memory } from './model.ts';
import type { Plan, PlanStep } from './plan.ts';
import { type Prepared, takesGit } from './prepare.ts';

export interface BuilderOptions {
  readonly memory: Memory;
  /** Stages whose output is taken to be the same whatever runs in them; `*` for all. */
  readonly identical: ReadonlySet<string>;
  /** Bytes that a step's result takes, for a memory with a limit. */
  readonly sizeOf: (step: PlanStep) => number;
}

/** What happens to each step of a plan; indexes are those of the plan. */
export interface Outcome {
  readonly keys: readonly number[];
  readonly digests: ReadonlyMap<string, readonly string[]>;
  /** Index of the step that gives its name to all with this key. */
  readonly shown: ReadonlyMap<number, number>;
  /** The first step of each key, in order. */
  readonly distinct: readonly number[];
  readonly rebuilt: ReadonlySet<number>;
  readonly uncertain: ReadonlySet<number>;
}

/** A source that is not there: the build ends. */
export interface Failure {
  readonly failing: PlanStep;
  readonly missing: string;
}

export interface Builder {
  build(prepared: Prepared): Outcome | Failure;
  /** First misses above each rebuilt step; a first miss has itself. */
  rootsOf(plan: Plan, outcome: Outcome): ReadonlyMap<number, ReadonlySet<number>>;
}

export function createBuilder(options: BuilderOptions): Builder {
  const cache = createCache(options.memory);
  /** The same, for keys in which no stage's output counts: what may be reused for all that is known. */
  const hopeful = createCache(options.memory);
  const ids = new Map<string, number>();

  const intern = (text: string): number => {
    let id = ids.get(text);
    if (id === undefined) {
      id = ids.size;
      ids.set(text, id);
    }
    return id;
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

  const build = ({ plan, view, git, age }: Prepared): Outcome | Failure => {
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

  return { build, rootsOf };
}
