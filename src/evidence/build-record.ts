/** What a builder remembers of one build: `docker buildx history`, or the same exported to a `.dockerbuild` file. */
import type { BuildLog } from '../graph/log.ts';

/** One operation of the build graph, as the solver got it. */
export interface Operation {
  readonly kind: 'source' | 'exec' | 'file' | 'merge' | 'diff' | 'other';
  /** The body of that kind, from the recorded definition (moby/buildkit solver/pb/ops.proto as JSON). */
  readonly body: Readonly<Record<string, unknown>>;
  readonly platform: string | null;
  /** Vertex digests; null where the definition does not map one. */
  readonly inputs: readonly (string | null)[];
  /** Lines of the Dockerfile, 1-based and inclusive; several where instructions share the operation. */
  readonly lines: readonly { readonly start: number; readonly end: number }[];
}

export interface RecordedSource {
  readonly file: string;
  readonly text: string;
}

export interface Material {
  /** `pkg:docker/busybox@1.35?platform=linux%2Famd64`, `https://host/x.git#main` */
  readonly uri: string;
  readonly digest: string | null;
}

export interface BuildRecord {
  /** The record's id: the last part of `builder/node/id`. */
  readonly ref: string;
  readonly builder: string | null;
  readonly status: 'completed' | 'failed' | 'canceled' | 'running';
  /** Milliseconds since 1970. */
  readonly started: number | null;
  readonly completed: number | null;
  readonly error: string | null;
  /** Path of the Dockerfile as the frontend got it, in its folder. */
  readonly dockerfileName: string;
  /** The Dockerfile itself, where the record holds it: completed builds, and failures that point into it. */
  readonly dockerfile: RecordedSource | null;
  /** The context's folder on the machine that started the build, where that is known; else a URL, else null. */
  readonly context: string | null;
  /** The Dockerfile's path on that machine, where it is known. */
  readonly dockerfilePath: string | null;
  readonly target: string | null;
  /** As asked for; empty: the builder's default, which is `defaultPlatform`. */
  readonly platforms: readonly string[];
  readonly defaultPlatform: string | null;
  /** Values as given: they may be secrets. */
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly namedContexts: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  readonly noCacheFilter: readonly string[];
  readonly pull: boolean;
  /** network, add-host (names only), ulimit, shm-size, cgroup-parent, hostname. */
  readonly flags: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly materials: readonly Material[];
  /** By vertex digest; null where the record has none (builds that failed). */
  readonly operations: ReadonlyMap<string, Operation> | null;
  /** What happened to each vertex. */
  readonly log: BuildLog;
  /** The bake or compose call that this build was part of. */
  readonly group: string | null;
}
