/** A command line as it may be shown and stored. */
import { looksLikeSecret, MASK, maskText } from '../secrets.ts';

/** `--build-arg NPM_TOKEN=abc`, `-e KEY=abc`, `--opt build-arg:KEY=abc`, `--set web.args.KEY=abc`, `KEY=abc docker …`: name and value, quoted or not. */
const ARGUMENT = /(?<![\w.-])(?:[\w*-]{1,100}\.args\.|build-arg:)?([A-Za-z_]\w{0,200})=("[^"]*"|'[^']*'|[^\s"']+)/g;

/** The same line with the values of what looks like a secret, by name or by form, masked. */
export function maskCommand(text: string): string {
  const masked = text.replace(ARGUMENT, (whole: string, name: string, value: string) => {
    const bare = /^["']/.test(value) ? value.slice(1, -1) : value;
    if (/^\$(?:\w|\{|\()/.test(bare) || !looksLikeSecret(name, bare)) return whole;
    return `${whole.slice(0, whole.length - value.length)}${MASK}`;
  });
  return maskText(masked);
}
