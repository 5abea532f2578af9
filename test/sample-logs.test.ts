import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../src/command/parse.ts';
import { diagnose } from '../src/diagnose.ts';
import { createLogReader } from '../src/input/reader.ts';
import type { BuildReport } from '../src/model.ts';

/**
 * Each folder of sample-logs/ holds a real log and the report it must give. To add one: a folder with build.log, then
 * `npx vitest run test/sample-logs.test.ts -u`, and read what expected.txt says before you commit it.
 */
const root = path.join(import.meta.dirname, '..', 'sample-logs');
const cases = readdirSync(root).filter((name) => existsSync(path.join(root, name, 'build.log')));

function outline(report: BuildReport): string {
  const lines = [
    report.headline,
    `${report.dialect}, ${report.outcome}, ${report.summary.reused} reused, ${report.summary.rebuilt} rebuilt`,
  ];
  for (const s of report.steps) if (s.cacheable) lines.push(`${s.status.padEnd(9)} ${s.role.padEnd(10)} ${s.name}`);
  for (const m of report.misses)
    lines.push(
      `miss ${m.name}`,
      ...m.causes.map((c) => `  ${c.confidence} ${c.kind}: ${c.summary}`),
      ...m.advice.map((a) => `  fix ${a.id} saves ${a.savesSeconds}`),
    );
  for (const n of report.notes) lines.push(`note ${n}`);
  return lines.join('\n');
}

describe('real logs', () => {
  it.each(cases)('%s gives its report', async (name) => {
    const reader = createLogReader();
    reader.push(readFileSync(path.join(root, name, 'build.log')));
    const { builds, unread, wrappers } = reader.end();
    const command = path.join(root, name, 'command.txt');
    const evidence = existsSync(command) ? { command: parseCommandLine(readFileSync(command, 'utf8'))[0] ?? null } : {};
    const text = [
      `${builds.length} builds, ${unread.count} lines unread, wrappers: ${wrappers.join(', ') || 'none'}`,
      ...builds.map((b) => outline(diagnose(b, evidence).report)),
    ].join('\n\n');
    await expect(`${text}\n`).toMatchFileSnapshot(path.join(root, name, 'expected.txt'));
  });
});
