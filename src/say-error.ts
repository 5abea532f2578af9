import { UserError } from './errors.ts';
import { plainLine } from './secrets/line.ts';
import { maskText } from './secrets.ts';

/** What ended the program, in words: a user's error with how to mend it, or a fault of ours. Both may repeat an argument, or what a file holds. */
export function sayError(error: unknown): string {
  if (error instanceof UserError) return `cachewhy: ${plainLine(error.message)}\n  ${plainLine(error.hint)}\n`;
  const text = error instanceof Error ? error.message : String(error);
  const said = `cachewhy: this is a fault of cachewhy, not of your build: ${plainLine(text.split('\n')[0] ?? '')}\n`;
  return process.env.CACHEWHY_DEBUG && error instanceof Error ? `${said}${maskText(error.stack ?? '')}\n` : said;
}
