/** What a simulation says: plain JSON, all that its reports see. */
import type { CauseKind, PathChange } from '../model.ts';

/** What the cache still has when a commit is built. */
export type Memory =
  /** All that was ever built. */
  | { readonly kind: 'everything' }
  /** Only what the build before left: a runner that keeps one cache. */
  | { readonly kind: 'previous' }
  /** A size limit, kept by BuildKit's garbage collection. */
  | { readonly kind: 'size'; readonly bytes: number };

/** Something that git cannot tell, and what was taken for true instead. */
export interface Assumption {
  readonly id:
    | 'base-images'
    | 'build-arguments'
    | 'stage-outputs'
    | 'memory'
    | 'durations'
    | 'sizes'
    | 'submodules'
    | 'lfs'
    | 'remote-sources'
    | 'git-folder'
    | 'link';
  readonly text: string;
  /** The option that says otherwise, where there is one. */
  readonly option?: string;
}

/** Why a first miss missed, as far as the trees of the commits tell. */
export interface SimulatedCause {
  readonly kind: CauseKind;
  readonly summary: string;
  /** At most MAX_PATHS of them; `morePaths` counts the rest. */
  readonly paths?: readonly PathChange[];
  readonly morePaths?: number;
  readonly name?: string;
  readonly before?: string | null;
  readonly after?: string | null;
}

export interface SimulatedMiss {
  /** Name of the step, as BuildKit shows it. */
  readonly step: string;
  readonly cause: SimulatedCause;
  /** Names of the steps that it dragged along. */
  readonly cascade: readonly string[];
  /** Its own seconds and those of its cascade; a step below two first misses counts half for each. null: not one duration is known. */
  readonly seconds: number | null;
}

/** built: the engine would build it. failed: it would fail at a COPY whose source is not there. unbuildable: not even begun. */
export type CommitStatus = 'built' | 'failed' | 'unbuildable';

export interface SimulatedCommit {
  readonly commit: string;
  readonly subject: string;
  /** ISO 8601, the committer's. */
  readonly time: string;
  readonly status: CommitStatus;
  /** Why it is not `built`. */
  readonly problem?: string;
  /** Names of the steps that would run, in the order of the Dockerfile. */
  readonly rebuilt: readonly string[];
  readonly reused: readonly string[];
  /** Of `rebuilt`: reused in truth if the stage that they copy from came out byte-identical. Only a build can tell. */
  readonly uncertain: readonly string[];
  readonly misses: readonly SimulatedMiss[];
  /** Seconds in steps that ran, those of unknown duration left out. */
  readonly seconds: number;
  /** The longest chain of them: what one waits for where stages run side by side. */
  readonly waitSeconds: number;
  /** reused / all, 0 to 1. */
  readonly hitRate: number;
}

/** One step over all commits. Steps are one where stage and text are equal, wherever they stand. */
export interface SimulatedStep {
  /** Name of its last appearance. */
  readonly name: string;
  readonly stage: string | null;
  readonly instruction: string;
  /** Commits that have it. */
  readonly builds: number;
  readonly misses: number;
  /** Of these: where it was the first miss. */
  readonly firstMisses: number;
  readonly seconds: number | null;
  /** log: read there. similar: that of a step like it. none: unknown. */
  readonly basis: 'log' | 'similar' | 'none';
  readonly totalSeconds: number;
  /** The files through which it missed, worst first. */
  readonly files: readonly { readonly path: string; readonly misses: number }[];
  /** In how many commits other causes than files made it miss. */
  readonly otherCauses: number;
}

export interface SimulatedFile {
  readonly path: string;
  /** Commits in which its change made a step miss. */
  readonly commits: number;
  /** Its share of the seconds that were rebuilt: several files of one commit share equally. */
  readonly seconds: number;
}

export interface SimulationSummary {
  readonly commits: number;
  readonly built: number;
  readonly failed: number;
  readonly unbuildable: number;
  /** Steps of all built commits together. */
  readonly steps: number;
  readonly reused: number;
  readonly rebuilt: number;
  readonly uncertain: number;
  readonly hitRate: number;
  readonly seconds: number;
  readonly waitSeconds: number;
  /** Commits in which nothing was rebuilt. */
  readonly calm: number;
}

/** One Dockerfile's way through the history. */
export interface Replay {
  readonly summary: SimulationSummary;
  readonly commits: readonly SimulatedCommit[];
  /** Costliest first. */
  readonly steps: readonly SimulatedStep[];
  /** Costliest first, at most MAX_FILES. */
  readonly files: readonly SimulatedFile[];
}

/** A change of the Dockerfile or the ignore file, replayed over the same commits. */
export interface Variant extends Replay {
  readonly id: string;
  readonly title: string;
  /** Unified diff of the newest commit's files; applies with `patch -p1` at the root of the repository. */
  readonly patch: string;
  /** Seconds saved over all commits; negative where it costs more. */
  readonly savedSeconds: number;
  readonly savedWaitSeconds: number;
  /** Commits where less, and where more, would have been rebuilt. */
  readonly better: number;
  readonly worse: number;
  /** What the change keeps, and what could not be verified. */
  readonly keeps: readonly string[];
  readonly unverified: readonly string[];
  /** What of the image is not as it was. Absent: it holds the same. */
  readonly changesImage?: string;
  /** Commits to which the change could not be applied: they count unchanged. */
  readonly skipped: number;
}

/** A change that was considered and not proposed. */
export interface Refusal {
  readonly id: string;
  readonly title: string;
  readonly reason: string;
}

export interface Simulation extends Replay {
  readonly repository: { readonly ref: string; readonly from: string; readonly to: string; readonly shallow: boolean };
  readonly dockerfile: string;
  readonly context: string;
  readonly target: string | null;
  readonly memory: Memory;
  readonly assumptions: readonly Assumption[];
  readonly against?: Variant;
  /** Best first. */
  readonly fixes?: readonly Variant[];
  readonly refused?: readonly Refusal[];
  readonly notes: readonly string[];
  /** The price of what was rebuilt, where one is given. */
  readonly money?: { readonly currency: string; readonly perMinute: number; readonly spent: number; readonly saved?: number };
}

/** The document of `--format json`. */
export interface SimulationReport {
  readonly schemaVersion: 1;
  readonly generator: { readonly name: string; readonly version: string };
  readonly simulation: Simulation;
}
