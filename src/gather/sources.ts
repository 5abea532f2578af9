/** Where a build's Dockerfile and context lie. Light: every diagnosis asks, most have more to load only when something is found. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { BuildCommand } from '../command/types.ts';
import { UserError } from '../errors.ts';
import type { BuildLog } from '../graph/log.ts';
import type { DiagnosisOptions } from '../options.ts';

/** A Dockerfile and where it was found. */
export interface Source {
  readonly text: string;
  /** As shown in the report. */
  readonly name: string;
  /** Null where the text comes from the log itself. */
  readonly path: string | null;
}

/** @returns null where the context is no folder on this machine */
export function findContext(command: BuildCommand | null, options: DiagnosisOptions, base: string, cwd: string): string | null {
  if (options.context !== undefined) {
    if (!isFolder(options.context))
      throw new UserError(`the context ${options.context} is no folder`, 'name the folder that docker build was given');
    return path.resolve(options.context);
  }
  if (command?.contextKind === 'folder' && command.context !== undefined) {
    const folder = path.resolve(base, command.context);
    return isFolder(folder) ? folder : null;
  }
  if (command && (command.contextKind === 'stdin' || command.contextKind === 'remote' || command.contextKind === 'image')) return null;
  return path.resolve(cwd);
}

export function isFolder(name: string): boolean {
  try {
    return statSync(name).isDirectory();
  } catch {
    return false;
  }
}

/** @throws UserError where the one that was asked for cannot be read */
export function findDockerfile(
  log: BuildLog,
  command: BuildCommand | null,
  options: DiagnosisOptions,
  base: string,
  context: string | null,
): Source | null {
  const read = (file: string): Source | null => {
    try {
      if (statSync(file).size > 8 * 1024 * 1024) return null;
      return { text: readFileSync(file, 'utf8'), name: shownName(file, context), path: path.resolve(file) };
    } catch {
      return null;
    }
  };
  if (options.dockerfile !== undefined) {
    const found = read(options.dockerfile);
    if (!found) throw new UserError(`the Dockerfile ${options.dockerfile} cannot be read`, 'check the name given to --dockerfile');
    return found;
  }
  const named = command?.dockerfile;
  if (named !== undefined && named !== '-') {
    const found = read(path.resolve(base, named));
    if (found) return found;
  }
  if (named === undefined && context !== null) {
    const found = read(path.join(context, 'Dockerfile')) ?? read(path.join(context, 'Containerfile'));
    if (found) return found;
  }
  // A record of the build may carry the Dockerfile itself.
  const inside = log.dockerfiles.at(-1);
  return inside ? { text: inside.text, name: inside.file, path: null } : null;
}

function shownName(file: string, context: string | null): string {
  if (context === null) return path.basename(file);
  const relative = path.relative(context, path.resolve(file));
  return relative.startsWith('..') ? path.basename(file) : relative.split(path.sep).join('/');
}
