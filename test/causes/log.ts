import { parseCommandLine } from '../../src/command/parse.ts';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { BuildReport, CauseReport } from '../../src/model.ts';

/** `CACHED [2/3] RUN a`, `DONE [1/3] FROM x | extracting sha256:0123456789ab`, `ERROR [3/3] RUN b !! exit code: 1` */
export function plainLog(steps: readonly string[]): string {
  const lines = steps.map((step, i) => {
    const [head = '', ...statuses] = step.split(' | ');
    const word = head.split(' ', 1)[0]!;
    const at = word === 'ERROR' ? head.lastIndexOf(' !! ') : head.length;
    const last = { DONE: 'DONE 1.0s', CACHED: 'CACHED', ERROR: `ERROR: ${head.slice(at + 4)}` }[word];
    return [head.slice(word.length + 1, at), ...statuses, last].map((l) => `#${i + 1} ${l}\n`).join('');
  });
  return lines.join('\n');
}

export function report(log: string, command?: string): BuildReport {
  const reader = createLogReader();
  reader.push(Buffer.from(log));
  const [build] = reader.end().builds;
  return diagnose(build!, command === undefined ? {} : { command: parseCommandLine(command)[0] ?? null }).report;
}

/** The causes of the first miss that has `name` in its name, best first. */
export function causesOf(steps: readonly string[], name: string, command?: string): readonly CauseReport[] {
  return report(plainLog(steps), command).misses.find((m) => m.name.includes(name))?.causes ?? [];
}
