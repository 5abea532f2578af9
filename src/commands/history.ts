import type { Argv, CommandModule } from 'yargs';
import { formatOption } from './format-option.ts';

interface Options {
  readonly image?: readonly string[];
  readonly history: readonly string[];
  readonly format: readonly string[];
}

const command: CommandModule<object, Options> = {
  command: 'history [image..]',
  describe: 'What an image’s history proves: old and new layers, large ones, secrets; or two compared',
  builder: (yargs: Argv): Argv<Options> =>
    yargs
      .positional('image', { type: 'string', array: true, describe: 'One image to look at, or two to compare' })
      .option('history', {
        type: 'string',
        array: true,
        nargs: 1,
        requiresArg: true,
        default: [] as string[],
        describe: "A file with the output of `docker history --no-trunc --format '{{json .}}' IMAGE`, or a pasted table; repeatable",
      })
      .option('format', formatOption('terminal, json, markdown')) as unknown as Argv<Options>,
  handler: async ({ image, history, format }) => {
    const { runHistory } = await import('../history/run.ts');
    await runHistory({ images: (image ?? []).map(String), files: history, formats: format });
  },
};
export default command;
