/** What a Dockerfile comes to under given settings: the stages that are reached and their steps, everything resolved. Plain types. */
import type { SourceRange } from '../model.ts';
import type { Environment, Variable } from './environment.ts';
import type { Instruction } from './model.ts';
import type { Mount } from './mounts.ts';

/** What is known of an image. Absent fields are not known. */
export interface ImageFacts {
  /** `sha256:…` of the manifest for the platform. */
  readonly digest?: string;
  /** Something that names the root file system whatever its tag and configuration: the chain id of its layers. */
  readonly layers?: string;
  /** `NAME=value`, in order. Where it is present the whole configuration is known: absent user, workdir, … mean none. */
  readonly env?: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly shell?: readonly string[];
  /** Triggers as the image carries them: `COPY . /app`. */
  readonly onbuild?: readonly string[];
}

/** An additional context: an image, or something else by any words that tell it apart (a URL, another target); null where only its name is known. */
export type NamedContextRef = { readonly image: string } | { readonly other: string } | null;

/** All that decides, beside the Dockerfile, what it comes to. */
export interface Settings {
  readonly target?: string;
  /** As on the command line; [] means the builder's own. */
  readonly platforms: readonly string[];
  /** The builder's own platform; linux/amd64 where it is not known. */
  readonly builderPlatform?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** By reference as written, variables replaced. */
  readonly images: Readonly<Record<string, ImageFacts>>;
  readonly namedContexts: Readonly<Record<string, NamedContextRef>>;
  /** The command line is not known: arguments have unknown values. Those above the first FROM keep their defaults, but for `all`. */
  readonly openArgs?: 'stages' | 'all';
}

/** What a step stands on or reads from. */
export type Origin =
  | { readonly kind: 'step'; readonly step: string }
  /** `context`: the additional context that puts the image in its place. */
  | { readonly kind: 'image'; readonly image: string; readonly platform: string; readonly context?: string }
  /** A context: '' is the build context, else the name of an additional one. */
  | { readonly kind: 'context'; readonly context: string }
  | { readonly kind: 'scratch' };

/** A mount with its places resolved. */
export interface PlannedMount extends Mount {
  /** Absolute where the mount resolves it (bind, cache, tmpfs). */
  readonly target: string;
  readonly writtenTarget: string;
  /** Where its files come from; null for secret, ssh and tmpfs. */
  readonly origin: Origin | null;
  /** Index of the stage that it names. */
  readonly stage: number | null;
}

export interface RunPlan {
  readonly kind: 'run';
  /** The process: shell and command, or the JSON form. */
  readonly args: readonly string[];
  /** The shell's own words at the start of args; null for a JSON form. */
  readonly shell: readonly string[] | null;
  /** The command as the shell gets it, here-documents included; JSON of the words for a JSON form. */
  readonly command: string;
  readonly mounts: readonly PlannedMount[];
  /** `#!` here-documents are files that are run. */
  readonly script: { readonly name: string; readonly content: string } | null;
  readonly network: string | null;
  readonly security: string | null;
  readonly devices: readonly string[];
}

export interface CopyPlan {
  readonly kind: 'copy';
  readonly add: boolean;
  /** Paths in `origin`, as written, variables replaced. */
  readonly sources: readonly string[];
  /** Of ADD: http(s) and git sources. */
  readonly remotes: readonly string[];
  readonly inline: readonly { readonly name: string; readonly content: string }[];
  /** Absolute. */
  readonly dest: string;
  readonly origin: Origin;
  /** The stage or image that --from names, as written; null for the build context. */
  readonly from: string | null;
  /** Index of the stage that --from names. */
  readonly fromStage: number | null;
  readonly chown: string | null;
  readonly chmod: string | null;
  readonly exclude: readonly string[];
  readonly parents: boolean;
  readonly link: boolean;
  readonly keepGitDir: boolean;
  readonly checksum: string | null;
  readonly unpack: boolean | null;
}

export interface WorkdirPlan {
  readonly kind: 'workdir';
  /** Absolute. */
  readonly path: string;
}

export interface PlannedStep {
  readonly id: string;
  /** As displayed; null where the name shows no stage. */
  readonly stage: string | null;
  readonly stageIndex: number;
  /** Of the step, where several platforms are built; else null. */
  readonly platform: string | null;
  /** What the step runs for: `linux/amd64`. */
  readonly runsOn: string;
  readonly position: number;
  readonly of: number;
  readonly keyword: 'RUN' | 'COPY' | 'ADD' | 'WORKDIR';
  readonly onbuild: boolean;
  /** `[builder 5/6] COPY . .`, as far as values are known. */
  readonly name: string;
  /** The same with placeholders for what is not known; equal to the name where all is known. */
  readonly pattern: string;
  readonly instruction: Instruction;
  readonly range: SourceRange;
  /** Variables that its text uses, and the arguments behind them. A RUN's command is left to its shell: it uses none. */
  readonly mentions: readonly Variable[];
  readonly base: Origin;
  readonly env: Environment;
  readonly user: string;
  readonly workdir: string;
  /** In force here, whether it is used or not. */
  readonly shell: readonly string[];
  readonly plan: RunPlan | CopyPlan | WorkdirPlan;
}

export interface PlannedStage {
  readonly index: number;
  /** As written after AS; null for an unnamed stage. */
  readonly name: string | null;
  readonly displayed: string | null;
  readonly platform: string | null;
  /** What its steps run for. */
  readonly runsOn: string;
  /** `FROM --platform` says so, here or in a stage that it stands on. */
  readonly explicitPlatform: boolean;
  /** The image under it as written with its variables replaced; null where it stands on another stage, a context or nothing. */
  readonly image: string | null;
  /** Index of the stage that FROM names. */
  readonly baseStage: number | null;
  /** What its FROM stands for. */
  readonly origin: Origin;
  /** Its last step, or its origin where it has none. */
  readonly head: Origin;
  /** Variables that FROM uses. */
  readonly mentions: readonly Variable[];
  readonly from: Instruction;
  /** The name of the FROM vertex without digest: `[build 1/3] FROM docker.io/library/node:20`; null where it has none. */
  readonly fromName: string | null;
}

export interface Plan {
  /** The platform that is built. */
  readonly platform: string;
  readonly stages: readonly PlannedStage[];
  readonly steps: readonly PlannedStep[];
  /** The stage that is built. */
  readonly target: number | null;
  readonly problems: readonly string[];
}
