/** Two builds of a project, without an engine: the log is written from a list of steps, the files lie in a folder of their own. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createLogReader } from '../../src/input/reader.ts';
import type { AdviceReport, BuildReport } from '../../src/model.ts';
import { diagnoseLogs } from '../../src/session.ts';

export type Files = Readonly<Record<string, string>>;

/** A step as the log shows it, and how it went: seconds, or null for reused. */
export type Went = readonly [name: string, seconds: number | null];

export interface Project {
  readonly folder: string;
  write(files: Files): void;
  /** Sets the time stamp of a file. */
  date(file: string, seconds: number): void;
  chmod(file: string, mode: number): void;
  /** The tag of the base image points to another image from now on. */
  moveBase(): void;
  build(steps: readonly Went[], command?: string, history?: string): Promise<BuildReport>;
}

export function openProject(files: Files): Project {
  const home = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-advice-'));
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const folder = path.join(home, 'project');
  const baseline = path.join(home, 'baseline');
  let built = 0;
  let base = '5';
  const project: Project = {
    folder,
    write: (changes) => {
      for (const [name, text] of Object.entries(changes)) {
        const file = path.join(folder, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
    },
    chmod: (file, mode) => chmodSync(path.join(folder, file), mode),
    moveBase: () => {
      base = '6';
    },
    date: (file, seconds) => utimesSync(path.join(folder, file), seconds, seconds),
    build: async (steps, command = 'docker build .', history) => {
      const reader = createLogReader();
      reader.push(Buffer.from(writeLog(steps, base)));
      const historyFile = path.join(home, 'history.json');
      if (history !== undefined) writeFileSync(historyFile, history);
      const report = await diagnoseLogs([reader.end()], {
        dockerfile: path.join(folder, 'Dockerfile'),
        context: folder,
        buildCommand: command,
        saveBaseline: baseline,
        remember: false,
        format: [],
        failOn: [],
        protect: [],
        ...(built++ > 0 && { baseline }),
        ...(history !== undefined && { history: historyFile }),
      });
      return report.builds[0]!;
    },
  };
  project.write(files);
  return project;
}

/** Plain progress of a build from busybox. @param base digit of its digest */
function writeLog(steps: readonly Went[], base: string): string {
  const lines = [
    '#1 [internal] load build definition from Dockerfile',
    '#1 transferring dockerfile: 200B done',
    '#1 DONE 0.0s',
    '',
    `#2 [1/${steps.length + 1}] FROM docker.io/library/busybox:1.35@sha256:${base.repeat(64)}`,
    `#2 ${steps.some(([, s]) => s === null) ? 'CACHED' : 'DONE 0.1s'}`,
    '',
    '#3 [internal] load build context',
    '#3 transferring context: 600B done',
    '#3 DONE 0.0s',
    '',
  ];
  for (const [i, [name, seconds]] of steps.entries()) {
    const shown = name.startsWith('[') ? name : `[${i + 2}/${steps.length + 1}] ${name}`;
    lines.push(`#${i + 4} ${shown}`, seconds === null ? `#${i + 4} CACHED` : `#${i + 4} DONE ${seconds.toFixed(1)}s`, '');
  }
  return `${lines.join('\n')}\n#${steps.length + 4} exporting to image\n#${steps.length + 4} DONE 0.1s\n`;
}

export function advised(report: BuildReport, id: string): AdviceReport | undefined {
  return [...report.misses.flatMap((m) => m.advice), ...(report.advice ?? [])].find((a) => a.id === id);
}
