/** The last touches to a report that need what was gathered: accepted misses, the trend, and what the next build is held against. */

import { storeBaseline, withTrend } from '../baseline/open.ts';
import { saveBaseline } from '../baseline/store.ts';
import type { BuildReport } from '../model.ts';
import type { DiagnosisOptions } from '../options.ts';
import { maskText } from '../secrets.ts';
import { markAccepted } from './accept.ts';
import type { Gathered } from './gather.ts';

/**
 * @param report without secrets
 * @param gathered one for each target of the build
 * @param keep false: nothing is remembered
 */
export async function finish(
  report: BuildReport,
  gathered: readonly Gathered[],
  options: DiagnosisOptions,
  keep: boolean,
): Promise<BuildReport> {
  const single = gathered.length === 1 ? gathered[0] : undefined;
  const marked = markAccepted(report, single?.acceptances ?? []);
  const notes = new Set(report.notes);
  let shown = marked;
  for (const found of gathered) {
    const baseline = found.remember?.(report);
    if (!baseline) continue;
    if (found === single) shown = withTrend(marked, found.previous, baseline);
    if (!keep) continue;
    const told: (string | null)[] = [];
    if (options.saveBaseline !== undefined && found === single) told.push(await storeBaseline(options.saveBaseline, baseline));
    if (options.remember !== false && found.home !== null && options.baseline === undefined) told.push(saveBaseline(found.home, baseline));
    for (const note of told) if (note !== null) notes.add(maskText(note));
  }
  return notes.size > report.notes.length ? { ...shown, notes: [...notes] } : shown;
}
