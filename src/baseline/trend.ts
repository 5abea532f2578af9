/** How a build stands among the ones before it. Pure. */
import type { BuildReport, Trend } from '../model.ts';
import { maskText } from '../secrets.ts';
import type { PastBuild } from './model.ts';

/** How many builds a baseline remembers. */
const KEEP = 50;
/** Steps that miss most: how many are listed. */
const WORST = 10;
/** Names kept for each build. */
const MAX_MISSED = 200;

/** A build as it is remembered. @param at ISO time */
export function toPastBuild(report: BuildReport, at: string, revision?: string): PastBuild {
  return {
    at,
    hitRate: report.summary.hitRate,
    rebuiltSeconds: report.summary.rebuiltSeconds,
    ...(revision !== undefined && { revision }),
    missed: [...new Set(report.steps.filter(isMissed).map((step) => keptName(step.name)))].slice(0, MAX_MISSED),
  };
}

const keptName = (name: string): string => maskText(name).slice(0, 300);

const isMissed = (step: BuildReport['steps'][number]): boolean => step.role === 'first-miss' || step.role === 'cascade';

export function appendPast(past: readonly PastBuild[], build: PastBuild): PastBuild[] {
  return [...past, build].slice(-KEEP);
}

/** Two histories of one project, as two runners saved them at the same time: every build once, oldest first. */
export function mergePast(a: readonly PastBuild[], b: readonly PastBuild[]): PastBuild[] {
  const all = new Map<string, PastBuild>();
  for (const build of [...a, ...b]) all.set(JSON.stringify([build.at, build.hitRate, build.rebuiltSeconds, build.revision]), build);
  return [...all.values()].sort((x, y) => (x.at < y.at ? -1 : x.at > y.at ? 1 : 0)).slice(-KEEP);
}

/** First causes by which the build before had no such step: it was not reused then either. */
const ABSENT: ReadonlySet<string> = new Set(['not-built-before', 'instruction-added', 'instruction-changed', 'instruction-moved']);

/** A step without its place: `[build 3/9] RUN make` stays the same step when a line is added above it. */
function stepName(name: string): string {
  return name.replace(/ ?\b\d+\/\d+\]/, ']');
}

/**
 * @param past builds before this one, oldest first
 * @param now this build, as it will be remembered
 */
export function readTrend(past: readonly PastBuild[], report: BuildReport, now: PastBuild): Trend {
  const builds = appendPast(past, now);
  // The first build of a project has no other that it could have reused: it tells nothing of what misses again and again.
  const counted = builds.length < KEEP ? builds.slice(1) : builds;
  const counts = new Map<string, { name: string; misses: number }>();
  for (const build of counted)
    for (const name of new Set(build.missed.map(stepName))) {
      const count = counts.get(name) ?? { name, misses: 0 };
      count.misses++;
      counts.set(name, count);
    }
  const present = new Map(report.steps.filter((step) => step.cacheable).map((step) => [stepName(keptName(step.name)), step.name]));
  const worst = [...counts.values()]
    .filter(({ name }) => counted.length > 1 && present.has(name))
    .sort((a, b) => b.misses - a.misses || (a.name < b.name ? -1 : 1))
    .slice(0, WORST)
    .map(({ name, misses }) => ({ name: present.get(name)!, misses, of: counted.length }));
  const last = past.at(-1);
  const missedLast = new Set((last?.missed ?? []).map(stepName));
  const fresh = last
    ? report.misses
        .filter((miss) => !missedLast.has(stepName(keptName(miss.name))))
        .map((miss) => ({ step: miss.step, since: ABSENT.has(miss.causes[0]?.kind ?? '') ? null : last.at }))
    : [];
  return {
    builds: builds.map(({ missed: _, ...build }) => build),
    worst,
    fresh,
  };
}
