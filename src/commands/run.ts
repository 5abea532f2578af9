import type { Argv, CommandModule } from 'yargs';
import { UserError } from '../errors.ts';
import type { DiagnosisOptions } from '../options.ts';
import { withDiagnosisOptions } from './options.ts';

interface Options extends DiagnosisOptions {
  readonly twice: boolean;
  readonly '--'?: readonly string[];
  readonly command?: readonly string[];
}

const command: CommandModule<object, Options> = {
  command: 'run [command..]',
  describe: 'Run a build, show its output as it would look without us, then say why it missed its cache',
  builder: (yargs: Argv): Argv<Options> => {
    checkDashes(process.argv.slice(2));
    return withDiagnosisOptions(
      yargs
        .usage(
          '$0 run [options] -- COMMAND…\n\nRuns a build with its own output, input, signals and exit status, then reports.\n\n  cachewhy run -- docker build -t app .\n  cachewhy run -- docker compose up --build\n  cachewhy run -- make image',
        )
        .option('twice', {
          type: 'boolean',
          default: false,
          describe: 'Build again, unchanged, and report what was not reused: is the build deterministic?',
        }),
    ) as unknown as Argv<Options>;
  },
  handler: async (options) => {
    const argv = (options['--'] ?? []).map(String);
    if (argv.length === 0) throw new UserError('run needs a command', 'write: cachewhy run -- docker build .');
    const { openDebugLog } = await import('../log.ts');
    await openDebugLog(options.logLevel);
    const { runBuild } = await import('../run/run-build.ts');
    process.exitCode = await runBuild(argv, options);
  },
};
export default command;

/** Without `--` the options of the build would be taken for ours: said before any of them is called unknown. */
function checkDashes(args: readonly string[]): void {
  const from = args.indexOf('run') + 1;
  if (from === 0 || args.includes('--') || args.some((a) => a === '--help' || a === '-h' || a.startsWith('--get-yargs'))) return;
  const words = args.slice(from);
  const first = words.findIndex((w) => /^(?:docker|podman|buildah|nerdctl|make|sudo|sh|bash|npm|just|task)\b/.test(w));
  const line = (first === -1 ? words : words.slice(first)).join(' ').slice(0, 200);
  if (line === '') throw new UserError('run needs a command', 'write: cachewhy run -- docker build .');
  throw new UserError('-- is missing before the command', `write: cachewhy run -- ${line}`);
}
