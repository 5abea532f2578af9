/** Adds up what the replay of a history says: by commit, by step, by file. */
import { round } from '../graph/cascade.ts';
import type { Duration, Durations } from './durations.ts';
import { textOf } from './durations.ts';
import type { CommitStatus, Replay, SimulatedCause, SimulatedCommit, SimulatedFile, SimulatedMiss, SimulatedStep } from './model.ts';
import type { PlanStep } from './plan.ts';

/** What became of one step of a build. */
export interface StepOutcome {
  readonly index: number;
  readonly step: PlanStep;
  readonly name: string;
  readonly rebuilt: boolean;
  readonly uncertain: boolean;
  /** Indexes of the first misses that it goes back to; itself for a first miss. */
  readonly roots: readonly number[];
  readonly inputs: readonly number[];
  /** Of a first miss; null for all others. */
  readonly cause: SimulatedCause | null;
}

export interface CommitId {
  readonly oid: string;
  readonly subject: string;
  readonly time: number;
}

export interface Tally {
  add(commit: CommitId, outcomes: readonly StepOutcome[]): SimulatedCommit;
  addBroken(commit: CommitId, status: CommitStatus, problem: string, rebuilt: readonly string[]): SimulatedCommit;
  result(): Replay;
}

const MAX_FILES = 100;
const MAX_STEP_FILES = 10;

interface StepSum {
  name: string;
  readonly stage: string | null;
  readonly instruction: string;
  readonly duration: Duration;
  builds: number;
  misses: number;
  firstMisses: number;
  otherCauses: number;
  readonly files: Map<string, number>;
}

export function createTally(durations: Durations): Tally {
  const commits: SimulatedCommit[] = [];
  const steps = new Map<string, StepSum>();
  const files = new Map<string, { commits: number; seconds: number }>();

  const keys = new WeakMap<PlanStep, string>();
  const sumOf = ({ step, name }: StepOutcome): StepSum => {
    let key = keys.get(step);
    if (key === undefined) {
      key = `${step.keys.stage}\0${textOf(step.keys.name)}`;
      keys.set(step, key);
    }
    let sum = steps.get(key);
    if (!sum) {
      sum = {
        name,
        stage: step.keys.stage,
        instruction: step.keys.instruction,
        duration: durations.of(step.keys),
        builds: 0,
        misses: 0,
        firstMisses: 0,
        otherCauses: 0,
        files: new Map(),
      };
      steps.set(key, sum);
    }
    sum.name = name;
    return sum;
  };

  const addSteps = (outcomes: readonly StepOutcome[], causes: ReadonlyMap<number, SimulatedCause>): void => {
    for (const o of outcomes) {
      const sum = sumOf(o);
      sum.builds++;
      if (!o.rebuilt) continue;
      sum.misses++;
      if (o.cause) sum.firstMisses++;
      let other = false;
      for (const r of o.roots) {
        const cause = causes.get(r);
        if (!cause?.paths || cause.paths.length === 0) other = true;
        for (const p of cause?.paths ?? []) sum.files.set(p.path, (sum.files.get(p.path) ?? 0) + 1);
      }
      if (other) sum.otherCauses++;
    }
  };

  const addFiles = (misses: readonly SimulatedMiss[]): void => {
    const seen = new Set<string>();
    for (const { cause, seconds } of misses) {
      const total = (cause.paths?.length ?? 0) + (cause.morePaths ?? 0);
      for (const p of cause.paths ?? []) {
        let f = files.get(p.path);
        if (!f) {
          f = { commits: 0, seconds: 0 };
          files.set(p.path, f);
        }
        f.seconds += (seconds ?? 0) / total;
        if (!seen.has(p.path)) f.commits++;
        seen.add(p.path);
      }
    }
  };

  return {
    add(id, outcomes) {
      const causes = new Map(outcomes.flatMap((o): [number, SimulatedCause][] => (o.cause ? [[o.index, o.cause]] : [])));
      const secondsOf = (o: StepOutcome): number | null => durations.of(o.step.keys).seconds;
      const misses = outcomes.flatMap((o): SimulatedMiss[] => (o.cause ? [missOf(o, o.cause, outcomes, secondsOf)] : []));
      addSteps(outcomes, causes);
      addFiles(misses);
      const rebuilt = outcomes.filter((o) => o.rebuilt);
      const commit: SimulatedCommit = {
        ...describe(id),
        status: 'built',
        rebuilt: rebuilt.map((o) => o.name),
        reused: outcomes.filter((o) => !o.rebuilt).map((o) => o.name),
        uncertain: rebuilt.filter((o) => o.uncertain).map((o) => o.name),
        misses,
        seconds: round(rebuilt.reduce((sum, o) => sum + (secondsOf(o) ?? 0), 0)),
        waitSeconds: round(longestChain(outcomes, secondsOf)),
        hitRate: outcomes.length === 0 ? 1 : Math.round((1 - rebuilt.length / outcomes.length) * 10_000) / 10_000,
      };
      commits.push(commit);
      return commit;
    },
    addBroken(id, status, problem, rebuilt) {
      const commit: SimulatedCommit = {
        ...describe(id),
        status,
        problem,
        rebuilt,
        reused: [],
        uncertain: [],
        misses: [],
        seconds: 0,
        waitSeconds: 0,
        hitRate: 1,
      };
      commits.push(commit);
      return commit;
    },
    result: () => ({ summary: summarise(commits), commits, steps: sortSteps(steps), files: sortFiles(files) }),
  };
}

function describe({ oid, subject, time }: CommitId): { commit: string; subject: string; time: string } {
  return { commit: oid, subject, time: new Date(time * 1000).toISOString() };
}

function missOf(
  root: StepOutcome,
  cause: SimulatedCause,
  outcomes: readonly StepOutcome[],
  secondsOf: (o: StepOutcome) => number | null,
): SimulatedMiss {
  const cascade = outcomes.filter((o) => o !== root && o.rebuilt && o.roots.includes(root.index));
  let seconds: number | null = null;
  for (const o of [root, ...cascade]) {
    const own = secondsOf(o);
    if (own !== null) seconds = (seconds ?? 0) + own / Math.max(1, o.roots.length);
  }
  return { step: root.name, cause, cascade: cascade.map((o) => o.name), seconds: seconds === null ? null : round(seconds) };
}

/** Inputs stand before what reads them. */
function longestChain(outcomes: readonly StepOutcome[], secondsOf: (o: StepOutcome) => number | null): number {
  const end = new Map<number, number>();
  let longest = 0;
  for (const o of outcomes) {
    const start = Math.max(0, ...o.inputs.map((i) => end.get(i) ?? 0));
    const done = start + (o.rebuilt ? (secondsOf(o) ?? 0) : 0);
    end.set(o.index, done);
    longest = Math.max(longest, done);
  }
  return longest;
}

function summarise(commits: readonly SimulatedCommit[]): Replay['summary'] {
  const built = commits.filter((c) => c.status === 'built');
  const count = (f: (c: SimulatedCommit) => number): number => built.reduce((sum, c) => sum + f(c), 0);
  const rebuilt = count((c) => c.rebuilt.length);
  const reused = count((c) => c.reused.length);
  return {
    commits: commits.length,
    built: built.length,
    failed: commits.filter((c) => c.status === 'failed').length,
    unbuildable: commits.filter((c) => c.status === 'unbuildable').length,
    steps: rebuilt + reused,
    reused,
    rebuilt,
    uncertain: count((c) => c.uncertain.length),
    hitRate: rebuilt + reused === 0 ? 1 : Math.round((reused / (rebuilt + reused)) * 10_000) / 10_000,
    seconds: round(count((c) => c.seconds)),
    waitSeconds: round(count((c) => c.waitSeconds)),
    calm: built.filter((c) => c.rebuilt.length === 0).length,
  };
}

function sortSteps(steps: ReadonlyMap<string, StepSum>): SimulatedStep[] {
  return [...steps.values()]
    .map((s) => ({
      name: s.name,
      stage: s.stage,
      instruction: s.instruction,
      builds: s.builds,
      misses: s.misses,
      firstMisses: s.firstMisses,
      seconds: s.duration.seconds,
      basis: s.duration.basis,
      totalSeconds: round((s.duration.seconds ?? 0) * s.misses),
      files: [...s.files]
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
        .slice(0, MAX_STEP_FILES)
        .map(([path, misses]) => ({ path, misses })),
      otherCauses: s.otherCauses,
    }))
    .sort((a, b) => b.totalSeconds - a.totalSeconds || b.misses - a.misses);
}

function sortFiles(files: ReadonlyMap<string, { commits: number; seconds: number }>): SimulatedFile[] {
  return [...files]
    .map(([path, f]) => ({ path, commits: f.commits, seconds: round(f.seconds) }))
    .sort((a, b) => b.seconds - a.seconds || b.commits - a.commits || (a.path < b.path ? -1 : 1))
    .slice(0, MAX_FILES);
}
