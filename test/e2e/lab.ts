/** What the tests work with: a project folder, a home of its own, docker and cachewhy. */
import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, inject, onTestFinished } from 'vitest';
import type { BuildReport, CauseReport, MissReport, Report } from '../../src/model.ts';
import type { Engine } from './setup.ts';

export type Files = Readonly<Record<string, string | null>>;

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Lab {
  /** The build context. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Name of an image of this test alone. */
  readonly image: string;
  /** The tools under a base that no other test has built on: `TOOLS` in files stands for it. */
  readonly base: string;
  /** Makes the base anew, with other files in it, under the same name or another tag. */
  makeBase(tag: string): string;
  /** Writes files; null removes one. Each gets a time stamp of its own, as an editor would give it. */
  write(files: Files): void;
  chmod(file: string, mode: number): void;
  link(file: string, target: string): void;
  docker(args: readonly string[], options?: SpawnSyncOptions): Ended;
  cachewhy(args: readonly string[], options?: SpawnSyncOptions): Ended;
  /** A shell line, `$CACHEWHY` being the command. */
  shell(line: string, options?: SpawnSyncOptions): Ended;
  /** `cachewhy run -- …`, its report. */
  run(argv: readonly string[], expected?: number): BuildReport;
  /** The same, of a command that may build several times. */
  runAll(argv: readonly string[], options?: SpawnSyncOptions, expected?: number): Report;
  /** `docker … | cachewhy --format json`. */
  pipe(argv: readonly string[]): BuildReport;
  last(args?: readonly string[]): BuildReport;
  /** The only build of a report in a file, its name relative to the context. */
  report(file: string): BuildReport;
}

let stamp = Date.now() / 1000 - 100_000;

/** @param engine where to build; tests without one are to be skipped */
export function openLab(engine: Engine, files: Files = {}): Lab {
  const home = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-lab-'));
  const folder = path.join(home, 'project');
  mkdirSync(folder);
  const image = `${engine.tools}-${path.basename(home).toLowerCase()}`;
  const env: Record<string, string> = {
    ...Object.fromEntries(Object.entries(process.env).filter((e): e is [string, string] => e[1] !== undefined)),
    ...engine.env,
    HOME: home,
    // Builds of other tests are none of ours.
    BUILDX_CONFIG: path.join(home, 'buildx'),
    DOCKER_CONFIG: process.env.DOCKER_CONFIG ?? path.join(os.homedir(), '.docker'),
    CACHEWHY_CACHE: path.join(home, 'cache'),
    CACHEWHY: `${process.execPath} ${inject('cli')}`,
    NO_COLOR: '1',
  };
  delete env.BUILDKIT_PROGRESS;
  delete env.CI;
  delete env.GITHUB_ACTIONS;
  onTestFinished(() => rmSync(home, { recursive: true, force: true }));
  const spawn = (file: string, args: readonly string[], options: SpawnSyncOptions = {}): Ended => {
    const done = spawnSync(file, args, {
      cwd: folder,
      timeout: 100_000,
      maxBuffer: 64 * 1024 * 1024,
      ...options,
      env: { ...env, ...options.env },
      encoding: 'utf8',
    });
    return { status: done.status, stdout: String(done.stdout), stderr: String(done.stderr) };
  };
  const lab: Lab = {
    folder,
    env,
    image,
    base: `${image}:base`,
    makeBase: (tag) => {
      const name = `${image}:${tag}`;
      stamp += 7;
      const done = spawn('docker', ['build', '-q', '-t', name, '-'], {
        input: `FROM ${engine.tools}:1\nRUN echo ${image} ${tag} ${stamp} > /etc/lab\n`,
      });
      expect(done.status, done.stderr).toBe(0);
      return name;
    },
    write: (changes) => {
      for (const [name, text] of Object.entries(changes)) {
        const file = path.join(folder, name);
        if (text === null) {
          rmSync(file, { recursive: true, force: true });
          continue;
        }
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, text.replaceAll('TOOLS', `${image}:base`));
        stamp += 7;
        utimesSync(file, stamp, stamp);
      }
    },
    chmod: (file, mode) => chmodSync(path.join(folder, file), mode),
    link: (file, target) => symlinkSync(target, path.join(folder, file)),
    docker: (args, options) => spawn('docker', args, options),
    cachewhy: (args, options) => spawn(process.execPath, [inject('cli'), ...args], options),
    shell: (line, options) => spawn('sh', ['-c', line], options),
    run: (argv, expected = 0) => {
      const { builds } = lab.runAll(argv, {}, expected);
      expect(builds).toHaveLength(1);
      return builds[0]!;
    },
    runAll: (argv, options = {}, expected = 0) => {
      // Standard output is the build's own.
      const file = path.join(home, 'report.json');
      rmSync(file, { force: true });
      const done = lab.cachewhy(['run', '--format', `json=${file}`, '--', ...argv], options);
      expect(done.status, done.stderr).toBe(expected);
      return JSON.parse(readFileSync(file, 'utf8')) as Report;
    },
    pipe: (argv) => only(lab.shell(`docker ${argv.map((w) => `'${w}'`).join(' ')} 2>&1 | $CACHEWHY --no-passthrough --format json`)),
    report: (file) => (JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Report).builds[0]!,
    last: (args = []) => only(lab.cachewhy(['last', '--format', 'json', ...args])),
  };
  lab.makeBase('base');
  lab.write(files);
  return lab;
}

export function reportOf(done: Ended): Report {
  try {
    return JSON.parse(done.stdout) as Report;
  } catch {
    throw new Error(`no JSON on standard output (status ${done.status}): ${done.stdout.slice(0, 300)}\n${done.stderr.slice(-2000)}`);
  }
}

function only(done: Ended): BuildReport {
  const { builds } = reportOf(done);
  expect(builds).toHaveLength(1);
  return builds[0]!;
}

/** Names of the cacheable steps with this status, sorted. */
export function stepsOf(report: BuildReport, ...status: readonly string[]): string[] {
  return [...new Set(report.steps.filter((s) => s.cacheable && status.includes(s.status)).map((s) => s.name))].sort();
}

export function rolesOf(report: BuildReport, role: string): string[] {
  return [...new Set(report.steps.filter((s) => s.cacheable && s.role === role).map((s) => s.name))].sort();
}

/** The first miss whose name holds this text. */
export function missOf(report: BuildReport, name: string): MissReport {
  const found = report.misses.find((m) => m.name.includes(name));
  if (!found) throw new Error(`no first miss "${name}" among ${report.misses.map((m) => m.name).join(' | ') || 'none'}`);
  return found;
}

export function topCause(report: BuildReport, name: string): CauseReport {
  return missOf(report, name).causes[0]!;
}

/** Held against what the engine itself recorded of the same build: its vertices, and which of them were cached. */
export function expectTruth(lab: Lab, report: BuildReport, ref: string): void {
  const log = lab.docker(['buildx', 'history', 'logs', '--progress', 'rawjson', ref]);
  const cached = new Map<string, boolean>();
  const ran = new Map<string, boolean>();
  for (const line of `${log.stdout}\n${log.stderr}`.split('\n')) {
    if (!line.startsWith('{')) continue;
    for (const v of (
      JSON.parse(line) as { vertexes?: { name?: string; cached?: boolean; completed?: string; error?: string; inputs?: string[] }[] }
    ).vertexes ?? []) {
      if (!/^\[[^\]]*\d+\/\d+\] (?:RUN|COPY|ADD|WORKDIR)/.test(v.name ?? '') || !v.inputs?.length) continue;
      if (v.cached) cached.set(v.name!, true);
      else if (v.completed) ran.set(v.name!, true);
    }
  }
  const hits = [...cached.keys()].sort();
  const misses = [...ran.keys()].filter((n) => !cached.has(n)).sort();
  if (report.outcome === 'succeeded') expect(stepsOf(report, 'reused')).toEqual(hits);
  expect(stepsOf(report, 'rebuilt', 'failed', 'canceled')).toEqual(misses);
}

/** The newest build that this lab's client started. */
export function newestRef(lab: Lab): string {
  const list = lab.shell('ls -t "$BUILDX_CONFIG"/refs/*/*/ 2>/dev/null | grep -v : | head -n 1');
  return list.stdout.trim();
}
