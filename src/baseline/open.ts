/** Baselines by the names that people give: a file, or `oci://registry/repository:tag`. */
import { existsSync } from 'node:fs';
import { leadsOut } from '../machine/plain-file.ts';
import type { BuildReport } from '../model.ts';
import { isOciReference } from '../oci/reference.ts';
import type { Baseline } from './model.ts';
import type { Loaded } from './pack.ts';
import { loadBaseline, saveBaseline } from './store.ts';
import { readTrend } from './trend.ts';

/** Several builds of one log ask for the same. */
const fetched = new Map<string, Promise<Loaded>>();

/** Never throws but for a reference that is none (UserError): what cannot be had is a note. */
export async function openBaseline(name: string): Promise<Loaded> {
  if (isOciReference(name)) {
    const { loadRemoteBaseline } = await import('./remote.ts');
    const there = fetched.get(name) ?? loadRemoteBaseline(name);
    fetched.set(name, there);
    return there;
  }
  if (!existsSync(name)) return { baseline: null, note: `The baseline ${name} does not exist: there is nothing to compare with.` };
  return loadBaseline(name);
}

/** @returns a note where it could not be saved; never throws */
export async function storeBaseline(name: string, baseline: Baseline): Promise<string | null> {
  if (!isOciReference(name))
    return leadsOut(name) ? `The baseline was not saved: ${name} is a link that leads out of the project.` : saveBaseline(name, baseline);
  try {
    const { saveRemoteBaseline } = await import('./remote.ts');
    return await saveRemoteBaseline(name, baseline);
  } catch (error) {
    return `The baseline could not be saved to ${name}: ${error instanceof Error ? error.message : 'unknown'}.`;
  }
}

/** The report with how its build stands among those that the baseline before it remembers; as it is where there is none. */
export function withTrend(report: BuildReport, previous: Baseline | null, now: Baseline): BuildReport {
  const last = now.past.at(-1);
  return previous && last ? { ...report, trend: readTrend(previous.past, report, last) } : report;
}
