/** `buildctl build` and kaniko's executor: builders without Docker's command line. */
import { parseCacheRefs, parseId, parseOutput } from './cache-ref.ts';
import { isSwitchedOn, lastValueOf, readOptions, valuesOf } from './options.ts';
import { addArgument, contextKindOf, emptyCommand, optional, readArguments, type Surroundings } from './read-build.ts';
import { BUILDCTL, KANIKO } from './tables.ts';
import type { BuildCommand, CacheRef } from './types.ts';
import type { Word } from './word.ts';

interface FrontendOptions {
  readonly buildArgs: Record<string, string | null>;
  readonly expressions: Record<string, string>;
  readonly labels: Record<string, string>;
  readonly attrs: Record<string, string>;
}

/** `--opt build-arg:X=1 --opt target=web --opt platform=linux/amd64 --opt no-cache=` */
function readAttributes(words: readonly Word[], around: Surroundings): FrontendOptions {
  const read: FrontendOptions = { buildArgs: {}, expressions: {}, labels: {}, attrs: {} };
  for (const { text, dynamic } of words) {
    const equals = text.indexOf('=');
    const key = equals === -1 ? text : text.slice(0, equals);
    const value = equals === -1 ? '' : text.slice(equals + 1);
    if (key.startsWith('build-arg:'))
      addArgument({ text: text.slice('build-arg:'.length), dynamic }, around, read.buildArgs, read.expressions);
    else if (key.startsWith('label:')) read.labels[key.slice('label:'.length)] = value;
    else read.attrs[key] = value;
  }
  return read;
}

export function readBuildctl(program: string, words: readonly Word[], around: Surroundings): BuildCommand {
  const options = readOptions(words, BUILDCTL);
  const { buildArgs, expressions, labels, attrs } = readAttributes(
    [...valuesOf(options, 'opt'), ...valuesOf(options, 'frontend-opt')],
    around,
  );
  const locals = Object.fromEntries(valuesOf(options, 'local').map((w) => splitPair(w.text)));
  const outputs = [...valuesOf(options, 'output'), ...valuesOf(options, 'exporter')].map((w) => parseOutput(w.text));
  const context = attrs.context ?? locals.context;
  const folder = locals.dockerfile;
  const file = attrs.filename ?? (folder !== undefined ? 'Dockerfile' : undefined);
  const filter = (attrs['no-cache'] ?? '').split(',').filter((s) => s !== '');
  const flags: Record<string, string> = {};
  if (attrs['force-network-mode'] && attrs['force-network-mode'] !== 'default') flags.network = attrs['force-network-mode'];
  for (const name of ['shm-size', 'cgroup-parent', 'ulimit']) if (attrs[name]) flags[name] = attrs[name];
  if (attrs['add-hosts'])
    flags['add-host'] = attrs['add-hosts']
      .split(',')
      .map((h) => h.split('=')[0]!)
      .join(',');
  return {
    ...emptyCommand('buildctl', program, around),
    ...(context !== undefined && { context, contextKind: contextKindOf(context) }),
    ...(file !== undefined && { dockerfile: folder === undefined || folder === '.' ? file : `${folder.replace(/\/$/, '')}/${file}` }),
    ...optional('target', attrs.target),
    ...optional('progress', lastValueOf(options, 'progress')?.text),
    ...optional('metadataFile', lastValueOf(options, 'metadata-file')?.text),
    platforms: (attrs.platform ?? '').split(',').filter((p) => p !== ''),
    buildArgs,
    expressions,
    labels,
    flags,
    noCache: isSwitchedOn(options, 'no-cache') || attrs['no-cache'] === '',
    noCacheFilter: filter,
    pull: attrs['image-resolve-mode'] === 'pull',
    cacheFrom: valuesOf(options, 'import-cache').flatMap((w) => parseCacheRefs(w.text)),
    cacheTo: valuesOf(options, 'export-cache').flatMap((w) => parseCacheRefs(w.text)),
    secrets: valuesOf(options, 'secret')
      .map((w) => parseId(w.text, ''))
      .filter((id) => id !== ''),
    ssh: valuesOf(options, 'ssh').map((w) => w.text.split('=')[0]!),
    outputs,
    push: outputs.some((o) => o.attrs.push === 'true'),
    tags: outputs.flatMap((o) => (o.attrs.name ? o.attrs.name.split(',') : [])),
    unknown: options.unknown,
  };
}

function splitPair(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

export function readKaniko(program: string, words: readonly Word[], around: Surroundings): BuildCommand {
  const options = readOptions(words, KANIKO);
  const base = emptyCommand('kaniko', program, around);
  // `dir:///workspace`, `git://github.com/…`, `s3://bucket/x.tar.gz`, `tar://stdin`
  const context = lastValueOf(options, 'context')?.text.replace(/^dir:\/\//, '');
  const repository = lastValueOf(options, 'cache-repo')?.text;
  const cache: CacheRef[] = repository && isSwitchedOn(options, 'cache') ? [{ type: 'registry', attrs: { ref: repository } }] : [];
  const platform = lastValueOf(options, 'custom-platform') ?? lastValueOf(options, 'customPlatform');
  const args = readArguments(options, around, base);
  const tags = valuesOf(options, 'destination').map((w) => w.text);
  return {
    ...base,
    ...args,
    ...(context !== undefined && { context, contextKind: /^\w+:\/\//.test(context) ? ('remote' as const) : contextKindOf(context) }),
    ...optional('dockerfile', lastValueOf(options, 'dockerfile')?.text),
    ...optional('target', lastValueOf(options, 'target')?.text),
    platforms: platform ? [platform.text] : [],
    cacheFrom: cache,
    cacheTo: cache,
    tags,
    push: tags.length > 0 && !isSwitchedOn(options, 'no-push'),
    labels: Object.fromEntries(valuesOf(options, 'label').map((w) => splitPair(w.text))),
    layerCache: isSwitchedOn(options, 'cache'),
    unknown: options.unknown,
  };
}
