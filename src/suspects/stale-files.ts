/**
 * A file whose bytes changed while its size and time did not: the client that sends the context compares only these, so the builder keeps what it
 * has (seen on Docker 28: content changed, size and mtime equal → CACHED; after a `touch` → rebuilt).
 */
import type { Baseline } from '../baseline/model.ts';
import { diffListings } from '../context/diff.ts';
import { selectEntries } from '../context/select.ts';
import { isHit, type StepGraph } from '../graph/step.ts';
import type { BuildState } from '../keys/diff.ts';
import type { StepMatch } from '../keys/match.ts';
import type { SuspectHit } from '../model.ts';

const SHOWN = 5;

/**
 * @param mtimeOf last modification of a file of the context now, milliseconds since 1970; null where unknown
 * @returns one hit for each file: at the first reused step that copies it
 */
export function findStaleHits(
  graph: StepGraph,
  match: StepMatch,
  now: BuildState,
  before: Baseline,
  mtimeOf: (path: string) => number | null,
): SuspectHit[] {
  const { listing } = now;
  const savedAt = Date.parse(before.savedAt);
  if (!listing || !before.listing || Number.isNaN(savedAt)) return [];
  const found: SuspectHit[] = [];
  const stale = new Map<string, number>();
  for (const { path, change, detail } of diffListings(before.listing, listing)) {
    if (change !== 'modified' || detail !== undefined) continue;
    if (before.listing.entries.get(path)?.size !== listing.entries.get(path)?.size) continue;
    const mtime = mtimeOf(path);
    // Written since, and yet as old as before: the time was kept or set back.
    if (mtime !== null && mtime < savedAt) stale.set(path, mtime);
  }
  for (const step of graph.steps.values()) {
    if (stale.size === 0) break;
    const reads = isHit(step) ? match.steps.get(step.id)?.reads : undefined;
    const paths: string[] = [];
    for (const r of reads ?? [])
      if (r.kind === 'context') for (const e of selectEntries(listing, r.selection)) if (stale.has(e.path)) paths.push(e.path);
    if (paths.length === 0) continue;
    for (const p of paths) stale.delete(p);
    const shown = paths.slice(0, SHOWN).join(', ') + (paths.length > SHOWN ? ` and ${paths.length - SHOWN} more` : '');
    const it = paths.length === 1 ? 'it' : 'them';
    found.push({
      step: step.id,
      name: step.name,
      kind: 'same-size-and-time',
      summary: `${shown}: the content changed, but ${step.id} was reused with what was there before`,
      because: [
        `${step.id} was reused although the bytes of ${shown} differ from those of the build before`,
        'size and time stamp did not change with the content: the client compares only these, and sent nothing new',
        'not proven where an older copy with its old time was moved back: the builder may know that one as well',
      ],
      ageSeconds: null,
      fix: `\`touch ${paths.slice(0, SHOWN).join(' ')}\` and build again; let whatever writes ${it} set a new time stamp.`,
    });
  }
  return found;
}
