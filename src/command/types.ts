/** What a command line says about a build. */

export type BuildTool = 'docker' | 'buildx' | 'bake' | 'compose' | 'podman' | 'buildah' | 'nerdctl' | 'buildctl' | 'kaniko';

/** `type=registry,ref=host/app:cache,mode=max`: a cache import or export, or an output. */
export interface CacheRef {
  /** registry, local, inline, gha, s3, azblob; docker, image, oci, … for outputs. A bare reference is `registry`. */
  readonly type: string;
  readonly attrs: Readonly<Record<string, string>>;
}

export interface BuildCommand {
  readonly tool: BuildTool;
  /** As one would say it: `docker buildx build`. */
  readonly program: string;
  /** The folder that the line changes into before the build, as written: `cd app && docker build .` */
  readonly cwd?: string;
  /** Assignments in front of the command: those that a build reads, and no others. */
  readonly env: Readonly<Record<string, string>>;
  /** `DOCKER_BUILDKIT=0`: the classic builder. */
  readonly classic: boolean;
  readonly builder?: string;
  /** As written. `-` is standard input. For bake and compose see `files`. */
  readonly dockerfile?: string;
  /** As written. `-` is standard input; `contextKind` says what it is. */
  readonly context?: string;
  readonly contextKind: 'folder' | 'stdin' | 'remote' | 'image' | 'unknown';
  /** What standard input is redirected from: a file, or the text of a here-document. */
  readonly stdin?: { readonly file: string } | { readonly text: string };
  readonly target?: string;
  /** Empty: the builder's default. */
  readonly platforms: readonly string[];
  /** Values as given: they may be secrets, so whoever stores or shows them redacts them. Null where the value is not known: taken from an environment or an expression that the line does not show. */
  readonly buildArgs: Readonly<Record<string, string | null>>;
  /** Build arguments given by an expression of the shell, as written: `$(git rev-parse HEAD)`. Their value is null in `buildArgs`. */
  readonly expressions: Readonly<Record<string, string>>;
  readonly noCache: boolean;
  /** Stages of `--no-cache-filter`. */
  readonly noCacheFilter: readonly string[];
  readonly pull: boolean;
  readonly cacheFrom: readonly CacheRef[];
  readonly cacheTo: readonly CacheRef[];
  /**
   * Flags that are part of every RUN's key: network, add-host (names only, joined by commas), ulimit, shm-size, cgroup-parent.
   * A default that is spelled out (`--network default`) is left out.
   */
  readonly flags: Readonly<Record<string, string>>;
  /** Ids of secrets and ssh agents; never their values or sources. */
  readonly secrets: readonly string[];
  readonly ssh: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** `--build-context name=value`. */
  readonly namedContexts: Readonly<Record<string, string>>;
  readonly progress?: string;
  readonly quiet: boolean;
  readonly push: boolean;
  readonly load: boolean;
  readonly outputs: readonly CacheRef[];
  readonly provenance?: string;
  readonly metadataFile?: string;
  /** Definition files of bake (`-f docker-bake.hcl`) and compose (`-f compose.yaml`). */
  readonly files: readonly string[];
  /** Targets of bake, services of compose. Empty: the default ones. */
  readonly targets: readonly string[];
  /** `docker buildx bake --set web.args.X=1`, as written. */
  readonly overrides: readonly string[];
  /** `--layers=false` of buildah, `--cache=true` of kaniko; undefined: the tool's default. */
  readonly layerCache?: boolean;
  /** Options that are not known here, by name: a later version's. */
  readonly unknown: readonly string[];
}
