/** Renders a report in the formats asked for and writes each where it belongs. */
import type { Report } from './model.ts';
import { type FormatSpec, type OutputOptions, parseFormats, writeFormats } from './output.ts';
import { reporters } from './reporters/index.ts';

/**
 * @param formats `NAME` or `NAME=FILE`; none: the terminal report
 * @throws UserError where there is no such report
 */
export function chooseReports(formats: readonly string[]): FormatSpec[] {
  return parseFormats(formats, Object.keys(reporters));
}

/** @throws UserError where a file cannot be written */
export async function deliver(report: Report, formats: readonly FormatSpec[], options: OutputOptions): Promise<void> {
  await writeFormats(formats, options, async (name, view) => (await reporters[name]!()).default.render(report, view));
}
