/** Rewrites of a Dockerfile or an ignore file that keep what is built and spare what is rebuilt. Pure types. */
import type { ContextListing } from '../context/types.ts';

/** What a rewrite is made from. Nothing of it is read from disk. */
export interface FixInput {
  /** Text of the Dockerfile. */
  readonly dockerfile: string;
  /** Its path, relative to the root of the repository (or of the context): the diff names it. Default: Dockerfile. */
  readonly dockerfilePath?: string;
  /** Text of the ignore file; '' where there is none. */
  readonly ignore: string;
  /** Path of the ignore file that applies, or would. Default: .dockerignore. */
  readonly ignorePath?: string;
  /** Is the ignore file there? Default: its text is not empty. */
  readonly ignoreExists?: boolean;
  /** The context after the ignore file. */
  readonly listing: ContextListing;
  /** Text of a file of the context; null where it is not known. */
  readonly readFile: (path: string) => string | null;
  /** The stage that is built; undefined: the last. */
  readonly target?: string;
  /** Files of the context whose change made a step run, costliest first. Undefined: not known. */
  readonly costly?: readonly string[];
  /** Arguments whose values are known to change, whatever their names say. */
  readonly volatile?: readonly string[];
}

/** A rewrite that is believed to build the same. */
export interface Fix {
  /** Name of the kind of fix: `copy-manifests-first`. */
  readonly id: string;
  /** An imperative sentence. */
  readonly title: string;
  /** New text of the Dockerfile, where it changes. */
  readonly dockerfile?: string;
  /** New text of the ignore file, where it changes. */
  readonly ignore?: string;
  /** What it adds to the ignore file. */
  readonly ignoreLines: readonly string[];
  /** Unified diff of both; applies with `patch -p1`. */
  readonly patch: string;
  /** What stays as it is, and why that is known. */
  readonly keeps: readonly string[];
  /** What could not be verified. Never silently empty where something is assumed. */
  readonly unverified: readonly string[];
  /** What of the image is not as it was; undefined: it holds the same. */
  readonly changesImage?: string;
  /** RUNs that were cut or added: how their time follows from that of a step that a log may show. */
  readonly pieces: readonly Piece[];
}

/** A new RUN takes `share` of the time of the RUN that it comes from. */
export interface Piece {
  /** The new RUN as BuildKit shows it, without its bracket. */
  readonly text: string;
  /** The old one. */
  readonly of: string;
  /** 0 to 1. */
  readonly share: number;
}

/** A rewrite that was considered and is not safe. */
export interface Refused {
  readonly id: string;
  readonly title: string;
  /** Why, in one sentence that names the file or line. */
  readonly reason: string;
}

export interface Proposals {
  readonly fixes: readonly Fix[];
  readonly refused: readonly Refused[];
}
