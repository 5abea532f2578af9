/** What a log or a baseline tells a simulation: how long steps take, which target was built, which values arguments had. */
import { loadBaseline } from '../baseline/store.ts';
import { inferArgs } from '../dockerfile/infer-args.ts';
import type { Dockerfile } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { UserError } from '../errors.ts';
import { buildGraph } from '../graph/build.ts';
import type { Step, StepGraph } from '../graph/step.ts';
import { readFileLog } from '../input/source.ts';
import { matchSteps, readValues } from '../keys/match.ts';
import type { TimedStep } from './durations.ts';
import { makePlan } from './plan.ts';

export interface LogEvidence {
  readonly timed: readonly TimedStep[];
  /** Steps of each build of the logs. */
  readonly builds: readonly Pick<StepGraph, 'log' | 'steps'>[];
}

/** @throws UserError where a file holds no build */
export function readLogs(files: readonly string[]): LogEvidence {
  const timed: TimedStep[] = [];
  const builds: Pick<StepGraph, 'log' | 'steps'>[] = [];
  for (const file of files) {
    const { builds: logs } = readFileLog(file);
    if (logs.length === 0) throw new UserError(`no build found in ${file}`, 'name a log of docker build --progress=plain');
    for (const log of logs) {
      const steps = [...buildGraph(log).steps.values()].filter((s) => s.cacheable);
      builds.push({ log, steps: new Map(steps.map((s) => [s.id, s])) });
      for (const s of steps) if (s.status === 'rebuilt' && s.seconds !== null) timed.push({ name: s.name, seconds: s.seconds });
    }
  }
  return { timed, builds };
}

/** Durations that a baseline remembers. */
export function readBaselineTimes(file: string): TimedStep[] {
  const { baseline, note } = loadBaseline(file);
  if (!baseline) throw new UserError(note ?? `there is no baseline ${file}`, 'save one with cachewhy --save-baseline FILE');
  return Object.values(baseline.steps).flatMap((s) => (s.seconds === null ? [] : [{ name: s.name, seconds: s.seconds }]));
}

export interface Inferred {
  /** undefined: the last stage. */
  readonly target: string | undefined;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** What the base image sets, as far as names show it: `JAVA_HOME=/opt/java`. */
  readonly imageEnv: readonly string[];
}

/**
 * Which target and arguments made a build, where its Dockerfile is one of these. The last stage goes before all others.
 * @param texts versions of the Dockerfile that the log may be of
 * @returns null where none of them fits
 */
export function inferBuild(
  builds: LogEvidence['builds'],
  texts: readonly string[],
  given: Readonly<Record<string, string>>,
): Inferred | null {
  for (const build of builds) {
    const steps = [...build.steps.values()];
    for (const text of texts) {
      const dockerfile = parseDockerfile(text, 'Dockerfile');
      const imageEnv = readImageEnv(steps, dockerfile);
      for (const target of [undefined, ...dockerfile.stages.map((s) => s.name ?? String(s.index)).reverse()]) {
        const chosen = target === undefined ? {} : { target };
        const shown = inferArgs(steps, dockerfile, { platforms: [], buildArgs: given, images: {}, namedContexts: {}, ...chosen });
        const buildArgs = { ...shown, ...given };
        const { keys } = makePlan(text, 'Dockerfile', { buildArgs, imageEnv, platforms: [], mergeOp: false, ...chosen });
        if (!keys) continue;
        const match = matchSteps(build, keys);
        const distinct = new Set(keys.steps.map((s) => s.identity)).size;
        if (match && match.matched === match.compared && match.compared >= distinct) return { target, buildArgs, imageEnv };
      }
    }
  }
  return null;
}

/** Values of variables that no line of the Dockerfile sets: the base image does. */
function readImageEnv(steps: readonly Step[], dockerfile: Dockerfile): string[] {
  const all = dockerfile.stages.flatMap((s) => s.instructions);
  const set = new Set(
    [...dockerfile.globalArgs, ...all].flatMap((i) => (i.keyword === 'ARG' || i.keyword === 'ENV' ? i.pairs.map((p) => p.name) : [])),
  );
  const values = new Map<string, string>();
  for (const i of all)
    if (i.text.includes('$') && (i.keyword === 'COPY' || i.keyword === 'ADD' || i.keyword === 'WORKDIR'))
      for (const s of steps)
        if (s.parsed.instruction === i.keyword)
          for (const [name, value] of readValues(s.parsed.text, i.text))
            if (!set.has(name) && value !== '' && !values.has(name)) values.set(name, value);
  return [...values].map(([name, value]) => `${name}=${value}`);
}
