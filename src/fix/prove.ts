/**
 * Proof by the key model: the rewritten files are held against the same change that this build saw. Both builds are computed with them, the one
 * before and this one; what has the same key in both would have been reused. Pure.
 */
import { compileIgnore } from '../context/dockerignore.ts';
import type { ContextListing } from '../context/types.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { completeKeys, draftKeys } from '../keys/compute.ts';
import type { BuildKeys, KeyInput, StepKeys } from '../keys/model.ts';
import type { Fix } from './types.ts';

/** What changed between the build before and this one. */
export interface Change {
  /** Context of the build before. */
  readonly before: ContextListing;
  readonly now: ContextListing;
  /** Arguments whose values differ. */
  readonly args: readonly string[];
  /** All else that goes into the keys; the Dockerfile and the context are put in. */
  readonly shape: Omit<KeyInput, 'dockerfile' | 'context'>;
}

/** What the rewrite leaves of a step. */
export interface Remains {
  /** Of its time, 0 to 1, that the change still costs. */
  readonly share: number;
  /** The share is a guess: the step was cut in pieces, and nobody measured them. */
  readonly guessed: boolean;
}

/**
 * @param missed keys of the steps that missed, by any id
 * @returns by that id, what of it would still run; a step that is not listed would run as it did
 */
export function proveFix(fix: Fix, dockerfile: string, change: Change, missed: ReadonlyMap<string, StepKeys>): Map<string, Remains> {
  const parsed = parseDockerfile(fix.dockerfile ?? dockerfile, 'Dockerfile');
  const listed = (listing: ContextListing): ContextListing => (fix.ignore === undefined ? listing : without(listing, fix.ignore));
  const draft = draftKeys({ ...change.shape, dockerfile: parsed });
  const now = completeKeys(draft, { ...change.shape, context: listed(change.now) });
  const buildArgs = { ...change.shape.buildArgs };
  for (const name of change.args) buildArgs[name] = `${buildArgs[name] ?? ''}\u0001before`;
  const was = change.args.length === 0 ? draft : draftKeys({ ...change.shape, buildArgs, dockerfile: parsed });
  const before = completeKeys(was, { ...change.shape, context: listed(change.before) });
  const known = new Set(before.steps.map((s) => s.identity));
  const unknown = unknownSteps(now);
  const hit = (s: StepKeys): boolean => known.has(s.identity) && !unknown.has(s.id);
  const found = new Map<string, Remains>();
  for (const [id, step] of missed) {
    const same = twin(now, step, step.text);
    if (same) {
      // With an earlier run of the same install above it, little is left to do where it still runs.
      const early = fix.pieces.find((p) => p.text === step.text && p.of === step.text);
      if (hit(same)) found.set(id, { share: 0, guessed: false });
      else if (early && pieces(now, fix, step).some((p) => p.step.text !== step.text && hit(p.step)))
        found.set(id, { share: early.share, guessed: true });
      continue;
    }
    const parts = pieces(now, fix, step);
    if (parts.length === 0) continue;
    const share = parts.reduce((sum, p) => sum + (hit(p.step) ? 0 : p.share), 0);
    if (share < 1) found.set(id, { share, guessed: share > 0 });
  }
  return found;
}

/** The same instruction in the rewritten file: of several the one nearest to its old place. */
function twin(keys: BuildKeys, step: StepKeys, text: string): StepKeys | undefined {
  const same = keys.steps.filter((s) => s.stageIndex === step.stageIndex && s.platform === step.platform && s.text === text);
  return same.sort((a, b) => Math.abs(a.position - step.position) - Math.abs(b.position - step.position))[0];
}

function pieces(keys: BuildKeys, fix: Fix, step: StepKeys): { step: StepKeys; share: number }[] {
  return fix.pieces.flatMap((p) => {
    const found = p.of === step.text ? twin(keys, step, p.text) : undefined;
    return found ? [{ step: found, share: p.share }] : [];
  });
}

/** Steps that read what nobody knows, and all that stands on them: equal keys prove nothing there. */
function unknownSteps(keys: BuildKeys): Set<string> {
  const found = new Set<string>();
  const ends = new Map(keys.stages.map((s) => [`${s.platform ?? ''} ${s.index}`, s.end]));
  // A step stands below what it is made from: one pass is enough.
  for (const step of keys.steps) {
    const above = step.base.kind === 'step' && found.has(step.base.id);
    const reads = step.reads.some((r) => {
      if (r.kind === 'remote') return true;
      if (r.kind === 'context' || r.kind === 'named') return r.digest === null;
      const end = r.kind === 'stage' ? (r.end ?? ends.get(`${step.platform ?? ''} ${r.stage}`)) : undefined;
      return end?.kind === 'step' && found.has(end.id);
    });
    if (above || reads) found.add(step.id);
  }
  return found;
}

/** The listing without what the ignore file keeps out. */
function without(listing: ContextListing, ignore: string): ContextListing {
  const rules = compileIgnore(ignore);
  return { entries: new Map([...listing.entries].filter(([path]) => rules.ignores(path) !== true)) };
}
