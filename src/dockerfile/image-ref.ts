/** References to images, as Docker reads them. https://github.com/distribution/reference */

interface Reference {
  /** `docker.io/library/node` */
  readonly name: string;
  readonly tag: string | null;
  readonly digest: string | null;
}

function readReference(text: string): Reference {
  const at = text.indexOf('@');
  const digest = at < 0 ? null : text.slice(at + 1);
  const rest = at < 0 ? text : text.slice(0, at);
  const colon = rest.lastIndexOf(':');
  const tag = colon > rest.lastIndexOf('/') ? rest.slice(colon + 1) : null;
  let name = tag === null ? rest : rest.slice(0, colon);
  const slash = name.indexOf('/');
  const host = slash < 0 ? '' : name.slice(0, slash);
  if (host === '' || !(/[.:]/.test(host) || host === 'localhost' || host.toLowerCase() !== host)) {
    name = `docker.io/${slash < 0 ? 'library/' : ''}${name}`;
  } else if (host === 'index.docker.io') name = `docker.io${name.slice(slash)}`;
  return { name, tag, digest };
}

/** `node:20` → `docker.io/library/node:20`; a missing tag becomes latest. A digest stays. */
export function normalizeImage(text: string): string {
  const { name, tag, digest } = readReference(text);
  return `${name}${tag !== null ? `:${tag}` : digest === null ? ':latest' : ''}${digest === null ? '' : `@${digest}`}`;
}

/** The name by which an additional context replaces an image: `docker.io/library/alpine:latest` → `alpine`. */
export function familiarImage(text: string): string {
  const { name, tag, digest } = readReference(text);
  const short = name.replace(/^docker\.io\/(?:library\/)?/, '');
  return `${short}${tag === null || (tag === 'latest' && digest === null) ? '' : `:${tag}`}${digest === null ? '' : `@${digest}`}`;
}
