import type { Argv, CommandModule } from 'yargs';
import type { DiagnosisOptions } from '../options.ts';
import { PASSTHROUGH, withDiagnosisOptions } from './options.ts';

interface Options extends DiagnosisOptions {
  readonly log?: readonly string[];
  readonly passthrough: boolean;
}

const command: CommandModule<object, Options> = {
  command: ['$0 [log..]', 'diagnose [log..]'],
  describe: 'Diagnose the builds in a log: standard input, or files',
  builder: (yargs: Argv): Argv<Options> =>
    withDiagnosisOptions(
      yargs
        .positional('log', { type: 'string', array: true, describe: 'Log files; - or nothing: standard input' })
        .option('passthrough', PASSTHROUGH),
    ) as unknown as Argv<Options>,
  handler: async (options) => {
    const { runDiagnosis } = await import('./diagnose-log.ts');
    process.exitCode = await runDiagnosis(options, (options.log ?? []).map(String), options.passthrough);
  },
};
export default command;
