import type { Argv, CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import type { PredictOptions } from '../predict/predict-build.ts';
import { withDiagnosisOptions } from './options.ts';

interface Options extends PredictOptions {
  readonly '--'?: readonly string[];
  readonly command?: readonly string[];
}

const command: CommandModule<object, Options> = {
  command: 'predict [command..]',
  describe: 'Say before a build what it will reuse and run, and why',
  builder: (yargs: Argv): Argv<Options> =>
    withDiagnosisOptions(
      yargs
        .usage(
          '$0 predict [options] -- docker build …\n\nBuilds nothing: compares the files and the command with the build before.\n\n  cachewhy predict -- docker build -t app .\n  cachewhy predict --max-rebuilt 60 -- docker build .',
        )
        .option('cold', {
          type: 'boolean',
          default: false,
          describe: 'The builder has nothing of its own, as a runner that forgets: only imported caches (--cache-from) count',
        })
        .option('assume-identical', {
          type: 'string',
          array: true,
          nargs: 1,
          requiresArg: true,
          default: [] as string[],
          describe: 'What is copied from this stage stays the same whatever runs in it; `all`; repeatable',
        }),
    ) as unknown as Argv<Options>,
  handler: async (options) => {
    const argv = (options['--'] ?? []).map(String);
    if (argv.length === 0) throw new UserError('predict needs the command of a build', 'write: cachewhy predict -- docker build .');
    const { openDebugLog } = await import('../log.ts');
    await openDebugLog(options.logLevel);
    const { predictBuild } = await import('../predict/predict-build.ts');
    process.exitCode = await predictBuild(argv, options);
  },
};
export default command;
