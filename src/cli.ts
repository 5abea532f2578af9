/** The command line: wiring, exit status, and the one place that catches. Writes without Node's streams: to load them takes longer. */

import { writeAll } from './machine/write.ts';
import { VERSION } from './version.ts';

const args = process.argv.slice(2);
// Asked often by scripts, and needing nothing.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) writeAll(1, Buffer.from(`${VERSION}\n`));
else
  run(args).catch(async (error: unknown) => {
    process.exitCode = 2;
    writeAll(2, Buffer.from((await import('./say-error.ts')).sayError(error)));
  });

async function run(args: readonly string[]): Promise<void> {
  const { keepCompiled } = await import('./machine/compile-cache.ts');
  keepCompiled(import.meta.dirname);
  const { start } = await import('./start.ts');
  await start(args);
}
