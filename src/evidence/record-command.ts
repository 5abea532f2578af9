/** The command line that a record stands for: what a builder was told, whoever told it. */
import { quoteWord } from '../command/quote.ts';
import { emptyCommand } from '../command/read-build.ts';
import type { BuildCommand } from '../command/types.ts';
import { maskText } from '../secrets.ts';
import type { BuildRecord } from './build-record.ts';

/** As if `docker buildx build` had been given what the builder recorded. */
export function commandOfRecord(record: BuildRecord): BuildCommand {
  const context = record.context ?? undefined;
  const remote = context !== undefined && /^(?:https?|git|ssh):\/\/|^git@/.test(context);
  return {
    ...emptyCommand('buildx', 'docker buildx build', { env: {} }),
    ...(record.builder !== null && { builder: record.builder }),
    ...(record.dockerfilePath !== null
      ? { dockerfile: record.dockerfilePath }
      : record.dockerfileName !== 'Dockerfile' && context !== undefined && !remote
        ? { dockerfile: `${context}/${record.dockerfileName}` }
        : {}),
    ...(context !== undefined && { context }),
    contextKind: context === undefined ? 'unknown' : remote ? 'remote' : 'folder',
    ...(record.target !== null && { target: record.target }),
    platforms: record.platforms,
    buildArgs: record.buildArgs,
    noCache: record.noCache,
    noCacheFilter: record.noCacheFilter,
    pull: record.pull,
    flags: record.flags,
    labels: record.labels,
    tags: record.tags,
    namedContexts: record.namedContexts,
  };
}

/** For a reader, secrets masked. Labels and tags are left out: they are in no key. */
export function describeCommand(record: BuildRecord): string {
  const words = ['docker', 'buildx', 'build'];
  if (record.dockerfilePath !== null || record.dockerfileName !== 'Dockerfile')
    words.push('-f', record.dockerfilePath ?? record.dockerfileName);
  if (record.target !== null) words.push('--target', record.target);
  if (record.platforms.length > 0) words.push('--platform', record.platforms.join(','));
  for (const [name, value] of Object.entries(record.buildArgs)) words.push('--build-arg', `${name}=${value}`);
  for (const [name, value] of Object.entries(record.namedContexts))
    words.push('--build-context', `${name}=${value.replace(/^local:/, '')}`);
  for (const [name, value] of Object.entries(record.flags)) words.push(`--${name}`, value);
  if (record.noCache) words.push('--no-cache');
  if (record.noCacheFilter.length > 0) words.push('--no-cache-filter', record.noCacheFilter.join(','));
  words.push(record.context ?? '.');
  return maskText(words.map(quoteWord).join(' '));
}
