/** Turns a scan into a listing. */
import { type Columns, contentAt, KIND } from './folder.ts';
import type { ContextEntry, ContextListing } from './types.ts';

export interface ListingTotals {
  readonly files: number;
  readonly folders: number;
  readonly symlinks: number;
  readonly others: number;
  /** Of all files together. */
  readonly bytes: number;
  /** Names that are left out; what lies in ignored folders is not counted. */
  readonly ignored: number;
}

const WINDOWS = process.platform === 'win32';

/** What a builder is told: a client on Windows gives everything the executable bit and takes other people's right to write. */
function modeOf(mode: number): number {
  return WINDOWS ? ((mode & 0o777) | 0o111) & 0o755 : mode;
}

export function makeListing(columns: Columns): { readonly listing: ContextListing; readonly totals: ListingTotals } {
  const { folderPaths, folderModes, first, paths, kinds, modes, sizes, links } = columns;
  const entries = new Map<string, ContextEntry>();
  const totals = { files: 0, folders: 0, symlinks: 0, others: 0, bytes: 0, ignored: 0 };
  const sent = foldersSent(columns);
  let next = 1;
  const list = (folder: number): void => {
    for (let i = first[folder]!; i < first[folder + 1]!; i++) {
      const path = paths[i]!;
      const kind = kinds[i];
      if (kind === KIND.file) {
        const size = sizes[i]!;
        entries.set(path, { path, type: 'file', mode: modeOf(modes[i]!), size, content: contentAt(columns, i) || null });
        totals.files++;
        totals.bytes += size;
      } else if (kind === KIND.folder) {
        if (folderPaths[next] !== path) continue; // gone while it was looked at
        const child = next++;
        if (!sent || sent.has(path)) {
          entries.set(path, { path, type: 'dir', mode: modeOf(folderModes[child]!), size: 0, content: null });
          totals.folders++;
        }
        list(child);
      } else if (kind === KIND.symlink) {
        entries.set(path, { path, type: 'symlink', mode: 0o777, size: 0, content: null, link: links.get(i)! });
        totals.symlinks++;
      } else if (kind === KIND.other) {
        entries.set(path, { path, type: 'other', mode: modeOf(modes[i]!), size: 0, content: null });
        totals.others++;
      } else totals.ignored++;
    }
  };
  if (folderPaths.length > 0) list(0);
  return { listing: { entries }, totals };
}

/** Where some folders are themselves ignored: those that are sent all the same, because something in them is. */
function foldersSent(columns: Columns): ReadonlySet<string> | undefined {
  const { folderPaths, folderListed, first, kinds } = columns;
  if (!folderListed.includes(0)) return undefined;
  const sent = new Set<string>();
  for (const [f, folder] of folderPaths.entries()) {
    const isSent = (kind: number): boolean => kind !== KIND.ignored && kind !== KIND.folder;
    if (folderListed[f] === 0 && !kinds.subarray(first[f], first[f + 1]).some(isSent)) continue;
    for (let path = folder; path !== '' && !sent.has(path); path = path.slice(0, Math.max(0, path.lastIndexOf('/')))) sent.add(path);
  }
  return sent;
}

/** Last modification of each file and symlink, in milliseconds since 1970. */
export function listMtimes(columns: Columns): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (const [i, path] of columns.paths.entries()) {
    const kind = columns.kinds[i];
    if (kind === KIND.file || kind === KIND.symlink) out.set(path, columns.mtimes[i]!);
  }
  return out;
}
