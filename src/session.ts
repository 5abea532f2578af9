/** One run of a diagnosis: gathers the evidence for each build of a log, diagnoses it, remembers it. Side effects end here. */
import { checkBudgets, priceReport } from './budgets.ts';
import { maskCommand, parseCommandLine } from './command/parse.ts';
import type { BuildCommand } from './command/types.ts';
import { diagnose, type Evidence } from './diagnose.ts';
import { UserError } from './errors.ts';
import { type Given, gather } from './gather/gather.ts';
import type { BuildLog } from './graph/log.ts';
import type { Step } from './graph/step.ts';
import type { ReadResult } from './input/reader.ts';
import { debugLog } from './log.ts';
import type { BuildReport, Report } from './model.ts';
import type { DiagnosisOptions } from './options.ts';
import { maskReport, secretsAmong } from './secrets/report.ts';
import { VERSION } from './version.ts';

/** @throws UserError where the input holds no build; exit status 2 */
export async function diagnoseLogs(results: readonly ReadResult[], options: DiagnosisOptions): Promise<Report> {
  const builds: BuildReport[] = [];
  const notes: string[] = [];
  for (const result of results) {
    debugLog().info(
      { builds: result.builds.length, lines: result.lines, bytes: result.bytes, wrappers: result.wrappers, unread: result.unread },
      'log read',
    );
    notes.push(...result.notes);
    if (result.unread.count > 0) notes.push(unreadNote(result));
    for (const log of result.builds)
      builds.push(await diagnoseOne(log, commandOf(log, options), options, results.length === 1 && result.builds.length === 1));
  }
  return { schemaVersion: 1, generator: { name: 'cachewhy', version: VERSION }, builds, ...(notes.length > 0 && { notes }) };
}

/** A command line and what it says. */
export interface GivenCommand {
  readonly text: string | null;
  readonly command: BuildCommand | null;
  /** It stands in the log: nobody vouches for it. */
  readonly ofLog?: boolean;
}

/**
 * @param keep false: nothing is remembered
 * @param given what the caller knows better than the disk
 */
export async function diagnoseOne(
  log: BuildLog,
  { text, command, ofLog }: GivenCommand,
  options: DiagnosisOptions,
  keep: boolean,
  given: Given & { readonly foreseen?: boolean } = {},
): Promise<BuildReport> {
  const found = await gather(log, command, options, process.cwd(), { ...given, ...(ofLog && { commandOfLog: true }) });
  const byHistory = options.history === undefined ? undefined : (await import('./gather/history.ts')).readAges(options.history);
  const evidence: Evidence = {
    ...((byHistory || found.ageOf) && { ageOf: (step: Step) => byHistory?.(step) ?? found.ageOf?.(step.name) ?? null }),
    ...(found.suspects && { suspects: found.suspects }),
    command,
    commandText: text === null ? null : maskCommand(text),
    ...(found.graph && { graph: found.graph }),
    ...(found.known && { known: found.known }),
    ...(found.scopes && { scopes: found.scopes }),
    ...(found.compare && { compare: found.compare }),
    ...(found.rewrites && { rewrites: found.rewrites }),
    ...(given.foreseen && { foreseen: true }),
    notes: found.notes,
  };
  const diagnosis = diagnose(log, evidence);
  const masked = maskReport(diagnosis.report, [...secretsAmong(command?.buildArgs ?? {}), ...(found.secrets ?? [])]);
  for (const m of masked.misses)
    debugLog().debug({ step: m.step, causes: m.causes.map((c) => `${c.kind} ${c.confidence}`) }, 'first miss explained');
  return found.remember ? (await import('./gather/finish.ts')).finish(masked, [found], options, keep) : masked;
}

/** The command line that made the build: the user's word, else what the log shows nearest above it. */
function commandOf(log: BuildLog, options: DiagnosisOptions): GivenCommand {
  const texts = options.buildCommand === undefined ? log.commands.map((c) => c.text).reverse() : [options.buildCommand];
  for (const text of texts) {
    const command = parseCommandLine(text)[0];
    if (command) return { text, command, ofLog: options.buildCommand === undefined };
  }
  if (options.buildCommand !== undefined)
    throw new UserError(
      `--build-command is no build: ${maskCommand(options.buildCommand).slice(0, 200)}`,
      'give the whole line, for example "docker build --target prod ."',
    );
  return { text: null, command: null };
}

function unreadNote(result: ReadResult): string {
  const first = result.unread.examples[0];
  return `${result.unread.count} line${result.unread.count === 1 ? '' : 's'} could not be read${first ? `, the first is line ${first.line}: ${first.text.slice(0, 120)}` : ''}`;
}

/** 0 succeeded, 1 a build failed, was cancelled or is cut short, 3 a budget was broken. */
export function exitStatus(report: Report): number {
  if (report.builds.some((b) => b.outcome !== 'succeeded')) return 1;
  return report.budgets?.some((b) => !b.ok) ? 3 : 0;
}

/** Prices the waste and checks the limits that were asked for. */
export function withBudgets(report: Report, options: DiagnosisOptions): Report {
  const priced = priceReport(report, options);
  const budgets = checkBudgets(priced, options);
  return budgets.length > 0 ? { ...priced, budgets } : priced;
}
