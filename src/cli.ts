/** The command line: wiring, exit status, and the one place that catches. */
import path from 'node:path';
import { keepCompiled } from './compile-cache.ts';
import { UserError } from './errors.ts';
import { VERSION } from './version.ts';

const args = process.argv.slice(2);
// Asked often by scripts, and needing nothing.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) process.stdout.write(`${VERSION}\n`);
else {
  // A reader that closed early (`| head`) is no fault.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(process.exitCode ?? 0);
    });
  start(args).catch(report);
}

async function start(args: readonly string[]): Promise<void> {
  keepCompiled(path.join(import.meta.dirname, 'chunks'));
  // Docker calls us as its plugin (src/plugin/install.ts): its question after a build is not to wait for anything else to load.
  if (args[0] === 'docker-plugin') await (await import('./plugin/docker-plugin.ts')).runPlugin(args.slice(1));
  else await (await import('./main.ts')).main(args);
}

function report(error: unknown): void {
  process.exitCode = 2;
  if (error instanceof UserError) process.stderr.write(`cachewhy: ${error.message}\n  ${error.hint}\n`);
  else {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`cachewhy: this is a fault of cachewhy, not of your build: ${text.split('\n')[0]}\n`);
    if (process.env.CACHEWHY_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  }
}
