/** The lines of the classic builder, told apart by form alone (moby: builder/dockerfile/builder.go, dispatchers.go). */
import { parseSize } from '../plain-lines.ts';

export interface StepLine {
  /** Null for `Step onbuild-0 : …` (before 1.3). */
  readonly number: number | null;
  /** Null before 1.13: `Step 3 : RUN make`. */
  readonly of: number | null;
  /** As the log shows it, without blanks that a paste put in front. */
  readonly name: string;
  readonly instruction: string;
  /** The instruction with its arguments. */
  readonly text: string;
}

export type ClassicLine =
  | { readonly kind: 'using-cache' | 'running' | 'result' | 'removed' }
  | { readonly kind: 'triggers'; readonly count: number }
  | { readonly kind: 'succeeded' | 'tagged' }
  | { readonly kind: 'context'; readonly bytes: number }
  | { readonly kind: 'warning'; readonly text: string };

/** `Step 3/9 : RUN npm ci`; other programs number their steps too, but not with an instruction behind them. */
const STEP =
  /^\s{0,8}(Step (?:(\d{1,4})(?:\/(\d{1,4}))?|onbuild-\d{1,4}) : ((?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)(?=\s|\[|$).*))$/is;
/** ` ---> Using cache`, ` ---> 8edb46c03b9b`, ` ---> Running in 12c033d394c1`; a paste may have lost the blank */
const ARROW = /^\s{0,8}---> (?:(Using cache)|(Running in) [0-9a-f]{12}|[0-9a-f]{12})\s*$/;
/** `Removing intermediate container 03d2c66dfe46`, ` ---> Removed intermediate container …`; output without a line end stands before it */
const REMOVED = /Remov(?:ing|ed) intermediate container [0-9a-f]{12}\s*$/;
const BUILT = /^\s{0,8}Successfully (built [0-9a-f]{12}|tagged \S+)\s*$/;
/** `# Executing 1 build trigger...`, `# Executing 2 build triggers` */
const TRIGGERS = /^\s{0,8}# Executing (\d{1,4}) build triggers?(?:\.{3})?\s*$/;
/** `Sending build context to Docker daemon  3.072kB` */
const CONTEXT = /^Sending build context to Docker daemon\s{1,8}([\d.]{1,12} ?[kKMGT]?i?B)\s*$/;
/** `[Warning] One or more build-args [NOPE] were not consumed`, `SECURITY WARNING: You are building …` */
const WARNING = /^(?:\[Warning\] |SECURITY WARNING: )(.*)$/s;

export function readStep(text: string): StepLine | undefined {
  const m = STEP.exec(text);
  if (!m) return undefined;
  const instruction = m[4] ?? '';
  return {
    number: m[2] === undefined ? null : Number(m[2]),
    of: m[3] === undefined ? null : Number(m[3]),
    name: (m[1] ?? '').trimEnd(),
    instruction: (/^[A-Za-z]+/.exec(instruction)?.[0] ?? '').toUpperCase(),
    text: instruction.trimEnd(),
  };
}

export function readLine(text: string): ClassicLine | undefined {
  const arrow = ARROW.exec(text);
  if (arrow) return { kind: arrow[1] ? 'using-cache' : arrow[2] ? 'running' : 'result' };
  if (REMOVED.test(text)) return { kind: 'removed' };
  const built = BUILT.exec(text);
  if (built) return { kind: built[1]?.startsWith('built') ? 'succeeded' : 'tagged' };
  const triggers = TRIGGERS.exec(text);
  if (triggers) return { kind: 'triggers', count: Number(triggers[1]) };
  const context = CONTEXT.exec(text);
  if (context) return { kind: 'context', bytes: parseSize(context[1] ?? '') };
  const warning = WARNING.exec(text);
  return warning ? { kind: 'warning', text: warning[1] ?? '' } : undefined;
}

/** `The command '/bin/sh -c false' returned a non-zero code: 1`, behind output without a line end or compose's `Service 'web' failed to build :` */
const COMMAND_FAILED = /' returned a non-zero code: \d{1,5}\s{0,20}$/;
const COMMAND = "The command '";
const SERVICE = /Service '[^']{1,200}' failed to build ?: $/;
/** `COPY failed: …`, `unknown instruction: FOO`, `pull access denied for …`: the builder's own words, not those of a container */
const BUILDER_FAILED =
  /^(?:COPY failed: |ADD failed: |Error response from daemon: |ERROR: |Build cancelled|.*(?:unknown instruction: |parse error|returned a non-zero code: ))/s;
/** What the builder says in other words, seen only where a step has no result */
const TROUBLE =
  /\b(?:errors?|denied|failed|not found|no such|invalid|cannot|unable|unknown|toomanyrequests|unauthorized|time ?out|refused|dial tcp|x509|EOF)\b/i;
/** `ccebee89513e: Pull complete`, `1.35: Pulling from library/busybox`, `Digest: sha256:…`: a base image that is fetched */
const PULL =
  /^(?:[0-9a-f]{12}: |\S{1,300}: Pulling from |Digest: |Status: |Trying to pull |Pulling |Downloading|Extracting|Unable to find image )/;

export function isCommandFailure(text: string): string | undefined {
  const near = text.slice(-20_000);
  const at = COMMAND_FAILED.test(near.slice(-100)) ? near.indexOf(COMMAND) : -1;
  if (at < 0) return undefined;
  const service = SERVICE.exec(near.slice(Math.max(0, at - 250), at))?.[0] ?? '';
  return service + near.slice(at);
}

export function isBuilderFailure(text: string): boolean {
  return BUILDER_FAILED.test(text.slice(0, 4000));
}

/** May this line, that stands where a step's result should, be why there is none? */
export function isTrouble(text: string): boolean {
  return !PULL.test(text) && TROUBLE.test(text.slice(0, 4000));
}
