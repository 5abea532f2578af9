/** Many builds in one report: those that tell the same are told once. Pure. */
import type { BuildReport } from '../../model.ts';

/** Builds with the same outcome, first misses and causes. */
export interface BuildGroup {
  /** The one that spent most in steps that ran: it is shown. */
  readonly shown: BuildReport;
  /** Number of the build that is shown, from 1, in the order of the log. */
  readonly number: number;
  /** Numbers of the others. */
  readonly others: readonly number[];
  /** Of all of them together. */
  readonly rebuiltSeconds: number;
}

/** Worst first, by the seconds of all builds of a group. */
export function groupBuilds(builds: readonly BuildReport[]): BuildGroup[] {
  const groups = new Map<string, { build: BuildReport; number: number }[]>();
  for (const [i, build] of builds.entries()) {
    const key = storyOf(build);
    const list = groups.get(key);
    if (list) list.push({ build, number: i + 1 });
    else groups.set(key, [{ build, number: i + 1 }]);
  }
  return [...groups.values()]
    .map((members): BuildGroup => {
      const worst = members.reduce((a, b) => (b.build.summary.rebuiltSeconds > a.build.summary.rebuiltSeconds ? b : a));
      return {
        shown: worst.build,
        number: worst.number,
        others: members.filter((m) => m !== worst).map((m) => m.number),
        rebuiltSeconds: members.reduce((sum, m) => sum + m.build.summary.rebuiltSeconds, 0),
      };
    })
    .sort((a, b) => b.rebuiltSeconds - a.rebuiltSeconds || a.number - b.number);
}

/**
 * What missed and why, whatever stage or target it is called after: twenty services that stand on one base tell one story. A cause that is
 * not certain is the same only where the same went with it.
 */
function storyOf(build: BuildReport): string {
  const bare = (name: string): string => name.replace(/^\[[^\]]*\] /, '');
  const names = new Map(build.steps.map((s) => [s.id, bare(s.name)]));
  const misses = build.misses.map((m) => {
    const [cause] = m.causes;
    return [bare(m.name), cause?.kind, cause?.summary, cause?.confidence === 'certain' ? [] : m.cascade.map((id) => names.get(id))];
  });
  return JSON.stringify([build.outcome, misses]);
}

const MAX_NUMBERS = 12;

/** `2, 5, 8, … (25 in all)` */
export function listNumbers(numbers: readonly number[]): string {
  const shown = numbers.slice(0, MAX_NUMBERS).join(', ');
  return numbers.length > MAX_NUMBERS ? `${shown}, … (${numbers.length} in all)` : shown;
}
