/** From the arguments to the command: only what it needs is loaded. */
import { readPlainArguments } from './commands/plain-arguments.ts';

/** @throws UserError on wrong usage or unreadable input */
export async function start(args: readonly string[]): Promise<void> {
  const plain = readPlainArguments(args);
  if (plain) {
    const { runDiagnosis } = await import('./commands/diagnose-log.ts');
    process.exitCode = await runDiagnosis(plain.options, plain.files, plain.passthrough);
    return;
  }
  // A reader that closed early (`| head`) is no fault.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(process.exitCode ?? 0);
    });
  // Docker calls us as its plugin (src/plugin/install.ts): its question after a build is not to wait for anything else to load.
  const main = async (rest: readonly string[]): Promise<void> => (await import('./main.ts')).main(rest);
  if (args[0] === 'docker-plugin') await (await import('./plugin/docker-plugin.ts')).runPlugin(args.slice(1), main);
  else await main(args);
}
