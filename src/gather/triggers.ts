/** ONBUILD triggers of base images, read off the names of the steps that they made. */

import { dictionary } from '../dictionary.ts';
import type { ImageFacts } from '../dockerfile/plan.ts';
import type { StepDraft } from '../graph/build.ts';
import type { BuildKeys } from '../keys/model.ts';

/** `[2/5] ONBUILD COPY package.json /app/` @returns what is known by it of base images, by their references; null where no name shows a trigger */
export function readTriggers(graph: Pick<StepDraft, 'steps'>, keys: BuildKeys): Record<string, ImageFacts> | null {
  const shown = new Map<string, Map<number, string>>();
  for (const step of graph.steps.values())
    for (const alias of step.aliases) {
      const trigger = /^ONBUILD (.+)$/s.exec(alias.text)?.[1];
      // The words of a JSON form are shown without their quotes.
      if (trigger === undefined || alias.position === null || /^\w+(?: --\S+)* \[/.test(trigger)) continue;
      const stage = (alias.stage ?? '').toLowerCase();
      shown.set(stage, (shown.get(stage) ?? new Map<number, string>()).set(alias.position, trigger));
    }
  if (shown.size === 0) return null;
  const facts = dictionary<ImageFacts>();
  for (const stage of keys.stages) {
    const triggers =
      shown.get(stage.name?.toLowerCase() ?? `stage-${stage.index}`) ?? (keys.stages.length === 1 ? shown.get('') : undefined);
    if (triggers && stage.image !== null)
      facts[stage.image] = { onbuild: [...triggers].sort(([a], [b]) => a - b).map(([, trigger]) => trigger) };
  }
  return facts;
}

/** Triggers as the keys of an earlier build have them: an image is taken to carry what it carried. */
export function triggersOf(keys: BuildKeys): Record<string, ImageFacts> {
  const facts = dictionary<ImageFacts>();
  for (const stage of keys.stages) {
    const onbuild = keys.steps.filter((s) => s.onbuild && s.stageIndex === stage.index).map((s) => s.text);
    if (onbuild.length > 0 && stage.image !== null) facts[stage.image] ??= { onbuild };
  }
  return facts;
}
