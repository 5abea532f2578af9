/** The log for the person who debugs cachewhy: pino on standard error, loaded only when asked for. Never mixed with the report. */
import type { Logger } from 'pino';

/** What the rest of the program may say. A no-op costs nothing until a level is asked for. */
export interface DebugLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
}

const silent: DebugLog = { debug: () => undefined, info: () => undefined };
let current: DebugLog = silent;

export function debugLog(): DebugLog {
  return current;
}

/** @param level a pino level; undefined keeps it silent */
export async function openDebugLog(level: string | undefined): Promise<void> {
  if (level === undefined) return;
  const { default: pino } = await import('pino');
  const [{ guardJson }, { writeAll }] = await Promise.all([import('./guard.ts'), import('./machine/write.ts')]);
  // Synchronous: nothing is lost when the process ends, and no worker thread is started.
  const logger: Logger = pino({ level, base: null }, { write: (line) => void writeAll(2, Buffer.from(guardJson(line))) });
  current = logger;
}
