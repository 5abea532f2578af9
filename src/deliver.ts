/** Renders a report in the formats asked for and writes each where it belongs. */

import { writeAll } from './machine/write.ts';
import type { Report } from './model.ts';
import { type FormatSpec, type OutputOptions, writeFormats } from './output.ts';
import { chooseFormats } from './reporters/choice/detect.ts';
import { reporters } from './reporters/index.ts';

/**
 * What was asked for, else what fits where we run: that is said on standard error.
 * @param formats `NAME` or `NAME=FILE`
 * @throws UserError where there is no such report
 */
export function chooseReports(formats: readonly string[]): readonly FormatSpec[] {
  const { formats: chosen, said } = chooseFormats(formats, process.env);
  if (said !== null) writeAll(2, Buffer.from(`cachewhy: ${said}\n`));
  return chosen;
}

/** @throws UserError where a file cannot be written */
export async function deliver(report: Report, formats: readonly FormatSpec[], options: OutputOptions): Promise<void> {
  await writeFormats(formats, options, async (name, view) => (await reporters[name]!()).default.render(report, view));
}
