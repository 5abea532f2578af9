/** Where a step stands: on what, in which stage, below which lines. Read off the graph. */
import { stepInputs } from '../graph/cascade.ts';
import { fromReferences } from '../graph/names.ts';
import { everCached } from '../graph/outcome.ts';
import { isMiss, type Step, type StepGraph } from '../graph/step.ts';

/** The step or FROM that it stands on; not one that it only reads from. Null on scratch. */
function parentOf(step: Step, graph: StepGraph): Step | null {
  const solid = solidInputs(step, graph);
  const first = solid[0];
  if (!first) return null;
  const refs = fromReferences(` ${step.parsed.text}`).map((ref) => (/^\d+$/.test(ref) ? `stage-${ref}` : ref.toLowerCase()));
  const onlyRead = solid.length === 1 && step.parsed.instruction !== 'RUN' && refs.includes((first.parsed.stage ?? '').toLowerCase());
  return onlyRead ? null : first;
}

/** The nearest steps and FROMs above, in the order of the inputs; ENV and LABEL of the classic builder are looked through. */
export function solidInputs(step: Step, graph: StepGraph): Step[] {
  const found: Step[] = [];
  const seen = new Set([step.id]);
  const queue = [...step.inputs].reverse();
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const s = graph.steps.get(id);
    if (!s) continue;
    if (s.cacheable || s.parsed.instruction === 'FROM') found.push(s);
    else queue.push(...(s.duplicateOf !== null ? [s.duplicateOf] : [...s.inputs].reverse()));
  }
  return found;
}

export function opensStage(step: Step, graph: StepGraph): boolean {
  const parent = parentOf(step, graph);
  if (parent === null || !parent.cacheable) return true;
  return !parent.aliases.some((a) => a.stage === step.parsed.stage && a.target === step.parsed.target);
}

/** What it stands on, nearest first, down to its FROM. */
export function standsOn(step: Step, graph: StepGraph): Step[] {
  const below: Step[] = [];
  const seen = new Set([step]);
  for (let s = parentOf(step, graph); s !== null && !seen.has(s); s = parentOf(s, graph)) {
    seen.add(s);
    below.push(s);
  }
  return below;
}

/**
 * The line above a first miss that has no files of its own and ran, for the classic builder, where ENV, ARG and LABEL are steps; null where what
 * stands above that line ran as well, and everywhere else.
 */
export function lineAbove(step: Step, { log, steps }: StepGraph): Step | null {
  if (log.dialect !== 'classic') return null;
  let found: Step | null = null;
  for (let s = steps.get(step.inputs[0] ?? ''); s; s = steps.get(s.inputs[0] ?? '')) {
    if (s.cacheable || everCached(s.vertex) || s.parsed.instruction === 'FROM') return isMiss(s) ? null : found;
    found = s;
  }
  return null;
}

/** Does a step of another stage stand on this one, or read it? */
export function isReadStage(stage: string | null, { steps }: StepGraph): boolean {
  return [...steps.values()].some(
    (s) => s.cacheable && s.parsed.stage !== stage && stepInputs(s, steps).some((i) => i.parsed.stage === stage),
  );
}
