/** Images and exported caches in a registry, read as far as keys need them. */
import { createHash } from 'node:crypto';
import type { ImageFacts } from '../dockerfile/plan.ts';
import { asArray, asObject, asString, parseJson, stringList } from '../json.ts';
import { chainId } from './chain-id.ts';
import { RegistryClient, RegistryError } from './client.ts';
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

const DIGEST = /^sha256:[0-9a-f]{64}$/;
/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
const TAG = /^\w[\w.-]{0,127}$/;

type Fields = ReturnType<typeof asObject>;

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
  if (Array.isArray(manifest.manifests)) {
    const [os, architecture, variant] = platform.split('/');
    const own = asArray(manifest.manifests)
      .map(asObject)
      .find((inner) => {
        const p = asObject(inner.platform);
        return p.os === os && p.architecture === architecture && (variant === undefined || (p.variant ?? variant) === variant);
      });
    const digest = asString(own?.digest);
    if (digest === null) throw new Error(`${reference} has no image for ${platform}`);
    digests.push(digest);
    manifest = (await readManifest(client, digest)).manifest;
  }
  const { config, rootfs } = asObject(parseJson(await readBlob(client, asObject(manifest.config).digest)));
  const { Env, User, WorkingDir, Shell, OnBuild } = asObject(config);
  const layers = chainId(stringList(asObject(rootfs).diff_ids));
  return {
    digests,
    facts: {
      digest: digests.at(-1)!,
      ...(layers !== null && { layers }),
      env: stringList(Env),
      ...(asString(User) && { user: asString(User)! }),
      ...(asString(WorkingDir) && { workdir: asString(WorkingDir)! }),
      ...(stringList(Shell).length > 0 && { shell: stringList(Shell) }),
      ...(stringList(OnBuild).length > 0 && { onbuild: stringList(OnBuild) }),
    },
  };
}

/** The configuration of an exported cache. @throws RegistryError, UserError where the reference is none */
export async function readCacheConfig(reference: string): Promise<string> {
  const { client, tag } = openReference(reference);
  let { manifest } = await readManifest(client, tag);
  const manifests = asArray(manifest.manifests).map(asObject);
  const inner = manifests.find((m) => asString(m.mediaType)?.includes('cacheconfig'));
  // Before image manifests became the default, a cache was an index whose last entry is its configuration.
  if (inner) return readBlob(client, inner.digest);
  const first = asString(manifests[0]?.digest);
  if (first !== null) manifest = (await readManifest(client, first)).manifest;
  return readBlob(client, asObject(manifest.config).digest);
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

/** @param tag or a digest; it stands in an address, whoever gave it */
async function readManifest(client: RegistryClient, tag: string): Promise<{ manifest: Fields; digest: string }> {
  if (!TAG.test(tag) && !DIGEST.test(tag)) throw new Error(`${JSON.stringify(tag.slice(0, 100))} is no tag and no digest`);
  const { body } = await client.ask({
    method: 'GET',
    url: `/v2/${client.reference.repository}/manifests/${tag}`,
    headers: { accept: TYPES },
    limit: MAX_MANIFEST,
  });
  return { manifest: asObject(parseJson(body.toString('utf8'))), digest: checkDigest(body, DIGEST.test(tag) ? tag : null) };
}

async function readBlob(client: RegistryClient, digest: unknown): Promise<string> {
  if (typeof digest !== 'string' || !DIGEST.test(digest)) throw new Error('it is no image and no cache');
  const { body } = await client.ask({ method: 'GET', url: `/v2/${client.reference.repository}/blobs/${digest}`, limit: MAX_CONFIG });
  checkDigest(body, digest);
  return body.toString('utf8');
}

/** @returns the digest of what came. @throws RegistryError where it is not what was asked for */
function checkDigest(body: Buffer, asked: string | null): string {
  const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
  if (asked !== null && digest !== asked) throw new RegistryError('sent other bytes than were asked for', 0);
  return digest;
}
