/** What a parser may say about a build: the only language between a log and the model of the build. */

/** A way of printing a build's progress. */
export type Dialect = 'plain' | 'rawjson' | 'tty' | 'classic' | 'buildah' | 'kaniko';

/**
 * One fact read from a log. `id` names a vertex within its build: `#7` where the log has numbers, any unique text otherwise.
 * Seconds are seconds; times are milliseconds since the epoch, present only where the log or its wrapper carries them.
 */
export type BuildEvent =
  /** `#0 building with "default" instance using docker driver` */
  | { readonly type: 'builder'; readonly name: string; readonly driver: string }
  /** A vertex appears, or is shown again, perhaps under another name. `inputs` are vertex ids and complete where given (rawjson only). */
  | {
      readonly type: 'vertex';
      readonly id: string;
      readonly name: string;
      readonly line: number;
      readonly digest?: string;
      readonly inputs?: readonly string[];
      readonly group?: { readonly id: string; readonly name: string; readonly weak: boolean };
      /** This builder never looks the step up in its cache, whatever its instruction: kaniko's WORKDIR, its COPY without --cache-copy-layers. */
      readonly cacheable?: false;
      readonly time?: number;
    }
  /** A sub-progress item: `#3 transferring context: 2B done`, `#8 sha256:… 130B / 130B done`, `#8 extracting sha256:… 0.1s done`. */
  | {
      readonly type: 'status';
      readonly id: string;
      readonly text: string;
      readonly bytes?: number;
      readonly total?: number;
      readonly seconds?: number;
      readonly done: boolean;
    }
  /** Output of a RUN: counted, its text not kept. `at` is the last time stamp seen, in seconds since the vertex started. */
  | { readonly type: 'output'; readonly id: string; readonly lines: number; readonly at?: number }
  | { readonly type: 'warning'; readonly id: string | null; readonly text: string }
  | { readonly type: 'cached'; readonly id: string; readonly line: number; readonly time?: number }
  | { readonly type: 'done'; readonly id: string; readonly line: number; readonly seconds?: number; readonly time?: number }
  | { readonly type: 'canceled'; readonly id: string; readonly line: number; readonly seconds?: number; readonly time?: number }
  | {
      readonly type: 'error';
      readonly id: string;
      readonly message: string;
      readonly line: number;
      readonly seconds?: number;
      readonly time?: number;
    }
  /** An interval of work on a vertex with its real times (rawjson, kaniko): exact durations and parallelism. */
  | { readonly type: 'interval'; readonly id: string; readonly started: number; readonly completed?: number; readonly cached: boolean }
  /** The build as a whole ended: `ERROR: failed to solve: …`, `Successfully built …`, `[+] Building 3.1s (7/7) FINISHED`. */
  | { readonly type: 'end'; readonly outcome: 'succeeded' | 'failed' | 'canceled'; readonly message?: string; readonly seconds?: number }
  /** A command line that the wrapper or the CI echoed before or inside the build. */
  | { readonly type: 'command'; readonly text: string; readonly line: number }
  /** The Dockerfile's own text, where the log carries it (rawjson warnings hold it; error excerpts hold parts of it: not those). */
  | { readonly type: 'dockerfile'; readonly file: string; readonly text: string }
  /** A remark for the report's notes: something read that changes how far the rest may be trusted. */
  | { readonly type: 'note'; readonly text: string };

/** Takes the events of one build, in the order of the log. */
export type EventSink = (event: BuildEvent) => void;

/** A line of a log with its wrapper taken off: no CI prefix, no escape codes, no line end. */
export interface LogLine {
  readonly text: string;
  /** 1-based number of the physical line in the input. */
  readonly number: number;
  /** Wall-clock time that the wrapper stamped on the line, in milliseconds since the epoch. */
  readonly time?: number;
  /** Label that the wrapper puts before each line and that tells interleaved streams apart (`api | `, `[branch] `). */
  readonly source?: string;
}

/** What a reader made of a line: `structure` it was understood, `output` it is a step's own output, `none` not of this format. */
export type Claim = 'structure' | 'output' | 'none';

/** Reads the lines of one log in one format. It never throws on any input. */
export interface LineReader {
  line(line: LogLine): Claim;
  end(): void;
}

/** Starts a new build in the report. A reader calls it for each build it finds; builds may be interleaved. */
export type BeginBuild = (dialect: Dialect, line: number) => EventSink;

/** One log format: one file in parsers/. */
export interface LogParser {
  readonly id: Dialect;
  readonly title: string;
  open(begin: BeginBuild): LineReader;
}
