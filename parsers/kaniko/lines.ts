/** The lines of kaniko: logrus in three formats, and what its messages mean (kaniko: pkg/executor/build.go, pkg/commands). */

export interface Entry {
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  readonly message: string;
  /** Milliseconds: since the epoch where `absolute`, else since kaniko's start. */
  readonly time: number | undefined;
  readonly absolute: boolean;
}

/** `INFO[0004] RUN npm ci   `, with --log-timestamp `INFO[2024-05-01T12:00:00Z] …`; a pod's or a job's name may stand before it */
const COLOR = /^(.{0,80}?)\b(TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[(\d{4,9}|\d{4}-\d\d-\d\dT[\d:.]{8,20}(?:Z|[+-]\d\d:\d\d))\] ?(.*)$/s;
/** `time="2024-05-01T12:00:00Z" level=info msg="RUN npm ci"` */
const TEXT = /^(?:time="?([^"\s]{1,40})"? )?level=([a-z]{4,7}) msg=(?:"(.*)"|(\S+))\s*$/s;

const LEVELS: Readonly<Record<string, Entry['level']>> = {
  TRAC: 'debug',
  DEBU: 'debug',
  INFO: 'info',
  WARN: 'warning',
  ERRO: 'error',
  FATA: 'error',
  PANI: 'error',
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warning: 'warning',
  error: 'error',
  fatal: 'error',
  panic: 'error',
};

const MAX_LINE = 64 * 1024;

export function readEntry(text: string): Entry | undefined {
  if (text.length > MAX_LINE) return undefined;
  const color = COLOR.exec(text);
  if (color) {
    const stamp = color[3] ?? '';
    const absolute = stamp.includes('T');
    const time = absolute ? Date.parse(stamp) : Number(stamp) * 1000;
    return entry(color[2] ?? '', color[4] ?? '', time, absolute);
  }
  const plain = text.includes(' msg=') ? TEXT.exec(text) : null;
  if (plain) return entry(plain[2] ?? '', plain[3] === undefined ? (plain[4] ?? '') : unquote(plain[3]), Date.parse(plain[1] ?? ''), true);
  return text.startsWith('{') && text.includes('"msg"') ? readJson(text) : undefined;
}

/** `{"level":"info","msg":"RUN npm ci","time":"2024-05-01T12:00:00Z"}` */
function readJson(text: string): Entry | undefined {
  let value: Readonly<Record<string, unknown>>;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { level, msg, time } = value;
  if (typeof level !== 'string' || typeof msg !== 'string') return undefined;
  return entry(level, msg, typeof time === 'string' ? Date.parse(time) : Number.NaN, true);
}

function entry(level: string, message: string, time: number, absolute: boolean): Entry {
  return { level: LEVELS[level] ?? 'info', message: message.trimEnd(), time: Number.isNaN(time) ? undefined : time, absolute };
}

/** Go's `%q`, as far as a command holds its escapes. */
function unquote(text: string): string {
  return text.replace(/\\(["\\nt])/g, (_, c: string) => (c === 'n' ? '\n' : c === 't' ? '\t' : c));
}

export type Message =
  /** `Resolved base name node:20 to builder`: one for each stage with a name, in their order */
  | { readonly kind: 'alias'; readonly name: string }
  | { readonly kind: 'image'; readonly name: string }
  /** `Building stage 'node:20' [idx: '0', base-idx: '-1']` */
  | { readonly kind: 'stage'; readonly base: string; readonly index: number; readonly baseIndex: number }
  | { readonly kind: 'hit' | 'miss' | 'expired' | 'command'; readonly text: string }
  | { readonly kind: 'triggers' | 'lookup' | 'unpack' | 'extracting' | 'running' | 'stage-end' | 'push' | 'pushed' | 'no-push' | 'other' };

/** What each message of kaniko means, in the order in which they are tried; what other programs say too is not among them. */
const MESSAGES: readonly { readonly pattern: RegExp; readonly read: (m: RegExpExecArray) => Message }[] = [
  { pattern: /^Using caching version of cmd: (.*)$/s, read: (m) => ({ kind: 'hit', text: m[1] ?? '' }) },
  { pattern: /^No cached layer found for cmd (.*)$/s, read: (m) => ({ kind: 'miss', text: m[1] ?? '' }) },
  {
    // Older versions print neither quotes nor base-idx.
    pattern: /^Building stage '?([^'\s]{1,500})'? \[idx: '?(\d{1,4})'?(?:, base-idx: '?(-?\d{1,4})'?)?\]$/,
    read: (m) => ({ kind: 'stage', base: m[1] ?? '', index: Number(m[2]), baseIndex: m[3] === undefined ? -1 : Number(m[3]) }),
  },
  { pattern: /^Executing \d{1,4} build triggers$/, read: () => ({ kind: 'triggers' }) },
  { pattern: /^Resolved base name \S+ to (\S+)$/, read: (m) => ({ kind: 'alias', name: m[1] ?? '' }) },
  { pattern: /^Retrieving image (?:manifest )?(\S+)/, read: (m) => ({ kind: 'image', name: m[1] ?? '' }) },
  { pattern: /^(?:Unpacking rootfs as cmd |Skipping unpacking as no commands require it)/, read: () => ({ kind: 'unpack' }) },
  { pattern: /^Cache entry expired: (.*)$/s, read: (m) => ({ kind: 'expired', text: m[1] ?? '' }) },
  { pattern: /^Checking for cached layer /, read: () => ({ kind: 'lookup' }) },
  { pattern: /^Found cached layer, /, read: () => ({ kind: 'extracting' }) },
  { pattern: /^Running: \[/, read: () => ({ kind: 'running' }) },
  { pattern: /^(?:Storing source image from stage |Deleting filesystem|Saving stage )/, read: () => ({ kind: 'stage-end' }) },
  // Layers go to the cache under their key: `Pushing image to reg/app/cache:d2121e1b…` is not the end.
  { pattern: /^Pushing image to (?!\S*:[0-9a-f]{64}$)/, read: () => ({ kind: 'push' }) },
  { pattern: /^Pushed /, read: () => ({ kind: 'pushed' }) },
  { pattern: /^Skipping push to container registry/, read: () => ({ kind: 'no-push' }) },
  {
    pattern:
      /^(?:Returning cached image manifest|Built cross stage deps: |Using dockerignore file: |Base image from previous stage |Initializing snapshotter|Taking snapshot of |No files (?:were )?changed|Pushing (?:layer \S+ to cache|image to )|Cmd: |cmd: |Args: |args: |Changed working directory to |Creating directory |Resolving (?:srcs|\d+ paths)|Using files from context: |Adding exposed port: |Adding volume |Saving file |Error while retrieving image from cache: |Found cached base image )/,
    read: () => ({ kind: 'other' }),
  },
  {
    pattern:
      /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)[\s[]/i,
    read: (m) => ({ kind: 'command', text: m.input }),
  },
];

/** @returns what a message of kaniko means; undefined where it is none of its own */
export function readMessage(message: string): Message | undefined {
  for (const { pattern, read } of MESSAGES) {
    const match = pattern.exec(message);
    if (match) return read(match);
  }
  return undefined;
}

/** Which of the messages may be the first that is seen of a build? The others are said by other programs, or say nothing alone. */
export function beginsBuild(message: Message): boolean {
  return !['command', 'running', 'push', 'pushed', 'no-push', 'extracting', 'other', 'image', 'stage-end'].includes(message.kind);
}

/** `error building image: error building stage: failed to execute command: …`: printed without a stamp */
const FAILED =
  /(?:^|\s)(error (?:building image|pushing image|checking push permissions|resolving dockerfile|getting source context|building stage)[: ].*)$/s;

export function readFailure(text: string): string | undefined {
  return FAILED.exec(text.slice(0, 4000))?.[1];
}
