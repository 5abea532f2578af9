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

/**
 * Sets the role of each step.
 * @returns the first misses, worst first: by the seconds of the miss and its cascade, ties in the order of the log
 */
export function settleCascade(steps: readonly Step[], byId: ReadonlyMap<string, Step>): MissNode[] {
  const order = sortInputsFirst(steps, byId);
  const inputs = new Map(order.map((s) => [s, stepInputs(s, byId)]));
  setRoles(order, inputs);
  return findMisses(steps, order, inputs, byId);
}

type Inputs = ReadonlyMap<Step, readonly Step[]>;

/** Each step after all that it stands on; where a log says that things stand on each other, the first of them comes last. */
function sortInputsFirst(steps: readonly Step[], byId: ReadonlyMap<string, Step>): Step[] {
  const order: Step[] = [];
  const seen = new Set<Step>();
  for (const start of steps) {
    // Not by recursion: a chain may be longer than the stack is deep.
    const path: { readonly step: Step; next: number }[] = [];
    const enter = (step: Step | undefined): void => {
      if (step === undefined || seen.has(step)) return;
      seen.add(step);
      path.push({ step, next: 0 });
    };
    enter(start);
    for (let at = path.at(-1); at; at = path.at(-1)) {
      if (at.next < at.step.inputs.length) enter(byId.get(at.step.inputs[at.next++]!));
      else order.push(path.pop()!.step);
    }
  }
  return order;
}

function setRoles(order: readonly Step[], inputs: Inputs): void {
  const belowMiss = new Set<Step>();
  for (const s of order) {
    const above = inputs.get(s)!;
    const direct = above.some(isMiss);
    if (direct || above.some((i) => belowMiss.has(i))) belowMiss.add(s);
    if (!s.cacheable) s.role = 'none';
    else if (isMiss(s)) s.role = direct ? 'cascade' : 'first-miss';
    else if (isHit(s)) s.role = belowMiss.has(s) ? 'cut-off' : 'reused';
    else s.role = 'none';
  }
}

function findMisses(steps: readonly Step[], order: readonly Step[], inputs: Inputs, byId: ReadonlyMap<string, Step>): MissNode[] {
  const users = new Map<Step, Step[]>();
  for (const [s, above] of inputs)
    for (const i of above) {
      const list = users.get(i);
      if (list) list.push(s);
      else users.set(i, [s]);
    }
  const path = createPath(order, byId);
  const whole = path(new Set());
  const place = new Map(steps.map((s, at) => [s, at]));
  const misses = steps
    .filter((s) => s.role === 'first-miss')
    .map((root): MissNode => {
      const reached = new Set<Step>();
      const queue = [root];
      for (let s = queue.pop(); s; s = queue.pop())
        for (const u of users.get(s) ?? [])
          if (isMiss(u) && u !== root && !reached.has(u)) {
            reached.add(u);
            queue.push(u);
          }
      const cascade = [...reached].sort((a, b) => place.get(a)! - place.get(b)!);
      const known = [root, ...cascade].some((s) => s.seconds !== null);
      return {
        root,
        cascade,
        seconds: round(root.seconds ?? 0),
        cascadeSeconds: round(cascade.reduce((sum, s) => sum + (s.seconds ?? 0), 0)),
        criticalSeconds: known ? round(whole - path(reached.add(root))) : null,
      };
    });
  return misses.sort((a, b) => b.seconds + b.cascadeSeconds - (a.seconds + a.cascadeSeconds));
}

/** @returns what gives the seconds of the longest chain of steps, with some steps costing nothing */
function createPath(order: readonly Step[], byId: ReadonlyMap<string, Step>): (free: ReadonlySet<Step>) => number {
  const place = new Map(order.map((s, at) => [s.id, at]));
  const inputs = order.map((s) => s.inputs.flatMap((id) => (byId.has(id) ? [place.get(id)!] : [])));
  return (free) => {
    const ends = new Float64Array(order.length);
    let longest = 0;
    for (let at = 0; at < order.length; at++) {
      let start = 0;
      for (const input of inputs[at]!) if (ends[input]! > start) start = ends[input]!;
      ends[at] = start + (free.has(order[at]!) ? 0 : (order[at]!.seconds ?? 0));
      if (ends[at]! > longest) longest = ends[at]!;
    }
    return longest;
  };
}

/** To milliseconds: sums of seconds shown with one decimal carry noise. */
export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
