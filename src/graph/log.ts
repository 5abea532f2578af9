/** One build as its log told it: the events of one build, gathered by vertex. No judgement is made here. */
import type { BuildEvent, Dialect } from '../events.ts';

/** A terminal word of a vertex, in the order printed. One vertex may have several (buildkit: lazy hits, reopened sources). */
export interface Terminal {
  readonly word: 'cached' | 'done' | 'canceled' | 'error';
  readonly line: number;
  readonly seconds?: number;
  readonly time?: number;
}

export interface Interval {
  readonly started: number;
  readonly completed?: number;
  readonly cached: boolean;
}

/** A vertex of the solver: one `#7` of the log. */
export interface Vertex {
  readonly id: string;
  /** All the names it was shown under, first first: several where bake or compose share it. */
  readonly names: string[];
  readonly line: number;
  digest?: string;
  /** Exact inputs by vertex id; undefined where the log has none (everything but rawjson). */
  inputs?: readonly string[];
  group?: { readonly id: string; readonly name: string; readonly weak: boolean };
  readonly terminals: Terminal[];
  readonly intervals: Interval[];
  error?: string;
  /** Layers were downloaded or unpacked under this vertex: `sha256:… 130B / 130B`, `extracting sha256:…`, `pulling …`. */
  pulled: boolean;
  /** Bytes of the layers downloaded. */
  pulledBytes: number;
  /** `merging 0.0s done` under a COPY --link. */
  merging: boolean;
  /** Statuses by text, last state of each; bounded in number. */
  readonly statuses: Map<string, { bytes?: number; total?: number; seconds?: number; done: boolean }>;
  outputLines: number;
  /** Last time stamp of its output: seconds since it started. */
  lastOutputAt?: number;
  /** Wall-clock times of its first and last line, in milliseconds, where the wrapper stamps them. */
  firstTime?: number;
  lastTime?: number;
}

export interface BuildLog {
  readonly dialect: Dialect;
  /** Line of the input at which the build starts. */
  readonly line: number;
  /** In order of first appearance. */
  readonly vertices: Map<string, Vertex>;
  builder: { readonly name: string; readonly driver: string } | null;
  end: { readonly outcome: 'succeeded' | 'failed' | 'canceled'; readonly message?: string; readonly seconds?: number } | null;
  readonly commands: { readonly text: string; readonly line: number }[];
  readonly warnings: { readonly vertex: string | null; readonly text: string }[];
  readonly dockerfiles: { readonly file: string; readonly text: string }[];
  readonly notes: string[];
  /** It is of a build to come: its words mean what they say. */
  foretold?: true;
  /** Titles of the wrappers that were taken off its lines: `GitHub Actions`. */
  wrappers?: ReadonlySet<string>;
  firstTime?: number;
  lastTime?: number;
}

const MAX_STATUSES = 200;
const MAX_NAMES = 200;

export function createBuildLog(dialect: Dialect, line: number): BuildLog {
  return { dialect, line, vertices: new Map(), builder: null, end: null, commands: [], warnings: [], dockerfiles: [], notes: [] };
}

/** Adds one event to the build. Events of a vertex that was never announced are kept under an empty name. */
export function addEvent(build: BuildLog, event: BuildEvent): void {
  switch (event.type) {
    case 'builder':
      build.builder = { name: event.name, driver: event.driver };
      return;
    case 'end':
      // The last word counts: an import error's footer may stand before the real end.
      build.end = {
        outcome: event.outcome,
        ...(event.message !== undefined && { message: event.message }),
        ...(event.seconds !== undefined && { seconds: event.seconds }),
      };
      return;
    case 'command':
      build.commands.push({ text: event.text, line: event.line });
      return;
    case 'dockerfile':
      if (!build.dockerfiles.some((d) => d.text === event.text)) build.dockerfiles.push({ file: event.file, text: event.text });
      return;
    case 'note':
      if (!build.notes.includes(event.text)) build.notes.push(event.text);
      return;
    case 'warning':
      build.warnings.push({ vertex: event.id, text: event.text });
      return;
    default:
      addVertexEvent(build, vertexOf(build, event.id, 'line' in event ? event.line : 0), event);
  }
}

type VertexEvent = Exclude<BuildEvent, { type: 'builder' | 'end' | 'command' | 'dockerfile' | 'note' | 'warning' }>;

function vertexOf(build: BuildLog, id: string, line: number): Vertex {
  let v = build.vertices.get(id);
  if (!v) {
    v = {
      id,
      names: [],
      line,
      terminals: [],
      intervals: [],
      pulled: false,
      pulledBytes: 0,
      merging: false,
      statuses: new Map(),
      outputLines: 0,
    };
    build.vertices.set(id, v);
  }
  return v;
}

function addVertexEvent(build: BuildLog, v: Vertex, event: VertexEvent): void {
  if ('time' in event && event.time !== undefined) {
    v.firstTime ??= event.time;
    v.lastTime = event.time;
    build.firstTime ??= event.time;
    build.lastTime = event.time;
  }
  switch (event.type) {
    case 'vertex':
      if (!v.names.includes(event.name) && v.names.length < MAX_NAMES) v.names.push(event.name);
      if (event.digest !== undefined) v.digest = event.digest;
      if (event.inputs !== undefined) v.inputs = event.inputs;
      if (event.group !== undefined) v.group = event.group;
      return;
    case 'status':
      addStatus(v, event);
      return;
    case 'output':
      v.outputLines += event.lines;
      if (event.at !== undefined) v.lastOutputAt = event.at;
      return;
    case 'interval':
      v.intervals.push({
        started: event.started,
        cached: event.cached,
        ...(event.completed !== undefined && { completed: event.completed }),
      });
      return;
    case 'error':
      v.error = event.message;
      break;
    default:
  }
  v.terminals.push({
    word: event.type,
    line: event.line,
    ...('seconds' in event && event.seconds !== undefined && { seconds: event.seconds }),
    ...(event.time !== undefined && { time: event.time }),
  });
}

/** `sha256:7869e3a8… 130B / 130B done`, `extracting sha256:ccebee89… 0.1s done`, `pulling sha256:… done` (docker driver) */
const LAYER = /^(?:extracting |pulling )?sha256:[0-9a-f]{6,64}\b/;

function addStatus(v: Vertex, event: Extract<BuildEvent, { type: 'status' }>): void {
  if (LAYER.test(event.text)) {
    v.pulled = true;
    if (event.done && event.text.startsWith('sha256:')) v.pulledBytes += event.total ?? event.bytes ?? 0;
  }
  if (event.text === 'merging') v.merging = true;
  if (v.statuses.size >= MAX_STATUSES && !v.statuses.has(event.text)) return;
  v.statuses.set(event.text, {
    done: event.done,
    ...(event.bytes !== undefined && { bytes: event.bytes }),
    ...(event.total !== undefined && { total: event.total }),
    ...(event.seconds !== undefined && { seconds: event.seconds }),
  });
}
