/** The builds that a builder has on record, asked from it through `docker buildx history`. */

import { asObject, asString, type Json, parseJson } from '../json.ts';
import type { BuildRecord } from './build-record.ts';
import { askBuildx, buildxConfigFolder, type ClientOptions, RecordsUnavailable } from './docker-client.ts';
import { readDockerbuild } from './dockerbuild-file.ts';
import { readDriver } from './local-state.ts';
import { readRecord } from './read-record.ts';
import type { RawDocument } from './status-frames.ts';

export interface BuilderOptions extends ClientOptions {
  /** Undefined: the current builder. */
  readonly builder?: string | undefined;
}

/** A line of `docker buildx history ls`. */
export interface ListedBuild {
  readonly builder: string;
  readonly node: string;
  readonly ref: string;
  /** The context folder's name, with the target in parentheses. */
  readonly name: string;
  readonly status: 'completed' | 'failed' | 'canceled' | 'running';
  /** Milliseconds since 1970. */
  readonly started: number;
  readonly completed: number | null;
}

const STATUS: Readonly<Record<string, ListedBuild['status']>> = {
  Completed: 'completed',
  Error: 'failed',
  Canceled: 'canceled',
  Running: 'running',
};

/** Newest first. @throws RecordsUnavailable */
export async function listBuilds(options: BuilderOptions = {}): Promise<ListedBuild[]> {
  const { stdout } = await askBuildx([...builderArgs(options), 'history', 'ls', '--no-trunc', '--format', 'json'], options);
  return stdout
    .toString('utf8')
    .split('\n')
    .flatMap((line) => readListed(parseJson(line)))
    .sort((a, b) => b.started - a.started);
}

function readListed(value: Json): ListedBuild[] {
  const line = asObject(value);
  const [builder, node, ref] = (asString(line.ref) ?? '').split('/');
  const started = Date.parse(asString(line.created_at) ?? '');
  const completed = Date.parse(asString(line.completed_at) ?? '');
  if (!builder || !ref || Number.isNaN(started)) return [];
  return [
    {
      builder,
      node: node ?? '',
      ref,
      name: asString(line.name) ?? '',
      status: STATUS[asString(line.status) ?? ''] ?? 'running',
      started,
      completed: Number.isNaN(completed) ? null : completed,
    },
  ];
}

function builderArgs(options: BuilderOptions): string[] {
  return options.builder === undefined ? [] : ['--builder', options.builder];
}

/**
 * The records of these builds, in the order asked for; one that is gone is left out.
 * @throws RecordsUnavailable where none can be had
 */
export async function fetchRecords(refs: readonly string[], options: BuilderOptions = {}): Promise<BuildRecord[]> {
  if (refs.length === 0) return [];
  const builder = options.builder ?? null;
  let records: BuildRecord[];
  try {
    const { stdout } = await askBuildx([...builderArgs(options), 'history', 'export', ...refs], options);
    records = readDockerbuild(stdout, builder);
  } catch (error) {
    if (!(error instanceof RecordsUnavailable)) throw error;
    records = await fetchOneByOne(refs, options, error);
  }
  const byRef = new Map(records.map((r) => [r.ref, withDriver(r, options)]));
  return refs.flatMap((ref) => byRef.get(ref) ?? []);
}

/** One of several may be gone; and buildx 0.20 to 0.22 has no export, but the parts of a record one by one. */
async function fetchOneByOne(refs: readonly string[], options: BuilderOptions, first: RecordsUnavailable): Promise<BuildRecord[]> {
  const records: BuildRecord[] = [];
  const old = first.reason.includes('keeps no build records');
  if (!old && refs.length === 1) throw first;
  for (const ref of refs) {
    try {
      if (old) records.push(...(await fetchParts(ref, options)));
      else
        records.push(
          ...readDockerbuild(
            (await askBuildx([...builderArgs(options), 'history', 'export', ref], options)).stdout,
            options.builder ?? null,
          ),
        );
    } catch (error) {
      if (!(error instanceof RecordsUnavailable)) throw error;
      if (!/no such build/.test(error.reason)) throw error;
    }
  }
  if (records.length === 0) throw first;
  return records;
}

/** `inspect`, `logs` and the provenance attachment together make the same record. */
async function fetchParts(ref: string, options: BuilderOptions): Promise<BuildRecord[]> {
  const before = [...builderArgs(options), 'history'];
  const inspected = asObject(
    parseJson((await askBuildx([...before, 'inspect', '--format', 'json', ref], options)).stdout.toString('utf8')),
  );
  const { stderr, stdout } = await askBuildx([...before, 'logs', '--progress', 'rawjson', ref], options);
  const status = `${stdout.toString('utf8')}${stderr}`.split('\n').flatMap((line): RawDocument[] => {
    const document = parseJson(line);
    return typeof document === 'object' && document !== null ? [document as RawDocument] : [];
  });
  const provenance: Json[] = [];
  for (const attachment of Array.isArray(inspected.Attachments) ? inspected.Attachments : []) {
    const type = asString(asObject(attachment).Type) ?? '';
    if (!type.startsWith('https://slsa.dev/provenance/')) continue;
    const platform = asString(asObject(attachment).Platform);
    const args = [...before, 'inspect', 'attachment', '--type', type, ...(platform ? ['--platform', platform] : []), ref];
    provenance.push(parseJson((await askBuildx(args, options)).stdout.toString('utf8')));
  }
  const record = readRecord({ record: fromInspect(inspected, ref), status, provenance, error: null }, options.builder ?? null);
  return record ? [record] : [];
}

/** What `inspect --format json` shows, put back into the shape of the record. */
function fromInspect(inspected: Readonly<Record<string, Json>>, ref: string): Json {
  const attrs: Record<string, string> = { filename: asString(inspected.Dockerfile) ?? 'Dockerfile' };
  const pairs = (list: Json): [string, string][] =>
    (Array.isArray(list) ? list : []).map((p) => [asString(asObject(p).Name) ?? '', asString(asObject(p).Value) ?? '']);
  for (const [name, value] of pairs(inspected.BuildArgs)) attrs[`build-arg:${name}`] = value;
  for (const [name, value] of pairs(inspected.Labels)) attrs[`label:${name}`] = value;
  for (const [name, value] of pairs(inspected.NamedContexts)) attrs[`context:${name}`] = value;
  const config = asObject(inspected.Config);
  const texts: Readonly<Record<string, string>> = {
    'force-network-mode': 'Network',
    'shm-size': 'ShmSize',
    'cgroup-parent': 'CgroupParent',
    'image-resolve-mode': 'ImageResolveMode',
    hostname: 'Hostname',
  };
  for (const [attr, key] of Object.entries(texts)) if (asString(config[key])) attrs[attr] = asString(config[key])!;
  const lists: Readonly<Record<string, string>> = { 'add-hosts': 'ExtraHosts', ulimit: 'Ulimit', 'no-cache': 'NoCacheFilter' };
  for (const [attr, key] of Object.entries(lists))
    if (Array.isArray(config[key])) attrs[attr] = (config[key] as Json[]).map(asString).join(',');
  if (config.NoCache === true) attrs['no-cache'] = '';
  const target = asString(inspected.Target);
  if (target) attrs.target = target;
  if (Array.isArray(inspected.Platform) && inspected.Platform.length > 0) attrs.platform = inspected.Platform.map(asString).join(',');
  const failure = asObject(inspected.Error);
  const failed = inspected.Status === 'failed' || inspected.Status === 'canceled';
  return {
    Ref: ref,
    FrontendAttrs: attrs,
    CreatedAt: timestamp(inspected.StartedAt),
    CompletedAt: timestamp(inspected.CompletedAt),
    ...(failed && {
      error: { code: inspected.Status === 'canceled' ? 1 : 2, message: asString(failure.Message) ?? String(inspected.Status) },
    }),
    localState: { LocalPath: asString(inspected.Context) ?? '' },
  };
}

function timestamp(value: Json): Json {
  const ms = Date.parse(asString(value) ?? '');
  return Number.isNaN(ms) ? undefined : { seconds: Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 };
}

/** The log's first line names the builder's driver; a record does not, but the client's folder does. */
function withDriver(record: BuildRecord, options: BuilderOptions): BuildRecord {
  if (record.builder === null) return record;
  const driver = readDriver(buildxConfigFolder({ ...process.env, ...options.env }), record.builder);
  record.log.builder = { name: record.builder, driver };
  return record;
}
