import { parseCommandLine } from '../../src/command/parse.ts';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { BuildReport, CauseReport } from '../../src/model.ts';

/**
 * A plain log of steps: `CACHED [2/3] RUN a`, `DONE=2.5 [1/3] FROM x | extracting sha256:0123456789ab`, `OPEN [3/3] RUN b | 0.1 output`,
 * `CANCELED …`, `ERROR [3/3] RUN b !! exit code: 1`. What is no step stands as it is behind them.
 */
export function plainLog(steps: readonly string[]): string {
  return steps.map(group).join('\n');
}

function group(step: string, i: number): string {
  const [head = '', ...statuses] = step.split(' | ');
  const [begin, word, seconds = '1.0'] = /^(DONE|CACHED|CANCELED|OPEN|ERROR)(?:=([\d.]+))? /.exec(head) ?? [];
  if (begin === undefined) return `${step}\n`;
  const [name, error] = head.slice(begin.length).split(' !! ');
  const last = word === 'DONE' ? `DONE ${seconds}s` : word === 'ERROR' ? `ERROR: ${error}` : word;
  return [name, ...statuses, ...(word === 'OPEN' ? [] : [last])].map((l) => `#${i + 1} ${l}\n`).join('');
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
