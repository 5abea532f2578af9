/** Programs that are asked something: waited for so long and no longer. */
import type { ChildProcess } from 'node:child_process';

/**
 * Ends a child for good that is not gone by then: one that ignores its end, or has children of its own that keep its output open.
 * @param ms after the start
 */
export function endLate(child: ChildProcess, ms: number): void {
  if (child.pid === undefined) return;
  const timer = setTimeout(() => {
    child.kill('SIGKILL');
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
  }, ms);
  child.once('close', () => clearTimeout(timer));
}
