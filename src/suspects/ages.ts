/** How old the result of a reused step is, from the builds that a baseline remembers: it is as old as the build in which it last ran. */
import type { PastBuild } from '../baseline/model.ts';

/**
 * @param past oldest first
 * @param now milliseconds since 1970
 * @returns by name of a step, seconds; null where none of the builds ran it
 */
export function agesOfPast(past: readonly PastBuild[], now: number): (name: string) => number | null {
  const last = new Map<string, number>();
  for (const build of past) {
    const at = Date.parse(build.at);
    if (!Number.isNaN(at)) for (const name of build.missed) last.set(place(name), at);
  }
  return (name) => {
    const at = last.get(place(name));
    return at === undefined ? null : Math.max(0, Math.round((now - at) / 1000));
  };
}

/** A step is the same when a line is added above it: `[build 3/9] RUN make`. */
function place(name: string): string {
  return name.replace(/ ?\b\d+\/\d+\]/, ']').slice(0, 280);
}
