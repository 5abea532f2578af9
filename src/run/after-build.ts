/** What `run` does beside the build and after it: contexts are read, the builder is asked, the report is made. Loaded while the build runs. */

import path from 'node:path';
import { isatty } from 'node:tty';
import { maskCommand } from '../command/parse.ts';
import { quoteWord } from '../command/quote.ts';
import type { BuildCommand } from '../command/types.ts';
import { chooseReports, deliver } from '../deliver.ts';
import { UserError } from '../errors.ts';
import type { LocalBuild } from '../evidence/local-state.ts';
import type { ReadResult } from '../input/reader.ts';
import { debugLog } from '../log.ts';
import { cacheFolder } from '../machine/cache-folder.ts';
import type { Report } from '../model.ts';
import type { RunOptions } from '../options.ts';
import { plainLine } from '../secrets/line.ts';
import { maskText } from '../secrets.ts';
import { withBudgets } from '../session.ts';
import { VERSION } from '../version.ts';
import type { ChildEnd } from './child.ts';
import { diagnoseLog, diagnoseRecords, type RunFacts } from './diagnose-run.ts';
import { keepRecords, type RecordKeeper } from './record-keeper.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';

export { createLogReader } from '../input/reader.ts';

/** After the build has ended, a context that was not read to its end yet is waited for this long: only the first look at a big one takes it. */
const MAX_WAIT_MS = 10_000;
/** A wait that a person notices is announced. */
const ANNOUNCE_MS = 700;

/** What one pass left behind. */
export interface Pass {
  readonly end: ChildEnd;
  readonly report: Report | null;
  /** Why there is no report. */
  readonly problem: string | null;
}

export interface Help {
  readonly keeper: RecordKeeper;
  readonly snapshots: Snapshots;
  /** A build of ours has begun. */
  begin(build: LocalBuild): void;
  stop(): void;
}

/** @param command the build on our command line, whose context is known before its builder has noted it */
export function startHelp(command: BuildCommand | null, env: Readonly<Record<string, string>>): Help {
  const snapshots = createSnapshots(cacheFolder());
  const keeper = keepRecords(env);
  if (command?.contextKind === 'folder' && command.context !== undefined && command.files.length === 0) {
    const base = path.resolve(command.cwd ?? '.');
    const root = path.resolve(base, command.context);
    const named = command.dockerfile === undefined ? path.join(root, 'Dockerfile') : path.resolve(base, command.dockerfile);
    snapshots.start(root, command.dockerfile === '-' ? null : named);
  }
  return {
    keeper,
    snapshots,
    begin: (build) => {
      keeper.begin(build);
      if (path.isAbsolute(build.context)) snapshots.start(build.context, build.dockerfile || path.join(build.context, 'Dockerfile'));
    },
    stop: () => {
      keeper.stop();
      snapshots.stop();
    },
  };
}

export interface PassFacts {
  readonly argv: readonly string[];
  readonly command: BuildCommand | null;
  readonly help: Help | undefined;
  readonly end: ChildEnd;
  readonly options: RunOptions;
  /** What was read from streams that are no terminal. */
  readonly results: readonly ReadResult[];
  readonly builds: readonly LocalBuild[];
  /** The pass before, of `--twice`. */
  readonly first: Pass | undefined;
}

/** Never rejects: a fault of ours is one line. */
export async function diagnosePass(facts: PassFacts): Promise<Pass> {
  const { end, help } = facts;
  try {
    const { report, problems } = await makeReport(facts);
    return { end, report, problem: report ? null : explainNothing(facts, problems) };
  } catch (error) {
    return { end, report: null, problem: faultLine(error) };
  } finally {
    help?.stop();
  }
}

async function makeReport(facts: PassFacts): Promise<{ readonly report: Report | null; readonly problems: readonly string[] }> {
  const { help, command, options } = facts;
  if (!help) return { report: null, problems: [] };
  const kept = await help.keeper.end(facts.builds);
  const logs = facts.results.flatMap((r) => r.builds);
  debugLog().info({ records: kept.records.length, logs: logs.length, problems: kept.problems, seconds: facts.end.seconds }, 'build ended');
  const run: RunFacts = {
    command,
    commandText: maskCommand(facts.argv.map(quoteWord).join(' ')),
    snapshots: help.snapshots,
    deadline: performance.now() + MAX_WAIT_MS,
    notes: kept.records.length === 0 && logs.length > 0 ? kept.problems.map((p) => `The builder's own record was not used: ${p}.`) : [],
  };
  const announce = setTimeout(() => {
    if (isatty(2)) process.stderr.write('cachewhy: reading the build context for the first time …\n');
  }, ANNOUNCE_MS);
  try {
    const builds = await diagnoseRecords(kept.records, run, options);
    // What the builder has no record of — the classic builder, podman, an engine that went away — is read from the log.
    if (builds.length === 0)
      for (const log of logs) builds.push(await diagnoseLog(log, logs.length === 1 ? run : { ...run, command: null }, options));
    const notes = facts.first ? [describeTwice(builds)] : [];
    const report = builds.length === 0 ? null : { schemaVersion: 1 as const, generator: { name: 'cachewhy', version: VERSION }, builds };
    return { report: report && { ...report, ...(notes.length > 0 && { notes }) }, problems: kept.problems };
  } finally {
    clearTimeout(announce);
  }
}

/** The verdict of `--twice`: what ran again although nothing was changed in between. */
function describeTwice(builds: Report['builds']): string {
  const again = builds.flatMap((b) => b.misses.map((m) => m.name));
  if (again.length === 0)
    return 'Built twice without a change: the second build reused every step. The build is deterministic as far as its cache goes.';
  return `Built twice without a change: ${again.length === 1 ? 'one step was' : `${again.length} steps were`} not reused the second time: ${again.slice(0, 5).join(', ')}${again.length > 5 ? ', …' : ''}.`;
}

/** Shows the report, or says why there is none. @returns the exit status */
export async function reportPass(pass: Pass, options: RunOptions): Promise<number> {
  const { end, problem } = pass;
  let { report } = pass;
  if (!report) {
    if (problem !== null) process.stderr.write(`cachewhy: ${plainLine(problem)}\n`);
    return end.status;
  }
  try {
    // A limit that makes no sense costs the report, not the build.
    report = withBudgets(report, options);
    const stopped = end.interrupted && report.builds.every((b) => b.outcome !== 'succeeded');
    // Whoever pressed Ctrl-C wants the prompt back, not a page.
    if (stopped && options.format.length === 0)
      process.stderr.write(report.builds.map((b) => `cachewhy: ${plainLine(b.headline)}\n`).join(''));
    else
      await deliver(report, chooseReports(options.format), {
        color: options.color,
        ...(options.format.length === 0 && { fd: 2 as const }),
      });
  } catch (error) {
    process.stderr.write(`cachewhy: ${plainLine(faultLine(error))}\n`);
    return end.status;
  }
  return end.status === 0 && report.budgets?.some((b) => !b.ok) ? 3 : end.status;
}

function faultLine(error: unknown): string {
  if (error instanceof UserError) return `${error.message} (${error.hint})`;
  if (process.env.CACHEWHY_DEBUG && error instanceof Error) process.stderr.write(`${maskText(error.stack ?? '')}\n`);
  return `no report, by a fault of cachewhy and not of your build: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
}

/** One line for a run that leaves nothing to report. */
function explainNothing({ command, results }: PassFacts, problems: readonly string[]): string {
  if (problems[0] !== undefined) return `no report: ${problems[0]}`;
  if (command === null) return 'no build was seen in this command';
  if (command.classic)
    return 'no report: the classic builder keeps no records, and its log went to the terminal. Pipe it (… 2>&1 | cat) to have it read.';
  if (results.some((r) => r.bytes > 0)) return 'no report: the output holds no step of a build, and the builder has no record of one';
  return 'no report: the builder has no record of this build';
}
