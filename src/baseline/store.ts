/** What a build looked like, kept for the next comparison: a versioned file, written whole or not at all. */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ContextEntry, ContextListing } from '../context/types.ts';
import type { ImageDigests } from '../keys/diff.ts';
import type { BuildKeys } from '../keys/model.ts';
import type { Outcome, StepStatus } from '../model.ts';

const SCHEMA = 'cachewhy-baseline';
const VERSION = 1;
/** A baseline that unpacks to more than this is not read. */
const MAX_BYTES = 512 * 1024 * 1024;

/** One build of the past, for trends. */
export interface PastBuild {
  readonly at: string;
  readonly hitRate: number;
  readonly rebuiltSeconds: number;
  readonly revision?: string;
  /** Names of the steps that missed. */
  readonly missed: readonly string[];
}

export interface BaselineStep {
  readonly name: string;
  readonly status: StepStatus;
  readonly seconds: number | null;
}

export interface Baseline {
  readonly savedAt: string;
  /** Salt of the hashes that stand for secrets. */
  readonly salt: string;
  readonly outcome: Outcome;
  readonly keys: BuildKeys;
  readonly listing: ContextListing | null;
  readonly named: Readonly<Record<string, ContextListing | null>>;
  readonly images: ImageDigests;
  /** By id of the step's keys. */
  readonly steps: Readonly<Record<string, BaselineStep>>;
  /** True where the command line was known: arguments and flags are then as passed. */
  readonly commandKnown: boolean;
  readonly past: readonly PastBuild[];
}

export interface Loaded {
  readonly baseline: Baseline | null;
  /** Why there is none, where something is wrong. */
  readonly note: string | null;
}

export function newSalt(): string {
  return randomBytes(16).toString('hex');
}

/** The user's cache folder; undefined where there is none. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.CACHEWHY_CACHE) return env.CACHEWHY_CACHE;
  if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) return path.join(env.XDG_CACHE_HOME, 'cachewhy');
  let home: string;
  try {
    home = homedir();
  } catch {
    return undefined;
  }
  if (!home || home === '/') return undefined;
  if (process.platform === 'darwin') return path.join(home, 'Library', 'Caches', 'cachewhy');
  if (process.platform === 'win32') return path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData', 'Local'), 'cachewhy', 'Cache');
  return path.join(home, '.cache', 'cachewhy');
}

/** Where the baseline of a project lies: one for each context, Dockerfile, target and platform. */
export function baselineFile(
  folder: string,
  project: { readonly context: string; readonly dockerfile: string; readonly target: string | null; readonly platforms: readonly string[] },
): string {
  let context = project.context;
  try {
    context = realpathSync(context);
  } catch {
    // A context that is gone still names its project.
  }
  const key = JSON.stringify([context, path.resolve(project.dockerfile), project.target, [...project.platforms].sort()]);
  return path.join(folder, 'baselines', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json.gz`);
}

export function loadBaseline(file: string): Loaded {
  let packed: Buffer;
  try {
    packed = readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { baseline: null, note: code === 'ENOENT' ? null : `The baseline ${file} cannot be read (${code ?? 'error'}).` };
  }
  return unpackBaseline(packed, file);
}

export function unpackBaseline(packed: Uint8Array, name: string): Loaded {
  try {
    const data = JSON.parse(gunzipSync(packed, { maxOutputLength: MAX_BYTES }).toString('utf8')) as {
      schema?: unknown;
      version?: unknown;
      build?: unknown;
    };
    if (data.schema !== SCHEMA) return { baseline: null, note: `${name} is no baseline of cachewhy: not used.` };
    if (data.version !== VERSION)
      return { baseline: null, note: `${name} was written by another version of cachewhy (format ${String(data.version)}): not used.` };
    return { baseline: revive(data.build), note: null };
  } catch {
    return { baseline: null, note: `${name} is damaged: not used.` };
  }
}

export function packBaseline(baseline: Baseline): Uint8Array {
  return gzipSync(Buffer.from(JSON.stringify({ schema: SCHEMA, version: VERSION, build: shrink(baseline) })), { level: 4 });
}

/**
 * Writes a baseline beside its place and moves it there: a reader sees the old one or the new one, and a full disk or a kill leaves the old.
 * @returns a note where it could not be written; never throws
 */
export function saveBaseline(file: string, baseline: Baseline): string | null {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    // A file of a newer version is another cachewhy's: it is left alone.
    const there = loadBaseline(file);
    if (there.note?.includes('another version')) return `${there.note} It was not overwritten.`;
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    const packed = packBaseline(baseline);
    const fd = openSync(temporary, 'wx', 0o600);
    try {
      for (let at = 0; at < packed.length; ) at += writeSync(fd, packed, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, file);
    return null;
  } catch (error) {
    rmSync(temporary, { force: true });
    return `The baseline could not be saved to ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'}): the next build has nothing newer to compare with.`;
  }
}

interface Packed extends Omit<Baseline, 'listing' | 'named'> {
  readonly listing: Columns | null;
  readonly named: Readonly<Record<string, Columns | null>>;
}

/** A listing by columns: names repeat less, and it parses faster. */
interface Columns {
  readonly paths: readonly string[];
  readonly types: string;
  readonly modes: readonly number[];
  readonly sizes: readonly number[];
  readonly contents: readonly (string | null)[];
  readonly links: Readonly<Record<number, string>>;
}

const TYPES = { file: 'f', dir: 'd', symlink: 'l', other: 'o' } as const;
const LETTERS: Readonly<Record<string, ContextEntry['type']>> = { f: 'file', d: 'dir', l: 'symlink', o: 'other' };

function shrink(baseline: Baseline): Packed {
  return {
    ...baseline,
    listing: toColumns(baseline.listing),
    named: Object.fromEntries(Object.entries(baseline.named).map(([k, v]) => [k, toColumns(v)])),
  };
}

function toColumns(listing: ContextListing | null): Columns | null {
  if (!listing) return null;
  const entries = [...listing.entries.values()];
  const links: Record<number, string> = {};
  for (const [i, e] of entries.entries()) if (e.link !== undefined) links[i] = e.link;
  return {
    paths: entries.map((e) => e.path),
    types: entries.map((e) => TYPES[e.type]).join(''),
    modes: entries.map((e) => e.mode),
    sizes: entries.map((e) => e.size),
    contents: entries.map((e) => e.content),
    links,
  };
}

function toListing(columns: Columns | null): ContextListing | null {
  if (!columns) return null;
  const entries = new Map<string, ContextEntry>();
  for (const [i, p] of columns.paths.entries()) {
    const link = columns.links[i];
    entries.set(p, {
      path: p,
      type: LETTERS[columns.types[i] ?? 'o'] ?? 'other',
      mode: columns.modes[i] ?? 0,
      size: columns.sizes[i] ?? 0,
      content: columns.contents[i] ?? null,
      ...(link !== undefined && { link }),
    });
  }
  return { entries };
}

function revive(build: unknown): Baseline {
  const packed = build as Packed;
  if (!Array.isArray(packed.keys.steps) || !Array.isArray(packed.keys.stages) || typeof packed.salt !== 'string')
    throw new Error('incomplete');
  return {
    ...packed,
    past: packed.past ?? [],
    listing: toListing(packed.listing),
    named: Object.fromEntries(Object.entries(packed.named ?? {}).map(([k, v]) => [k, toListing(v)])),
  };
}
