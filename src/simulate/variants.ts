/** Changes of a Dockerfile or an ignore file, replayed over the same commits and held against what is. */
import { round } from '../graph/cascade.ts';
import type { Share } from './durations.ts';
import type { Replay, Variant } from './model.ts';
import type { CommitFiles } from './prepare.ts';
import type { WalkTools } from './walk.ts';

export interface VariantSpec {
  readonly id: string;
  readonly title: string;
  readonly patch: string;
  readonly keeps: readonly string[];
  readonly unverified: readonly string[];
  /** What of the image is not as it was; '' where it holds the same. */
  readonly changesImage: string;
  /** RUNs that were cut: how long the pieces take. */
  readonly shares: readonly Share[];
  /** Where it cannot be built it counts as failed; otherwise that commit is built without the change. */
  readonly strict: boolean;
  /** The files as they would have been at that commit; null where the change cannot be applied there. */
  rewrite(files: CommitFiles, tools: WalkTools): CommitFiles | null | Promise<CommitFiles | null>;
}

export function compareReplays(spec: VariantSpec, before: Replay, after: Replay, skipped: number): Variant {
  const timed = before.steps.some((s) => s.seconds !== null);
  // A copy of a few files takes some time too: no difference anybody notices.
  const least = timed ? 0.25 : 0;
  let better = 0;
  let worse = 0;
  for (const [i, was] of before.commits.entries()) {
    const is = after.commits[i];
    if (is?.status !== 'built' || was.status !== 'built') continue;
    // Where steps are timed, a COPY more or less counts for nothing.
    const gain = was.seconds > 0 || is.seconds > 0 ? was.seconds - is.seconds : timed ? 0 : was.rebuilt.length - is.rebuilt.length;
    if (gain > least) better++;
    else if (gain < -least) worse++;
  }
  return {
    id: spec.id,
    title: spec.title,
    patch: spec.patch,
    savedSeconds: round(before.summary.seconds - after.summary.seconds),
    savedWaitSeconds: round(before.summary.waitSeconds - after.summary.waitSeconds),
    better,
    worse,
    keeps: spec.keeps,
    unverified: spec.unverified,
    ...(spec.changesImage !== '' && { changesImage: spec.changesImage }),
    skipped,
    ...after,
  };
}
