/** Which files that a selection reads differ from the build before. */
import type { CopySelection } from '../context/select.ts';
import type { FileChange } from '../git/snapshot.ts';
import type { PathChange } from '../model.ts';
import type { FindChanges } from './explain.ts';
import { takesGit } from './prepare.ts';
import type { ContextView } from './view.ts';

export interface ChangeOptions {
  /** Folder of the context in the repository, '' for its root. */
  readonly context: string;
  /** `.git` is in the context: it differs at each commit. */
  readonly withGit: boolean;
}

/**
 * @param changed files of the repository that changed since the build before
 * @param earlier the context through the ignore file of the build before; null where that is the same
 */
export function findChanges(
  options: ChangeOptions,
  view: ContextView,
  changed: readonly FileChange[],
  earlier: () => ContextView | null,
): FindChanges {
  const prefix = options.context === '' ? '' : `${options.context}/`;
  return (selections) => {
    const found: PathChange[] = [];
    for (const change of changed) {
      if (!change.path.startsWith(prefix)) continue;
      const path = change.path.slice(prefix.length);
      if (selections.some((s) => (change.after ? view.covers(s, path) : view.mayCover(s, path)))) found.push(pathChange(change, path));
    }
    if (options.withGit && selections.some(takesGit)) found.push({ path: '.git', change: 'modified' });
    const before = earlier();
    if (before) found.push(...findIgnoreChanges(before, view, selections, new Set(found.map((p) => p.path))));
    return found.sort((a, b) => (a.path < b.path ? -1 : 1));
  };
}

/** Files that another ignore file lets through, or no longer. */
function findIgnoreChanges(
  before: ContextView,
  now: ContextView,
  selections: readonly CopySelection[],
  known: ReadonlySet<string>,
): PathChange[] {
  const found: PathChange[] = [];
  const collect = (from: ContextView, to: ContextView, change: 'added' | 'removed'): void => {
    const there = to.listing().entries;
    for (const e of from.listing().entries.values())
      if (e.type !== 'dir' && !there.has(e.path) && !known.has(e.path) && selections.some((s) => from.covers(s, e.path)))
        found.push({ path: e.path, change, detail: change === 'added' ? 'no longer ignored' : 'now ignored' });
  };
  collect(now, before, 'added');
  collect(before, now, 'removed');
  return found;
}

/** What happened to a file, from what git says of it. */
function pathChange(change: FileChange, path: string): PathChange {
  const { before, after } = change;
  if (!before) return { path, change: 'added' };
  if (!after) return { path, change: 'removed' };
  if (before.kind === after.kind) return { path, change: 'modified' };
  const detail = `${describe(before.kind)} → ${describe(after.kind)}`;
  return before.oid === after.oid ? { path, change: 'metadata', detail } : { path, change: 'modified', detail };
}

function describe(kind: string): string {
  return kind === 'file' ? 'mode 644' : kind === 'executable' ? 'mode 755' : kind;
}
