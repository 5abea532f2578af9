/** Clocks that jump: years ahead, years back, and files from times that are not. */
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectNoStack, openDesk } from './cli.ts';

const desk = openDesk();
const YEAR = 365 * 86_400_000;
/** Loaded before the command: its clock is off by so many milliseconds. */
const wrong = path.join(desk.folder, 'clock.cjs');
writeFileSync(
  wrong,
  `const R = Date, now = R.now.bind(R), off = Number(process.env.CLOCK_OFF);
globalThis.Date = class extends R { constructor(...a) { if (a.length === 0) super(now() + off); else super(...a); } static now() { return now() + off; } };\n`,
);
const clock = (off: number): Record<string, string> => ({ NODE_OPTIONS: `--require "${wrong}"`, CLOCK_OFF: String(off) });
const hit = desk.log(true);
const miss = desk.log(false);
const file = path.join(desk.project, 'a.txt');

test.each([
  ['ahead, then right', 74 * YEAR, 0],
  ['right, then ahead', 0, 74 * YEAR],
  ['back, then right', -50 * YEAR, 0],
  ['right, then back', 0, -50 * YEAR],
  ['ahead, then back', 74 * YEAR, -50 * YEAR],
  ['an hour back, as when summer ends', 0, -3_600_000],
])('a clock that is %s: the baseline is found and the change named', (name, first, second) => {
  const env = { CACHEWHY_CACHE: path.join(desk.folder, `cache ${name}`) };
  writeFileSync(file, 'one\n');
  expectNoStack(desk.run([hit], { env: { ...env, ...clock(first) } }));
  writeFileSync(file, 'two, longer\n');
  const done = desk.run([miss], { env: { ...env, ...clock(second) } });
  expect(done.status, done.stderr).toBe(0);
  expect(done.stdout).toMatch(/: a\.txt changed\./);
});

test('other projects outlive a clock that was wrong', () => {
  const env = { CACHEWHY_CACHE: path.join(desk.folder, 'others') };
  const baselines = path.join(env.CACHEWHY_CACHE, 'baselines');
  desk.run([hit], { env });
  const [other] = readdirSync(baselines);
  // Another project, a new one at that: the moment to tidy up.
  desk.run(['--build-command', 'docker build --target x .', '-C', desk.project, '-f', path.join(desk.project, 'Dockerfile'), hit], {
    env: { ...env, ...clock(74 * YEAR) },
  });
  expect(readdirSync(baselines)).toContain(other);
});

describe('files of the context from times that are not', () => {
  test.each([
    ['1970', 86_400],
    ['before 1970', -86_400 * 400],
    ['2100', 4_102_444_800],
    ['the far future', 9_000_000_000],
  ])('%s: a change is seen although the time stays as it was', (name, seconds) => {
    const env = { CACHEWHY_CACHE: path.join(desk.folder, `times ${name}`) };
    const write = (text: string): void => {
      writeFileSync(file, text);
      utimesSync(file, seconds, seconds);
    };
    write('one\n');
    desk.run([hit], { env });
    const same = desk.run([miss], { env });
    expect(same.stdout).not.toMatch(/a\.txt changed/);
    // As long as the one before it, and of the same time.
    write('two\n');
    const done = desk.run([miss], { env });
    expect(done.stdout, done.stderr).toMatch(/: a\.txt changed\./);
  });
});

test('every format takes a clock of another century', () => {
  for (const off of [74 * YEAR, -50 * YEAR])
    for (const format of ['json', 'markdown', 'html', 'otlp', 'openmetrics', 'junit', 'sarif']) {
      const done = desk.run(['--format', format, miss], { env: { ...clock(off), CACHEWHY_CACHE: path.join(desk.folder, 'formats') } });
      expect(done.status, done.stderr).toBe(0);
      expect(done.stdout).not.toMatch(/NaN|Invalid Date|undefined/);
    }
}, 90_000);
