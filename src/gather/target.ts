/** The target of a build whose command line is not known, read off the stages that its log shows. */
import type { StepDraft } from '../graph/build.ts';
import { readOutcome } from '../graph/outcome.ts';
import { completeKeys, draftKeys, type KeyDraft } from '../keys/compute.ts';
import { matchSteps } from '../keys/match.ts';
import type { KeyInput } from '../keys/model.ts';

/**
 * @param shape without a target
 * @param whole the keys for the last stage
 * @returns the stage by its name or number; undefined where the log fits the last stage, or no single other one
 */
export function inferTarget(graph: StepDraft, shape: KeyInput, whole: KeyDraft): string | undefined {
  const { dockerfile } = shape;
  const last = dockerfile.stages.length - 1;
  // A build that failed does not show what it would have come to.
  if (last < 1 || readOutcome(graph.log, [...graph.steps.values()]) !== 'succeeded') return undefined;
  const shown = shownStages(graph);
  if (shown === null) return undefined;
  const lastName = dockerfile.stages[last]!.name?.toLowerCase() ?? `stage-${last}`;
  if (shown.every((name) => isReached(whole, name)) && (shown.includes(lastName) || shows(graph, whole, last))) return undefined;
  // Of two stages that need the same others the log of either shows its own steps.
  const fitting = dockerfile.stages.flatMap(({ index, name }) => {
    if (index === last || !shown.includes((name ?? `stage-${index}`).toLowerCase())) return [];
    const target = name ?? String(index);
    const draft = draftKeys({ ...shape, target });
    return shown.every((it) => isReached(draft, it)) && shows(graph, draft, index) ? [target] : [];
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Names in lower case, `stage-2` for one that has none; null where the log holds several targets, or shows no stage. */
function shownStages(graph: Pick<StepDraft, 'steps'>): string[] | null {
  const names = new Set<string>();
  for (const step of graph.steps.values())
    for (const alias of step.aliases) {
      if (alias.target !== null) return null;
      if (alias.stage !== null && alias.position !== null) names.add(alias.stage.toLowerCase());
    }
  return names.size === 0 ? null : [...names];
}

function isReached({ keys }: KeyDraft, name: string): boolean {
  return keys.stages.some((s) => s.reachable && (s.name?.toLowerCase() ?? `stage-${s.index}`) === name);
}

/** Does the log have all steps of a stage, be it under the name of another stage that has the same? */
function shows(graph: Pick<StepDraft, 'log' | 'steps'>, draft: KeyDraft, index: number): boolean {
  const keys = completeKeys(draft, {});
  const own = keys.steps.filter((s) => s.stageIndex === index);
  if (own.length === 0) return true;
  const match = matchSteps(graph, keys);
  const found = new Set([...(match?.steps.values() ?? [])].map((s) => s.identity));
  return own.every((s) => found.has(s.identity));
}
