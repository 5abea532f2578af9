import { errorLine } from '../guard.ts';
import { maskText } from './mask.ts';

/** One line of ours for standard error: it may repeat an argument, an address or what a file holds. */
export function plainLine(text: string): string {
  return errorLine(maskText(text.slice(0, 20_000)));
}
