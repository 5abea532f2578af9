/** `cachewhy run -- COMMAND…`: the build as without us, then why it missed its cache. A fault of ours never becomes the build's. */
import { parseArgv } from '../command/parse.ts';
import type { BuildCommand } from '../command/types.ts';
import type { LogReader } from '../input/reader.ts';
import { debugLog } from '../log.ts';
import type { RunOptions } from '../options.ts';
import { plainLine } from '../secrets/line.ts';
import { maskText } from '../secrets.ts';
import type { Help, Pass } from './after-build.ts';
import { type ChildEnd, CommandMissing, runChild } from './child.ts';
import { type BuildWatch, watchBuilds } from './own-builds.ts';

/** @returns the exit status: the build's own, 3 where only a budget was broken */
export async function runBuild(argv: readonly string[], options: RunOptions): Promise<number> {
  // start.ts ends the process when nobody reads any more; here the child is to notice by itself.
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error');
    stream.on('error', () => undefined);
  }
  process.on('uncaughtException', endByFault);
  try {
    const first = await runOnce(argv, options);
    const pass = options.twice && first.end.status === 0 ? await runOnce(argv, options, first) : first;
    const after = await loadHelp();
    if (after) return await after.reportPass(pass, options);
    process.stderr.write(`cachewhy: ${plainLine(pass.problem ?? '')}\n`);
    return pass.end.status;
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    process.stderr.write(`cachewhy: ${plainLine(error.message)}\n  ${plainLine(error.hint)}\n`);
    return error.status;
  }
}

/** What nobody caught costs the report. While the build runs it costs nothing yet: its end is still to be told. */
function endByFault(error: Error): void {
  if (process.env.CACHEWHY_DEBUG) process.stderr.write(`${maskText(error.stack ?? '')}\n`);
  if (process.exitCode === undefined) return;
  process.stderr.write(
    `cachewhy: no report, by a fault of cachewhy and not of your build: ${plainLine(String(error.message).split('\n')[0] ?? '')}\n`,
  );
  process.exit();
}

/** Runs the command once. The build starts before anything is loaded that only the diagnosis needs. */
async function runOnce(argv: readonly string[], options: RunOptions, first?: Pass): Promise<Pass> {
  const commands = quietly(() => parseArgv(argv, process.env)) ?? [];
  const command = commands.length === 1 ? commands[0]! : null;
  const env = clientEnvironment(command);
  const seen: Parameters<Parameters<typeof watchBuilds>[1]>[0][] = [];
  let help: Help | undefined;
  const watch = quietly(() =>
    watchBuilds({ ...process.env, ...env }, (build) => {
      seen.push(build);
      quietly(() => help?.begin(build));
    }),
  );
  const output = new OutputReaders();
  const running = runChild(argv, {
    ...(command && logsOnOutput(command) && { capture: 'stdout' as const }),
    onOutput: (chunk, stream) => output.push(chunk, stream),
  });
  // A command that is not there ends before any help has come.
  running.catch(() => undefined);
  const after = await loadHelp();
  if (after) output.open(after.createLogReader);
  help = quietly(() => after?.startHelp(command, env));
  for (const build of seen) quietly(() => help?.begin(build));
  let end: ChildEnd;
  try {
    end = await running;
    // From here on, whatever becomes of us, the status is the build's.
    process.exitCode = end.status;
  } catch (error) {
    watch?.stop();
    help?.stop();
    throw error;
  }
  if (!after) return { end, report: null, problem: 'no report, by a fault of cachewhy and not of your build: it could not load itself' };
  return after.diagnosePass({ argv, command, help, end, options, results: output.end(), builds: ownBuilds(watch, command), first });
}

/** A package that is replaced while we run is no reason to lose sight of the build. */
async function loadHelp(): Promise<typeof import('./after-build.ts') | undefined> {
  return import('./after-build.ts').catch(() => undefined);
}

function ownBuilds(watch: BuildWatch | undefined, command: BuildCommand | null): ReturnType<BuildWatch['ours']> {
  const builds = quietly(() => watch?.ours(command)) ?? [];
  watch?.stop();
  return builds;
}

/** A reader for each stream; what comes before they are loaded is kept. */
class OutputReaders {
  private readonly readers = new Map<string, LogReader>();
  private early: { readonly chunk: Uint8Array; readonly stream: string }[] = [];
  private create: (() => LogReader) | undefined;

  push(chunk: Uint8Array, stream: string): void {
    if (!this.create) this.early.push({ chunk, stream });
    else quietly(() => this.readerOf(stream, this.create!).push(chunk));
  }

  open(create: () => LogReader): void {
    this.create = create;
    for (const { chunk, stream } of this.early) this.push(chunk, stream);
    this.early = [];
  }

  end(): ReturnType<LogReader['end']>[] {
    return [...this.readers.values()].flatMap((reader) => quietly(() => reader.end()) ?? []);
  }

  private readerOf(stream: string, create: () => LogReader): LogReader {
    let reader = this.readers.get(stream);
    if (!reader) {
      reader = create();
      this.readers.set(stream, reader);
    }
    return reader;
  }
}

/** Where the command's own docker looks: `docker --context x build`, `DOCKER_HOST=… docker build`. */
function clientEnvironment(command: BuildCommand | null): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'BUILDX_CONFIG'])
    if (command?.env[name] !== undefined) env[name] = command.env[name]!;
  return env;
}

/** podman and buildah print their steps on standard output, the same into a pipe as on a terminal. */
function logsOnOutput(command: BuildCommand): boolean {
  return command.tool === 'podman' || command.tool === 'buildah';
}

/** Help that fails is no help, and nothing worse. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    debugLog().info({ error: error instanceof Error ? error.message : String(error) }, 'help failed');
    return undefined;
  }
}
