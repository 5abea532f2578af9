/** A baseline as an OCI artifact: an image manifest with an empty config and the packed baseline as its one layer. */
import { createHash } from 'node:crypto';
import { type RegistryClient, RegistryError } from './client.ts';

const BASELINE_TYPE = 'application/vnd.cachewhy.baseline.v1+gzip';
const MANIFEST_TYPE = 'application/vnd.oci.image.manifest.v1+json';
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const EMPTY = Buffer.from('{}');
const MAX_MANIFEST = 4 * 1024 * 1024;
const SMALL = 64 * 1024;

export interface Artifact {
  /** Digest of the manifest. */
  readonly digest: string;
  /** Null where the tag holds something else, such as an image. */
  readonly layer: { readonly digest: string; readonly size: number } | null;
}

function digestOf(data: Uint8Array): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** What a tag holds; null where there is no such tag. @throws RegistryError */
export async function findArtifact(client: RegistryClient, tag: string): Promise<Artifact | null> {
  const answer = await client.ask({
    method: 'GET',
    url: `/v2/${client.reference.repository}/manifests/${tag}`,
    headers: {
      accept: [
        MANIFEST_TYPE,
        'application/vnd.oci.image.index.v1+json',
        'application/vnd.docker.distribution.manifest.v2+json',
        '*/*',
      ].join(', '),
    },
    limit: MAX_MANIFEST,
    accept: [404],
  });
  if (answer.status === 404) return null;
  const digest = digestOf(answer.body);
  try {
    const manifest = JSON.parse(answer.body.toString('utf8')) as { layers?: { mediaType?: unknown; digest?: unknown; size?: unknown }[] };
    const layer = manifest.layers?.find((l) => l.mediaType === BASELINE_TYPE);
    if (layer && typeof layer.digest === 'string' && /^sha256:[0-9a-f]{64}$/.test(layer.digest) && typeof layer.size === 'number')
      return { digest, layer: { digest: layer.digest, size: layer.size } };
  } catch {
    // Another kind of thing.
  }
  return { digest, layer: null };
}

/** @throws RegistryError */
export async function pullLayer(
  client: RegistryClient,
  layer: { readonly digest: string; readonly size: number },
  limit: number,
): Promise<Buffer> {
  if (layer.size > limit) throw new RegistryError(`holds ${Math.round(layer.size / 1e6)} MB, more than any baseline`, 0);
  const { body } = await client.ask({ method: 'GET', url: `/v2/${client.reference.repository}/blobs/${layer.digest}`, limit });
  if (digestOf(body) !== layer.digest) throw new RegistryError('sent other bytes than its manifest says', 0);
  return body;
}

/** @returns the manifest's digest. @throws RegistryError */
export async function pushArtifact(client: RegistryClient, tag: string, data: Uint8Array): Promise<string> {
  await pushBlob(client, EMPTY);
  await pushBlob(client, data);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      artifactType: BASELINE_TYPE,
      config: { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length, data: EMPTY.toString('base64') },
      layers: [
        {
          mediaType: BASELINE_TYPE,
          digest: digestOf(data),
          size: data.length,
          annotations: { 'org.opencontainers.image.title': 'baseline.json.gz' },
        },
      ],
      annotations: { 'org.opencontainers.image.title': 'cachewhy baseline' },
    }),
  );
  await client.ask({
    method: 'PUT',
    url: `/v2/${client.reference.repository}/manifests/${tag}`,
    headers: { 'content-type': MANIFEST_TYPE },
    body: manifest,
    limit: SMALL,
  });
  return digestOf(manifest);
}

/** Monolithic upload: POST opens it, PUT carries the bytes. */
async function pushBlob(client: RegistryClient, data: Uint8Array): Promise<void> {
  const { repository, origin } = client.reference;
  const digest = digestOf(data);
  const there = await client.ask({ method: 'HEAD', url: `/v2/${repository}/blobs/${digest}`, limit: SMALL, accept: [404] });
  if (there.status !== 404) return;
  const opened = await client.ask({
    method: 'POST',
    url: `/v2/${repository}/blobs/uploads/`,
    headers: { 'content-length': '0' },
    limit: SMALL,
  });
  const location = opened.headers.get('location');
  if (location === null) throw new RegistryError('opened no upload', opened.status);
  const url = new URL(location, `${origin}/`);
  url.searchParams.set('digest', digest);
  await client.ask({ method: 'PUT', url: url.href, headers: { 'content-type': 'application/octet-stream' }, body: data, limit: SMALL });
}
