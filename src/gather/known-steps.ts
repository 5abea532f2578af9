import type { KnownStep, StepDraft } from '../graph/build.ts';
import type { StepMatch } from '../keys/match.ts';
import type { BuildKeys } from '../keys/model.ts';
import type { SourceRange } from '../model.ts';
import { normalise } from './images.ts';

/** The same steps, with the keys that also know the files. */
export function rematch(match: StepMatch, keys: BuildKeys): StepMatch {
  const byId = new Map(keys.steps.map((k) => [k.id, k]));
  return { ...match, steps: new Map([...match.steps].flatMap(([id, k]) => (byId.has(k.id) ? [[id, byId.get(k.id)!] as const] : []))) };
}

/** The Dockerfile as people call it, and from the root of the repository where that is another. */
type Place = Pick<SourceRange, 'file' | 'path'>;

/** Inputs and lines of each matched step, from the Dockerfile. Equal steps of several stages are one vertex. */
export function knownSteps(match: StepMatch, keys: BuildKeys, graph: Pick<StepDraft, 'steps'>, source: Place): Map<string, KnownStep> {
  const vertexOf = new Map<string, string>();
  // `ADD url` shows twice: what stands on it stands on the copy, not on the fetch, which may come first in the log
  const isFetch = (id: string): boolean => graph.steps.get(id)?.cacheable === false;
  for (const [id, k] of match.steps) if (!vertexOf.has(k.identity) && !isFetch(id)) vertexOf.set(k.identity, id);
  const byId = new Map(keys.steps.map((k) => [k.id, k]));
  const from = new Map<string, string>();
  for (const s of graph.steps.values())
    for (const a of s.aliases) if (a.text.startsWith('FROM ')) from.set(normalise(a.text.slice(5).split(' ')[0] ?? ''), s.id);
  // `[context base] node:22`
  for (const s of graph.steps.values()) {
    const image = /^\[context [^\]\s]{1,200}\] (\S+)$/.exec(s.name)?.[1];
    if (image !== undefined && !from.has(normalise(image))) from.set(normalise(image), s.id);
  }
  const context = [...graph.steps.values()].find((s) => /load build context/.test(s.name))?.id;
  const known = new Map<string, KnownStep>();
  const place = (base: BuildKeys['steps'][number]['base']): string | undefined => {
    if (base.kind === 'image') return from.get(normalise(base.image));
    if (base.kind === 'scratch') return undefined;
    const k = byId.get(base.id);
    return k && (vertexOf.get(k.identity) ?? place(k.base));
  };
  for (const [id, k] of match.steps) {
    if (isFetch(id)) continue;
    const inputs = new Set<string>();
    const add = (input: string | undefined): void => {
      if (input !== undefined && input !== id) inputs.add(input);
    };
    add(place(k.base));
    for (const r of k.reads) {
      if (r.kind === 'stage') {
        const stage = keys.stages[r.stage];
        if (stage) add(place(stage.end));
      } else if (r.kind === 'context') add(context);
      else if (r.kind === 'image') add(from.get(normalise(r.image)));
    }
    // An ADD of a URL keeps its fetch, which only the log shows.
    if (k.reads.some((r) => r.kind === 'remote' || r.kind === 'named' || r.kind === 'inline'))
      for (const input of graph.steps.get(id)?.inputs ?? []) if (!graph.steps.get(input)?.cacheable) add(input);
    known.set(id, { inputs: [...inputs], source: { ...k.range, ...source } });
  }
  return known;
}
