/** The files of the build context and of named contexts, as they are now. */
import path from 'node:path';
import type { BuildCommand } from '../command/types.ts';
import { takeSnapshot } from '../context/snapshot.ts';
import type { ContextListing } from '../context/types.ts';
import { dictionary } from '../dictionary.ts';
import type { StepDraft } from '../graph/build.ts';
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

/** What stands behind additional contexts: an image by its reference, null for files. From the command line, else from the log's own vertices. */
export function namedImages(
  command: BuildCommand | null,
  graph: Pick<StepDraft, 'steps'>,
): Record<string, { readonly image: string } | null> {
  const found = dictionary<{ readonly image: string } | null>();
  if (command) {
    for (const [name, where] of Object.entries(command.namedContexts)) {
      const image = /^docker-image:\/\/(.+)$/.exec(where)?.[1];
      found[name] = image === undefined ? null : { image };
    }
    return found;
  }
  // `[context base] load metadata for node:22`, `[context assets] load from client`
  for (const step of graph.steps.values()) {
    const [, name, image] = /^\[context ([^\]\s]{1,200})\] (?:load metadata for (\S+)|load from client$)/.exec(step.name) ?? [];
    if (name !== undefined)
      found[name] = image === undefined ? (found[name] ?? null) : { image: image.replace(/@sha256:[0-9a-f]{64}$/, '') };
  }
  return found;
}

export function readNamedContexts(
  command: BuildCommand | null,
  base: string,
  folder: string | undefined,
  notes: string[],
  limits?: Limits,
): Record<string, ContextListing | null> {
  const found = dictionary<ContextListing | null>();
  for (const [name, where] of Object.entries(command?.namedContexts ?? {})) {
    if (/^[a-z-]+:\/\//.test(where)) continue;
    const root = path.resolve(base, where);
    const allowed = isFolder(root) && isAllowed(root, `the context ${name} in`, 'The command line in --build-command', limits);
    found[name] = allowed ? readContext(root, null, folder, notes) : null;
  }
  return found;
}
