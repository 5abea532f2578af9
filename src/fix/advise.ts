/** Joins advice with the rewrites that carry it out, and with what the key model proves of them. Pure. */

import type { Proposal } from '../advice/define.ts';
import type { MissView } from '../causes/signals.ts';
import { isMiss, type MissNode, type Step } from '../graph/step.ts';
import type { CauseKind, CauseReport } from '../model.ts';

/** A piece of advice carried out on the files at hand. */
export interface Rewrite {
  /** Of the fix. */
  readonly id: string;
  /** An imperative sentence. */
  readonly title: string;
  /** Unified diff; applies with `patch -p1` in the build context. */
  readonly patch: string;
  readonly keeps: readonly string[];
  readonly unverified: readonly string[];
  /** What of the image is not as it was. */
  readonly changesImage?: string;
  /** By step of the log: what of it would still have run, 0 to 1. A step that is not listed would have run. Null: there is nothing to prove it on. */
  readonly remains: ReadonlyMap<string, { readonly share: number; readonly guessed: boolean }> | null;
  /** What is known of it, where there is nothing to prove: it saves later builds. */
  readonly proof?: string;
}

export interface Rewrites {
  readonly fixes: readonly Rewrite[];
  readonly refused: readonly { readonly id: string; readonly reason: string }[];
}

/** What a rewrite is made for: arguments that changed, and the steps that missed. */
export interface RewriteWish {
  readonly args: readonly string[];
  readonly missed: readonly string[];
  /** Files of the context whose change made steps run. */
  readonly paths: readonly string[];
  /** Base images that moved, and the digest that this build used. */
  readonly bases: Readonly<Record<string, string>>;
}

export interface Given {
  readonly id: string;
  readonly proposal: Proposal;
}

export const NO_REWRITES: Rewrites = { fixes: [], refused: [] };

/** Advice that a fix carries out. */
const ADVICE_OF: Readonly<Record<string, string>> = {
  'ignore-files-in-image': 'ignore-files',
  'move-values-down': 'move-arg-down',
};
/** What both computed builds take into account; any other cause would be there with the rewrite as well. */
const REPLAYED: ReadonlySet<CauseKind> = new Set(['context-files-changed', 'build-arg-changed']);
/** Less than this is no gain that anybody notices. */
const LEAST_SECONDS = 0.05;

/** Can it be shown on this miss what a rewrite would have saved? */
function isReplayable(causes: readonly CauseReport[]): boolean {
  const certain = causes.filter((c) => c.confidence === 'certain');
  return certain.length > 0 && certain.every((c) => REPLAYED.has(c.kind));
}

/** Steps that would have run with any rewrite: their miss has a cause of its own that no rewrite removes, or hangs on such a step. */
export function stepsThatStay(
  misses: readonly { readonly miss: MissNode; readonly causes: readonly CauseReport[] }[],
  hidden: ReadonlyMap<string, readonly CauseReport[]>,
): Set<string> {
  const stay = new Set<string>();
  for (const { miss, causes } of misses) if (!isReplayable(causes)) for (const s of [miss.root, ...miss.cascade]) stay.add(s.id);
  for (const { miss } of misses)
    for (const s of miss.cascade) {
      const own = hidden.get(s.id)?.some((c) => !REPLAYED.has(c.kind)) ?? false;
      if (own || s.inputs.some((i) => stay.has(i))) stay.add(s.id);
    }
  return stay;
}

/**
 * @param given what the log and the causes suggest for this miss
 * @param stay steps that no rewrite saves
 * @param notes takes what is not advised, and why
 */
export function joinRewrites(
  given: readonly Given[],
  view: MissView,
  causes: readonly CauseReport[],
  rewrites: Rewrites,
  stay: ReadonlySet<string>,
  notes: Set<string>,
): Given[] {
  const steps = [view.step, ...view.miss.cascade].filter(isMiss);
  const proven = isReplayable(causes);
  const joined = new Map<string, Given>();
  for (const g of given) {
    const reason = refusal(g, rewrites);
    if (reason === null) joined.set(g.id, g);
    else notes.add(`Not advised: ${reason}`);
  }
  for (const fix of rewrites.fixes) {
    const id = ADVICE_OF[fix.id] ?? fix.id;
    const suggested = joined.get(id)?.proposal;
    if (proven && fix.remains !== null) {
      const made = proposeProven(fix, steps, stay, suggested);
      const other = joined.get(id)?.proposal;
      if (made && (other?.patch === undefined || gain(made) > gain(other))) joined.set(id, { id, proposal: made });
    } else if (suggested && suggested.patch === undefined && fix.changesImage === undefined)
      joined.set(id, {
        id,
        proposal: withPatch(suggested, fix, fix.proof ?? 'not proven: no build before to hold it against, or another cause'),
      });
  }
  return [...joined.values()].map((g) => explainMissing(g, rewrites));
}

function proposeProven(fix: Rewrite, steps: readonly Step[], stay: ReadonlySet<string>, suggested: Proposal | undefined): Proposal | null {
  const parts = new Map<Step, number>();
  let guessed = false;
  for (const s of steps) {
    const left = stay.has(s.id) ? undefined : fix.remains?.get(s.id);
    if (!left || left.share >= 1) continue;
    parts.set(s, 1 - left.share);
    guessed ||= left.guessed;
  }
  const whole = [...parts].filter(([, share]) => share === 1).map(([s]) => s.id);
  const some = [...parts].filter(([, share]) => share < 1).map(([s]) => s.id);
  const proposal: Proposal = { summary: suggested?.summary ?? fix.title, saves: [...parts.keys()], parts };
  if (gain(proposal) < LEAST_SECONDS) return null;
  const shown = [
    ...(whole.length > 0 ? [`${list(whole)} would have been reused`] : []),
    ...(some.length > 0 ? [`part of ${list(some)} would have been reused`] : []),
  ].join(', ');
  const proof = `proven with the key model on this very change: with the patch ${shown}${guessed ? ' (which part of the time that is, is assumed)' : ''}`;
  return withPatch({ ...proposal, because: suggested?.because ?? [] }, fix, proof);
}

function withPatch(proposal: Proposal, fix: Rewrite, proof: string): Proposal {
  const doubts = [...(fix.changesImage === undefined ? [] : [fix.changesImage]), ...withVerb(fix.unverified)].join('; ');
  return {
    ...proposal,
    patch: fix.patch,
    because: [...(proposal.because ?? []), ...fix.keeps],
    proof: doubts === '' ? proof : `${proof}; ${doubts}`,
  };
}

function withVerb(unverified: readonly string[]): string[] {
  return unverified.length > 0 ? [`not verified: ${unverified.join('; ')}`] : [];
}

/** The very thing that is suggested was looked at and is not safe: `.git` where the version comes from it. */
function refusal(g: Given, rewrites: Rewrites): string | null {
  if (g.id !== 'ignore-files') return null;
  const lines = [...g.proposal.summary.matchAll(/`([^`]+)`/g)].map((m) => m[1]);
  const found = rewrites.refused.find((r) => r.id === 'ignore-files' && lines.some((l) => r.reason.startsWith(`\`${l}\` `)));
  return found?.reason ?? null;
}

/** Why there is no patch. */
function explainMissing(g: Given, rewrites: Rewrites): Given {
  if (g.proposal.patch !== undefined) return g;
  const found = rewrites.refused.find((r) => (ADVICE_OF[r.id] ?? r.id) === g.id);
  if (!found || g.id === 'ignore-files') return g;
  const proof = [g.proposal.proof, `no patch is offered, it is not proven safe: ${found.reason}`].filter((t) => t !== undefined).join('; ');
  return { id: g.id, proposal: { ...g.proposal, proof } };
}

/** Seconds that it would have saved in this build. */
export function gain(proposal: Proposal): number {
  return (proposal.saves ?? []).reduce((sum, s) => sum + (isMiss(s) ? (s.seconds ?? 0) * (proposal.parts?.get(s) ?? 1) : 0), 0);
}

function list(ids: readonly string[]): string {
  return ids.length > 6 ? `${ids.slice(0, 5).join(', ')} and ${ids.length - 5} more` : ids.join(', ');
}
