/** An image's history as docker, podman, a registry or kaniko tells it. */

/** A build argument that was in a RUN's scope. */
export interface HistoryArgument {
  readonly name: string;
  readonly value: string;
}

/** One line of a history: a layer, or a change of the image's configuration. */
export interface HistoryEntry {
  /** RUN, COPY, ENV, …; null where the text is none of an instruction (an imported or squashed layer). */
  readonly instruction: string | null;
  /** What follows the keyword, without shell prefix and arguments: `npm ci`. */
  readonly text: string;
  /** As it stood there. May hold secrets. */
  readonly createdBy: string;
  /** Effective values of the arguments in scope (`|2 A=1 B=2 /bin/sh -c …`); null where they cannot be told apart with certainty. */
  readonly args: readonly HistoryArgument[] | null;
  /** Milliseconds since 1970; null where the history does not tell. */
  readonly createdAt: number | null;
  /** Bytes; null where the history does not tell. */
  readonly size: number | null;
  readonly comment: string;
  /** `sha256:…` or a short id; null for `<missing>`. */
  readonly id: string | null;
  /** Digest of the layer's content, which only an image's configuration tells. */
  readonly diffId: string | null;
  /** True where the text was cut (`…`): the history was taken without --no-trunc. */
  readonly cut: boolean;
}

export interface History {
  /** Newest first, as docker prints it. */
  readonly entries: readonly HistoryEntry[];
  /** What could not be read, one sentence each. */
  readonly notes: readonly string[];
}

/** What every form comes down to. */
export interface RawEntry {
  readonly createdBy: string;
  readonly createdAt: number | null;
  readonly size: number | null;
  readonly comment: string;
  readonly id: string | null;
  readonly diffId: string | null;
}
