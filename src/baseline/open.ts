/** Baselines by the names that people give: a file, or `oci://registry/repository:tag`. */
import { existsSync } from 'node:fs';
import type { BuildReport } from '../model.ts';
import { isOciReference } from '../oci/reference.ts';
import type { Baseline } from './model.ts';
import { type Loaded, loadBaseline, saveBaseline } from './store.ts';
import { readTrend } from './trend.ts';

const fetched = new Map<string, Loaded>();

/**
 * Fetches a baseline that lies in a registry, so that `openBaseline` has it at once. Does nothing for a file.
 * @throws UserError where the reference is none
 */
export async function prepareBaseline(name: string | undefined): Promise<void> {
  if (name === undefined || !isOciReference(name) || fetched.has(name)) return;
  const { loadRemoteBaseline } = await import('../oci/store.ts');
  fetched.set(name, await loadRemoteBaseline(name));
}

/** Never throws; a reference must have been prepared. */
export function openBaseline(name: string): Loaded {
  const there = fetched.get(name);
  if (there) return there;
  if (isOciReference(name)) return { baseline: null, note: `The baseline ${name} was not fetched.` };
  if (!existsSync(name)) return { baseline: null, note: `The baseline ${name} does not exist: there is nothing to compare with.` };
  return loadBaseline(name);
}

/** @returns a note where it could not be saved; never throws */
export async function storeBaseline(name: string, baseline: Baseline): Promise<string | null> {
  if (!isOciReference(name)) return saveBaseline(name, baseline);
  try {
    const { saveRemoteBaseline } = await import('../oci/store.ts');
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
