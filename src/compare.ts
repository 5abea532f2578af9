/** Holds a build against the one before it: what the ingredients of its keys prove, step by step. Pure. */
import type { Baseline } from './baseline/model.ts';
import { causesOf } from './causes/computed.ts';
import type { Finding } from './causes/define.ts';
import { excluded, nothingDiffers } from './causes/unchanged.ts';
import type { BuildCommand } from './command/types.ts';
import type { Comparison } from './diagnose.ts';
import type { StepGraph } from './graph/step.ts';
import { type BuildState, type Compared, diffBuilds } from './keys/diff.ts';
import type { StepMatch } from './keys/match.ts';
import type { StepKeys } from './keys/model.ts';
import type { CauseKind, CauseReport } from './model.ts';

const WHERE = 'the build before';

export function compareWithBaseline(
  graph: StepGraph,
  match: StepMatch,
  now: BuildState,
  baseline: Baseline,
  command: BuildCommand | null,
): Comparison {
  const compared = diffBuilds({ keys: baseline.keys, listing: baseline.listing, named: baseline.named, images: baseline.images }, now);
  const causes = new Map<string, readonly Finding[]>();
  const ruledOut = new Map<string, ReadonlySet<CauseKind>>();
  const hidden = new Map<string, readonly CauseReport[]>();
  const notes: string[] = [];
  for (const step of graph.steps.values()) {
    const keys = match.steps.get(step.id);
    const found = keys && compared.get(keys.id);
    if (!keys || !found) continue;
    if (step.role === 'first-miss') {
      const own = notReached(keys, found, now, baseline) ?? causesOf(found, WHERE);
      const findings = own.length > 0 ? own : [...filteredTwin(keys, command, now), ...inherited(keys, compared, now)];
      causes.set(step.id, findings.length > 0 ? findings : nothingDiffers({ step, found, graph, baseline, command, now }));
      if (findings.length === 0) ruledOut.set(step.id, excluded(found, baseline));
    } else if (step.role === 'cascade') {
      const own = notReached(keys, found, now, baseline)
        ? []
        : causesOf({ ...found, differences: found.differences.filter((d) => d.kind !== 'image' || step.inputs.length === 0) }, WHERE);
      if (own.length > 0)
        hidden.set(
          step.id,
          own.map(({ weight: _, ...report }) => report),
        );
    } else if (
      step.status === 'reused' &&
      step.role === 'reused' &&
      found.differences.some((d) => d.kind === 'edited' || d.kind === 'files')
    ) {
      const [first] = causesOf(found, WHERE);
      if (first)
        notes.push(
          `${step.id} was reused although the comparison says: ${first.summary}. The builder had this very result from another build; the report trusts it.`,
        );
    }
  }
  return { causes, ruledOut, hidden, suspectHits: [], notes };
}

/** What stands above it differs, and was reused from a build that had it so already: this step was not built on it. */
function inherited(step: StepKeys, compared: ReadonlyMap<string, Compared>, now: BuildState): Finding[] {
  const steps = new Map(now.keys.steps.map((s) => [s.id, s]));
  for (let k = above(step, steps); k; k = above(k, steps)) {
    const found = compared.get(k.id);
    if (!found || found.differences.length === 0) continue;
    return causesOf(found, WHERE).map((cause) => ({
      ...cause,
      // Files may have changed without the builder noticing.
      ...(cause.paths !== undefined && { confidence: 'likely' as const }),
      because: [`${k.name} above it is not what it was: it was reused, for another build made it so before`, ...cause.because],
    }));
  }
  return [];
}

function above(step: StepKeys, steps: ReadonlyMap<string, StepKeys>): StepKeys | undefined {
  return step.base.kind === 'step' ? steps.get(step.base.id) : undefined;
}

/** Equal steps of two stages are one vertex, shown under one of their names: a filter on the other stage forces it as well. */
function filteredTwin(step: StepKeys, command: BuildCommand | null, now: BuildState): Finding[] {
  if (step.instruction === 'WORKDIR') return [];
  const stages = new Set(now.keys.steps.filter((s) => s.identity === step.identity).map((s) => s.stage?.toLowerCase()));
  const filter = command?.noCacheFilter.find((f) => stages.has(f.toLowerCase()));
  if (filter === undefined) return [];
  return [
    {
      kind: 'no-cache-flag',
      confidence: 'certain',
      weight: 2,
      summary: `The build was made with --no-cache-filter=${filter}`,
      because: [`--no-cache-filter=${filter} stands in the command line`],
      stage: filter,
    },
  ];
}

/** The build before had another target, for which this stage was not needed: its steps are not new, they were never built. */
function notReached(step: StepKeys, found: Compared, now: BuildState, baseline: Baseline): Finding[] | null {
  if (found.before !== null || found.differences.some((d) => d.kind !== 'added')) return null;
  const stage = now.keys.stages.find((s) => s.index === step.stageIndex);
  const was = baseline.keys.stages.find((s) => (stage?.name ? s.name === stage.name : s.index === step.stageIndex));
  if (!stage || !was || was.reachable || was.from !== stage.from) return null;
  const name = stage.name ?? `stage-${stage.index}`;
  return [
    {
      kind: 'not-built-before',
      confidence: 'certain',
      weight: 0.9,
      summary: `Stage ${name} was not part of the build before, so there was no result to reuse`,
      because: [`the build before was made for ${baseline.keys.target ?? 'the last stage'}, which does not need ${name}`],
    },
  ];
}
