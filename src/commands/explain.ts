import type { Argv, CommandModule } from 'yargs';

interface Options {
  readonly cause?: string;
}

const command: CommandModule<object, Options> = {
  command: 'explain [cause]',
  describe: 'What a cause means, how it is known, how to fix it',
  builder: (yargs: Argv): Argv<Options> =>
    yargs.positional('cause', { type: 'string', describe: 'A kind of cause; none: the list' }) as Argv<Options>,
  handler: async ({ cause }) => {
    const { explainCause } = await import('./explain-cause.ts');
    process.stdout.write(explainCause(cause));
  },
};
export default command;
