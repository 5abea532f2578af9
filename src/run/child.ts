/** Runs the build so that it looks and behaves as without us: its terminal, its streams byte for byte, its signals, its exit status. */
import { accessSync, constants, fstatSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { UserError } from '../errors.ts';
import { handOn } from './hand-on.ts';

export interface ChildEnd {
  /** As a shell would say it: 130 after Ctrl-C, 128 and the signal's number after another signal. */
  readonly status: number;
  readonly seconds: number;
  /** The build was asked to stop. */
  readonly interrupted: boolean;
}

export interface ChildOptions {
  /** Takes what the child writes to streams that are no terminal, after it was handed on. */
  readonly onOutput?: (chunk: Uint8Array, stream: 'stdout' | 'stderr') => void;
  /** Streams to be read although they lead to a terminal: builders whose log looks the same in a pipe. */
  readonly capture?: 'stdout';
}

/** Tells our own hook, should docker ask it, that a report follows anyway. */
export const WRAPPED = 'CACHEWHY_RUN';

/** The command was not found: what shells answer. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** After a signal has ended the child, its last words wait this long for a reader. */
const MAX_STUCK_MS = 1000;

/**
 * @param argv the command and its arguments; no shell reads them
 * @throws CommandMissing where there is no such program
 */
export async function runChild(argv: readonly string[], options: ChildOptions = {}): Promise<ChildEnd> {
  const { execa } = await import('execa');
  checkProgram(argv[0]!);
  const plan = planStreams(options);
  const [file, ...args] = plan.merged ? ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh', ...argv] : argv;
  const started = performance.now();
  // Before the child is there: one that we did not live to see end would have no one to pass signals on.
  const signals = forwardSignals();
  const child = start(
    () =>
      execa(file!, args, {
        stdin: 'inherit',
        stdout: plan.stdout ? 'pipe' : 'inherit',
        stderr: plan.stderr ? 'pipe' : 'inherit',
        env: { [WRAPPED]: '1' },
        buffer: false,
        reject: false,
        // Our own end, even a fault, must not be the build's.
        cleanup: false,
        // However long the build takes to tidy up after a signal (`docker compose up` stops its containers): nobody kills it but the user.
        forceKillAfterDelay: false,
        windowsHide: false,
      }),
    argv[0]!,
  );
  signals.passTo((signal) => child.kill(signal));
  const streams = (['stdout', 'stderr'] as const).flatMap((name) => {
    const stream = plan[name] ? child[name] : null;
    return stream ? [handOn(stream, name === 'stdout' ? 1 : 2, (chunk) => options.onOutput?.(chunk, name))] : [];
  });
  // Whoever stopped the build does not wait for a reader that reads no more.
  child.once('exit', (code, signal) => {
    if (signals.received() && streams.length > 0)
      setTimeout(() => {
        if (streams.some((s) => s.stuck())) process.exit(statusOf(code, signal));
      }, MAX_STUCK_MS).unref();
  });
  const result = await child;
  signals.stop();
  const seconds = (performance.now() - started) / 1000;
  if (result.code === 'ENOENT') throw missing(argv[0]!, NOT_FOUND);
  if (result.code === 'EACCES') throw missing(argv[0]!, NOT_EXECUTABLE);
  if (result.exitCode === undefined && result.signal === undefined) throw unstartable(argv[0]!, result.code);
  const status = statusOf(result.exitCode ?? null, result.signal ?? null);
  return { status, seconds, interrupted: signals.received() || status === 130 };
}

function start<T>(spawn: () => T, name: string): T {
  try {
    return spawn();
  } catch (error) {
    throw unstartable(name, (error as NodeJS.ErrnoException).code);
  }
}

function unstartable(name: string, code: string | undefined): CommandMissing {
  return new CommandMissing(
    `${name} cannot be started${code === undefined ? '' : `: ${code}`}`,
    'check the limits of the system (ulimit -a)',
    NOT_EXECUTABLE,
  );
}

/** As a shell says it. */
function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? (signal === null ? 1 : 128 + os.constants.signals[signal]);
}

/** There is no such command: one line, and the status that a shell would give. */
export class CommandMissing extends UserError {
  readonly status: number;
  constructor(message: string, hint: string, status: number) {
    super(message, hint);
    this.status = status;
  }
}

function missing(name: string, status: number): CommandMissing {
  return status === NOT_FOUND
    ? new CommandMissing(`${name}: command not found`, 'check the name and the PATH', status)
    : new CommandMissing(`${name}: may not be executed`, 'check its permissions', status);
}

/** Looks for the program as the system will: a shell in between would answer in its own words. */
function checkProgram(name: string): void {
  if (process.platform === 'win32') return;
  const candidates = name.includes('/')
    ? [name]
    : (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder || '.', name));
  let found = false;
  for (const file of candidates) {
    try {
      if (!statSync(file).isFile()) continue;
      found = true;
      accessSync(file, constants.X_OK);
      return;
    } catch {
      // the next folder
    }
  }
  throw missing(name, found ? NOT_EXECUTABLE : NOT_FOUND);
}

interface StreamPlan {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Both lead to the same place: one pipe for both keeps the order in which the child writes. */
  readonly merged: boolean;
}

/**
 * A terminal is the child's own; anything else is read on its way. (`isatty` and not `process.stdin.isTTY`: that would open standard
 * input, which belongs to the child, and set its pipe to non-blocking.)
 */
function planStreams(options: ChildOptions): StreamPlan {
  const stdout = !isatty(1) || options.capture === 'stdout';
  const stderr = !isatty(2);
  const merged = stdout && stderr && process.platform !== 'win32' && samePlace();
  return { stdout, stderr: stderr && !merged, merged };
}

function samePlace(): boolean {
  try {
    const a = fstatSync(1);
    const b = fstatSync(2);
    return a.dev === b.dev && a.ino === b.ino && (a.isFIFO() || a.isFile() || a.isSocket());
  } catch {
    return false;
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/**
 * We outlive every signal until the child has ended. From a terminal, Ctrl-C reaches the child by itself, as it is in the same foreground
 * group; what only we get is handed on.
 */
function forwardSignals(): { passTo(kill: (signal: NodeJS.Signals) => void): void; stop(): void; received(): boolean } {
  const terminal = [0, 1, 2].some((fd) => isatty(fd));
  let kill: (signal: NodeJS.Signals) => void = () => undefined;
  let received = false;
  const handlers = SIGNALS.map((signal) => {
    const handler = (): void => {
      received = true;
      if (!(terminal && (signal === 'SIGINT' || signal === 'SIGQUIT'))) kill(signal);
    };
    process.on(signal, handler);
    return { signal, handler };
  });
  return {
    passTo: (to) => {
      kill = to;
    },
    stop: () => {
      for (const { signal, handler } of handlers) process.off(signal, handler);
    },
    received: () => received,
  };
}
