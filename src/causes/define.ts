/** The contract of a cause: one file per kind in this folder. */
import type { BuildCommand } from '../command/parse.ts';
import type { StepGraph } from '../graph/step.ts';
import type { CauseKind, CauseReport } from '../model.ts';
import type { MissView, Signals } from './signals.ts';

/** A cause with its rank among causes of the same confidence: higher first. */
export interface Finding extends CauseReport {
  readonly weight: number;
}

/** An argument or ENV variable that a step's key holds. */
export interface ScopeEntry {
  readonly kind: 'arg' | 'env';
  readonly name: string;
  /** Null where unknown. */
  readonly value: string | null;
}

/** What is known of one build, gathered before any cause is asked. A missing source of facts is null, never an error. */
export interface Facts {
  readonly graph: StepGraph;
  readonly signals: Signals;
  readonly command: BuildCommand | null;
  /** True where the step's instruction is known from a Dockerfile that matches the log. */
  readonly dockerfileKnown: boolean;
  /**
   * ARG and ENV that this first miss has in scope and that no reused RUN above it had, from the Dockerfile; null where the Dockerfile is unknown.
   */
  newScope(view: MissView): readonly ScopeEntry[] | null;
}

/** Documentation of a cause: what `cachewhy explain` prints. Markdown, a paragraph each. */
export interface CauseDocs {
  /** What it means. */
  readonly what: string;
  /** How cachewhy knows it, and how sure it can be. */
  readonly known: string;
  /** How to mend it. */
  readonly fix: string;
  /** A short example: log lines or Dockerfile lines. */
  readonly example: string;
}

export interface Cause {
  readonly kind: CauseKind;
  /** A few words, as a heading: "Files of the build context changed". */
  readonly title: string;
  readonly docs: CauseDocs;
  /** Weighs the cause for one first miss from the log, the command line and the Dockerfile alone, without a build to compare with. */
  readonly suspect?: (view: MissView, facts: Facts) => Finding | undefined;
}
