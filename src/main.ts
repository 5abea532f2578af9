/** Commands and their options (yargs). Each command loads what it needs when it runs. */
import yargs, { type CommandModule } from 'yargs';
import completion from './commands/completion.ts';
import diagnose from './commands/diagnose.ts';
import diff from './commands/diff.ts';
import explain from './commands/explain.ts';
import history from './commands/history.ts';
import last from './commands/last.ts';
import plugin from './commands/plugin.ts';
import predict from './commands/predict.ts';
import run from './commands/run.ts';
import simulate from './commands/simulate.ts';
import { UserError } from './errors.ts';
import { VERSION } from './version.ts';

const commands: readonly CommandModule<object, never>[] = [
  diagnose,
  run,
  last,
  history,
  diff,
  simulate,
  predict,
  explain,
  plugin,
  completion,
] as unknown as readonly CommandModule<object, never>[];

/** @throws UserError on wrong usage */
export async function main(args: readonly string[]): Promise<void> {
  const parser = yargs([...args])
    .scriptName('cachewhy')
    .usage(
      '$0 [log..]\n\nSays why a Docker build missed its cache, and what to do about it.\n\n  docker build --progress=plain . 2>&1 | cachewhy\n  cachewhy run -- docker build .\n  cachewhy build.log',
    )
    .parserConfiguration({ 'populate--': true, 'duplicate-arguments-array': true })
    .version(VERSION)
    .alias('version', 'V')
    .alias('help', 'h')
    .wrap(Math.min(process.stdout.columns ?? 100, 120))
    .strictOptions()
    .recommendCommands()
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UserError(message ?? 'wrong usage', 'see cachewhy --help');
    })
    .epilogue(
      'Exit status: 0 built, 1 the build failed, was cancelled or is cut short, 2 wrong usage or unreadable input, 3 a budget was broken.',
    );
  for (const c of commands) parser.command(c);
  await parser.parseAsync();
}
