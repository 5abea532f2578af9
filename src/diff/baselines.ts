/** Two saved baselines compared: what of each step's cache key differs. Pure. */
import type { Baseline } from '../baseline/model.ts';
import { causesOf } from '../causes/computed.ts';
import { diffBuilds } from '../keys/diff.ts';
import type { StepKeys } from '../keys/model.ts';
import { maskText } from '../secrets.ts';
import type { BuildDifference, ImageChange, StepChange, Totals } from './model.ts';

export function diffBaselines(before: Baseline, after: Baseline): BuildDifference {
  const compared = diffBuilds(before, after);
  const steps: StepChange[] = [];
  const used = new Set<string>();
  for (const step of after.keys.steps) {
    const found = compared.get(step.id);
    if (!found) continue;
    if (found.before) used.add(found.before.id);
    const sides = { before: found.before && side(before, found.before), after: side(after, step) };
    const causes = causesOf(found, 'the first build').map(({ kind, summary, because, paths }) => ({
      kind,
      summary,
      because,
      ...(paths && { paths }),
    }));
    if (causes.length > 0) steps.push({ kind: found.before ? 'inputs' : 'added', name: maskText(step.name), ...sides, causes });
    else if (sides.before && sides.before.status !== sides.after.status)
      steps.push({ kind: 'status', name: maskText(step.name), ...sides });
  }
  for (const step of before.keys.steps)
    if (!used.has(step.id)) steps.push({ kind: 'removed', name: maskText(step.name), before: side(before, step), after: null });
  return {
    of: 'baselines',
    before: totals(before),
    after: totals(after),
    images: diffImages(before, after),
    steps,
    notes: diffProject(before, after),
  };
}

function side(baseline: Baseline, step: StepKeys): NonNullable<StepChange['after']> {
  const known = baseline.steps[step.id];
  return { name: maskText(step.name), status: known?.status ?? null, seconds: known?.seconds ?? null };
}

function totals(baseline: Baseline): Totals {
  // Steps that BuildKit merges into one vertex count once.
  const once = new Map(baseline.keys.steps.map((step) => [step.identity, baseline.steps[step.id]]));
  const steps = [...once.values()].filter((step) => step !== undefined);
  const ran = steps.filter((step) => step.status === 'rebuilt' || step.status === 'failed');
  return {
    steps: steps.length,
    reused: steps.filter((step) => step.status === 'reused').length,
    rebuilt: ran.length,
    rebuiltSeconds: Math.round(ran.reduce((sum, step) => sum + (step.seconds ?? 0), 0) * 100) / 100,
    seconds: null,
  };
}

function diffImages(before: Baseline, after: Baseline): ImageChange[] {
  const names = [...new Set([...Object.keys(before.images), ...Object.keys(after.images)])];
  return names.flatMap((image) => {
    const [a, b] = [before.images[image], after.images[image]];
    // A digest that one log does not show says nothing.
    if (a === b || (a === null && b !== undefined) || (b === null && a !== undefined)) return [];
    return [
      { image, before: a === undefined ? null : (a ?? 'no digest is known'), after: b === undefined ? null : (b ?? 'no digest is known') },
    ];
  });
}

function diffProject(before: Baseline, after: Baseline): string[] {
  const notes: string[] = [];
  const [a, b] = [before.project, after.project];
  if (a && b && (a.target !== b.target || a.dockerfile.split(/[\\/]/).pop() !== b.dockerfile.split(/[\\/]/).pop()))
    notes.push('they are of different Dockerfiles or targets');
  if (before.salt !== after.salt) notes.push('secrets cannot be compared: the baselines do not go back to one another');
  if (!before.commandKnown || !after.commandKnown)
    notes.push('the command line of a build is not known: arguments and flags may be missing');
  if (before.listing === null || after.listing === null) notes.push('the files of a build context are not known');
  return notes;
}
