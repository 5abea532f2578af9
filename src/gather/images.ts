import { dictionary } from '../dictionary.ts';
import type { StepDraft } from '../graph/build.ts';
import type { ImageDigests } from '../keys/diff.ts';
import type { BuildKeys } from '../keys/model.ts';

/** `docker.io/library/node:20` and `node:20` are one reference. */
export function normalise(reference: string): string {
  const bare = reference
    .replace(/@sha256:[0-9a-f]{64}$/, '')
    .replace(/^docker\.io\//, '')
    .replace(/^library\//, '');
  return /:[^/:]+$/.test(bare) ? bare : `${bare}:latest`;
}

/** The digests that the log shows for the images that the keys name; null for one that it does not. */
export function readImages(graph: Pick<StepDraft, 'steps'>, keys: BuildKeys): ImageDigests {
  const shown = new Map<string, string | null>();
  for (const s of graph.steps.values())
    for (const alias of s.aliases) {
      const from = /^FROM (\S+)/.exec(alias.text);
      if (from) shown.set(normalise(from[1]!), /@(sha256:[0-9a-f]{64})$/.exec(from[1]!)?.[1] ?? null);
    }
  const images = dictionary<string | null>();
  const wanted = [
    ...keys.stages.flatMap((s) => (s.reachable && s.image !== null ? [s.image] : [])),
    ...keys.steps.flatMap((s) => s.reads.flatMap((r) => (r.kind === 'image' ? [r.image] : []))),
  ];
  for (const image of wanted) images[image] = /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? shown.get(normalise(image)) ?? null;
  return images;
}
