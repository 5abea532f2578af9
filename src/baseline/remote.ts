/** Baselines in a registry: so that every machine knows what one of them built. A registry that is down costs the comparison, not the job. */
import { setTimeout as delay } from 'node:timers/promises';
import { findArtifact, pullLayer, pushArtifact } from '../oci/artifact.ts';
import { RegistryClient, RegistryError } from '../oci/client.ts';
import { ownTag, parseOciReference, tagsToRead } from '../oci/reference.ts';
import type { Baseline, PastBuild } from './model.ts';
import { type Loaded, MAX_PACKED_BYTES, packBaseline, unpackBaseline } from './pack.ts';
import { mergePast } from './trend.ts';

const ATTEMPTS = 6;

export interface RemoteOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** For everything together. Default: 15 seconds to load, 30 to save. */
  readonly timeoutMs?: number;
}

/** @throws UserError where the reference is none; everything else is a note */
export async function loadRemoteBaseline(text: string, options: RemoteOptions = {}): Promise<Loaded> {
  const env = options.env ?? process.env;
  const reference = parseOciReference(text);
  const client = new RegistryClient(reference, 'pull', options.timeoutMs ?? 15_000, env);
  const name = `${reference.registry}/${reference.repository}`;
  const tags = tagsToRead(reference, env);
  try {
    for (const tag of tags) {
      const found = await findArtifact(client, tag);
      if (found === null) continue;
      const where = `The baseline ${name}:${tag}`;
      if (found.layer === null) return { baseline: null, note: `${name}:${tag} is no baseline of cachewhy: it was not used.` };
      const loaded = unpackBaseline(await pullLayer(client, found.layer, MAX_PACKED_BYTES), where);
      if (loaded.baseline === null || tag === tags[0]) return loaded;
      return { ...loaded, note: `${name} has no baseline ${tags[0]} yet: compared with ${tag}.` };
    }
    return { baseline: null, note: `${name} has no baseline yet (tags looked for: ${tags.join(', ')}): there is nothing to compare with.` };
  } catch (error) {
    return {
      baseline: null,
      note: `The baseline could not be fetched: ${reference.registry} ${reasonOf(error)}. There is nothing to compare with.`,
    };
  }
}

/**
 * The last of two runners wins, and the builds that each remembers are kept of both as far as possible.
 * @returns a note where it could not be saved
 * @throws UserError where the reference is none
 */
export async function saveRemoteBaseline(text: string, baseline: Baseline, options: RemoteOptions = {}): Promise<string | null> {
  const env = options.env ?? process.env;
  const reference = parseOciReference(text);
  const client = new RegistryClient(reference, 'pull,push', options.timeoutMs ?? 30_000, env);
  const tag = ownTag(reference, env);
  const name = `${reference.registry}/${reference.repository}:${tag}`;
  try {
    let next = baseline;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const there = await readThere(client, tag);
      if (typeof there === 'string') return `${name} ${there}: it was not overwritten.`;
      // Another runner saved after us: its build is the later one, ours joins its past.
      if (attempt > 0 && there) {
        if (remembers(there.baseline.past, baseline.past)) return null;
        next = there.baseline;
      }
      const merged = { ...next, past: mergePast(there?.baseline.past ?? [], baseline.past) };
      const digest = await pushArtifact(client, tag, packBaseline(merged));
      // Longer than another runner takes between its look and its push, and each time more by chance.
      await delay(100 + Math.random() * 150 * 2 ** attempt);
      if ((await findArtifact(client, tag))?.digest === digest) return null;
    }
    return null;
  } catch (error) {
    return `The baseline could not be saved to ${name}: the registry ${reasonOf(error)}.`;
  }
}

/** What the tag holds now: a baseline, nothing, or why it must be left alone. */
async function readThere(client: RegistryClient, tag: string): Promise<{ baseline: Baseline } | null | string> {
  const found = await findArtifact(client, tag);
  if (found === null) return null;
  if (found.layer === null) return 'holds something else than a baseline';
  const loaded = unpackBaseline(await pullLayer(client, found.layer, MAX_PACKED_BYTES), 'It');
  if (loaded.newer) return 'was written by a newer cachewhy';
  return loaded.baseline ? { baseline: loaded.baseline } : null;
}

function remembers(past: readonly PastBuild[], ours: readonly PastBuild[]): boolean {
  const last = ours.at(-1);
  return last === undefined || past.some((build) => build.at === last.at && build.rebuiltSeconds === last.rebuiltSeconds);
}

function reasonOf(error: unknown): string {
  return error instanceof RegistryError ? error.message : 'gave an answer that could not be read';
}
