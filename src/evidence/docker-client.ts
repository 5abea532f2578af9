/** Asks docker's build client (buildx) for what it knows. Never waits long, never prompts, and says in one sentence why it could not. */
import { type ExecFileException, execFile } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { asArray, asObject, asString, parseJson } from '../json.ts';
import { endLate } from '../machine/late-child.ts';

/** Records could not be had. `reason` is a sentence's end without a full stop; `hint` how to mend it, as that of a UserError. */
export class RecordsUnavailable extends Error {
  readonly reason: string;
  readonly hint: string;
  constructor(reason: string, hint: string) {
    super(reason);
    this.reason = reason;
    this.hint = hint;
  }
}

export interface ClientOptions {
  /** Variables that differ from ours: DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG, … */
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ClientAnswer {
  readonly stdout: Buffer;
  readonly stderr: string;
}

const TIMEOUT_MS = 20_000;
/** After it was asked to end. */
const GRACE_MS = 500;
/** Answers are records of builds: some megabytes at most. */
const MAX_ANSWER = 256 * 1024 * 1024;

/** `$DOCKER_CONFIG`, else `~/.docker`; for a user without a home docker takes the working folder's. */
export function dockerConfigFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.DOCKER_CONFIG || path.join(homeFolder() ?? '', '.docker');
}

/** Null where the user has none: no HOME and no entry in the list of users (containers). */
function homeFolder(): string | null {
  try {
    return os.homedir() || null;
  } catch {
    return null;
  }
}

/** `$BUILDX_CONFIG`, else `buildx` in docker's folder. */
export function buildxConfigFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.BUILDX_CONFIG || path.join(dockerConfigFolder(env), 'buildx');
}

const SYSTEM_FOLDERS =
  process.platform === 'win32'
    ? [
        path.join(process.env.ProgramData ?? 'C:\\ProgramData', 'Docker', 'cli-plugins'),
        path.join(process.env.ProgramFiles ?? 'C:\\Program Files', 'Docker', 'cli-plugins'),
      ]
    : [
        '/usr/local/lib/docker/cli-plugins',
        '/usr/local/libexec/docker/cli-plugins',
        '/usr/lib/docker/cli-plugins',
        '/usr/libexec/docker/cli-plugins',
      ];

/**
 * The buildx plugin itself, where it can be found as docker would find it (docker/cli cli-plugins/manager): it answers without docker's
 * own start-up, which takes longer than the question. Else `docker buildx`.
 */
function findBuildx(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const config = dockerConfigFolder(env);
  let extra: readonly string[] = [];
  try {
    const text = readFileSync(path.join(config, 'config.json'), 'utf8');
    extra = asArray(asObject(parseJson(text)).cliPluginsExtraDirs).flatMap((d) => asString(d) ?? []);
  } catch {
    // no config is the common case
  }
  const name = process.platform === 'win32' ? 'docker-buildx.exe' : 'docker-buildx';
  for (const folder of [...extra, path.join(config, 'cli-plugins'), ...SYSTEM_FOLDERS]) {
    const file = path.join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return [file];
    } catch {
      // the next folder
    }
  }
  return ['docker', 'buildx'];
}

/** @throws RecordsUnavailable */
export async function askBuildx(args: readonly string[], options: ClientOptions = {}): Promise<ClientAnswer> {
  const env: NodeJS.ProcessEnv = { ...process.env, ...options.env, DOCKER_CLI_HOOKS: 'false', DOCKER_CLI_HINTS: 'false', NO_COLOR: '1' };
  delete env.BUILDKIT_PROGRESS;
  const [file, ...before] = findBuildx(env);
  return new Promise((resolve, reject) => {
    const child = execFile(
      file!,
      [...before, ...args],
      {
        env,
        encoding: 'buffer',
        timeout: options.timeoutMs ?? TIMEOUT_MS,
        maxBuffer: MAX_ANSWER,
        windowsHide: true,
        ...(options.signal && { signal: options.signal }),
      },
      (error, stdout, stderr) => {
        if (!error) resolve({ stdout, stderr: stderr.toString('utf8') });
        else reject(explainEnd(error, stderr.toString('utf8')));
      },
    );
    endLate(child, (options.timeoutMs ?? TIMEOUT_MS) + GRACE_MS);
    child.stdin?.end();
  });
}

function explainEnd(error: ExecFileException, stderr: string): RecordsUnavailable {
  if (error.code === 'ENOENT' || error.code === 'EACCES')
    return new RecordsUnavailable('docker was not found', 'install docker with buildx, or put it on the path');
  if (error.killed || error.name === 'AbortError')
    return new RecordsUnavailable('the builder did not answer in time', 'see whether `docker buildx history ls` answers');
  return explainFailure(stderr);
}

/** What docker says, and what it means. */
const FAILURES: readonly (readonly [pattern: RegExp, reason: string, hint: string])[] = [
  [
    /permission denied.{0,200}(?:docker API|daemon socket|docker\.sock)|connect: permission denied/i,
    'docker may not be used by this user (permission denied on its socket)',
    'add the user to the docker group, or run with sudo',
  ],
  [
    /cannot connect to the docker daemon|is the docker daemon running|failed to connect to the docker API|connection refused|no such host|error during connect/i,
    'the docker engine does not answer',
    'start it, or set DOCKER_HOST',
  ],
  [
    /unknown command.{0,80}(?:history|export)|"history" is not|is not a docker command|unknown (?:shorthand )?flag|accepts 0 arg|Usage:\s+docker (?:buildx|\[OPTIONS\])/i,
    'this buildx keeps no build records (they need buildx 0.20 or newer)',
    'update buildx, or pipe the log: docker build --progress=plain . 2>&1 | cachewhy',
  ],
  [
    /Unimplemented|unknown (?:service|method)|does not support history|history API/i,
    'this builder keeps no build records',
    'update the engine (Docker 23 or newer) or its BuildKit',
  ],
  [/no builder "|builder .{0,80} not found|could not find.{0,40}builder/i, 'there is no such builder', 'see `docker buildx ls`'],
  [
    /no record found|no build record|record not found|failed to get.{0,40}record/i,
    'there is no such build on record',
    'see `docker buildx history ls`',
  ],
];

function explainFailure(stderr: string): RecordsUnavailable {
  for (const [pattern, reason, hint] of FAILURES) if (pattern.test(stderr.slice(0, 20_000))) return new RecordsUnavailable(reason, hint);
  const line =
    stderr
      .split('\n')
      .find((l) => l.trim() !== '')
      ?.replace(/^ERROR: /, '')
      .trim() ?? 'no message';
  return new RecordsUnavailable(`docker buildx said: ${line.slice(0, 300)}`, 'run `docker buildx history ls` to see more');
}
