/** Where a build's Dockerfile and context lie. Light: every diagnosis asks, most have more to load only when something is found. */
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { BuildCommand } from '../command/types.ts';
import { UserError } from '../errors.ts';
import type { BuildLog } from '../graph/log.ts';
import { liesIn, readBounded } from '../machine/plain-file.ts';
import type { DiagnosisOptions } from '../options.ts';

/** A Dockerfile and where it was found. */
export interface Source {
  readonly text: string;
  /** As shown in the report. */
  readonly name: string;
  /** Null where the text comes from the log itself. */
  readonly path: string | null;
}

/**
 * What a log itself names is read only where the one who reads the log works: a log from elsewhere could name any file of this machine,
 * and what is in it would stand in the report. What the user names is read wherever it lies.
 */
export interface Limits {
  /** Folders that hold all that may be read. */
  readonly folders: readonly string[];
  /** Takes what was not read, and how to have it read. */
  readonly notes: string[];
}

/** @returns whether it may be read; notes it where not */
export function isAllowed(file: string, what: string, how: string, limits: Limits | undefined): boolean {
  if (!limits || liesIn(limits.folders, file)) return true;
  limits.notes.push(`The log names ${what} ${file}, outside of the folder this runs in: it was not read. ${how} reads it.`);
  return false;
}

/**
 * @param limits where the command stands in the log; undefined: the user gave it
 * @returns null where the context is no folder on this machine
 */
export function findContext(
  command: BuildCommand | null,
  options: DiagnosisOptions,
  base: string,
  cwd: string,
  limits?: Limits,
): string | null {
  if (options.context !== undefined) {
    if (!isFolder(options.context))
      throw new UserError(`the context ${options.context} is no folder`, 'name the folder that docker build was given');
    return path.resolve(options.context);
  }
  if (command?.contextKind === 'folder' && command.context !== undefined) {
    const folder = path.resolve(base, command.context);
    return isFolder(folder) && isAllowed(folder, 'the build context', '--context', limits) ? folder : null;
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

/** Larger than any Dockerfile that somebody wrote or generated. */
const MAX_BYTES = 8 * 1024 * 1024;

/** @throws UserError where the one that was asked for cannot be read */
export function findDockerfile(
  log: BuildLog,
  command: BuildCommand | null,
  options: DiagnosisOptions,
  base: string,
  context: string | null,
  limits?: Limits,
): Source | null {
  const read = (file: string, any = false): Source | null => {
    try {
      return { text: readBounded(file, MAX_BYTES, any).toString('utf8'), name: shownName(file, context), path: path.resolve(file) };
    } catch {
      return null;
    }
  };
  if (options.dockerfile !== undefined) {
    const found = read(options.dockerfile, true);
    if (!found) throw new UserError(`the Dockerfile ${options.dockerfile} cannot be read`, 'check the name given to --dockerfile');
    return found;
  }
  const named = command?.dockerfile;
  if (named !== undefined && named !== '-') {
    const file = path.resolve(base, named);
    const found = existsSync(file) && isAllowed(file, 'the Dockerfile', '--dockerfile', limits) ? read(file) : null;
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

/**
 * Where annotations of files look for it: from the root of the repository, or of the folder that the command runs in where there is none.
 * @returns null where it lies elsewhere, or only the log has it
 */
export function pathInRepository({ path: file }: Source, cwd: string): string | null {
  if (file === null) return null;
  const relative = path.relative(findRepository(path.dirname(file)) ?? cwd, file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? null : relative.split(path.sep).join('/');
}

function findRepository(folder: string): string | null {
  for (let at = folder; ; at = path.dirname(at)) {
    // A folder in a clone, a file in a worktree or a submodule.
    if (existsSync(path.join(at, '.git'))) return at;
    if (at === path.dirname(at)) return null;
  }
}
