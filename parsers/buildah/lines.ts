/** The lines of podman build and buildah build, told apart by form alone (buildah: imagebuildah/stage_executor.go). */

export interface StepLine {
  /** 1-based; 1 where there is only one stage and none is shown. */
  readonly stage: number;
  readonly stages: number | null;
  readonly number: number;
  /** Null before buildah 1.21: `STEP 3: RUN make`. */
  readonly of: number | null;
  /** As the log shows it. */
  readonly name: string;
  /** Upper case. */
  readonly instruction: string;
  readonly text: string;
  /** Output without a line end that stands before it. */
  readonly glued: boolean;
}

export type BuildahLine =
  | { readonly kind: 'using-cache' | 'result'; readonly image: string }
  | { readonly kind: 'pulled-cache'; readonly reference: string }
  | { readonly kind: 'commit' | 'pushing-cache' | 'tagged' | 'image' }
  | { readonly kind: 'blob'; readonly digest: string }
  | { readonly kind: 'warning'; readonly text: string };

/** `STEP 2/6: ARG A=1`, `[1/2] STEP 2/6: …`, `STEP 2: …`; output without a line end may stand before it where no layers are kept */
const STEP = /(?:\[(\d{1,4})\/(\d{1,4})\] )?STEP (\d{1,4})(?:\/(\d{1,4}))?: (([A-Za-z]{2,20})(?:\s.*)?)$/s;
/** `--> Using cache bcb2507187f15e2d…` */
const USING = /^\s{0,8}--> Using cache ([0-9a-f]{11,64})\s*$/;
/** `--> 66706fb9903d`, behind output without a line end: `no newline at the end--> ef43a92ab113` */
const RESULT = /--> ([0-9a-f]{11,12}|[0-9a-f]{64})\s*$/;
const PULLED = /^\s{0,8}--> Cache pulled from remote (\S+)/;
const PUSHING = /^\s{0,8}--> Pushing cache /;
/** `[2/2] COMMIT app`, `COMMIT`, `STEP 4: COMMIT app` (before 1.21) */
const COMMIT = /(?:^\s{0,8}(?:\[\d{1,4}\/\d{1,4}\] |STEP \d{1,4}: )?|\S(?:\[\d{1,4}\/\d{1,4}\] )?)COMMIT(?: \S+)?\s*$/;
const TAGGED = /^\s{0,8}Successfully tagged \S+\s*$/;
const IMAGE = /^\s{0,8}[0-9a-f]{64}\s*$/;
/** `Copying blob sha256:ccebee89…`, `Copying blob 9f13f5a53d11 done   | `; `skipped: already exists` was not copied */
const BLOB = /^\s{0,8}Copying blob (?:sha256:)?([0-9a-f]{12,64})\b(?!.*(?:skipped|already exists))/;
/** `time="…" level=warning msg="SHELL is not supported …"`, `[Warning] one or more build args were not consumed: [NOPE]` */
const WARNING = /^(?:time="[^"]{1,40}" level=warning msg="(.*)"|\[Warning\] (.*))\s*$/s;

const INSTRUCTIONS: ReadonlySet<string> = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);

export function readStep(text: string): StepLine | undefined {
  // A long line of output is looked at from where such a line could begin.
  const at = text.indexOf('STEP ');
  if (at < 0) return undefined;
  const m = STEP.exec(text);
  if (!m || m[6] === 'COMMIT') return undefined;
  const before = text.slice(0, m.index);
  return {
    stage: m[1] === undefined ? 1 : Number(m[1]),
    stages: m[2] === undefined ? null : Number(m[2]),
    number: Number(m[3]),
    of: m[4] === undefined ? null : Number(m[4]),
    name: m[0].trimEnd(),
    instruction: (m[6] ?? '').toUpperCase(),
    text: (m[5] ?? '').trimEnd(),
    glued: before.trim() !== '',
  };
}

export function isInstruction(word: string): boolean {
  return INSTRUCTIONS.has(word);
}

export function readLine(text: string): BuildahLine | undefined {
  const using = USING.exec(text);
  if (using) return { kind: 'using-cache', image: using[1] ?? '' };
  const result = RESULT.exec(text.slice(-100));
  if (result) return { kind: 'result', image: result[1] ?? '' };
  const pulled = PULLED.exec(text);
  if (pulled) return { kind: 'pulled-cache', reference: pulled[1] ?? '' };
  if (PUSHING.test(text)) return { kind: 'pushing-cache' };
  if (COMMIT.test(text.slice(-400))) return { kind: 'commit' };
  if (TAGGED.test(text)) return { kind: 'tagged' };
  if (IMAGE.test(text)) return { kind: 'image' };
  const blob = BLOB.exec(text);
  if (blob) return { kind: 'blob', digest: `sha256:${blob[1] ?? ''}` };
  const warning = WARNING.exec(text);
  return warning ? { kind: 'warning', text: warning[1] ?? warning[2] ?? '' } : undefined;
}

/** `Error: building at STEP "RUN false": while running runtime: exit status 1`; nothing but the builder says so */
const AT_STEP = 'building at STEP "';
const MAX_STEP = 20_000;
const MAX_REASON = 4000;
/** A container may print this as well: certain only when nothing of the build follows. */
const FAILED = /^(?:Error: |ERRO\[\d{4,}\] |error building |time="[^"]{1,40}" level=error )/;

/** @returns the step's text and the message; undefined where the line is no failure of a step */
export function readFailure(text: string): { readonly step: string; readonly message: string } | undefined {
  const at = text.indexOf(AT_STEP);
  if (at < 0) return undefined;
  const from = at + AT_STEP.length;
  // The reason is short, and may hold a quote and a colon: `exec: "x": not found`. A step that holds them as well is not found by its text.
  const end = text.indexOf('": ', Math.max(from, text.length - MAX_REASON - 3));
  if (end < 0 || end - from > MAX_STEP) return undefined;
  const prefix = /(?:Error: |error )?(?:error )?$/.exec(text.slice(Math.max(0, at - 20), at))![0];
  return { step: text.slice(from, end), message: (prefix + text.slice(at)).slice(0, 2000) };
}

export function mayBeFailure(text: string): boolean {
  return FAILED.test(text);
}
