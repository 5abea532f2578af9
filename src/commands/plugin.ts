import type { Argv, CommandModule } from 'yargs';

interface Options {
  readonly action: 'install' | 'remove';
  readonly hook: boolean;
}

const command: CommandModule<object, Options> = {
  command: 'plugin <action>',
  describe: 'Make `docker cachewhy` work (install) or undo it (remove)',
  builder: (yargs: Argv): Argv<Options> =>
    yargs.positional('action', { choices: ['install', 'remove'] as const, demandOption: true }).option('hook', {
      type: 'boolean',
      default: false,
      describe: "install: also add a line under docker's “What's next” after each build on a terminal",
    }) as unknown as Argv<Options>,
  handler: async ({ action, hook }) => {
    const { installPlugin, removePlugin } = await import('../plugin/install.ts');
    if (action === 'install') {
      const { realpathSync } = await import('node:fs');
      const done = installPlugin(realpathSync(process.argv[1]!), hook);
      process.stdout.write(`${done.launcher} written: docker cachewhy works now.\n`);
      if (done.config !== null)
        process.stdout.write(`${done.config} changed: docker build on a terminal now says why it missed its cache.\n`);
      else if (!hook) process.stdout.write('With --hook, docker build itself says in a line why it missed its cache.\n');
      return;
    }
    const done = removePlugin();
    process.stdout.write(done.launcher === null ? 'There was no plugin.\n' : `${done.launcher} removed.\n`);
    if (done.config !== null) process.stdout.write(`${done.config}: the hook was taken out.\n`);
  },
};
export default command;
