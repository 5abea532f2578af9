import type { Argv, CommandModule } from 'yargs';

interface Options {
  readonly shell?: string;
}

const command: CommandModule<object, Options> = {
  command: 'completion [shell]',
  describe: 'Print a completion script for bash, zsh or fish',
  builder: (yargs: Argv): Argv<Options> =>
    yargs.positional('shell', {
      choices: ['bash', 'zsh', 'fish'] as const,
      describe: 'Default: the shell in $SHELL',
    }) as unknown as Argv<Options>,
  handler: async ({ shell }) => {
    const { completionScript } = await import('./completion-scripts.ts');
    process.stdout.write(completionScript(shell ?? process.env.SHELL ?? ''));
  },
};
export default command;
