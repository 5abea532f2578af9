import type { Argv, CommandModule } from 'yargs';
import type { DiagnosisOptions } from '../options.ts';
import { withDiagnosisOptions } from './options.ts';

interface Options extends DiagnosisOptions {
  readonly ref?: string;
  readonly builder?: string;
  readonly against?: string;
}

const command: CommandModule<object, Options> = {
  command: 'last [ref]',
  describe: 'Diagnose a build that the builder has on record (docker buildx history), against the one before it',
  builder: (yargs: Argv): Argv<Options> =>
    withDiagnosisOptions(
      yargs
        .positional('ref', {
          type: 'string',
          describe: 'Id of a build, ^1 for the one before the last, or a .dockerbuild file; none: the last build',
        })
        .option('builder', { type: 'string', requiresArg: true, describe: 'The builder to ask (default: the current one)' })
        .option('against', {
          type: 'string',
          requiresArg: true,
          describe:
            'The build to compare with: an id, ^N or a .dockerbuild file (default: the one before it of the same Dockerfile and target)',
        }),
    ) as unknown as Argv<Options>,
  handler: async (options) => {
    const { openDebugLog } = await import('../log.ts');
    await openDebugLog(options.logLevel);
    const { reportLast } = await import('../run/last-build.ts');
    process.exitCode = await reportLast(options.ref === undefined ? undefined : String(options.ref), options);
  },
};
export default command;
