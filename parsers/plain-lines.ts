/** The lines of `--progress=plain`, told apart by form alone (buildkit: util/progress/progressui/printer.go). */

export type PlainLine =
  | { readonly kind: 'builder'; readonly name: string; readonly driver: string }
  | { readonly kind: 'output'; readonly id: string; readonly at: number }
  | { readonly kind: 'cached' | 'canceled' | 'parked'; readonly id: string }
  | { readonly kind: 'done'; readonly id: string; readonly seconds?: number }
  | { readonly kind: 'error' | 'warning' | 'text' | 'digest'; readonly id: string; readonly text: string }
  | { readonly kind: 'legacy'; readonly id: string; readonly field: string; readonly text: string };

/** `#0 building with "default" instance using docker driver` */
const BUILDER = /^#0 building with "([^"]*)" instance using (\S+) driver/;
const NUMBERED = /^#(\d{1,6})(?: (.*))?$/s;
/** `0.123 text`, `12.34`, `123.4 text`: output of a RUN */
const OUTPUT = /^(\d{1,7}\.\d{1,3})(?: |$)/;
/** `DONE 12.3s` */
const DONE = /^DONE(?: (\d{1,8}\.\d)s)?$/;
/** `#1       digest: sha256:…`, `#1     duration: 1.2s` (docker 18.09) */
const LEGACY = /^ {1,12}(digest|name|started|completed|duration|cached|error): (.*)$/s;

export function readPlainLine(line: string): PlainLine | undefined {
  const numbered = NUMBERED.exec(line);
  if (!numbered) return undefined;
  const id = `#${numbered[1]}`;
  const rest = (numbered[2] ?? '').trimEnd();
  if (id === '#0') {
    // buildx 0.10 prints the output of every step under `#0`: it belongs to the vertex on the screen.
    const stray = OUTPUT.exec(numbered[2] ?? '');
    if (stray) return { kind: 'output', id, at: Number(stray[1]) };
    const builder = BUILDER.exec(line);
    return builder ? { kind: 'builder', name: builder[1] ?? '', driver: builder[2] ?? '' } : undefined;
  }
  const output = OUTPUT.exec(numbered[2] ?? '');
  if (output) return { kind: 'output', id, at: Number(output[1]) };
  if (rest === 'CACHED') return { kind: 'cached', id };
  if (rest === 'CANCELED') return { kind: 'canceled', id };
  if (rest === '...') return { kind: 'parked', id };
  const done = DONE.exec(rest);
  if (done) return { kind: 'done', id, ...(done[1] !== undefined && { seconds: Number(done[1]) }) };
  if (rest.startsWith('ERROR: ') || rest === 'ERROR:') return { kind: 'error', id, text: rest.slice(7) };
  if (rest.startsWith('WARN: ')) return { kind: 'warning', id, text: rest.slice(6) };
  if (/^sha256:[0-9a-f]{64}$/.test(rest)) return { kind: 'digest', id, text: rest };
  const legacy = LEGACY.exec(numbered[2] ?? '');
  if (legacy) return { kind: 'legacy', id, field: legacy[1] ?? '', text: legacy[2] ?? '' };
  // A name keeps its inner blanks; only the end is trimmed.
  return { kind: 'text', id, text: rest };
}

export interface StatusText {
  readonly text: string;
  readonly bytes?: number;
  readonly total?: number;
  readonly seconds?: number;
  readonly done: boolean;
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

export function parseSize(size: string): number {
  const match = /^([\d.]+)\s?([kKMGT]?i?B)$/.exec(size);
  return match ? Number(match[1]) * (UNITS[match[2] ?? 'B'] ?? 1) : 0;
}

/** `sha256:7869… 1.08MB / 1.08MB 0.0s done`, `transferring context: 2B done`, `exporting layers`: read from the end. */
export function parseStatus(line: string): StatusText {
  let text = line;
  const done = text.endsWith(' done');
  if (done) text = text.slice(0, -5);
  const seconds = / (\d{1,8}\.\d{1,2})s$/.exec(text.slice(-14));
  if (seconds) text = text.slice(0, -seconds[0].length);
  const size = / ([\d.]{1,12}[kKMGT]?i?B)(?: \/ ([\d.]{1,12}[kKMGT]?i?B))?$/.exec(text.slice(-48));
  if (size) text = text.slice(0, -size[0].length);
  return {
    text,
    done,
    ...(seconds && { seconds: Number(seconds[1]) }),
    ...(size?.[1] !== undefined && { bytes: parseSize(size[1]) }),
    ...(size?.[2] !== undefined && { total: parseSize(size[2]) }),
  };
}

/** What a status of BuildKit begins with: no name of a vertex does, once its vertex is known. */
const STATUS =
  /^(?:transferring |resolve (?!image config )|extracting |sha256:|exporting |writing |naming to |unpacking |pushing |pulling |preparing |sending |copying |loading |merging\b|rewriting |reading |starting |creating |inferred |skipping |importing |verifying |waiting |\[output clipped|manifest |config |digest:|sharing )/;

export function looksLikeStatus(text: string): boolean {
  return STATUS.test(text) || / done$/.test(text) || / \d+\.\ds$/.test(text.slice(-14));
}

/** `ERROR: failed to build: failed to solve: …`, `target web: failed to solve: …`, `executor failed running […]` (20.10) */
const FINAL_ERROR =
  /^(?:ERROR: (?!.*cache importer)(?:failed to (?:build|solve|receive|read|fetch|do request)|target |process |executor |dockerfile parse|resolve|invalid|unable|cannot|no |rpc|Cannot|could not|unexpected|docker exporter|Cache export|lstat|open |git|.{0,80}not found)|(?:\S+ )?failed to solve(?: with frontend \S+)?: |target \S+: failed to |executor failed running |process "(?:[^"\\]|\\.){0,8000}" did not complete successfully|error: failed to solve|failed to compute cache key|Service '[^']+' failed to build|(?:ERROR: )?(?:failed to (?:build|solve): )*(?:Canceled: )?context canceled$)/;
const CANCELED = /context canceled|Canceled:|canceled$/;

/** Is this the last word of a build that did not succeed? It has no number in front, in every dialect of BuildKit. */
export function finalWord(text: string): 'failed' | 'canceled' | undefined {
  if (!FINAL_ERROR.test(text)) return undefined;
  return CANCELED.test(text.slice(-400)) ? 'canceled' : 'failed';
}
