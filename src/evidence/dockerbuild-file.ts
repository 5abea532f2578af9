/** A `.dockerbuild` file: build records as `docker buildx history export` and docker/build-push-action write them (an OCI layout in a gzipped tar). */
import { gunzipSync } from 'node:zlib';
import { asArray, asObject, asString, type Json, parseJson, stringMap } from '../json.ts';
import type { BuildRecord } from './build-record.ts';
import { readRecord } from './read-record.ts';
import { readStatusFrames } from './status-frames.ts';
import { readTar } from './tar.ts';

/** A record holds no layers: even that of a huge build takes a few megabytes. */
const MAX_BYTES = 256 * 1024 * 1024;

/**
 * @param builder the builder's name, where the caller knows it: the file does not say
 * @returns the records in the order of the file; empty where it is no such file
 */
export function readDockerbuild(data: Buffer, builder: string | null = null): BuildRecord[] {
  let archive: Buffer;
  try {
    archive = data[0] === 0x1f && data[1] === 0x8b ? gunzipSync(data, { maxOutputLength: MAX_BYTES }) : data;
  } catch {
    return [];
  }
  const files = readTar(archive);
  const blob = (descriptor: Json): Buffer | undefined => {
    const digest = asString(asObject(descriptor).digest);
    return digest === null ? undefined : files.get(`blobs/${digest.replace(':', '/')}`);
  };
  const json = (data: Buffer | undefined): Json => (data === undefined ? undefined : parseJson(data.toString('utf8')));
  const records: BuildRecord[] = [];
  // An index may name another, and itself.
  const seen = new Set<Buffer>();
  const visit = (data: Buffer | undefined, depth: number): void => {
    if (data === undefined || seen.has(data)) return;
    seen.add(data);
    const m = asObject(json(data));
    if (depth < 4) for (const inner of asArray(m.manifests)) visit(blob(inner), depth + 1);
    if (asString(asObject(m.config).mediaType) !== 'application/vnd.buildkit.historyrecord.v0') return;
    const layers = asArray(m.layers).map((layer) => ({ type: asString(asObject(layer).mediaType) ?? '', layer, data: blob(layer) }));
    const record = readRecord(
      {
        record: json(blob(m.config)),
        status: layers.flatMap((l) => (l.type === 'application/vnd.buildkit.status.v0' && l.data ? readStatusFrames(l.data) : [])),
        provenance: layers.flatMap((l) => (l.data && isProvenance(l.type, l.layer) ? [json(l.data)] : [])),
        // BuildKit spells it "googeapis".
        error: layers.find((l) => /google\.rpc\.status\+proto$/.test(l.type))?.data ?? null,
      },
      builder,
    );
    if (record) records.push(record);
  };
  visit(files.get('index.json'), 0);
  return records;
}

function isProvenance(type: string, layer: Json): boolean {
  const predicate = stringMap(asObject(layer).annotations)['in-toto.io/predicate-type'] ?? '';
  return type === 'application/vnd.in-toto+json' && predicate.startsWith('https://slsa.dev/provenance/');
}
