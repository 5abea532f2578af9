/** The files of the build context and of named contexts, as they are now. */
import path from 'node:path';
import type { BuildCommand } from '../command/types.ts';
import { takeSnapshot } from '../context/snapshot.ts';
import type { ContextListing } from '../context/types.ts';
import { isAllowed, isFolder, type Limits } from './sources.ts';

/**
 * @param dockerfile its path, for an ignore file of its own
 * @param folder where scans are kept between runs
 * @param notes takes why it could not be read
 */
export function readContext(root: string, dockerfile: string | null, folder: string | undefined, notes: string[]): ContextListing | null {
  try {
    return takeSnapshot({ root, ...(dockerfile !== null && { dockerfile }), ...(folder !== undefined && { cacheDir: folder }) }).listing;
  } catch (error) {
    notes.push(`The build context ${root} could not be read: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown'}`);
    return null;
  }
}

export function readNamedContexts(
  command: BuildCommand | null,
  base: string,
  folder: string | undefined,
  notes: string[],
  limits?: Limits,
): Record<string, ContextListing | null> {
  const found: Record<string, ContextListing | null> = {};
  for (const [name, where] of Object.entries(command?.namedContexts ?? {})) {
    if (/^[a-z-]+:\/\//.test(where)) continue;
    const root = path.resolve(base, where);
    const allowed = isFolder(root) && isAllowed(root, `the context ${name} in`, 'The command line in --build-command', limits);
    found[name] = allowed ? readContext(root, null, folder, notes) : null;
  }
  return found;
}
