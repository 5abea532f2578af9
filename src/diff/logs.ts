/** Two logs compared: which steps went otherwise, came, went, or show other text. Pure. */
import { isHit, isMiss, type Step, type StepGraph } from '../graph/step.ts';
import { maskText } from '../secrets.ts';
import type { BuildDifference, ImageChange, StepChange, Totals } from './model.ts';

const DIGEST = /@(sha256:[0-9a-f]{64})$/;

export function diffLogs(before: StepGraph, after: StepGraph): BuildDifference {
  const pairs = pairSteps(cacheable(before), cacheable(after));
  return {
    of: 'logs',
    before: totals(before),
    after: totals(after),
    images: diffImages(before, after),
    steps: pairs.flatMap(([a, b]) => describe(a, b)),
    notes: diffSetting(before, after),
  };
}

function cacheable(graph: StepGraph): Step[] {
  return [...graph.steps.values()].filter((step) => step.cacheable && step.duplicateOf === null);
}

function totals(graph: StepGraph): Totals {
  const steps = cacheable(graph);
  const ran = steps.filter(isMiss);
  return {
    steps: steps.length,
    reused: steps.filter(isHit).length,
    rebuilt: ran.length,
    rebuiltSeconds: Math.round(ran.reduce((sum, step) => sum + (step.seconds ?? 0), 0) * 100) / 100,
    seconds: graph.seconds,
  };
}

type Pair = readonly [Step | null, Step | null];

/** Where a step stands, but for its number: lines above it may have come or gone. */
function place(step: Step): string {
  const { target, platform, stage, instruction } = step.parsed;
  return JSON.stringify([target, platform, stage?.toLowerCase() ?? null, instruction]);
}

/** By place and text; then by place and number; then by place in order. In the order of the second log, what is gone at its old place. */
function pairSteps(before: readonly Step[], after: readonly Step[]): Pair[] {
  const partner = new Map<Step, Step>();
  const keys: ((step: Step) => string)[] = [
    (step) => `${place(step)} ${step.parsed.text.replace(/\s+/g, ' ')}`,
    // A renamed stage, or one that is shown under the name of another target.
    (step) => step.parsed.text.replace(/\s+/g, ' '),
    (step) => `${place(step)} ${step.parsed.position}/${step.parsed.of}`,
    (step) => `${place(step)} ${step.parsed.position}`,
  ];
  const taken = new Set<Step>();
  for (const key of keys) {
    const waiting = new Map<string, Step[]>();
    for (const step of before) if (!taken.has(step)) push(waiting, key(step), step);
    for (const step of after) {
      if (partner.has(step)) continue;
      const old = waiting.get(key(step))?.shift();
      if (old) {
        partner.set(step, old);
        taken.add(old);
      }
    }
  }
  const pairs: Pair[] = after.map((step) => [partner.get(step) ?? null, step]);
  return [...pairs, ...before.filter((step) => !taken.has(step)).map((step): Pair => [step, null])];
}

function push(map: Map<string, Step[]>, key: string, step: Step): void {
  const list = map.get(key);
  if (list) list.push(step);
  else map.set(key, [step]);
}

function describe(a: Step | null, b: Step | null): StepChange[] {
  const sides = { before: side(a), after: side(b) };
  const name = (sides.after ?? sides.before)!.name;
  if (!a || !b) return [{ kind: a ? 'removed' : 'added', name, ...sides }];
  const [old, now] = [maskText(a.parsed.text), maskText(b.parsed.text)];
  if (old !== now) return [{ kind: 'text', name, ...sides, words: differingWords(old, now) }];
  return a.status === b.status ? [] : [{ kind: 'status', name, ...sides }];
}

function side(step: Step | null): StepChange['before'] {
  return step && { name: maskText(step.name), status: step.status, seconds: step.seconds };
}

/** What is left between the words that both begin and end with: `GIT_SHA=1a2b` / `GIT_SHA=5d6e`. */
export function differingWords(before: string, after: string): { before: string; after: string } {
  const a = before.split(' ');
  const b = after.split(' ');
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  return { before: a.slice(start, a.length - end).join(' '), after: b.slice(start, b.length - end).join(' ') };
}

/** Base images by their reference: a digest that moved, an image that only one build stands on. */
function diffImages(before: StepGraph, after: StepGraph): ImageChange[] {
  const [a, b] = [readImages(before), readImages(after)];
  const changes: ImageChange[] = [];
  for (const [image, digest] of b) {
    if (!a.has(image)) changes.push({ image, before: null, after: digest ?? 'no digest is shown' });
    else if (a.get(image) !== digest && digest !== null && a.get(image) != null)
      changes.push({ image, before: a.get(image)!, after: digest });
  }
  for (const [image, digest] of a) if (!b.has(image)) changes.push({ image, before: digest ?? 'no digest is shown', after: null });
  return changes;
}

function readImages(graph: StepGraph): Map<string, string | null> {
  const images = new Map<string, string | null>();
  for (const step of graph.steps.values())
    for (const { instruction, text } of step.aliases) {
      if (instruction !== 'FROM') continue;
      const reference = text.split(/\s+/)[1];
      if (reference === undefined) continue;
      const digest = DIGEST.exec(reference)?.[1] ?? null;
      const image = reference.replace(DIGEST, '').replace(/^docker\.io\/(?:library\/)?/, '');
      if (digest !== null || !images.has(image)) images.set(image, digest);
    }
  return images;
}

function said(graph: StepGraph): string {
  return graph.outcome === 'incomplete' ? 'is cut short' : graph.outcome === 'canceled' ? 'was cancelled' : graph.outcome;
}

function diffSetting(before: StepGraph, after: StepGraph): string[] {
  const notes: string[] = [];
  const builder = (graph: StepGraph): string | null => graph.log.builder && `${graph.log.builder.name} (${graph.log.builder.driver})`;
  const [a, b] = [builder(before), builder(after)];
  if (a !== null && b !== null && a !== b) notes.push(`another builder, with a cache of its own: ${a} → ${b}`);
  if (before.outcome !== after.outcome) {
    const [less] = [before, after].filter((graph) => graph.outcome !== 'succeeded');
    const what = `the first build ${said(before)}, the second ${said(after)}`;
    notes.push(less ? `${what}: steps that only one of them shows may never have been reached` : what);
  }
  const command = (graph: StepGraph): string | undefined => graph.log.commands.at(-1)?.text;
  const [old, now] = [command(before), command(after)];
  if (old !== undefined && now !== undefined && old !== now) {
    const words = differingWords(maskText(old), maskText(now));
    notes.push(`another command line: \`${words.before}\` → \`${words.after}\``);
  }
  return notes;
}
