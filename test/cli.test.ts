import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { VERSION } from '../src/version.ts';

const root = path.join(import.meta.dirname, '..');
const cli = path.join(root, 'bin', 'cachewhy.js');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-cli-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

function run(
  args: readonly string[],
  input?: string | Uint8Array,
  env: NodeJS.ProcessEnv = {},
): { status: number | null; stdout: string; stderr: string } {
  const r = spawnSync(process.execPath, [cli, ...args], {
    cwd: tmp,
    input: input ?? '',
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: tmp, NO_COLOR: '1', ...env },
  });
  return { status: r.status, stdout: r.stdout, stderr: r.stderr };
}
const sample = (name: string): string => path.join(root, 'sample-logs', name, 'build.log');

describe('bad input gets one clear line and its mend, exit status 2', () => {
  it.each([
    ['empty input', [], '', /is empty/],
    ['a log without a build', ['--no-passthrough'], 'hello\nworld\n', /no build found in standard input \(2 lines read\)/],
    ['a binary file', [process.execPath], '', /binary file/],
    ['a folder', [tmpdir()], '', /is a folder/],
    ['a missing file', ['no-such.log'], '', /no such file/],
    ['an unknown option', ['--nope'], '', /Unknown argument: nope/],
    ['an unknown format', [sample('docker28-fail-run'), '--format', 'nope'], '', /unknown format "nope"/],
    ['an unknown cause', ['explain', 'nope'], '', /no such cause/],
    ['a context that is none', [sample('docker28-fail-run'), '-C', '/no/such'], '', /is no folder/],
    ['a Dockerfile that is none', [sample('docker28-fail-run'), '-f', '/no/such'], '', /cannot be read/],
    ['a build command that is none', [sample('docker28-fail-run'), '--build-command', 'ls -l'], '', /is no build/],
  ] as const)('%s', (_, args, input, message) => {
    const { status, stdout, stderr } = run(args, input);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('a pipe', () => {
  const log = readFileSync(sample('node-naive-readme-edit'));
  it('hands the log through to standard error, byte for byte, and reports on standard output', () => {
    const { status, stdout, stderr } = run([], log);
    expect(stderr).toBe(log.toString('utf8'));
    expect(stdout).toMatch(/^\[3\/5\] COPY \. \. missed the cache/);
    expect(status).toBe(0);
  });
  it('keeps quiet with --no-passthrough', () => {
    expect(run(['--no-passthrough'], log).stderr).toBe('');
  });
  it('survives a reader that closes early', () => {
    const r = spawnSync('sh', ['-c', `"${process.execPath}" "${cli}" "${sample('docker28-bake-shared-stage')}" | head -1`], {
      encoding: 'utf8',
      cwd: tmp,
      env: { PATH: process.env.PATH, HOME: tmp },
    });
    expect(r.stderr).toBe('');
    expect(r.stdout.split('\n')).toHaveLength(2);
  });
});

describe('exit status', () => {
  it.each([
    ['docker28-fail-run', 1],
    ['docker28-cancelled', 1],
    ['registry-cache-import-failed', 0],
    ['node-naive-readme-edit', 0],
  ])('%s: %d', (name, status) => {
    expect(run([sample(name)]).status).toBe(status);
  });
  it('a build that is cut short is not green', () => {
    const cut = readFileSync(sample('node-naive-readme-edit'), 'utf8').split('\n').slice(0, 30).join('\n');
    expect(run([], cut).status).toBe(1);
  });
});

it('says its version, which is that of package.json', () => {
  expect(run(['--version']).stdout).toBe(`${VERSION}\n`);
  expect((JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version).toBe(VERSION);
});

it('remembers a build by itself, and computes the next miss from it', () => {
  const project = mkdtempSync(path.join(tmp, 'project-'));
  const dockerfile = 'FROM busybox:1.35\nWORKDIR /app\nCOPY . .\nRUN true\n';
  const log = (copy: string): string =>
    `#0 building with "default" instance using docker driver\n\n#1 [1/4] FROM docker.io/library/busybox:1.35\n#1 DONE 0.0s\n\n#2 [2/4] WORKDIR /app\n#2 CACHED\n\n#3 [3/4] COPY . .\n#3 ${copy}\n\n#4 [4/4] RUN true\n#4 ${copy}\n\n#5 exporting to image\n#5 DONE 0.1s\n`;
  writeFileSync(path.join(project, 'Dockerfile'), dockerfile);
  writeFileSync(path.join(project, 'a.txt'), 'one');
  const at = (input: string): string =>
    spawnSync(process.execPath, [cli, '--no-passthrough'], {
      cwd: project,
      input,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: tmp, NO_COLOR: '1' },
    }).stdout;
  at(log('CACHED'));
  writeFileSync(path.join(project, 'a.txt'), 'two');
  expect(at(log('DONE 0.2s'))).toMatch(/: a\.txt changed\./);
});

it('explains every cause', () => {
  const list = run(['explain']).stdout;
  expect(list).toContain('context-files-changed');
  expect(run(['explain', 'build-arg-changed']).stdout).toMatch(/What it means[\s\S]*How it is known[\s\S]*How to mend it/);
});
