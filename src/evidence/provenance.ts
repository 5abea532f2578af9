/** The provenance that a record keeps in full: the build graph, the Dockerfile, the lines of each operation, the materials. SLSA v0.2 and v1. */

import { asArray, asObject, asString, type Json, stringMap } from '../json.ts';
import type { Material, Operation, RecordedSource } from './build-record.ts';

export interface Provenance {
  /** By vertex digest. */
  readonly operations: ReadonlyMap<string, Operation>;
  readonly sources: readonly RecordedSource[];
  readonly materials: readonly Material[];
}

const METADATA = 'https://mobyproject.org/buildkit@v1#metadata';

/** @param document an in-toto statement or its predicate */
export function readProvenance(document: Json): Provenance {
  const outer = asObject(document);
  const predicate = 'predicate' in outer ? asObject(outer.predicate) : outer;
  const v1 = asObject(predicate.buildDefinition);
  const config = asObject('buildDefinition' in predicate ? asObject(v1.internalParameters).buildConfig : predicate.buildConfig);
  const metadata = asObject(
    'buildDefinition' in predicate
      ? asObject(asObject(predicate.runDetails).metadata).buildkit_metadata
      : asObject(predicate.metadata)[METADATA],
  );
  const source = asObject(metadata.source);
  return {
    operations: readOperations(config, asObject(source.locations)),
    sources: asArray(source.infos).flatMap(readSource),
    materials: asArray(v1.resolvedDependencies ?? predicate.materials).flatMap(readMaterial),
  };
}

function readSource(value: Json): RecordedSource[] {
  const info = asObject(value);
  const data = asString(info.data);
  return data === null ? [] : [{ file: asString(info.filename) ?? 'Dockerfile', text: Buffer.from(data, 'base64').toString('utf8') }];
}

function readMaterial(value: Json): Material[] {
  const material = asObject(value);
  const uri = asString(material.uri);
  const [algorithm, hex] = Object.entries(stringMap(material.digest))[0] ?? [];
  return uri === null ? [] : [{ uri, digest: algorithm === undefined ? null : `${algorithm}:${hex}` }];
}

function readOperations(config: Readonly<Record<string, Json>>, locations: Readonly<Record<string, Json>>): Map<string, Operation> {
  const digestOf = new Map<string, string>();
  for (const [digest, id] of Object.entries(stringMap(config.digestMapping))) digestOf.set(id, digest);
  const operations = new Map<string, Operation>();
  for (const value of asArray(config.llbDefinition)) {
    const step = asObject(value);
    const id = asString(step.id);
    const digest = id === null ? undefined : digestOf.get(id);
    if (id === null || digest === undefined) continue;
    const op = asObject(step.op);
    const [kind, body] = Object.entries(asObject(op.Op))[0] ?? ['other', {}];
    operations.set(digest, {
      kind: kindOf(kind),
      body: asObject(body),
      platform: readPlatform(op.platform),
      inputs: asArray(step.inputs).map((i) => digestOf.get((asString(i) ?? '').replace(/:-?\d+$/, '')) ?? null),
      lines: readLines(locations[id]),
    });
  }
  return operations;
}

const KINDS = ['source', 'exec', 'file', 'merge', 'diff'] as const;

function kindOf(name: string): Operation['kind'] {
  return KINDS.find((k) => k === name.toLowerCase()) ?? 'other';
}

/** `{"Architecture":"arm64","OS":"linux","Variant":"v8"}` */
function readPlatform(value: Json): string | null {
  const p = asObject(value);
  const text = [p.OS, p.Architecture, p.Variant]
    .map(asString)
    .filter((s) => s !== null && s !== '')
    .join('/');
  return text === '' ? null : text;
}

function readLines(value: Json): { start: number; end: number }[] {
  return asArray(asObject(value).locations)
    .flatMap((l) => asArray(asObject(l).ranges))
    .flatMap((r) => {
      const start = asObject(asObject(r).start).line;
      const end = asObject(asObject(r).end).line;
      return typeof start === 'number' && typeof end === 'number' ? [{ start, end }] : [];
    });
}
