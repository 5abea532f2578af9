/** The built command as a user in trouble meets it: a home of its own, a project, a log. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

export interface Desk {
  /** A folder for this test file alone. */
  readonly folder: string;
  /** A build context: a Dockerfile and a.txt. */
  readonly project: string;
  /** `bin/cachewhy.js` of a copy of the built package. */
  readonly cli: string;
  readonly env: Readonly<Record<string, string>>;
  /** A log of a build of the project: COPY and RUN came from the cache, or ran. */
  log(cached: boolean): string;
  run(args: readonly string[], options?: RunOptions): Ended;
  /** The same, without waiting: for what a test has to do meanwhile. */
  start(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** A line of a shell, in which the command is `cachewhy`. */
  shell(line: string, options?: RunOptions): Ended;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  /** Undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
}

/** So long may a fault hold anything up. */
export const PATIENCE_MS = 20_000;

export function openDesk(): Desk {
  const folder = mkdtempSync(path.join(tmpdir(), 'cachewhy faults-'));
  // Other users are to get at it.
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(path.join(ROOT, name), path.join(folder, 'package', name), { recursive: true });
  const project = path.join(folder, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'Dockerfile'), 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN true\n');
  writeFileSync(path.join(project, 'a.txt'), 'one\n');
  const cli = path.join(folder, 'package', 'bin', 'cachewhy.js');
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'cachewhy'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`, { mode: 0o755 });
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: path.join(folder, 'home'), NO_COLOR: '1' };
  const merge = (extra: RunOptions['env'] = {}): NodeJS.ProcessEnv =>
    Object.fromEntries(Object.entries({ ...env, ...extra }).filter((e) => e[1] !== undefined));
  const spawnIt = (file: string, args: readonly string[], options: RunOptions = {}): Ended => {
    const began = performance.now();
    const done = spawnSync(file, args, {
      cwd: options.cwd ?? project,
      input: options.input ?? '',
      encoding: 'utf8',
      env: merge(options.env),
      timeout: PATIENCE_MS,
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
    });
    const seconds = (performance.now() - began) / 1000;
    return { status: done.status, signal: done.signal, stdout: done.stdout, stderr: done.stderr, seconds };
  };
  return {
    folder,
    project,
    cli,
    env,
    log: (cached) => {
      const end = cached ? 'CACHED' : 'DONE 0.2s';
      const file = path.join(folder, `${cached ? 'hit' : 'miss'}.log`);
      writeFileSync(file, makeLog(end));
      return file;
    },
    run: (args, options) => spawnIt(process.execPath, [cli, ...args], options),
    shell: (line, options) => spawnIt('sh', ['-c', line], options),
    start: (args, options = {}) =>
      new Promise((resolve) => {
        const began = performance.now();
        const child = spawn(process.execPath, [cli, ...args], {
          cwd: options.cwd ?? project,
          env: merge(options.env),
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        let [stdout, stderr] = ['', ''];
        child.stdout.on('data', (d: Buffer) => (stdout += d));
        child.stderr.on('data', (d: Buffer) => (stderr += d));
        child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr, seconds: (performance.now() - began) / 1000 }));
      }),
  };
}

function makeLog(end: string): string {
  return `#0 building with "default" instance using docker driver

#1 [1/4] FROM docker.io/library/busybox:1.35
#1 DONE 0.0s

#2 [2/4] WORKDIR /app
#2 CACHED

#3 [3/4] COPY . .
#3 ${end}

#4 [4/4] RUN true
#4 ${end}

#5 exporting to image
#5 DONE 0.1s
`;
}

/** The report is there, whatever went wrong beside it, and nobody sees a stack. */
export function expectReport(done: Ended, text: RegExp = /came from the cache/): void {
  expect(done.stdout, done.stderr).toMatch(text);
  expect(done.status, done.stderr).toBe(0);
  expectNoStack(done);
}

export function expectNoStack(done: Ended): void {
  expect(done.signal).toBeNull();
  expect(done.stderr).not.toMatch(/\n\s+at |Node\.js v|fault of cachewhy/);
}

/** One line that says what, one that says how to mend it. */
export function expectOneLine(done: Ended, text: RegExp): void {
  expect(done.stderr).toMatch(text);
  expect(done.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
  expectNoStack(done);
}

/** A docker that does what a test wants; in the environment of a command. */
export function fakeDocker(desk: Desk, script: string): Record<string, string> {
  const bin = mkdtempSync(path.join(desk.folder, 'bin-'));
  writeFileSync(path.join(bin, 'docker'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: `${bin}:${desk.env.PATH}`, DOCKER_CONFIG: path.join(bin, 'config') };
}

/** What this machine lets a test do, and what it says where it does not. */
export function can(what: string, args: readonly [string, ...string[]]): boolean {
  const done = spawnSync(args[0], args.slice(1), { stdio: 'ignore' });
  if (done.status !== 0) process.stderr.write(`\n#  ${what} cannot be done here: its tests are SKIPPED\n\n`);
  return done.status === 0;
}
