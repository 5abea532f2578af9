/** The ingredients of cache keys: what is in each step's key, and nothing else (BuildKit: solver/llbsolver/ops/exec.go, file.go). */
import type { CopySelection } from '../context/select.ts';
import type { ContextListing } from '../context/types.ts';
import type { Dockerfile } from '../dockerfile/model.ts';
import type { ImageFacts } from '../dockerfile/plan.ts';
import type { SourceRange } from '../model.ts';

/** A variable in a RUN's environment, in its order. */
export interface ScopeEntry {
  readonly kind: 'arg' | 'env';
  readonly name: string;
  /** Null where unknown. A value that looks like a secret is a salted hash. */
  readonly value: string | null;
  /** The value holds parts that are not known, shown as `$NAME`. */
  readonly partial?: true;
  /** Set by the base image, or PATH where it sets none: no line of the Dockerfile. */
  readonly inherited?: true;
  /** Arguments whose values went into this one. */
  readonly from?: readonly string[];
}

/** What a step reads beside the file system it stands on. */
export type Read =
  | { readonly kind: 'context'; readonly selection: CopySelection; readonly digest: string | null }
  | { readonly kind: 'named'; readonly context: string; readonly selection: CopySelection; readonly digest: string | null }
  /** `end` is what the paths are read from: the stage's last step, or what it stands on. */
  | { readonly kind: 'stage'; readonly stage: number; readonly paths: readonly string[]; readonly end?: Base }
  | { readonly kind: 'image'; readonly image: string; readonly paths: readonly string[]; readonly context?: string }
  | { readonly kind: 'remote'; readonly url: string }
  | { readonly kind: 'inline'; readonly digest: string };

export type Base =
  | { readonly kind: 'step'; readonly id: string }
  /** An image, with the additional context that puts it there; or a folder in an image's place, under its context's name. */
  | { readonly kind: 'image'; readonly image: string; readonly context?: string }
  | { readonly kind: 'scratch' };

export interface StepKeys {
  /** `0:3`: stage index and position; with several platforms `linux/arm64 0:3`. */
  readonly id: string;
  readonly stageIndex: number;
  /** As the log shows it: null where it shows none. */
  readonly stage: string | null;
  /** What it runs for; null where that is the builder's own platform and not known. */
  readonly platform: string | null;
  readonly position: number;
  readonly of: number;
  readonly instruction: string;
  /** As BuildKit displays it, variables filled in as far as they are known. */
  readonly name: string;
  /** As it stands in the Dockerfile, joined to one line. */
  readonly text: string;
  readonly range: SourceRange;
  readonly base: Base;
  readonly reads: readonly Read[];
  /** RUN only; empty otherwise: COPY, ADD and WORKDIR have no environment in their key. */
  readonly env: readonly ScopeEntry[];
  /** All other ingredients by name: text, shell, user, workdir, mounts, dest, chmod, …, and the flags of the command as `flag:network`. */
  readonly own: Readonly<Record<string, string>>;
  /** Equal for steps that BuildKit merges into one vertex: the ingredients and all they stand on. */
  readonly identity: string;
  /** Variables that its text uses outside a RUN's command: their values are in `own` and the selections. */
  readonly mentions?: readonly ScopeEntry[];
  /** Names in `own` whose values hold parts that are not known, shown as `$NAME`. */
  readonly partial?: readonly string[];
  /** A trigger of the base's ONBUILD. */
  readonly onbuild?: true;
  /** COPY --link: where the builder can merge, it may be reused on another base. */
  readonly link?: true;
}

export interface StageKeys {
  readonly index: number;
  readonly name: string | null;
  /** The image it starts from, variables filled in; null where it starts from scratch or another stage. */
  readonly image: string | null;
  /** The stage it starts from. */
  readonly parent: number | null;
  /** Its last step, or what it stands on where it has none. */
  readonly end: Base;
  readonly reachable: boolean;
  /** Its FROM, as written. */
  readonly from?: string;
  /** Variables that FROM uses. */
  readonly mentions?: readonly ScopeEntry[];
  /** As for steps; stages are listed once for each platform that is built. */
  readonly platform?: string | null;
}

/** Plain JSON: it is what a baseline keeps. */
export interface BuildKeys {
  /** All stages by index; with several platforms those of the first platform, then those of the next. */
  readonly stages: readonly StageKeys[];
  /** Of reachable stages, in the order of the Dockerfile, platform after platform. */
  readonly steps: readonly StepKeys[];
  readonly syntax: string | null;
  readonly platforms: readonly string[];
  readonly target: string | null;
}

export interface KeyInput {
  readonly dockerfile: Dockerfile;
  readonly target?: string;
  /** Empty: the builder's default. */
  readonly platforms?: readonly string[];
  /** The builder's own platform, where it is known. */
  readonly builderPlatform?: string;
  /** `--build-arg`; null: passed, but with a value that is not known. */
  readonly buildArgs?: Readonly<Record<string, string | null>>;
  /** False where the command line is unknown: an ARG that is not in `buildArgs` may then have any value. */
  readonly argsKnown?: boolean;
  /** Exec-wide flags: network, add-host (names), ulimit, shm-size, cgroup-parent. */
  readonly flags?: Readonly<Record<string, string>>;
  /** What is known of base images, by reference as written with variables replaced. */
  readonly images?: Readonly<Record<string, ImageFacts>>;
  /** Null: unknown. */
  readonly context?: ContextListing | null;
  /** Null: its files are not known. */
  readonly namedContexts?: Readonly<Record<string, ContextListing | { readonly image: string } | null>>;
  /** Hides values that look like secrets; the same input must give the same output. */
  readonly protect?: (name: string, value: string) => string;
  /** Digest of a selection of the context, where the caller knows a quicker way than the listing. */
  readonly selectionDigest?: (selection: CopySelection) => string | null;
}
