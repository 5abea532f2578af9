/** `docker buildx bake` and `docker compose`: several targets, defined in files. */
import { isSwitchedOn, lastValueOf, type Options, readOptions, valuesOf } from './options.ts';
import { emptyCommand, optional, readArguments, readCaches, type Surroundings } from './read-build.ts';
import { BAKE, COMPOSE, COMPOSE_BUILD, COMPOSE_UP } from './tables.ts';
import type { BuildCommand } from './types.ts';
import type { Word } from './word.ts';

export function readBake(program: string, words: readonly Word[], around: Surroundings): BuildCommand {
  const options = readOptions(words, BAKE);
  const base = emptyCommand('bake', program, around);
  const targets = options.positionals.map((w) => w.text);
  const overrides = valuesOf(options, 'set').map((w) => w.text);
  return {
    ...base,
    ...optional('builder', lastValueOf(options, 'builder')?.text ?? base.builder),
    ...optional('progress', lastValueOf(options, 'progress')?.text ?? base.progress),
    ...optional('provenance', lastValueOf(options, 'provenance')?.text),
    ...optional('metadataFile', lastValueOf(options, 'metadata-file')?.text),
    // `docker buildx bake https://github.com/x/y.git web`: definition and context come from there.
    ...(targets.some((t) => /^https?:|\.git(?:#|$)/.test(t)) ? { contextKind: 'remote' as const } : {}),
    noCache: isSwitchedOn(options, 'no-cache') || overridden(overrides, 'no-cache') === 'true',
    pull: isSwitchedOn(options, 'pull') || overridden(overrides, 'pull') === 'true',
    push: isSwitchedOn(options, 'push'),
    load: isSwitchedOn(options, 'load'),
    files: valuesOf(options, 'file').map((w) => w.text),
    targets,
    overrides,
    unknown: options.unknown,
  };
}

/** The value of `--set '*.no-cache=true'` or `--set web.no-cache=true`. */
function overridden(overrides: readonly string[], key: string): string | undefined {
  return overrides.findLast((o) => o.slice(o.indexOf('.') + 1).startsWith(`${key}=`))?.split('=')[1];
}

/** `docker compose … build`, and `up`, `create`, `run`, `watch` with `--build`; undefined where nothing is built. */
export function readCompose(program: string, words: readonly Word[], around: Surroundings): BuildCommand | undefined {
  const global = readOptions(words, COMPOSE, { stop: true });
  const sub = global.rest[0]?.text;
  const rest = global.rest.slice(1);
  const base = emptyCommand('compose', `${program} ${sub}`, around);
  const folder = lastValueOf(global, 'project-directory')?.text;
  const common: Partial<BuildCommand> = {
    files: valuesOf(global, 'file').map((w) => w.text),
    ...(folder !== undefined && { context: folder, contextKind: 'folder' }),
  };
  if (sub === 'build') {
    const options = readOptions(rest, COMPOSE_BUILD);
    return {
      ...base,
      ...common,
      ...readArguments(options, around, base),
      ...readCaches(options),
      ...optional('builder', lastValueOf(options, 'builder')?.text ?? base.builder),
      ...progressOf(options, global, base),
      quiet: isSwitchedOn(options, 'quiet'),
      push: isSwitchedOn(options, 'push'),
      targets: options.positionals.map((w) => w.text),
      unknown: options.unknown,
    };
  }
  if (sub === undefined || !['up', 'create', 'run', 'watch'].includes(sub)) return undefined;
  const options = readOptions(rest, COMPOSE_UP, sub === 'run' ? { stop: true } : {});
  if (!isSwitchedOn(options, 'build') && sub !== 'watch') return undefined;
  const services = sub === 'run' ? options.rest.slice(0, 1) : options.positionals;
  return {
    ...base,
    ...common,
    ...progressOf(options, global, base),
    quiet: isSwitchedOn(options, 'quiet-build'),
    targets: services.map((w) => w.text),
    unknown: options.unknown,
  };
}

function progressOf(options: Options, global: Options, base: BuildCommand): { progress?: string } {
  return optional('progress', lastValueOf(options, 'progress')?.text ?? lastValueOf(global, 'progress')?.text ?? base.progress);
}
