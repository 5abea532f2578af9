import type { Reporter } from './types.ts';

/** Loaded when asked for: a JSON report never pays for tables. */
export const reporters: Readonly<Record<string, () => Promise<{ readonly default: Reporter }>>> = {
  json: () => import('./json.ts'),
  terminal: () => import('./terminal.ts'),
};
