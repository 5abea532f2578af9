/** Secrets planted everywhere, every command and every format run: not one byte of them is shown, and none is written. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { reporters } from '../../src/reporters/index.ts';
import { type Ended, openDesk } from '../faults/cli.ts';
import {
  buildahLog,
  buildCommand,
  COMMIT,
  ciLog,
  classicLog,
  DOCKER_CONFIG,
  dockerfile,
  ENVIRONMENT,
  findCanaries,
  findInFolder,
  historyLines,
  plainLog,
  rawjsonLog,
  SECRET_FILE,
  type When,
} from './canaries.ts';

const desk = openDesk();
const cache = path.join(desk.folder, 'cache');
const docker = path.join(desk.folder, 'docker');
/** What the tests themselves wrote: there the canaries are. */
const planted = path.join(desk.folder, 'planted');
const out = path.join(desk.folder, 'out');
const env = { ...ENVIRONMENT, CACHEWHY_CACHE: cache, DOCKER_CONFIG: docker, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
const FORMATS = Object.keys(reporters);

beforeAll(() => {
  for (const folder of [docker, planted, out]) mkdirSync(folder);
  writeFileSync(path.join(docker, 'config.json'), DOCKER_CONFIG);
  writeFileSync(path.join(desk.folder, 'secret.txt'), SECRET_FILE);
});

function plant(when: When): void {
  writeFileSync(path.join(desk.project, 'Dockerfile'), dockerfile(when));
  writeFileSync(path.join(desk.project, '.env'), `TOKEN=canary80${when}\n`);
  writeFileSync(path.join(desk.project, 'a.txt'), `${when}\n`);
}

function put(name: string, text: string): string {
  const file = path.join(planted, name);
  writeFileSync(file, text);
  return file;
}

/** Nothing of them on either stream, in the cache, or in what was written. */
function expectClean(done: Ended): void {
  expect(findCanaries(done.stdout), 'standard output').toEqual([]);
  expect(findCanaries(done.stderr), 'standard error').toEqual([]);
  expect(done.stderr).not.toMatch(/fault of cachewhy|\n\s+at /);
}

function expectNothingKept(): void {
  expect(findInFolder(cache)).toEqual([]);
  expect(findInFolder(out)).toEqual([]);
  expect(readFileSync(path.join(docker, 'config.json'), 'utf8')).toBe(DOCKER_CONFIG);
}

const LOGS = {
  plain: (when) => plainLog(when),
  'plain, failed': (when) => plainLog(when, { failed: true }),
  'plain, without its command': (when) => plainLog(when, { command: false }),
  rawjson: rawjsonLog,
  classic: classicLog,
  buildah: buildahLog,
  'a CI job': ciLog,
} as const satisfies Readonly<Record<string, (when: When) => string>>;

describe.each(Object.entries(LOGS))('a log: %s', (name, make) => {
  const files = (): Readonly<Record<When, string>> => ({ old: put('old.log', make('old')), new: put('new.log', make('new')) });

  test('in every format, on every stream, at every level of detail, with what changed since', () => {
    const logs = files();
    rmSync(cache, { recursive: true, force: true });
    plant('old');
    const common = ['--no-passthrough', '--log-level', 'trace', '--save-baseline', path.join(out, 'saved.gz')];
    const withCommand = name === 'plain, without its command' ? ['--build-command', buildCommand('old')] : [];
    expectClean(desk.run([...common, ...withCommand, logs.old], { env }));
    plant('new');
    const all = FORMATS.flatMap((f) => ['--format', `${f}=${path.join(out, `report.${f}`)}`]);
    expectClean(
      desk.run([...common, ...(withCommand.length > 0 ? ['--build-command', buildCommand('new')] : []), ...all, logs.new], { env }),
    );
    expectNothingKept();
    plant('old');
    for (const format of ['terminal', 'json']) {
      const done = desk.run(
        ['--no-remember', '-b', path.join(out, 'saved.gz'), '--format', format, '--color', '--log-level', 'debug', logs.old],
        { env },
      );
      expectClean(done);
      if (name.startsWith('plain')) expect(done.stdout, 'something was found to say').toMatch(/missed the cache|"misses":/);
    }
    expectNothingKept();
  });
});

test('what is compared is seen to have changed all the same', () => {
  rmSync(cache, { recursive: true, force: true });
  plant('old');
  desk.run([put('old.log', plainLog('old'))], { env });
  plant('new');
  const done = desk.run(['--format', 'json', put('new.log', plainLog('new'))], { env });
  const text = done.stdout;
  expectClean(done);
  for (const name of ['NPM_TOKEN', 'API_KEY']) expect(text).toContain(name);
  expect(text).toMatch(/"before":\s*"\*\*\*",\s*"after":\s*"\*\*\*"/);
});

describe('differences and histories', () => {
  test('diff of logs and of baselines', () => {
    const [a, b] = [put('a.log', plainLog('old')), put('b.log', plainLog('new'))];
    plant('old');
    desk.run(['--no-remember', '--save-baseline', path.join(out, 'a.gz'), a], { env });
    plant('new');
    desk.run(['--no-remember', '--save-baseline', path.join(out, 'b.gz'), b], { env });
    for (const pair of [
      [a, b],
      [path.join(out, 'a.gz'), path.join(out, 'b.gz')],
    ])
      for (const format of ['terminal', 'json', 'markdown']) {
        const done = desk.run(['diff', '--format', format, ...pair], { env });
        expectClean(done);
        expect(done.status, done.stderr).toBe(0);
      }
    expectNothingKept();
  });

  test('history of one image, of two, and beside a log', () => {
    const [a, b] = [put('a.json', historyLines('old')), put('b.json', historyLines('new'))];
    for (const args of [
      ['history', '--history', a],
      ['history', '--history', a, '--history', b],
      ['history', '--history', b, '--format', 'json'],
      ['history', '--history', a, '--history', b, '--format', 'json'],
      ['--history', a, '--format', 'json', '--no-passthrough', put('h.log', plainLog('new'))],
    ]) {
      const done = desk.run(args, { env });
      expectClean(done);
      expect(done.stdout.length, done.stderr).toBeGreaterThan(50);
    }
    expectNothingKept();
  });
});

describe('commands that build or foresee', () => {
  test('run says nothing of its own that the build did not', () => {
    plant('new');
    const log = put('run.log', plainLog('new', { command: false }));
    // The build's own words are handed on as they are: the log goes to standard output, what we say to standard error.
    const words = buildCommand('new').replaceAll('"', '').split(' ');
    const bin = path.join(desk.folder, 'bin with docker');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'docker'), `#!/bin/sh\ncat '${log}'\n`, { mode: 0o755 });
    const withDocker = { ...env, PATH: `${bin}:${desk.env.PATH}` };
    const all = FORMATS.flatMap((f) => ['--format', `${f}=${path.join(out, `run.${f}`)}`]);
    for (const extra of [all, [], ['--log-level', 'trace']]) {
      const done = desk.run(['run', ...extra, '--', ...words], { env: withDocker });
      expect(done.status, done.stderr).toBe(0);
      expect(findCanaries(done.stderr)).toEqual([]);
      expect(done.stdout).toBe(readFileSync(log, 'utf8'));
    }
    expectNothingKept();
  });

  test('predict and last', () => {
    plant('new');
    const words = buildCommand('new').replaceAll('"', '').split(' ');
    for (const format of ['terminal', 'json', 'html']) expectClean(desk.run(['predict', '--format', format, '--', ...words], { env }));
    expectClean(desk.run(['last', '--log-level', 'trace'], { env }));
    expectNothingKept();
  });
});

test('simulate and fix over a history with secrets in it', { timeout: 90_000 }, () => {
  const repo = path.join(desk.folder, 'repo');
  mkdirSync(repo);
  const git = (...args: string[]): void => {
    const done = spawnSync('git', args, {
      cwd: repo,
      encoding: 'utf8',
      env: {
        ...process.env,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_AUTHOR_NAME: 'a',
        GIT_AUTHOR_EMAIL: 'a@b',
        GIT_COMMITTER_NAME: 'a',
        GIT_COMMITTER_EMAIL: 'a@b',
      },
    });
    expect(done.status, done.stderr).toBe(0);
  };
  const write = (name: string, text: string): void => writeFileSync(path.join(repo, name), text);
  git('init', '-q');
  const file = (when: When): string =>
    `${dockerfile(when)}WORKDIR /srv\nCOPY . .\nRUN NPM_TOKEN=canary81${when} npm ci\nRUN npm run build\n`;
  write('package.json', '{"name":"x","scripts":{"build":"true"}}');
  write('package-lock.json', '{"name":"x","lockfileVersion":3,"packages":{}}');
  for (const [i, when] of (['old', 'new', 'new', 'new'] as const).entries()) {
    write('Dockerfile', file(when));
    write('a.js', `${i}`);
    git('add', '-A');
    git('commit', '-qm', COMMIT);
  }
  writeFileSync(path.join(planted, 'Against'), file('old'));
  const base = ['--repo', repo, '--build-arg', 'NPM_TOKEN=canary82new', '--log', put('s.log', plainLog('new')), '--no-color'];
  for (const args of [
    [...base],
    [...base, '--fix'],
    [...base, '--fix', '--format', 'json'],
    [...base, '--fix', '--format', `html=${path.join(out, 'sim.html')}`, '--format', 'markdown'],
    [...base, '--against', path.join(planted, 'Against'), '--format', 'json'],
  ]) {
    const done = desk.run(['simulate', ...args], { env });
    expect(done.status, done.stderr).toBe(0);
    expectClean(done);
  }
  expectNothingKept();
});

describe('mistakes repeat no secret', () => {
  test.each([
    ['a command that is none', ['--build-command', 'ls --password canary83new https://x:canary84new@h']],
    ['a reference with a password', ['-b', 'oci://user:canary85new@registry.example.com/a/b:c', 'x.log']],
    ['one to save to', ['--save-baseline', 'oci://user:canary86new@registry.example.com/a/b:c', 'new.log']],
    ['a log by its address', ['https://user:canary87new@ci.example.com/log.txt']],
    ['a report by its address', ['--format', 'json=https://user:canary88new@x.example.com/no/such/r.json', 'new.log']],
    ['a format', ['--format', 'token=canary89new', 'new.log']],
    ['run without --', ['run', 'docker', 'build', '--build-arg', 'NPM_TOKEN=canary90new', '.']],
    ['run of what is not there', ['run', '--', 'https://user:canary91new@x']],
    ['predict of no build', ['predict', '--', 'ls', '--token=canary92new']],
    ['history of no image', ['history', 'https://user:canary93new@registry.example.com/app']],
    ['last of no build', ['last', 'https://user:canary94new@x']],
    ['explain of no cause', ['explain', 'token=canary95new']],
    ['simulate of no repository', ['simulate', '--repo', 'https://user:canary96new@git.example.com/a.git']],
    ['an unknown option', ['--token=canary97new', 'new.log']],
    ['a Dockerfile by its address', ['-f', 'https://user:canary98new@x/Dockerfile', 'new.log']],
    ['a build argument of simulate', ['simulate', '--build-arg', 'NPM_TOKEN=canary99new', '--repo', '/']],
  ])('%s', (_, args) => {
    const log = put('mistake.log', plainLog('new'));
    const done = desk.run(
      args.map((a) => (a === 'new.log' ? log : a)),
      { env },
    );
    expectClean(done);
    expectNothingKept();
  });
});

test('the search finds what it is to find', () => {
  for (const text of [
    'xcanary12y',
    'CANARY12',
    Buffer.from('canary12').toString('base64'),
    Buffer.from('x:canary12').toString('base64'),
    Buffer.from('xy:z:canary12').toString('base64'),
    Buffer.from('canary12').toString('hex'),
  ])
    expect(findCanaries(`before ${text} after`), text).not.toEqual([]);
  expect(findCanaries('a canary and 12 others')).toEqual([]);
  expect(findInFolder(planted).length).toBeGreaterThan(100);
});
