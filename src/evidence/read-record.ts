/** From the parts of a record — its description, its progress, its provenance — to a BuildRecord. Foreign data: every shape is checked. */
import rawjson from '../../parsers/rawjson.ts';
import type { BuildEvent } from '../events.ts';
import { addEvent, type BuildLog, createBuildLog } from '../graph/log.ts';
import { asArray, asObject, asString, type Json, stringMap } from '../json.ts';
import type { BuildRecord, RecordedSource } from './build-record.ts';
import { readFields } from './protobuf.ts';
import { readProvenance } from './provenance.ts';
import type { RawDocument } from './status-frames.ts';

/** The parts as they lie in an exported record. */
export interface RecordParts {
  /** `application/vnd.buildkit.historyrecord.v0` */
  readonly record: Json;
  readonly status: readonly RawDocument[];
  /** In-toto statements or bare predicates. */
  readonly provenance: readonly Json[];
  /** `google.rpc.Status` of a failed build. */
  readonly error: Buffer | null;
}

/** @returns null where the description is none */
export function readRecord(parts: RecordParts, builder: string | null): BuildRecord | null {
  const r = asObject(parts.record);
  const ref = asString(r.Ref);
  if (ref === null) return null;
  const attrs = stringMap(r.FrontendAttrs);
  const local = asObject(r.localState);
  const started = timeOf(r.CreatedAt);
  const completed = timeOf(r.CompletedAt);
  const failure = asObject(r.error);
  const error = asString(failure.message);
  const status =
    completed === null ? 'running' : error === null && failure.code === undefined ? 'completed' : canceled(failure) ? 'canceled' : 'failed';
  const provenance = parts.provenance.map(readProvenance);
  const dockerfileName = attrs.filename ?? 'Dockerfile';
  const operations = provenance.length === 0 ? null : new Map(provenance.flatMap((p) => [...p.operations]));
  const log = recordLog(parts.status);
  const sources = [...provenance.flatMap((p) => p.sources), ...log.dockerfiles, ...errorSources(parts.error)];
  if (builder !== null) addEvent(log, { type: 'builder', name: builder, driver: builder === 'default' ? 'docker' : '' });
  const seconds = started !== null && completed !== null ? (completed - started) / 1000 : undefined;
  const outcome = status === 'completed' ? 'succeeded' : status;
  if (outcome !== 'running')
    addEvent(log, {
      type: 'end',
      outcome,
      ...(error !== null && { message: error.slice(0, 2000) }),
      ...(seconds !== undefined && { seconds }),
    });
  return {
    ref,
    builder,
    status,
    started,
    completed,
    error,
    dockerfileName,
    dockerfile: sources[0] ?? null,
    ...localPaths(attrs, local),
    ...readAttributes(attrs),
    defaultPlatform: asString(r.DefaultPlatform),
    tags: asArray(r.Exporters)
      .flatMap((e) => (stringMap(asObject(e).Attrs).name ?? '').split(','))
      .filter((t) => t !== ''),
    materials: provenance.flatMap((p) => p.materials),
    operations,
    log,
    group: asString(local.GroupRef),
  };
}

/** The last millisecond that a Date can tell. */
const MAX_TIME = 8.64e15;

/** `{"seconds":1795225461,"nanos":598812679}` */
function timeOf(value: Json | undefined): number | null {
  const { seconds, nanos } = asObject(value);
  if (typeof seconds !== 'number' && typeof seconds !== 'string') return null;
  const ms = Number(seconds) * 1000 + Math.floor(Number(nanos ?? 0) / 1e6);
  return ms > 0 && ms < MAX_TIME ? ms : null;
}

/** gRPC code 1. */
function canceled(failure: Readonly<Record<string, Json>>): boolean {
  return failure.code === 1 || /context canceled$/.test(asString(failure.message) ?? '');
}

function localPaths(
  attrs: Readonly<Record<string, string>>,
  local: Readonly<Record<string, Json>>,
): Pick<BuildRecord, 'context' | 'dockerfilePath'> {
  const folder = asString(local.LocalPath);
  return {
    context: folder !== null && folder !== '' ? folder : (attrs.context ?? null),
    dockerfilePath: asString(local.DockerfilePath) || null,
  };
}

const FLAGS: Readonly<Record<string, string>> = {
  'force-network-mode': 'network',
  ulimit: 'ulimit',
  'shm-size': 'shm-size',
  'cgroup-parent': 'cgroup-parent',
  hostname: 'hostname',
};

/** The frontend's attributes: `build-arg:X`, `label:Y`, `context:lib`, `no-cache`, `force-network-mode`, … */
function readAttributes(
  attrs: Readonly<Record<string, string>>,
): Pick<BuildRecord, 'target' | 'platforms' | 'buildArgs' | 'labels' | 'namedContexts' | 'noCache' | 'noCacheFilter' | 'pull' | 'flags'> {
  const buildArgs: Record<string, string> = {};
  const labels: Record<string, string> = {};
  const namedContexts: Record<string, string> = {};
  const flags: Record<string, string> = {};
  for (const [key, value] of Object.entries(attrs)) {
    if (key.startsWith('build-arg:')) buildArgs[key.slice(10)] = value;
    else if (key.startsWith('label:')) labels[key.slice(6)] = value;
    else if (key.startsWith('context:')) namedContexts[key.slice(8)] = value;
    else if (key === 'add-hosts')
      flags['add-host'] = value
        .split(',')
        .map((h) => h.split('=')[0]!)
        .join(',');
    else if (Object.hasOwn(FLAGS, key) && value !== '' && value !== 'default') flags[FLAGS[key]!] = value;
  }
  return {
    target: attrs.target || null,
    platforms: (attrs.platform ?? '').split(',').filter((p) => p !== ''),
    buildArgs,
    labels,
    namedContexts,
    noCache: attrs['no-cache'] === '',
    noCacheFilter: (attrs['no-cache'] ?? '').split(',').filter((s) => s !== ''),
    pull: attrs['image-resolve-mode'] === 'pull',
    flags,
  };
}

/** The recorded progress as a log's reader would have seen it. */
function recordLog(documents: readonly RawDocument[]): BuildLog {
  const log = createBuildLog('rawjson', 1);
  const reader = rawjson.open(() => (event: BuildEvent) => addEvent(log, event));
  for (const [i, document] of documents.entries()) reader.line({ text: JSON.stringify(document), number: i + 1 });
  reader.end();
  return log;
}

/** A failure that points into the Dockerfile carries the whole of it: `github.com/moby/buildkit/errdefs.Source+json`. */
function errorSources(status: Buffer | null): RecordedSource[] {
  const sources: RecordedSource[] = [];
  for (const field of status ? readFields(status) : []) {
    if (field.number !== 3 || typeof field.value === 'bigint') continue;
    const any = [...readFields(field.value)];
    const type = any.find((f) => f.number === 1)?.value;
    const value = any.find((f) => f.number === 2)?.value;
    if (typeof type !== 'object' || typeof value !== 'object' || !type.toString('utf8').endsWith('errdefs.Source+json')) continue;
    try {
      const info = asObject(asObject(JSON.parse(value.toString('utf8'))).info);
      const data = asString(info.data);
      if (data !== null)
        sources.push({ file: asString(info.filename) ?? 'Dockerfile', text: Buffer.from(data, 'base64').toString('utf8') });
    } catch {
      // a damaged detail is none
    }
  }
  return sources;
}
