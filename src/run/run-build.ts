/** `cachewhy run -- COMMAND…`: the build as without us, then why it missed its cache. A fault of ours never becomes the build's. */
import path from 'node:path';
import { isatty } from 'node:tty';
import { maskCommand, parseArgv } from '../command/parse.ts';
import type { BuildCommand } from '../command/types.ts';
import type { DiagnosisOptions } from '../commands/options.ts';
import { deliver } from '../deliver.ts';
import { UserError } from '../errors.ts';
import { createLogReader, type LogReader, type ReadResult } from '../input/reader.ts';
import { debugLog } from '../log.ts';
import type { Report } from '../model.ts';
import { VERSION } from '../version.ts';
import { type ChildEnd, CommandMissing, runChild } from './child.ts';
import { diagnoseLog, diagnoseRecords, type RunFacts, snapshotFolder } from './diagnose-run.ts';
import { type BuildWatch, watchBuilds } from './own-builds.ts';
import { keepRecords, type RecordKeeper } from './record-keeper.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';

export interface RunOptions extends DiagnosisOptions {
  readonly twice: boolean;
}

/** After the build has ended, a context that was not read to its end yet is waited for this long: only the first look at a big one takes it. */
const MAX_WAIT_MS = 10_000;
/** A wait that a person notices is announced. */
const ANNOUNCE_MS = 700;

/** What one pass left behind. */
interface Pass {
  readonly end: ChildEnd;
  readonly report: Report | null;
  /** Why there is no report. */
  readonly problem: string | null;
}

/** @returns the exit status: the build's own, 3 where only a budget was broken */
export async function runBuild(argv: readonly string[], options: RunOptions): Promise<number> {
  // cli.ts ends the process when nobody reads any more; here the child is to notice by itself.
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error');
    stream.on('error', () => undefined);
  }
  try {
    let pass = await runOnce(argv, options);
    if (options.twice && pass.end.status === 0) pass = await runOnce(argv, options, pass);
    return await finish(pass, options);
  } catch (error) {
    if (!(error instanceof CommandMissing)) throw error;
    process.stderr.write(`cachewhy: ${error.message}\n  ${error.hint}\n`);
    return error.status;
  }
}

async function runOnce(argv: readonly string[], options: RunOptions, first?: Pass): Promise<Pass> {
  const commands = quietly(() => parseArgv(argv, process.env)) ?? [];
  const command = commands.length === 1 ? commands[0]! : null;
  const env = clientEnvironment(command);
  const help = quietly(() => startHelp(command, env));
  const logs = new Map<string, LogReader>();
  const end = await runChild(argv, {
    ...(command && logsOnOutput(command) && { capture: 'stdout' as const }),
    onOutput: (chunk, stream) => {
      quietly(() => {
        let reader = logs.get(stream);
        if (!reader) {
          reader = createLogReader();
          logs.set(stream, reader);
        }
        reader.push(chunk);
      });
    },
  });
  try {
    const results = [...logs.values()].map((reader) => reader.end());
    const report = await diagnosePass(argv, command, help, results, end, options);
    if (report && first) noteSecond(report);
    return { end, report, problem: report ? null : explainNothing(command, results, help) };
  } catch (error) {
    // A budget, a file that cannot be written: the user's to mend. Anything else is our fault, said in one line.
    return { end, report: null, problem: faultLine(error) };
  } finally {
    help?.watch.stop();
    help?.snapshots.stop();
  }
}

interface Help {
  readonly watch: BuildWatch;
  readonly keeper: RecordKeeper;
  readonly snapshots: Snapshots;
  problems: readonly string[];
}

/** What is done beside the build: contexts are read, the builder is asked for what came before. */
function startHelp(command: BuildCommand | null, env: Readonly<Record<string, string>>): Help {
  const snapshots = createSnapshots(snapshotFolder());
  const keeper = keepRecords(env);
  const watch = watchBuilds({ ...process.env, ...env }, (build) => {
    quietly(() => {
      keeper.begin(build);
      if (path.isAbsolute(build.context)) snapshots.start(build.context, build.dockerfile || path.join(build.context, 'Dockerfile'));
    });
  });
  if (command?.contextKind === 'folder' && command.context !== undefined && !command.files.length) {
    const base = path.resolve(command.cwd ?? '.');
    const root = path.resolve(base, command.context);
    const dockerfile =
      command.dockerfile === '-'
        ? null
        : command.dockerfile === undefined
          ? path.join(root, 'Dockerfile')
          : path.resolve(base, command.dockerfile);
    setImmediate(() => quietly(() => snapshots.start(root, dockerfile)));
  }
  return { watch, keeper, snapshots, problems: [] };
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

async function diagnosePass(
  argv: readonly string[],
  command: BuildCommand | null,
  help: Help | undefined,
  results: readonly ReadResult[],
  end: ChildEnd,
  options: RunOptions,
): Promise<Report | null> {
  if (!help) return null;
  const kept = await help.keeper.end(help.watch.ours(command));
  help.problems = kept.problems;
  const logs = results.flatMap((r) => r.builds);
  debugLog().info({ records: kept.records.length, logs: logs.length, problems: kept.problems, seconds: end.seconds }, 'build ended');
  const facts: RunFacts = {
    command,
    commandText: maskCommand(argv.map(quote).join(' ')),
    snapshots: help.snapshots,
    deadline: performance.now() + MAX_WAIT_MS,
    notes: kept.records.length === 0 && logs.length > 0 ? kept.problems.map((p) => `The builder's own record was not used: ${p}.`) : [],
  };
  const announce = setTimeout(() => {
    if (isatty(2)) process.stderr.write('cachewhy: reading the build context for the first time …\n');
  }, ANNOUNCE_MS);
  announce.unref();
  try {
    const builds = await diagnoseRecords(kept.records, facts, options);
    // What the builder has no record of — the classic builder, podman, an engine that went away — is read from the log.
    if (builds.length === 0)
      for (const log of logs) builds.push(await diagnoseLog(log, logs.length === 1 ? facts : { ...facts, command: null }, options));
    return builds.length === 0 ? null : { schemaVersion: 1, generator: { name: 'cachewhy', version: VERSION }, builds };
  } finally {
    clearTimeout(announce);
  }
}

function noteSecond(report: Report): void {
  void report;
}

async function finish(pass: Pass, options: RunOptions): Promise<number> {
  const { end, report, problem } = pass;
  if (!report) {
    if (problem !== null) process.stderr.write(`cachewhy: ${problem}\n`);
    return end.status;
  }
  try {
    if (end.interrupted && options.format.length === 0 && report.builds.every((b) => b.outcome !== 'succeeded'))
      process.stderr.write(report.builds.map((b) => `cachewhy: ${b.headline}\n`).join(''));
    else await deliver(report, options.format, { color: options.color, ...(options.format.length === 0 && { fd: 2 as const }) });
  } catch (error) {
    process.stderr.write(`cachewhy: ${faultLine(error)}\n`);
    // A wrong --format is no fault of the build's, and no reason to call it broken.
    return end.status;
  }
  if (end.status === 0 && report.budgets?.some((b) => !b.ok)) return 3;
  return end.status;
}

function faultLine(error: unknown): string {
  if (error instanceof UserError) return `${error.message} (${error.hint})`;
  if (process.env.CACHEWHY_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return `no report, by a fault of cachewhy and not of your build: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
}

/** One line for a run that leaves nothing to report. */
function explainNothing(command: BuildCommand | null, results: readonly ReadResult[], help: Help | undefined): string {
  const problem = help?.problems[0];
  if (command === null && problem === undefined) return 'no build was seen in this command';
  if (command?.classic)
    return 'the classic builder keeps no records, and its log went to the terminal: pipe it (… 2>&1 | cat) to have it read';
  if (problem !== undefined) return `no report: ${problem}`;
  if (results.some((r) => r.bytes > 0)) return 'no report: the output holds no step of a build, and the builder has no record of one';
  return 'no report: the builder has no record of this build';
}

function quote(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
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
