import { UserError } from './errors.ts';
import { errorLine } from './guard.ts';

/** What ended the program, in words: a user's error with how to mend it, or a fault of ours. Both may repeat an argument, or what a file holds. */
export function sayError(error: unknown): string {
  if (error instanceof UserError) return `cachewhy: ${errorLine(error.message)}\n  ${errorLine(error.hint)}\n`;
  const text = error instanceof Error ? error.message : String(error);
  const said = `cachewhy: this is a fault of cachewhy, not of your build: ${errorLine(text.split('\n')[0] ?? '')}\n`;
  return process.env.CACHEWHY_DEBUG && error instanceof Error ? `${said}${error.stack}\n` : said;
}
