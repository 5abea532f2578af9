/** What a log or a baseline tells a simulation: how long steps take, which target was built, which values arguments had. */
import { loadBaseline } from '../baseline/store.ts';
import { matchSteps, readValues } from '../dockerfile/match.ts';
import type { Dockerfile } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { UserError } from '../errors.ts';
import { buildGraph } from '../graph/build.ts';
import type { Step } from '../graph/step.ts';
import { readFileLog } from '../input/source.ts';
import { computeKeys } from '../keys/compute.ts';
import type { TimedStep } from './durations.ts';

export interface LogEvidence {
  readonly timed: readonly TimedStep[];
  /** Steps of each build of the logs. */
  readonly builds: readonly (readonly Step[])[];
}

/** @throws UserError where a file holds no build */
export function readLogs(files: readonly string[]): LogEvidence {
  const timed: TimedStep[] = [];
  const builds: Step[][] = [];
  for (const file of files) {
    const { builds: logs } = readFileLog(file);
    if (logs.length === 0) throw new UserError(`no build found in ${file}`, 'name a log of docker build --progress=plain');
    for (const log of logs) {
      const steps = [...buildGraph(log).steps.values()].filter((s) => s.cacheable);
      builds.push(steps);
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
  for (const steps of builds)
    for (const text of texts) {
      const dockerfile = parseDockerfile(text, 'Dockerfile');
      const buildArgs = { ...readArguments(steps, dockerfile), ...given };
      for (const target of [undefined, ...dockerfile.stages.map((s) => s.name ?? String(s.index)).reverse()]) {
        const keys = computeKeys({ dockerfile, buildArgs, context: null, ...(target !== undefined && { target }) });
        const match = matchSteps(steps, keys);
        const distinct = new Set(keys.steps.map((s) => s.identity)).size;
        if (match && match.matched === match.compared && match.compared >= distinct) return { target, buildArgs };
      }
    }
  return null;
}

/** Values of declared arguments, as far as names of steps show them. */
function readArguments(steps: readonly Step[], dockerfile: Dockerfile): Record<string, string> {
  const all = dockerfile.stages.flatMap((s) => s.instructions);
  const declared = new Map<string, string | null>();
  for (const i of [...dockerfile.globalArgs, ...all])
    if (i.keyword === 'ARG') for (const p of i.pairs) if (!declared.get(p.name)) declared.set(p.name, p.value);
  for (const i of all) if (i.keyword === 'ENV') for (const p of i.pairs) declared.delete(p.name);
  const values: Record<string, string> = {};
  for (const i of all)
    if (declared.size > 0 && i.text.includes('$'))
      for (const s of steps)
        if (s.parsed.instruction === i.keyword)
          for (const [name, value] of readValues(s.parsed.text, i.text))
            if (declared.has(name) && declared.get(name) !== value && value !== '') values[name] ??= value;
  return values;
}
