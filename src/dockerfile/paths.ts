/** Paths inside images: always with `/`. Go's `path` rules, and how the frontend resolves a destination. */

/** Go's path.Clean. */
export function cleanPath(path: string): string {
  const absolute = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!absolute) out.push('..');
  }
  const joined = out.join('/');
  return absolute ? `/${joined}` : joined === '' ? '.' : joined;
}

export function joinPaths(...parts: readonly string[]): string {
  const joined = parts.filter((part) => part !== '').join('/');
  return joined === '' ? '' : cleanPath(joined);
}

/** Go's path.Base. */
export function baseName(path: string): string {
  if (path === '') return '.';
  let end = path.length;
  while (end > 0 && path[end - 1] === '/') end--;
  return end === 0 ? '/' : path.slice(path.lastIndexOf('/', end - 1) + 1, end);
}

/** WORKDIR's path on top of the one before. */
export function resolveWorkdir(current: string, path: string): string {
  if (path === '') return current === '' ? '/' : cleanPath(`/${current}`);
  return path.startsWith('/') ? cleanPath(path) : joinPaths('/', current, path);
}

/** Where COPY and ADD put things: a slash at the end, or `/.`, is kept. */
export function resolveDestination(workdir: string, dest: string): string {
  const path = dest === '' || dest === '.' ? './' : dest;
  const resolved = path.startsWith('/') ? cleanPath(path) : joinPaths('/', workdir, path);
  if (path.endsWith('/')) return resolved.endsWith('/') ? resolved : `${resolved}/`;
  if (path.endsWith('/.')) return resolved === '/' ? '/.' : `${resolved}/.`;
  return resolved;
}
