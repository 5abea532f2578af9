/** The command line: wiring, exit status, and the one place that catches. Writes without Node's streams: to load them takes longer. */
import { writeSync } from 'node:fs';
import { UserError } from './errors.ts';
import { errorLine } from './guard.ts';
import { VERSION } from './version.ts';

const args = process.argv.slice(2);
// Asked often by scripts, and needing nothing.
if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) write(1, `${VERSION}\n`);
else {
  run(args).catch(report);
}

async function run(args: readonly string[]): Promise<void> {
  const { keepCompiled } = await import('./compile-cache.ts');
  keepCompiled(import.meta.dirname);
  const { start } = await import('./start.ts');
  await start(args);
}

function report(error: unknown): void {
  process.exitCode = 2;
  if (error instanceof UserError) {
    // Both may repeat an argument, or what a file holds.
    write(2, `cachewhy: ${errorLine(error.message)}\n  ${errorLine(error.hint)}\n`);
    return;
  }
  const text = error instanceof Error ? error.message : String(error);
  write(2, `cachewhy: this is a fault of cachewhy, not of your build: ${errorLine(text.split('\n')[0] ?? '')}\n`);
  if (process.env.CACHEWHY_DEBUG && error instanceof Error) write(2, `${error.stack}\n`);
}

function write(fd: 1 | 2, text: string): void {
  try {
    writeSync(fd, text);
  } catch {
    // Nobody reads.
  }
}
