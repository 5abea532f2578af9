/** How long a step takes: from a log of the same project. */
import type { StepKeys } from '../keys/model.ts';

export interface Duration {
  /** null: unknown. */
  readonly seconds: number | null;
  /** log: this very step was seen. similar: another with the same program, or any COPY for a COPY. none: nothing like it was seen. */
  readonly basis: 'log' | 'similar' | 'none';
}

export interface Durations {
  of(step: StepKeys): Duration;
  /** The same, by the step's name without its bracket. */
  ofText(text: string): Duration;
  /** How many steps were seen. */
  readonly known: number;
}

/** A step that ran in a log: its name as shown, and its seconds. */
export interface TimedStep {
  readonly name: string;
  readonly seconds: number;
}

export function createDurations(seen: readonly TimedStep[]): Durations {
  const exact = new Map<string, number>();
  const groups = new Map<string, number[]>();
  for (const { name, seconds } of seen) {
    const text = textOf(name);
    // The same text in several stages: the slower one, so that nothing is called cheap by mistake.
    exact.set(text, Math.max(seconds, exact.get(text) ?? 0));
    const group = groups.get(likeness(text));
    if (group) group.push(seconds);
    else groups.set(likeness(text), [seconds]);
  }
  const cache = new WeakMap<StepKeys, Duration>();
  return {
    known: exact.size,
    ofText: look,
    of(step) {
      let found = cache.get(step);
      if (!found) {
        found = look(textOf(step.name));
        cache.set(step, found);
      }
      return found;
    },
  };

  function look(text: string): Duration {
    const own = exact.get(text);
    if (own !== undefined) return { seconds: own, basis: 'log' };
    const group = groups.get(likeness(text));
    if (group) return { seconds: median(group), basis: 'similar' };
    return { seconds: null, basis: 'none' };
  }
}

/** A new RUN takes `share` of the time of the RUN that it comes from. */
export interface Share {
  readonly text: string;
  readonly of: string;
  readonly share: number;
}

/** The same durations, for a Dockerfile in which some RUNs were cut. */
export function withShares(durations: Durations, shares: readonly Share[]): Durations {
  if (shares.length === 0) return durations;
  const byText = new Map(shares.map((s) => [s.text, s]));
  const ofText = (text: string): Duration => {
    const share = byText.get(text);
    if (!share) return durations.ofText(text);
    const { seconds } = durations.ofText(share.of);
    return seconds === null ? { seconds: null, basis: 'none' } : { seconds: seconds * share.share, basis: 'similar' };
  };
  return { known: durations.known, ofText, of: (step) => ofText(textOf(step.name)) };
}

/** The name without its bracket. */
export function textOf(name: string): string {
  return name.replace(/^\[[^\]]*\] /, '');
}

/** `RUN npm ci --omit=dev` → `RUN npm ci`; COPY, ADD and WORKDIR are all alike. */
function likeness(text: string): string {
  const words = text.split(/\s+/).filter((w) => !w.startsWith('-'));
  if (words[0] !== 'RUN') return words[0] === 'WORKDIR' ? 'WORKDIR' : 'COPY';
  return words.slice(0, 3).join(' ');
}

function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
