/** The contract of a piece of advice: one file per fix in this folder. */
import type { Facts } from '../causes/define.ts';
import type { MissView } from '../causes/signals.ts';
import type { Step } from '../graph/step.ts';
import type { CauseReport } from '../model.ts';

/** A fix for one first miss, or for the build as a whole. */
export interface Proposal {
  /** An imperative sentence. */
  readonly summary: string;
  /** Steps that would not have run in this build. Empty: it saves later builds only; null: it cannot be told. */
  readonly saves: readonly Step[] | null;
  /** Of these, the share of their time that it saves, 0 to 1. Not listed: all of it. */
  readonly parts?: ReadonlyMap<Step, number>;
  /** Unified diff that applies with `patch -p1` in the build context. */
  readonly patch?: string;
  readonly proof?: string;
  readonly because?: readonly string[];
}

export interface Advice {
  readonly id: string;
  readonly title: string;
  /** Advice on one first miss. `causes` are ranked, most probable first. */
  readonly forMiss?: (view: MissView, causes: readonly CauseReport[], facts: Facts) => Proposal | undefined;
  /** Advice on the build as a whole. */
  readonly forBuild?: (facts: Facts) => Proposal | undefined;
}
