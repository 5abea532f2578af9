/** A build argument was given one value, and the image shows another. */
import type { ScopeEntry } from '../causes/define.ts';
import { isHit, type StepGraph } from '../graph/step.ts';
import type { SuspectHit } from '../model.ts';
import { looksLikeSecret } from '../secrets.ts';

/**
 * @param given `--build-arg` of the command line; null: a value that is not known
 * @param shown what the image's history shows, by name
 * @param scopes ARG and ENV that each step has in scope
 * @returns one hit for each argument, at the first reused step that has it in scope
 */
export function findStaleArguments(
  graph: StepGraph,
  given: Readonly<Record<string, string | null>>,
  shown: Readonly<Record<string, string>>,
  scopes: ReadonlyMap<string, readonly ScopeEntry[]>,
): SuspectHit[] {
  const found: SuspectHit[] = [];
  for (const [name, value] of Object.entries(given)) {
    const there = shown[name];
    if (value === null || there === undefined || there === value) continue;
    const step = [...graph.steps.values()].find((s) => isHit(s) && scopes.get(s.id)?.some((e) => e.name === name));
    if (!step) continue;
    const secret = looksLikeSecret(name, value) || looksLikeSecret(name, there);
    found.push({
      step: step.id,
      name: step.name,
      kind: 'stale-argument',
      summary: secret
        ? `the image was made with another ${name} than this build was given`
        : `the image shows ${name}=${there}, this build was given ${value}`,
      because: [
        `${step.id} was reused and has ${name} in its scope`,
        secret ? 'the history of the image shows another value (not shown here)' : `the history of the image shows ${name}=${there}`,
        'either the history is that of an earlier image, or what was reused was made with the old value',
      ],
      ageSeconds: null,
      fix: `Make sure that the image is the one of this build (its tag may not have moved); then rebuild the stage with \`--no-cache-filter\`.`,
    });
  }
  return found;
}
