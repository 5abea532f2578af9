/** The steps of one build as they truly went. */
import type { Outcome, SourceRange, StepRole, StepStatus } from '../model.ts';
import type { BuildLog, Vertex } from './log.ts';
import type { VertexName } from './names.ts';

/** A vertex with what it means: mutable while the graph is being built, read-only for everybody else. */
export interface Step {
  readonly id: string;
  /** The name it was shown under last: of a shared vertex, the one that BuildKit kept. */
  readonly name: string;
  readonly vertex: Vertex;
  readonly parsed: VertexName;
  /** Every name it was shown under, resolved. */
  readonly aliases: readonly VertexName[];
  cacheable: boolean;
  status: StepStatus;
  role: StepRole;
  /** Seconds of work; null where the log does not tell. */
  seconds: number | null;
  /** Ids of the vertices it stands on: exact (rawjson, classic) or inferred from the names. */
  inputs: string[];
  /** True where the step's own process or copy ran, to the end or not. */
  ran: boolean;
  /** Layers were downloaded for it. */
  pulled: boolean;
  /** COPY --link put on another base. */
  rebased: boolean;
  /** The same step evaluated a second time in the same build: this id has the first. */
  duplicateOf: string | null;
  source: SourceRange | null;
}

/** A first miss and what it set off. */
export interface MissNode {
  readonly root: Step;
  /** Misses below it, through misses only, in the order of the log. */
  readonly cascade: readonly Step[];
  readonly seconds: number;
  readonly cascadeSeconds: number;
  /** Seconds by which it made the longest path longer; null where durations are unknown. */
  readonly criticalSeconds: number | null;
}

export interface StepGraph {
  readonly log: BuildLog;
  readonly outcome: Outcome;
  readonly seconds: number | null;
  /** In the order of the log. */
  readonly steps: ReadonlyMap<string, Step>;
  readonly misses: readonly MissNode[];
  /** True where `inputs` come from the log itself or from the Dockerfile, false where they were read off the names. */
  readonly exactInputs: boolean;
}

/** A cacheable step that was not served by the cache. */
export function isMiss(step: Step): boolean {
  return step.cacheable && (step.status === 'rebuilt' || step.status === 'failed' || (step.status === 'canceled' && step.ran));
}

export function isHit(step: Step): boolean {
  return step.cacheable && step.status === 'reused';
}
