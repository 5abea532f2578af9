/** What differs between two builds. Plain JSON; everything in it may be shown. */
import type { CauseReport, StepStatus } from '../model.ts';

export interface StepChange {
  /** status: it went otherwise. text: its text or a value in it is another. added, removed: only one build has it. inputs: what is in its cache key. */
  readonly kind: 'status' | 'text' | 'added' | 'removed' | 'inputs';
  readonly name: string;
  readonly before: { readonly name: string; readonly status: StepStatus | null; readonly seconds: number | null } | null;
  readonly after: { readonly name: string; readonly status: StepStatus | null; readonly seconds: number | null } | null;
  /** Words that differ in its text, without what is the same before and after them. */
  readonly words?: { readonly before: string; readonly after: string };
  /** inputs: what differs, as causes. */
  readonly causes?: readonly Pick<CauseReport, 'kind' | 'summary' | 'because' | 'paths'>[];
}

export interface ImageChange {
  readonly image: string;
  /** Digest, or the other reference. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface Totals {
  readonly steps: number;
  readonly reused: number;
  readonly rebuilt: number;
  readonly rebuiltSeconds: number;
  /** Wall time, null where unknown. */
  readonly seconds: number | null;
}

export interface BuildDifference {
  readonly of: 'logs' | 'baselines';
  readonly before: Totals;
  readonly after: Totals;
  readonly images: readonly ImageChange[];
  readonly steps: readonly StepChange[];
  /** One sentence each: other builder, other command line, what could not be compared. */
  readonly notes: readonly string[];
}
