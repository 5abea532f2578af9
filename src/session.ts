/** One run of a diagnosis: gathers the evidence for each build of a log, diagnoses it, remembers it. Side effects end here. */
import { maskCommand, parseCommandLine } from './command/parse.ts';
import type { BuildCommand } from './command/types.ts';
import type { DiagnosisOptions } from './commands/options.ts';
import { diagnose, type Evidence } from './diagnose.ts';
import { UserError } from './errors.ts';
import type { BuildLog } from './graph/log.ts';
import type { ReadResult } from './input/reader.ts';
import { debugLog } from './log.ts';
import type { BuildReport, Report } from './model.ts';
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
    for (const [index, log] of result.builds.entries())
      builds.push((await diagnoseOne(log, options, results.length === 1 && result.builds.length === 1, index)).report);
  }
  return { schemaVersion: 1, generator: { name: 'cachewhy', version: VERSION }, builds, ...(notes.length > 0 && { notes }) };
}

async function diagnoseOne(log: BuildLog, options: DiagnosisOptions, only: boolean, _index: number): Promise<{ report: BuildReport }> {
  const { text, command } = commandOf(log, options, only);
  const evidence: Evidence = { command, commandText: text === null ? null : maskCommand(text) };
  const { report } = diagnose(log, evidence);
  for (const m of report.misses)
    debugLog().debug({ step: m.step, causes: m.causes.map((c) => `${c.kind} ${c.confidence}`) }, 'first miss explained');
  return { report };
}

/** The command line that made the build: the user's word, else what the log shows nearest above it. */
function commandOf(log: BuildLog, options: DiagnosisOptions, _only: boolean): { text: string | null; command: BuildCommand | null } {
  const texts = options.buildCommand === undefined ? log.commands.map((c) => c.text).reverse() : [options.buildCommand];
  for (const text of texts) {
    const command = parseCommandLine(text)[0];
    if (command) return { text, command };
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
