/** Images and exported caches in a registry, read as far as keys need them. */
import type { ImageFacts } from '../dockerfile/plan.ts';
import { chainId } from './chain-id.ts';
import { RegistryClient } from './client.ts';
import { parseOciReference } from './reference.ts';

const TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ');
const MAX_MANIFEST = 4 * 1024 * 1024;
const MAX_CONFIG = 64 * 1024 * 1024;
const TIMEOUT_MS = 15_000;

interface Descriptor {
  readonly mediaType?: string;
  readonly digest?: string;
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
}

interface Manifest {
  readonly manifests?: readonly Descriptor[];
  readonly config?: Descriptor;
}

interface ImageConfig {
  readonly config?: {
    readonly Env?: readonly string[];
    readonly User?: string;
    readonly WorkingDir?: string;
    readonly Shell?: readonly string[];
    readonly OnBuild?: readonly string[];
  };
  readonly rootfs?: { readonly diff_ids?: readonly string[] };
}

/** An image as the keys of what stands on it know it. */
export interface RemoteImage {
  /** Digests under which a cache may know it: of what the tag names, and of the platform's own manifest. */
  readonly digests: readonly string[];
  readonly facts: ImageFacts;
}

/** @param platform `linux/arm64/v8` @throws RegistryError, UserError where the reference is none */
export async function readImage(reference: string, platform: string): Promise<RemoteImage> {
  const { client, tag } = openReference(reference);
  const top = await readManifest(client, tag);
  const digests = [top.digest];
  let { manifest } = top;
  if (manifest.manifests) {
    const [os, architecture, variant] = platform.split('/');
    const own = manifest.manifests.find(
      ({ platform: p }) =>
        p?.os === os && p?.architecture === architecture && (variant === undefined || (p?.variant ?? variant) === variant),
    );
    if (!own?.digest) throw new Error(`${reference} has no image for ${platform}`);
    digests.push(own.digest);
    manifest = (await readManifest(client, own.digest)).manifest;
  }
  const { config, rootfs } = JSON.parse(await readBlob(client, manifest.config?.digest)) as ImageConfig;
  const layers = chainId(rootfs?.diff_ids ?? []);
  return {
    digests,
    facts: {
      digest: digests.at(-1)!,
      ...(layers !== null && { layers }),
      env: config?.Env ?? [],
      ...(config?.User && { user: config.User }),
      ...(config?.WorkingDir && { workdir: config.WorkingDir }),
      ...(config?.Shell && { shell: config.Shell }),
      ...(config?.OnBuild && { onbuild: config.OnBuild }),
    },
  };
}

/** The configuration of an exported cache. @throws RegistryError, UserError where the reference is none */
export async function readCacheConfig(reference: string): Promise<string> {
  const { client, tag } = openReference(reference);
  let { manifest } = await readManifest(client, tag);
  const inner = manifest.manifests?.find((m) => m.mediaType?.includes('cacheconfig'));
  // Before image manifests became the default, a cache was an index whose last entry is its configuration.
  if (inner) return readBlob(client, inner.digest);
  if (manifest.manifests?.[0]?.digest) manifest = (await readManifest(client, manifest.manifests[0].digest)).manifest;
  return readBlob(client, manifest.config?.digest);
}

/** `node:22` is docker.io/library/node:22. */
function openReference(reference: string): { client: RegistryClient; tag: string } {
  const [name = '', digest] = reference.split('@');
  const first = name.split('/')[0]!;
  const hasHost = name.includes('/') && (/[.:]/.test(first) || first === 'localhost');
  const path = hasHost ? name : `docker.io/${name.includes('/') ? name : `library/${name}`}`;
  const parsed = parseOciReference(`oci://${path}`);
  return { client: new RegistryClient(parsed, 'pull', TIMEOUT_MS, process.env), tag: digest ?? parsed.tag ?? 'latest' };
}

async function readManifest(client: RegistryClient, tag: string): Promise<{ manifest: Manifest; digest: string }> {
  const { body, headers } = await client.ask({
    method: 'GET',
    url: `/v2/${client.reference.repository}/manifests/${tag}`,
    headers: { accept: TYPES },
    limit: MAX_MANIFEST,
  });
  return { manifest: JSON.parse(body.toString('utf8')) as Manifest, digest: headers.get('docker-content-digest') ?? tag };
}

async function readBlob(client: RegistryClient, digest: string | undefined): Promise<string> {
  if (digest === undefined || !/^sha256:[0-9a-f]{64}$/.test(digest)) throw new Error('it is no image and no cache');
  const { body } = await client.ask({ method: 'GET', url: `/v2/${client.reference.repository}/blobs/${digest}`, limit: MAX_CONFIG });
  return body.toString('utf8');
}
