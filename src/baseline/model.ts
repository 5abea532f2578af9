/** What a build looked like, as it is kept for the next comparison. */
import type { ContextListing } from '../context/types.ts';
import type { ImageDigests } from '../keys/diff.ts';
import type { BuildKeys } from '../keys/model.ts';
import type { Outcome, StepStatus } from '../model.ts';

/** One build of the past, for trends. */
export interface PastBuild {
  /** ISO time. */
  readonly at: string;
  /** 0 to 1. */
  readonly hitRate: number;
  readonly rebuiltSeconds: number;
  /** Commit, where it is known. */
  readonly revision?: string;
  /** Names of the steps that missed. */
  readonly missed: readonly string[];
}

export interface BaselineStep {
  readonly name: string;
  readonly status: StepStatus;
  /** What it cost when it last ran; null where no log told. */
  readonly seconds: number | null;
}

/** Which build a baseline is of. Two builds are comparable where these are equal. */
export interface Project {
  /** Folder of the context, absolute; or what else names it (a URL). */
  readonly context: string;
  readonly dockerfile: string;
  readonly target: string | null;
  /** Empty: the builder's own. */
  readonly platforms: readonly string[];
}

export interface Baseline {
  /** ISO time. */
  readonly savedAt: string;
  /** Salt of the hashes that stand for secrets; kept with them, so that builds of several machines compare. */
  readonly salt: string;
  readonly outcome: Outcome;
  readonly keys: BuildKeys;
  readonly listing: ContextListing | null;
  readonly named: Readonly<Record<string, ContextListing | null>>;
  readonly images: ImageDigests;
  /** By id of the step's keys. */
  readonly steps: Readonly<Record<string, BaselineStep>>;
  /** True where the command line was known: arguments and flags are then as passed. */
  readonly commandKnown: boolean;
  /** Oldest first, at most 50. */
  readonly past: readonly PastBuild[];
  readonly project?: Project;
  /** The build's command line, secrets masked. */
  readonly command?: string;
}
