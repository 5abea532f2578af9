import type { Options } from 'yargs';

/** `--format NAME`, `--format NAME=FILE`, repeatable. @param names that it takes, as its help lists them */
export function formatOption(names: string): Options {
  return { type: 'string', array: true, nargs: 1, requiresArg: true, default: [], describe: `NAME or NAME=FILE, repeatable: ${names}` };
}
