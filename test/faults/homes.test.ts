/** Homes and cache folders that are not what they should be: the report is made, and at most one note says what was not kept. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectNoStack, expectOneLine, expectReport, openDesk } from './cli.ts';

const desk = openDesk();
const log = desk.log(true);
const file = path.join(desk.folder, 'a file');
writeFileSync(file, '');
/** A user without a name, a home or rights. */
const NOBODY = 45_678;
const isRoot = process.getuid?.() === 0;

const notes = (text: string): number => text.replaceAll(/\s+/g, ' ').split('could not be saved').length - 1;

describe('the report is made, with one note at most', () => {
  test.each([
    ['a home that is no folder', { HOME: '/dev/null' }],
    ['a home that does not exist', { HOME: path.join(desk.folder, 'not', 'yet') }],
    ['an empty HOME', { HOME: '' }],
    ['the root as a home', { HOME: '/' }],
    ['a home relative to somewhere', { HOME: 'home' }],
    ['no HOME', { HOME: undefined, CACHEWHY_CACHE: path.join(desk.folder, 'c1') }],
    ['a cache folder that is a file', { CACHEWHY_CACHE: file }],
    ['a cache folder below a file', { CACHEWHY_CACHE: path.join(file, 'cache') }],
    ['a cache folder on a device', { CACHEWHY_CACHE: '/dev/full/cache' }],
    ['an XDG folder that is none', { XDG_CACHE_HOME: '/dev/null' }],
    ['a relative XDG folder, which counts for nothing', { XDG_CACHE_HOME: 'cache' }],
    ['a cache folder that cannot be named', { CACHEWHY_CACHE: `/tmp/${'x'.repeat(300)}` }],
  ])('%s', (_, env) => {
    const done = desk.run([log], { env });
    expectReport(done);
    expect(notes(done.stdout)).toBeLessThanOrEqual(1);
    expect(readdirSync(desk.project).sort()).toEqual(['Dockerfile', 'a.txt']);
  });

  test.runIf(existsSync('/proc/self')).each([
    ['a home', { HOME: '/proc/nonexistent' }],
    ['a cache folder', { CACHEWHY_CACHE: '/proc/cachewhy/cache' }],
    ['an XDG folder', { XDG_CACHE_HOME: '/proc/self/cache' }],
    ['a folder of the kernel’s', { CACHEWHY_CACHE: '/sys/cachewhy' }],
  ])('%s below /proc, where no folder can be made and mkdir would never end', (_, env) => {
    const done = desk.run([log], { env });
    expectReport(done);
    expect(done.seconds).toBeLessThan(15);
    expect(notes(done.stdout)).toBe(1);
  });

  test('run keeps the status of its command', () => {
    for (const env of [{ HOME: '/dev/null' }, { HOME: '/proc/nonexistent' }, { HOME: '' }]) {
      const done = desk.run(['run', '--', 'sh', '-c', 'exit 7'], { env });
      expect(done.status).toBe(7);
      expectNoStack(done);
    }
  });
});

describe.runIf(isRoot)('a user without a home', () => {
  const env = { HOME: undefined, DOCKER_CONFIG: undefined, BUILDX_CONFIG: undefined, DOCKER_HOST: 'unix:///nowhere.sock' };
  test('a log is reported, and a project that may not be written to is left alone', () => {
    expectReport(desk.run([log], { env, uid: NOBODY }));
    expect(readdirSync(desk.project).sort()).toEqual(['Dockerfile', 'a.txt']);
  });
  test.each([
    ['last', ['last'], 2],
    ['plugin install', ['plugin', 'install', '--hook'], 2],
    ['history', ['history', 'busybox'], 2],
    ['run', ['run', '--', 'sh', '-c', 'exit 5'], 5],
  ] as const)('%s', (_, args, status) => {
    const done = desk.run(args, { env, uid: NOBODY });
    expect(done.status).toBe(status);
    expectOneLine(done, /^cachewhy: /);
  });
  test('a plugin is not installed into the working folder', () => {
    const cwd = path.join(desk.folder, 'open');
    mkdirSync(cwd, { mode: 0o777 });
    const done = desk.run(['plugin', 'install'], { env, uid: NOBODY, cwd });
    expectOneLine(done, /no home folder to install into/);
    expect(readdirSync(cwd)).toEqual([]);
  });
  test('a home that may not be written to', () => {
    const home = path.join(desk.folder, 'closed');
    mkdirSync(home, { mode: 0o555 });
    const done = desk.run([log], { env: { ...env, HOME: home }, uid: NOBODY });
    expectReport(done);
    expect(done.stdout.replaceAll(/\s+/g, ' ')).toContain('(no permission)');
    expect(readdirSync(home)).toEqual([]);
  });
});
