/** The log that a foreseen build would leave: what is said of it is what would be said of the build. */
import { type BuildLog, createBuildLog, type Vertex } from '../graph/log.ts';
import type { ImageDigests } from '../keys/diff.ts';
import type { Base, BuildKeys } from '../keys/model.ts';
import type { Foreseen } from './foresee.ts';

export interface ForeseenLog {
  readonly log: BuildLog;
  /** Vertex of each step, by the id of its keys. */
  readonly vertexOf: ReadonlyMap<string, string>;
}

/** @param images digests that images are taken to have */
export function writeForeseen(keys: BuildKeys, foreseen: readonly Foreseen[], images: ImageDigests): ForeseenLog {
  const log = createBuildLog('rawjson', 1);
  log.end = { outcome: 'succeeded' };
  log.foretold = true;
  const vertexOf = new Map<string, string>();
  const shared = new Map<string, string>();
  const add = (key: string, name: string, inputs: readonly string[], word: 'cached' | 'done', seconds: number | null): string => {
    const known = shared.get(key);
    const vertex = known === undefined ? undefined : log.vertices.get(known);
    if (vertex) {
      if (!vertex.names.includes(name)) vertex.names.push(name);
      return vertex.id;
    }
    const id = `#${log.vertices.size + 1}`;
    log.vertices.set(id, makeVertex(id, name, [...new Set(inputs)], word, seconds));
    shared.set(key, id);
    return id;
  };
  const context = (): string => add('context', '[internal] load build context', [], 'done', 0);
  const image = (reference: string): string => {
    const stage = keys.stages.find((s) => s.image === reference && s.reachable);
    const digest = /@sha256:/.test(reference) ? null : images[reference];
    const shown = `FROM ${reference}${digest ? `@${digest}` : ''}`;
    const of = foreseen.find((f) => f.step.stageIndex === stage?.index)?.step.of;
    const stageName = stage ? (stage.name ?? `stage-${stage.index}`) : null;
    return add(`image ${reference}`, stage && of !== undefined ? `[${stageName} 1/${of}] ${shown}` : shown, [], 'cached', 0);
  };
  const place = (base: Base): string[] => {
    if (base.kind === 'image') return [image(base.image)];
    return base.kind === 'step' ? [vertexOf.get(base.id) ?? ''].filter((id) => id !== '') : [];
  };
  for (const { step, verdict, seconds } of foreseen) {
    const inputs = place(step.base);
    for (const read of step.reads) {
      if (read.kind === 'context') inputs.push(context());
      else if (read.kind === 'stage' && read.end) inputs.push(...place(read.end));
      else if (read.kind === 'image') inputs.push(image(read.image));
      else if (read.kind === 'named')
        inputs.push(add(`named ${read.context}`, `[context ${read.context}] load from client`, [], 'done', 0));
    }
    vertexOf.set(
      step.id,
      add(step.identity, step.name, inputs, verdict === 'reused' ? 'cached' : 'done', verdict === 'reused' ? 0 : seconds),
    );
  }
  return { log, vertexOf };
}

function makeVertex(id: string, name: string, inputs: readonly string[], word: 'cached' | 'done', seconds: number | null): Vertex {
  return {
    id,
    names: [name],
    line: 0,
    inputs,
    terminals: [{ word, line: 0, ...(seconds !== null && { seconds }) }],
    intervals: word === 'cached' ? [{ started: 0, completed: 0, cached: true }] : [],
    pulled: false,
    pulledBytes: 0,
    merging: false,
    statuses: new Map(),
    outputLines: 0,
  };
}
