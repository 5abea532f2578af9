/** `docker build`, `docker buildx build`, `podman build`, `buildah bud`, `nerdctl build`: one Dockerfile, one context. */

import { dictionary } from '../dictionary.ts';
import { parseCacheRefs, parseId, parseOutput, splitFields } from './cache-ref.ts';
import { isSwitchedOn, lastValueOf, type Options, readOptions, valuesOf } from './options.ts';
import { BUILD, BUILDAH } from './tables.ts';
import type { BuildCommand, BuildTool } from './types.ts';
import type { Word } from './word.ts';

/** What stands around the command: where it runs and with which variables. */
export interface Surroundings {
  /** Variables assigned on the line; null where the value is not shown. */
  readonly env: Readonly<Record<string, string | null>>;
  /** The whole environment, where it is known: an argument that is not in it is not set. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdin?: BuildCommand['stdin'];
}

/** Variables that a build reads. */
const BUILD_VARIABLE =
  /^(?:DOCKER_(?:BUILDKIT|HOST|CONTEXT|CONFIG|DEFAULT_PLATFORM|CLI_HOOKS)|BUILDX_\w+|BUILDKIT_\w+|COMPOSE_\w+|SOURCE_DATE_EPOCH|BUILDAH_\w+)$/;

export function emptyCommand(tool: BuildTool, program: string, around: Surroundings): BuildCommand {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...relevant(around.environment ?? {}), ...around.env }))
    if (value !== null && value !== undefined && BUILD_VARIABLE.test(name)) env[name] = value;
  return {
    tool,
    program,
    ...(around.cwd !== undefined && { cwd: around.cwd }),
    env,
    classic: env.DOCKER_BUILDKIT === '0' && (tool === 'docker' || tool === 'compose'),
    ...(env.BUILDX_BUILDER ? { builder: env.BUILDX_BUILDER } : {}),
    contextKind: 'unknown',
    ...(around.stdin && { stdin: around.stdin }),
    platforms: env.DOCKER_DEFAULT_PLATFORM ? [env.DOCKER_DEFAULT_PLATFORM] : [],
    buildArgs: {},
    expressions: {},
    noCache: false,
    noCacheFilter: [],
    pull: false,
    cacheFrom: [],
    cacheTo: [],
    flags: {},
    secrets: [],
    ssh: [],
    labels: {},
    tags: [],
    namedContexts: {},
    ...(env.BUILDKIT_PROGRESS ? { progress: env.BUILDKIT_PROGRESS } : {}),
    quiet: false,
    push: false,
    load: false,
    outputs: [],
    files: [],
    targets: [],
    overrides: [],
    unknown: [],
  };
}

function relevant(environment: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => BUILD_VARIABLE.test(name)));
}

export function readBuild(tool: BuildTool, program: string, words: readonly Word[], around: Surroundings): BuildCommand {
  const buildah = tool === 'podman' || tool === 'buildah';
  // buildah takes a second positional: the image's name.
  const options = readOptions(words, buildah ? BUILDAH : BUILD, { positionals: tool === 'buildah' ? 2 : 1 });
  const base = emptyCommand(tool, program, around);
  const context = options.positionals[0];
  const platforms = valuesOf(options, 'platform')
    .flatMap((w) => w.text.split(','))
    .filter((p) => p !== '');
  const progress = lastValueOf(options, 'progress')?.text;
  const builder = lastValueOf(options, 'builder')?.text;
  return {
    ...base,
    ...readContext(context, options, base),
    ...readArguments(options, around, base),
    ...readCaches(options),
    ...optional('dockerfile', lastValueOf(options, 'file')?.text),
    ...optional('target', lastValueOf(options, 'target')?.text),
    ...(builder ? { builder } : {}),
    ...(platforms.length > 0 && { platforms }),
    flags: readFlags(options),
    labels: pairs(valuesOf(options, 'label')),
    tags: valuesOf(options, 'tag').map((w) => w.text),
    namedContexts: pairs(valuesOf(options, 'build-context')),
    ...(progress ? { progress } : {}),
    quiet: isSwitchedOn(options, 'quiet'),
    push: isSwitchedOn(options, 'push'),
    load: isSwitchedOn(options, 'load'),
    outputs: valuesOf(options, 'output').map((w) => parseOutput(w.text)),
    ...optional('provenance', lastValueOf(options, 'provenance')?.text),
    ...optional('metadataFile', lastValueOf(options, 'metadata-file')?.text),
    ...(options.given.some((o) => o.name === 'layers') && { layerCache: isSwitchedOn(options, 'layers') }),
    unknown: options.unknown,
  };
}

function readContext(word: Word | undefined, options: Options, base: BuildCommand): Partial<BuildCommand> {
  // `podman build -f Containerfile` builds in the current folder.
  const fallback = base.tool === 'podman' || base.tool === 'buildah' ? '.' : undefined;
  const context = word?.text ?? fallback;
  if (context === undefined) return options.given.some((o) => o.name === 'call') ? { contextKind: 'unknown' } : {};
  return { context, contextKind: contextKindOf(context, word?.dynamic ?? false) };
}

/** `.` a folder, `-` standard input, `https://host/x.git#main` remote, `docker-image://alpine` an image. */
export function contextKindOf(context: string, dynamic = false): BuildCommand['contextKind'] {
  if (context === '-') return 'stdin';
  if (/^(?:https?|git|ssh):\/\/|^git@|^github\.com\//.test(context)) return 'remote';
  if (/^(?:docker-image|oci-layout):\/\//.test(context)) return 'image';
  return dynamic ? 'unknown' : 'folder';
}

/** `--build-arg NAME=value`, and `--build-arg NAME`, which takes the value from the environment. */
export function readArguments(options: Options, around: Surroundings, base: BuildCommand): Pick<BuildCommand, 'buildArgs' | 'expressions'> {
  const buildArgs = dictionary<string | null>();
  const expressions = dictionary<string>();
  const buildx = !base.classic && (base.tool === 'docker' || base.tool === 'buildx');
  // buildx hands SOURCE_DATE_EPOCH on by itself.
  if (buildx && base.env.SOURCE_DATE_EPOCH !== undefined) buildArgs.SOURCE_DATE_EPOCH = base.env.SOURCE_DATE_EPOCH;
  for (const word of valuesOf(options, 'build-arg')) addArgument(word, around, buildArgs, expressions);
  return { buildArgs, expressions };
}

export function addArgument(
  word: Word,
  around: Surroundings,
  buildArgs: Record<string, string | null>,
  expressions: Record<string, string>,
): void {
  const equals = word.text.indexOf('=');
  const name = equals === -1 ? word.text : word.text.slice(0, equals);
  if (name === '') return;
  delete expressions[name];
  if (equals === -1) {
    const value = [around.env, around.environment ?? {}].find((env) => Object.hasOwn(env, name) && env[name] !== undefined)?.[name];
    if (value !== undefined) buildArgs[name] = value;
    else if (around.environment) delete buildArgs[name];
    else buildArgs[name] = null;
  } else if (word.dynamic) {
    buildArgs[name] = null;
    expressions[name] = word.text.slice(equals + 1);
  } else buildArgs[name] = word.text.slice(equals + 1);
}

export function readCaches(
  options: Options,
): Pick<BuildCommand, 'noCache' | 'noCacheFilter' | 'pull' | 'cacheFrom' | 'cacheTo' | 'secrets' | 'ssh'> {
  return {
    noCache: isSwitchedOn(options, 'no-cache'),
    noCacheFilter: valuesOf(options, 'no-cache-filter')
      .flatMap((w) => splitFields(w.text))
      .filter((s) => s !== ''),
    pull: isSwitchedOn(options, 'pull') || isSwitchedOn(options, 'pull-always'),
    cacheFrom: valuesOf(options, 'cache-from').flatMap((w) => parseCacheRefs(w.text)),
    cacheTo: valuesOf(options, 'cache-to').flatMap((w) => parseCacheRefs(w.text)),
    secrets: valuesOf(options, 'secret')
      .map((w) => parseId(w.text, ''))
      .filter((id) => id !== ''),
    ssh: valuesOf(options, 'ssh').map((w) => (w.text === '' ? 'default' : w.text.split('=')[0]!)),
  };
}

/** What `docker build` would also do without the flag. */
const DEFAULTS: Readonly<Record<string, string>> = { network: 'default', 'shm-size': '0' };

function readFlags(options: Options): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const name of ['network', 'shm-size', 'cgroup-parent']) {
    const value = lastValueOf(options, name)?.text;
    if (value !== undefined && value !== '' && value !== DEFAULTS[name]) flags[name] = value;
  }
  // The address of an extra host is not in the key, its name is: `db:10.0.0.1`, `db=10.0.0.1`.
  const hosts = valuesOf(options, 'add-host').map((w) => w.text.split(/[:=]/)[0]!);
  if (hosts.length > 0) flags['add-host'] = hosts.join(',');
  const limits = valuesOf(options, 'ulimit').map((w) => w.text);
  if (limits.length > 0) flags.ulimit = limits.sort().join(',');
  return flags;
}

function pairs(words: readonly Word[]): Record<string, string> {
  return Object.fromEntries(
    words.map(({ text }) => {
      const equals = text.indexOf('=');
      return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

export function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined || value === '' ? {} : { [key]: value }) as { [P in K]?: string };
}
