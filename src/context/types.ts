/** The build context as the builder sees it: what is listed, and what may go wrong while listing. Pure types, no I/O. */

/** One file, folder or link of a build context, with everything of it that BuildKit hashes (buildkit `cache/contenthash`). */
export interface ContextEntry {
  /** Relative to the context root, `/` separators, no leading `./`. */
  readonly path: string;
  readonly type: 'file' | 'dir' | 'symlink' | 'other';
  /** Permission bits with setuid, setgid and sticky (0o644); 0o777 for symlinks. */
  readonly mode: number;
  /** Bytes; 0 for folders and symlinks. */
  readonly size: number;
  /** Identity of a file's bytes: `sha256:<hex>` (working tree) or `git:<oid>` (git tree); null for other types, or when unknown. */
  readonly content: string | null;
  /** Where a symlink points, as written. */
  readonly link?: string;
  /** Those that BuildKit hashes. Absent when there are none, and in listings of a working tree: Node cannot read them. */
  readonly xattrs?: Readonly<Record<string, string>>;
}

/** A context after `.dockerignore`: folders included, in byte order of their paths, a folder before what is in it. */
export interface ContextListing {
  readonly entries: ReadonlyMap<string, ContextEntry>;
}

/** Something of a context that could not be read; the listing is the rest. */
export interface ContextProblem {
  /** The entry it concerns, or '' for the root. */
  readonly path: string;
  /**
   * `unreadable`: listed, content unknown. `vanished`: gone between listing and reading. `changing`: written to while it was read.
   * `undecodable-name`: a name that is not UTF-8, listed with replacement characters. `ignore-file`: the ignore file is invalid.
   * `too-large`: more entries than the limit, the rest is not listed.
   */
  readonly kind: 'unreadable' | 'vanished' | 'changing' | 'undecodable-name' | 'ignore-file' | 'too-large';
  /** One sentence without a newline. */
  readonly message: string;
}

/** What happened to one path between two listings. */
export interface PathChange {
  readonly path: string;
  readonly change: 'modified' | 'added' | 'removed' | 'metadata';
  /** How, where it is not plain: `mode 644 → 755`, `link a → b`, `file → symlink`. */
  readonly detail?: string;
  /**
   * A builder that has this context from a build before does not notice: the mode of a folder that was there already is not
   * compared (seen with Docker 28.5). Another builder, or another copy of the context, does.
   */
  readonly unnoticed?: true;
}
