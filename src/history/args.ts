/** Build arguments as an image's history shows them: `RUN |2 GIT_SHA=5d6e7f8 DEBUG=1 /bin/sh -c make # buildkit`, `ARG GIT_SHA=5d6e7f8`. */
import { readVariables } from './created-by.ts';
import type { History } from './model.ts';
import { parseHistory } from './parse.ts';

/**
 * Effective values by name; empty where the history holds none. Values may be secrets: whoever shows or keeps them protects them.
 * A name whose value cannot be told with certainty (a value with blanks that looks like another argument, a cut text) is left out.
 */
export function argsOfHistory(history: History | string): Record<string, string> {
  const { entries } = typeof history === 'string' ? parseHistory(history) : history;
  const inScope = new Map<string, string>();
  const declared = new Map<string, string>();
  // The newest entry has the last word: an argument may be declared anew further down.
  for (const entry of entries) {
    for (const { name, value } of entry.args ?? []) if (!inScope.has(name)) inScope.set(name, value);
    if (entry.instruction !== 'ARG' || entry.cut) continue;
    // `ARG A=b C=d` is two arguments or one with a blank: only a RUN that had them in scope can tell.
    const [only, another] = readVariables(entry.text);
    if (only && !another && !declared.has(only.name)) declared.set(only.name, only.value);
  }
  // The classic builder writes the default beside ARG; what a RUN had in scope is what it really was.
  return Object.fromEntries([...declared, ...inScope]);
}
