/** What all formats say alike: the first sentence, and what a change is worth. */
import { duration, percent, plural } from '../../text.ts';
import type { SimulatedStep, Simulation, SimulationSummary, Variant } from '../model.ts';

/** Is any duration known? Without a log steps are counted, not timed. */
export function isTimed(s: { readonly steps: readonly SimulatedStep[] }): boolean {
  return s.steps.some((step) => step.seconds !== null);
}

/** One sentence that a tired person understands. */
export function headline(s: Simulation): string {
  const { summary } = s;
  const busy = summary.built - summary.calm;
  const worst = s.steps.find((step) => step.instruction === 'RUN' && step.misses > 0);
  const head = `${busy} of ${plural(summary.built, 'commit')} rebuilt something${isTimed(s) ? `, ${duration(summary.seconds)} of steps in all` : ''}`;
  return worst ? `${head}: \`${bare(worst.name)}\` ran ${times(worst.misses)}.` : `${head}.`;
}

export function bare(name: string): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

function times(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`;
}

/** `38m 10s instead of 5h 40m: 5h 02m saved (89%)` */
export function worth(before: SimulationSummary, v: Variant, timed: boolean): string {
  if (!timed) {
    const fewer = before.rebuilt - v.summary.rebuilt;
    return `${v.summary.rebuilt} steps rebuilt instead of ${before.rebuilt}${fewer > 0 ? `: ${fewer} fewer` : fewer < 0 ? `: ${-fewer} more` : ''}`;
  }
  const saved = v.savedSeconds;
  const share = before.seconds === 0 ? 0 : Math.abs(saved) / before.seconds;
  const end = saved > 0 ? `${duration(saved)} saved (${percent(share)})` : saved < 0 ? `${duration(-saved)} more` : 'nothing saved';
  return `${duration(v.summary.seconds)} instead of ${duration(before.seconds)}: ${end}`;
}

/** The steps whose number of runs differs most: `npm ci` 183 → 9. */
export function changedRuns(
  before: readonly SimulatedStep[],
  after: readonly SimulatedStep[],
  limit: number,
): { name: string; was: number; is: number }[] {
  const count = (list: readonly SimulatedStep[]): Map<string, number> => {
    const sums = new Map<string, number>();
    for (const s of list) if (s.instruction === 'RUN') sums.set(bare(s.name), (sums.get(bare(s.name)) ?? 0) + s.misses);
    return sums;
  };
  const [was, is] = [count(before), count(after)];
  return [...new Set([...was.keys(), ...is.keys()])]
    .map((name) => ({ name, was: was.get(name) ?? 0, is: is.get(name) ?? 0 }))
    .filter((r) => r.was !== r.is)
    .sort((a, b) => Math.abs(b.was - b.is) - Math.abs(a.was - a.is))
    .slice(0, limit);
}

/** Means of the hit rate over equal parts of the history, oldest first; null where nothing could be built. */
export function hitRates(s: Simulation, parts: number): (number | null)[] {
  const count = Math.min(parts, s.commits.length);
  return Array.from({ length: count }, (_, i) => {
    const slice = s.commits.slice(Math.floor((i * s.commits.length) / count), Math.floor(((i + 1) * s.commits.length) / count));
    const built = slice.filter((c) => c.status === 'built');
    return built.length === 0 ? null : built.reduce((sum, c) => sum + c.hitRate, 0) / built.length;
  });
}
