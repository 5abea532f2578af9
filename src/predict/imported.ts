/** What caches that the command imports hold of a build: proved by the names of their records. */
import path from 'node:path';
import type { BuildCommand, CacheRef } from '../command/types.ts';
import { contentKeys, contentsOf, recordDigest } from '../context/content-key.ts';
import type { ContextListing } from '../context/types.ts';
import type { Origin } from '../dockerfile/plan.ts';
import { type CacheExport, findInExport, type Presence, readCacheExport } from '../keys/cache-export.ts';
import { exactKeys, imageRecords } from '../keys/exact.ts';
import type { BuildKeys, KeyInput } from '../keys/model.ts';
import { readBounded } from '../machine/plain-file.ts';
import { type RemoteImage, readCacheConfig, readImage } from '../oci/image.ts';

export interface ImportedInput {
  readonly command: BuildCommand;
  /** Where the command runs. */
  readonly base: string;
  readonly context: string;
  readonly listing: ContextListing | null;
  readonly input: KeyInput;
  readonly keys: BuildKeys;
  /** Takes what could not be read. */
  readonly notes: string[];
}

/** By step id, the best that any of the caches has; null where none could be read. */
export async function findImported({
  command,
  base,
  context,
  listing,
  input,
  keys,
  notes,
}: ImportedInput): Promise<ReadonlyMap<string, Presence> | null> {
  const caches: CacheExport[] = [];
  for (const ref of command.cacheFrom) {
    const cache = await readCache(ref, base, notes);
    if (cache) caches.push(cache);
  }
  if (caches.length === 0) return null;
  const platforms = command.platforms.length > 0 ? command.platforms : [`linux/${process.arch === 'x64' ? 'amd64' : process.arch}`];
  const images = await readImages(keys, platforms[0]!, notes);
  const exact = exactKeys(
    {
      ...input,
      platforms,
      builderPlatform: platforms[0]!,
      images: Object.fromEntries([...images].map(([name, { facts }]) => [name, facts])),
      context: listing,
    },
    { merges: true },
  );
  const known = {
    image: (origin: Origin) => {
      const image = origin.kind === 'image' ? images.get(origin.image) : undefined;
      return image ? image.digests.flatMap((digest) => imageRecords(origin, { ...image.facts, digest })) : null;
    },
    content: (name: string, selection: Parameters<typeof contentKeys>[1]) =>
      name === '' && listing ? contentKeys(listing, selection, contentsOf(context)).map((key) => recordDigest(key, -1)) : null,
  };
  const rank = { result: 3, key: 2, unknown: 1, absent: 0 } as const;
  const best = new Map<string, Presence>();
  for (const cache of caches)
    for (const [id, presence] of findInExport(exact, cache, known))
      if (rank[presence] >= rank[best.get(id) ?? 'absent']) best.set(id, presence);
  // With one platform the keys of the model have no platform in their names.
  return keys.platforms.length > 1 ? best : new Map([...best].map(([id, presence]) => [id.slice(id.lastIndexOf(' ') + 1), presence]));
}

async function readCache(ref: CacheRef, base: string, notes: string[]): Promise<CacheExport | null> {
  const name = ref.attrs.ref ?? ref.attrs.src ?? ref.type;
  try {
    const text =
      ref.type === 'local'
        ? readLocal(path.resolve(base, ref.attrs.src ?? ''), ref.attrs)
        : ref.type === 'registry'
          ? await readCacheConfig(ref.attrs.ref ?? '')
          : null;
    if (text === null) {
      notes.push(`The cache ${name} was not asked: only type=registry and type=local can be read from here.`);
      return null;
    }
    const cache = readCacheExport(text);
    if (!cache) notes.push(`${name} is no cache that BuildKit exported (an image with an inline cache is not read): it was not asked.`);
    return cache;
  } catch (error) {
    notes.push(`The cache ${name} could not be read: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}.`);
    return null;
  }
}

/** The configuration of a cache holds a line or two for each step. */
const MAX_BYTES = 64 * 1024 * 1024;

/** `type=local,src=DIR[,tag=latest][,digest=sha256:…]` */
function readLocal(folder: string, attrs: Readonly<Record<string, string>>): string {
  const blob = (digest: string): string => readBounded(path.join(folder, 'blobs', ...digest.split(':')), MAX_BYTES).toString('utf8');
  const index = JSON.parse(readBounded(path.join(folder, 'index.json'), MAX_BYTES).toString('utf8')) as {
    manifests: { digest: string; annotations?: Record<string, string> }[];
  };
  const tag = attrs.tag ?? 'latest';
  const digest = attrs.digest ?? index.manifests.find((m) => m.annotations?.['org.opencontainers.image.ref.name'] === tag)?.digest;
  if (digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error(`it has no ${tag}`);
  const manifest = JSON.parse(blob(digest)) as { config?: { digest: string }; manifests?: { digest: string; mediaType: string }[] };
  const config = manifest.config?.digest ?? manifest.manifests?.find((m) => m.mediaType.includes('cacheconfig'))?.digest;
  if (config === undefined || !/^sha256:[0-9a-f]{64}$/.test(config)) throw new Error('it has no configuration');
  return blob(config);
}

async function readImages(keys: BuildKeys, platform: string, notes: string[]): Promise<Map<string, RemoteImage>> {
  const wanted = new Set([
    ...keys.stages.flatMap((s) => (s.reachable && s.image !== null ? [s.image] : [])),
    ...keys.steps.flatMap((s) => s.reads.flatMap((r) => (r.kind === 'image' ? [r.image] : []))),
  ]);
  const found = new Map<string, RemoteImage>();
  for (const name of wanted)
    try {
      found.set(name, await readImage(name, platform));
    } catch (error) {
      notes.push(
        `${name} could not be looked up: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}. What stands on it is not known.`,
      );
    }
  return found;
}
