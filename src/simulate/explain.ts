/** Why a first miss missed: what of its key differs from the build before. */
import { causesOf } from '../causes/computed.ts';
import type { CopySelection } from '../context/select.ts';
import { type Compared, diffBuilds } from '../keys/diff.ts';
import type { PathChange } from '../model.ts';
import type { SimulatedCause } from './model.ts';
import type { Plan, PlanStep } from './plan.ts';

/** At most so many paths are listed with a cause. */
const MAX_PATHS = 20;

export interface BuildBefore {
  readonly plan: Plan;
  /** Digests of what each step reads from the context, by step id. */
  readonly digests: ReadonlyMap<string, readonly string[]>;
}

/** The files that a selection reads and that differ between the two builds. */
export type FindChanges = (selections: readonly CopySelection[]) => readonly PathChange[];

/** Compares the Dockerfiles of two builds; the same one twice costs nothing. */
export function createExplainer(): (
  plan: Plan,
  step: PlanStep,
  digests: readonly string[],
  before: BuildBefore | null,
  changes: FindChanges,
) => SimulatedCause {
  let last: { readonly before: Plan; readonly after: Plan; readonly compared: ReadonlyMap<string, Compared> } | null = null;
  const compare = (before: Plan, after: Plan): ReadonlyMap<string, Compared> => {
    if (last && last.before === before && last.after === after) return last.compared;
    const state = (p: Plan): Parameters<typeof diffBuilds>[0] | null => p.keys && { keys: p.keys, listing: null, images: {} };
    const [was, is] = [state(before), state(after)];
    last = { before, after, compared: was && is ? diffBuilds(was, is) : new Map() };
    return last.compared;
  };

  return (plan, step, digests, before, changes) => {
    if (!before) return { kind: 'cold-cache', summary: 'the first build of this history' };
    const compared = plan === before.plan ? null : compare(before.plan, plan).get(step.keys.id);
    if (compared && compared.differences.length > 0) {
      const [cause] = causesOf(compared, 'the build before');
      if (cause)
        return {
          kind: cause.kind,
          summary: cause.summary,
          ...(cause.name !== undefined && { name: cause.name }),
          ...(cause.before !== undefined && { before: cause.before }),
          ...(cause.after !== undefined && { after: cause.after }),
        };
    }
    const old = before.digests.get(compared?.before?.id ?? step.keys.id) ?? [];
    if (step.reads.length > 0 && digests.some((d, i) => d !== old[i])) {
      const paths = changes(step.reads.filter((_, i) => digests[i] !== old[i]));
      return {
        kind: 'context-files-changed',
        summary: summarise(paths),
        paths: paths.slice(0, MAX_PATHS),
        ...(paths.length > MAX_PATHS && { morePaths: paths.length - MAX_PATHS }),
      };
    }
    return plan === before.plan || compared
      ? { kind: 'cold-cache', summary: 'nothing of it changed since the build before: the cache has it in no such combination' }
      : { kind: 'instruction-added', summary: 'the instruction is new', before: null, after: step.keys.text };
  };
}

function summarise(paths: readonly PathChange[]): string {
  const [first] = paths;
  if (!first) return 'other files than before are sent';
  const words = { modified: 'changed', added: 'is new', removed: 'was removed', metadata: 'has another mode or type' };
  if (paths.length === 1) return `${first.path} ${words[first.change]}`;
  const names = paths.slice(0, 3).map((p) => p.path);
  return `${names.join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''} changed`;
}
