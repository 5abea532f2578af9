/** What a simulation is asked, and where it finds it. */
import type { Repository } from '../git/repository.ts';
import type { Memory } from './model.ts';

export interface SimulateOptions {
  /** A folder in the repository. */
  readonly repo: string;
  readonly ref: string;
  readonly commits?: number;
  readonly since?: string;
  readonly allParents: boolean;
  /** Relative to `repo`; undefined: `Dockerfile` in the context. */
  readonly dockerfile?: string;
  /** Relative to `repo`. */
  readonly context: string;
  /** undefined: the last stage, or what the log shows. */
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly changingArgs: readonly string[];
  readonly platforms: readonly string[];
  readonly logs: readonly string[];
  readonly baseline?: string;
  readonly memory: Memory;
  readonly runBytes: number;
  readonly copyBytes: number;
  readonly identical: readonly string[];
  readonly baseDays: number | null;
  readonly mergeOp: boolean;
  readonly submodules: boolean;
  readonly withGit: boolean;
  /** The cache begins empty, although there are commits before the first of these. */
  readonly cold: boolean;
  /** Called now and then while commits are replayed. */
  readonly onProgress?: (done: number, all: number) => void;
}

export interface BuildPaths {
  readonly repo: Repository;
  /** From the root of the repository. */
  readonly dockerfile: string;
  /** '' is the root. */
  readonly context: string;
}
