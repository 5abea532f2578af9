/**
 * The report: what other programs may rely on (version 1), and all that a reporter sees. Plain JSON; schema/report.schema.json describes it.
 * A number that a reporter needs belongs in here.
 */
import type { Dialect } from './events.ts';

export type { Dialect } from './events.ts';

export interface Report {
  readonly schemaVersion: 1;
  /** The program that made it. */
  readonly generator?: { readonly name: string; readonly version: string };
  readonly builds: readonly BuildReport[];
  /** Budgets that were asked for and how they held. Absent where none was asked for. */
  readonly budgets?: readonly BudgetResult[];
  /** What the whole input had to say beside its builds: lines of no build that could not be read, a wrapper that was taken off. */
  readonly notes?: readonly string[];
}

export type Outcome = 'succeeded' | 'failed' | 'canceled' | 'incomplete';

export interface BuildReport {
  readonly dialect: Dialect;
  readonly outcome: Outcome;
  readonly builder: { readonly name: string; readonly driver: string } | null;
  /** Wall time in seconds, or null where the log does not tell. */
  readonly seconds: number | null;
  /** When it began, RFC 3339, where the log or its wrapper tells. */
  readonly startedAt?: string;
  readonly summary: Summary;
  /** One sentence that a tired person understands. */
  readonly headline: string;
  /** Every vertex, in the order of the log. */
  readonly steps: readonly StepReport[];
  /** The first misses, worst first. */
  readonly misses: readonly MissReport[];
  /** Steps inside a cascade that would have missed on their own as well. */
  readonly hidden: readonly MissReport[];
  /** Reused, but what they depend on is outside the cache key: possibly stale. */
  readonly suspectHits: readonly SuspectHit[];
  readonly notes: readonly string[];
  /** The command line that made the build, where it is known; secrets are masked. */
  readonly command?: string;
  /** Advice that belongs to the build and to no single miss (cache export, builder, context size). */
  readonly advice?: readonly AdviceReport[];
  /** What the waste costs, where a price is known. */
  readonly money?: Money;
  /** How this build stands among the ones before it, where a baseline keeps them. */
  readonly trend?: Trend;
  /** The line of the input at which the build starts (1-based). */
  readonly line?: number;
  /** The builder's record that it was held against, where it was. */
  readonly comparedWith?: ComparedRecord;
  /** The build is still to come: what is said of its steps is foretold. */
  readonly foreseen?: Foreseen;
}

/** What a prediction stands on. */
export interface Foreseen {
  /** When the build was made that it was held against, RFC 3339; null where there was none. */
  readonly against: string | null;
  /** What was taken for granted, a sentence each. */
  readonly assumptions: readonly string[];
  /** Steps that may come otherwise, and on what that hangs. */
  readonly doubts: readonly { readonly step: string; readonly why: string }[];
}

/** A build that the builder has on record. */
export interface ComparedRecord {
  readonly ref: string;
  /** When it began, RFC 3339. */
  readonly at: string;
  readonly outcome: Outcome;
  /** What changed in the Dockerfile since: a unified diff, secrets masked; absent where nothing did or one side is not on record. */
  readonly dockerfileDiff?: string;
}

export interface Summary {
  /** Cacheable steps only: RUN, COPY, ADD, WORKDIR. Shared vertices count once. */
  readonly steps: number;
  readonly reused: number;
  readonly rebuilt: number;
  /** reused / (reused + rebuilt), 0 to 1; 1 where no step ran or hit. */
  readonly hitRate: number;
  /** Seconds in steps that ran. */
  readonly rebuiltSeconds: number;
  /** Of these, the seconds that a fix named in the report would have saved. */
  readonly avoidableSeconds: number;
}

/** reused: served by the cache, pulled or not. skipped: never ran (a failed build prints CACHED for these too). internal: no cacheable step. */
export type StepStatus = 'reused' | 'rebuilt' | 'failed' | 'canceled' | 'skipped' | 'internal';
/** cut-off: reused although something above it was rebuilt. */
export type StepRole = 'first-miss' | 'cascade' | 'reused' | 'cut-off' | 'none';

export interface StepReport {
  readonly id: string;
  readonly name: string;
  /** bake or compose target. */
  readonly target: string | null;
  readonly platform: string | null;
  readonly stage: string | null;
  readonly position: number | null;
  readonly of: number | null;
  /** RUN, COPY, ADD, WORKDIR, FROM, …; null for vertices that are no instruction. */
  readonly instruction: string | null;
  readonly cacheable: boolean;
  readonly status: StepStatus;
  readonly role: StepRole;
  /** Seconds of work, as far as the log tells. */
  readonly seconds: number | null;
  readonly inputs: readonly string[];
  readonly source: SourceRange | null;
  /** Seconds since the build started, where the log tells (rawjson, or a wrapper's time stamps). */
  readonly startedAt?: number;
  /** True where the step came from a cache and its layers had to be downloaded. */
  readonly pulled?: boolean;
  /** True where COPY --link was only put on another base: not rebuilt. */
  readonly rebased?: boolean;
}

/** Lines of the Dockerfile, 1-based and inclusive. */
export interface SourceRange {
  /** As people call it: relative to the build context. */
  readonly file: string;
  /** From the root of the repository, where that is another: what annotations of files go by. */
  readonly path?: string;
  readonly line: number;
  readonly endLine: number;
}

export interface MissReport {
  /** Step id. */
  readonly step: string;
  readonly name: string;
  /** Ids of the steps that this one dragged along. */
  readonly cascade: readonly string[];
  readonly seconds: number;
  readonly cascadeSeconds: number;
  /** Ranked, most probable first; never empty. */
  readonly causes: readonly CauseReport[];
  readonly advice: readonly AdviceReport[];
  /** Seconds by which this miss made the build longer on its critical path; null where the log does not tell. */
  readonly criticalSeconds?: number | null;
  /** waste: a fix would avoid it. needed: healthy work after a real change. unknown: the evidence does not tell. */
  readonly verdict?: 'waste' | 'needed' | 'unknown';
  /** A comment in the Dockerfile accepts this miss; `line` is the comment's. Budgets leave it out. */
  readonly accepted?: { readonly reason: string | null; readonly line: number };
  readonly source?: SourceRange | null;
}

/** certain: shown by a compared input. */
export type Confidence = 'certain' | 'likely' | 'possible';

export type CauseKind =
  | 'context-files-changed'
  | 'instruction-changed'
  | 'instruction-added'
  | 'instruction-moved'
  | 'build-arg-changed'
  | 'build-flag-changed'
  | 'env-changed'
  | 'base-image-changed'
  | 'stage-output-changed'
  | 'remote-source-changed'
  | 'named-context-changed'
  | 'no-cache-flag'
  | 'cold-cache'
  | 'cache-import-failed'
  | 'cache-import-partial'
  | 'not-built-before'
  | 'platform-changed'
  | 'frontend-changed'
  | 'unexplained';

export interface PathChange {
  readonly path: string;
  /** metadata: mode, type or link target, with the content the same. */
  readonly change: 'modified' | 'added' | 'removed' | 'metadata';
  /** What exactly: `mode 644 → 755`. */
  readonly detail?: string;
}

/** One possible cause of a first miss. Which optional fields a kind carries is in schema/report.schema.json. */
export interface CauseReport {
  readonly kind: CauseKind;
  readonly confidence: Confidence;
  readonly summary: string;
  /** The evidence, one sentence each, with where it comes from. Never empty. */
  readonly because: readonly string[];
  readonly paths?: readonly PathChange[];
  /** Changed paths beyond those listed. */
  readonly morePaths?: number;
  readonly name?: string;
  readonly before?: string | null;
  readonly after?: string | null;
  readonly image?: string;
  readonly stage?: string | null;
  readonly url?: string;
  readonly context?: string;
  readonly source?: string | null;
}

export interface AdviceReport {
  readonly id: string;
  readonly summary: string;
  /** Seconds it would have saved in this build; 0 where it saves only later builds; null where it cannot be told. */
  readonly savesSeconds: number | null;
  /** A unified diff that applies with `patch -p1` in the build context. */
  readonly patch?: string;
  /** What was proven about the patch, or why it could not be. */
  readonly proof?: string;
  readonly because?: readonly string[];
  readonly savesMoneyPerMonth?: number;
}

export interface SuspectHit {
  readonly step: string;
  readonly name: string;
  /** package-index, unpinned-install, remote-download, git-clone, mutable-base, stale-argument, same-size-and-time, … */
  readonly kind: string;
  readonly summary: string;
  readonly because: readonly string[];
  readonly ageSeconds: number | null;
  readonly fix?: string;
}

export interface Money {
  readonly currency: string;
  readonly perMinute: number;
  readonly buildsPerDay: number;
  /** What the avoidable seconds cost in 30 days. */
  readonly avoidablePerMonth: number;
}

export interface Trend {
  /** Oldest first. */
  readonly builds: readonly {
    readonly at: string;
    readonly hitRate: number;
    readonly rebuiltSeconds: number;
    readonly revision?: string;
  }[];
  /** Steps that miss most, worst first; `of` the builds that had an earlier one to reuse. Empty while there is one such build. */
  readonly worst: readonly { readonly name: string; readonly misses: number; readonly of: number }[];
  /** First misses that were no misses in the build before: `since` is when the step was last reused. */
  readonly fresh: readonly { readonly step: string; readonly since: string | null }[];
}

export interface BudgetResult {
  readonly id: string;
  readonly ok: boolean;
  readonly summary: string;
}
