import type { Argv, CommandModule } from 'yargs';
import { formatOption } from './format-option.ts';

interface Options {
  readonly before: string;
  readonly after: string;
  readonly format: readonly string[];
}

const command: CommandModule<object, Options> = {
  command: 'diff <before> <after>',
  describe: 'What changed between two logs or two saved baselines',
  builder: (yargs: Argv): Argv<Options> =>
    yargs
      .positional('before', { type: 'string', demandOption: true, describe: 'A log, a file that --save-baseline wrote, or oci://…' })
      .positional('after', { type: 'string', demandOption: true, describe: 'Another of the same kind' })
      .option('format', formatOption('terminal, json, markdown')) as unknown as Argv<Options>,
  handler: async ({ before, after, format }) => {
    const { runDiff } = await import('../diff/run.ts');
    await runDiff(String(before), String(after), format);
  },
};
export default command;
