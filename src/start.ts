/** From the arguments to the command: only what it needs is loaded. */
import { writeSync } from 'node:fs';
import { readPlainArguments } from './commands/plain-arguments.ts';
import { reasonOf } from './machine/whole-file.ts';

/** @throws UserError on wrong usage or unreadable input */
export async function start(args: readonly string[]): Promise<void> {
  const plain = readPlainArguments(args);
  if (plain) {
    const { runDiagnosis } = await import('./commands/diagnose-log.ts');
    process.exitCode = await runDiagnosis(plain.options, plain.files, plain.passthrough);
    return;
  }
  process.stdout.on('error', endWithoutReader);
  // What cannot be said there can be said nowhere, and is no reason to stop.
  process.stderr.on('error', () => undefined);
  // Docker calls us as its plugin (src/plugin/install.ts): its question after a build is not to wait for anything else to load.
  const main = async (rest: readonly string[]): Promise<void> => (await import('./main.ts')).main(rest);
  if (args[0] === 'docker-plugin') await (await import('./plugin/docker-plugin.ts')).runPlugin(args.slice(1), main);
  else await main(args);
}

/** A reader that closed early (`| head`) is no fault; a full disk is one of the user's. */
function endWithoutReader(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  try {
    writeSync(2, `cachewhy: standard output cannot be written: ${reasonOf(error)}\n  make room, or send it elsewhere\n`);
  } catch {
    // Nobody reads.
  }
  process.exit(2);
}
