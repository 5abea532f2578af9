/** First misses, what each dragged along, and what that cost. The cascade is a graph with early cut-off, not a list. */
import { isHit, isMiss, type MissNode, type Step } from './step.ts';

/** The nearest cacheable steps above a step: vertices that are no steps (merges, inline documents, sources) are looked through. */
export function stepInputs(step: Step, byId: ReadonlyMap<string, Step>): Step[] {
  const found: Step[] = [];
  const seen = new Set<string>([step.id]);
  const queue = [...step.inputs];
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const s = byId.get(id);
    if (!s) continue;
    if (s.cacheable) found.push(s);
    else queue.push(...(s.duplicateOf !== null ? [s.duplicateOf] : s.inputs));
  }
  return found;
}

/** Sets the role of each step. */
export function setRoles(steps: readonly Step[], byId: ReadonlyMap<string, Step>): void {
  const below = new Map<string, boolean>();
  const isBelowMiss = (s: Step, path: Set<string>): boolean => {
    const known = below.get(s.id);
    if (known !== undefined) return known;
    if (path.has(s.id)) return false;
    path.add(s.id);
    const result = stepInputs(s, byId).some((i) => isMiss(i) || isBelowMiss(i, path));
    path.delete(s.id);
    below.set(s.id, result);
    return result;
  };
  for (const s of steps) {
    if (!s.cacheable) s.role = 'none';
    else if (isMiss(s)) s.role = stepInputs(s, byId).some((i) => isMiss(i)) ? 'cascade' : 'first-miss';
    else if (isHit(s)) s.role = isBelowMiss(s, new Set()) ? 'cut-off' : 'reused';
    else s.role = 'none';
  }
}

/** The first misses, worst first: by the seconds of the miss and its cascade, ties in the order of the log. */
export function findMisses(steps: readonly Step[], byId: ReadonlyMap<string, Step>): MissNode[] {
  const users = new Map<string, Step[]>();
  for (const s of steps)
    for (const i of stepInputs(s, byId)) {
      const list = users.get(i.id);
      if (list) list.push(s);
      else users.set(i.id, [s]);
    }
  const whole = longestPath(steps, byId, new Set());
  const misses = steps
    .filter((s) => s.role === 'first-miss')
    .map((root): MissNode => {
      const reached = new Set<string>();
      const queue = [root];
      for (let s = queue.pop(); s; s = queue.pop())
        for (const u of users.get(s.id) ?? [])
          if (isMiss(u) && u !== root && !reached.has(u.id)) {
            reached.add(u.id);
            queue.push(u);
          }
      const cascade = steps.filter((s) => reached.has(s.id));
      const known = [root, ...cascade].some((s) => s.seconds !== null);
      return {
        root,
        cascade,
        seconds: round(root.seconds ?? 0),
        cascadeSeconds: round(cascade.reduce((sum, s) => sum + (s.seconds ?? 0), 0)),
        criticalSeconds: known ? round(whole - longestPath(steps, byId, new Set([root.id, ...reached]))) : null,
      };
    });
  return misses.sort((a, b) => b.seconds + b.cascadeSeconds - (a.seconds + a.cascadeSeconds));
}

/** Seconds of the longest chain of steps, with the steps in `free` costing nothing. */
function longestPath(steps: readonly Step[], byId: ReadonlyMap<string, Step>, free: ReadonlySet<string>): number {
  const ends = new Map<string, number>();
  const endOf = (s: Step, path: Set<string>): number => {
    const known = ends.get(s.id);
    if (known !== undefined) return known;
    if (path.has(s.id)) return 0;
    path.add(s.id);
    let start = 0;
    for (const id of s.inputs) {
      const input = byId.get(id);
      if (input) start = Math.max(start, endOf(input, path));
    }
    path.delete(s.id);
    const result = start + (free.has(s.id) ? 0 : (s.seconds ?? 0));
    ends.set(s.id, result);
    return result;
  };
  return steps.reduce((longest, s) => Math.max(longest, endOf(s, new Set())), 0);
}

/** To milliseconds: sums of seconds shown with one decimal carry noise. */
export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
