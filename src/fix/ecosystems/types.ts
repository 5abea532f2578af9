import type { ContextListing } from '../../context/types.ts';
import { parseObject } from '../../json.ts';
import type { Command } from '../shell.ts';

/** An install command and the folder of the context that it runs in. */
export interface Install {
  readonly command: Command;
  /** Its words without assignments and redirections: `npm`, `ci`, `--omit=dev`. */
  readonly words: readonly string[];
  /** Folder of the context, '' for its root. */
  readonly root: string;
  readonly listing: ContextListing;
  /** Text of a file, by its path below `root`; null where it is not there. */
  read(name: string): string | null;
  /** Is there such a file or folder below `root`? */
  has(name: string): boolean;
}

/** What an install needs, so that it can stand above the copy of all else. */
export interface InstallPlan {
  /** Files and folders, below `root`. */
  readonly files: readonly string[];
  /** Folders that it makes below `root`: the context must not bring its own. */
  readonly makes: readonly string[];
  /** To be run before the copy, where the command itself has to stay below it. Its first run then does most of the work. */
  readonly early?: string;
  readonly keeps: readonly string[];
  readonly unverified: readonly string[];
}

/** A package manager. */
export interface Ecosystem {
  readonly name: string;
  /** Is this its command that installs what its manifests list? */
  matches(words: readonly string[]): boolean;
  /** @returns the plan, or why it is not safe */
  plan(install: Install): InstallPlan | string;
}

/** More manifests than these in folders of their own make no Dockerfile that anybody wants to read. */
export const MAX_SPREAD = 40;

/** Those of the names that are there. */
export function present(install: Install, names: readonly string[]): string[] {
  return names.filter((n) => install.has(n));
}

/** A manifest in JSON; null where it is not there, or no object. */
export function readManifest(install: Install, name: string): Readonly<Record<string, unknown>> | null {
  const text = install.read(name);
  return text === null ? null : parseObject(text);
}

/** Files of the context below a folder whose path (below it) fits. */
export function filesBelow(install: Install, fits: (path: string) => boolean): string[] {
  const prefix = install.root === '' ? '' : `${install.root}/`;
  const found: string[] = [];
  for (const e of install.listing.entries.values())
    if (e.type === 'file' && e.path.startsWith(prefix) && fits(e.path.slice(prefix.length))) found.push(e.path.slice(prefix.length));
  return found;
}
