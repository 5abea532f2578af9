/** A recorded build as a baseline: what can be compared of a build that nobody remembered. Its files are not on record. */
import type { Baseline, BaselineStep } from '../baseline/model.ts';
import { hide } from '../causes/computed.ts';
import { dictionary } from '../dictionary.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { buildGraph } from '../graph/build.ts';
import type { StepGraph } from '../graph/step.ts';
import { computeKeys } from '../keys/compute.ts';
import type { BuildState, ImageDigests } from '../keys/diff.ts';
import { matchSteps, type StepMatch } from '../keys/match.ts';
import type { BuildKeys } from '../keys/model.ts';
import { hashSecret } from '../secrets/hash.ts';
import { looksLikeSecret } from '../secrets.ts';
import type { BuildRecord } from './build-record.ts';

/** Keys of a recorded build without its files, and the steps of its log that they belong to. */
export interface RecordedState {
  readonly state: BuildState;
  readonly match: StepMatch;
}

/** @returns undefined where the record has no Dockerfile, or one that is not the log's */
export function stateOfRecord(record: BuildRecord, graph: StepGraph, salt: string): RecordedState | undefined {
  if (!record.dockerfile) return undefined;
  const keys = computeKeys({
    dockerfile: parseDockerfile(record.dockerfile.text, record.dockerfile.file),
    ...(record.target !== null && { target: record.target }),
    platforms: record.platforms,
    buildArgs: record.buildArgs,
    argsKnown: true,
    flags: record.flags,
    context: null,
    protect: (name, value) => (looksLikeSecret(name, value) ? hide(hashSecret(value, salt)) : value),
  });
  const match = matchSteps(graph, keys);
  return match && { state: { keys, listing: null, images: imagesOfRecord(record, keys) }, match };
}

/** A baseline of the record, to hold a later build against. */
export function baselineOfRecord(record: BuildRecord, salt: string): Baseline | undefined {
  const graph = buildGraph(record.log);
  const recorded = stateOfRecord(record, graph, salt);
  if (!recorded) return undefined;
  const steps: Record<string, BaselineStep> = {};
  for (const [id, keys] of recorded.match.steps) {
    const step = graph.steps.get(id);
    if (step) steps[keys.id] = { name: keys.name, status: step.status, seconds: step.seconds };
  }
  return {
    savedAt: new Date(record.completed ?? record.started ?? 0).toISOString(),
    salt,
    outcome: graph.outcome,
    keys: recorded.state.keys,
    listing: null,
    named: {},
    images: recorded.state.images,
    steps,
    commandKnown: true,
    past: [],
  };
}

/** `node:20` and `docker.io/library/node:20@sha256:…` are one reference. */
function normalise(reference: string): string {
  const bare = reference
    .replace(/@sha256:[0-9a-f]{64}$/, '')
    .replace(/^docker\.io\//, '')
    .replace(/^library\//, '');
  return /:[^/:]+$/.test(bare) ? bare : `${bare}:latest`;
}

/** Digests by the references that the Dockerfile names: from the materials, else from the names of the FROM vertices. */
function imagesOfRecord(record: BuildRecord, keys: BuildKeys): ImageDigests {
  const digests = new Map<string, string>();
  for (const vertex of record.log.vertices.values())
    for (const name of vertex.names) {
      const from = /FROM (\S+?)@(sha256:[0-9a-f]{64})$/.exec(name);
      if (from) digests.set(normalise(from[1]!), from[2]!);
    }
  for (const { uri, digest } of record.materials) {
    const image = /^pkg:docker\/([^?@]+)(?:@([^?]+))?/.exec(uri);
    if (image && digest !== null)
      digests.set(normalise(`${decodeName(image[1]!)}${image[2] === undefined ? '' : `:${decodeName(image[2])}`}`), digest);
  }
  const images = dictionary<string | null>();
  for (const stage of keys.stages) if (stage.image !== null) images[stage.image] = digests.get(normalise(stage.image)) ?? null;
  for (const step of keys.steps)
    for (const read of step.reads) if (read.kind === 'image') images[read.image] = digests.get(normalise(read.image)) ?? null;
  return images;
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
