/** Standard streams that are full, closed, or read by nobody. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectNoStack, expectOneLine, openDesk } from './cli.ts';

const desk = openDesk();
const hit = desk.log(true);
const miss = desk.log(false);

const COMMANDS: readonly (readonly [string, string])[] = [
  ['a report', hit],
  ['a report as JSON', `--format json ${hit}`],
  ['an explanation', 'explain cold-cache'],
  ['help', '--help'],
  ['a script for completion', 'completion bash'],
  ['a difference', `diff ${hit} ${miss}`],
].map(([name, args]) => [name!, args!.replaceAll(desk.folder, `'${desk.folder}'`)]);

describe.runIf(existsSync('/dev/full'))('standard output on a full disk', () => {
  test.each(COMMANDS)('%s: one line says so, and the status', (_, args) => {
    const done = desk.shell(`cachewhy ${args} >/dev/full`);
    expectOneLine(done, /^cachewhy: standard output cannot be written: the disk is full\n/);
    expect(done.status).toBe(2);
  });

  test('what goes to files is written all the same', () => {
    const file = path.join(desk.folder, 'written.json');
    const done = desk.shell(`cachewhy --format terminal --format json='${file}' '${hit}' >/dev/full`);
    expect(done.status).toBe(2);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ schemaVersion: 1 });
  });

  test('a report that cannot be added to the summary of a CI job costs nothing but a line', () => {
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: '/dev/full' };
    const done = desk.run([miss], { env });
    expect(done.status).toBe(0);
    expect(done.stderr).toContain('/dev/full cannot be written: the disk is full');
  });

  test('run: the build goes on, and its status stays', () => {
    const script = `trap 'exit 66' PIPE; for i in 1 2 3 4 5 6; do echo line $i || true; sleep 0.05; done; exit 5`;
    for (const to of ['>/dev/full', '>/dev/full 2>&1', '2>/dev/full']) {
      const done = desk.shell(`cachewhy run -- sh -c "${script}" ${to}`);
      expect(done.status, to).toBe(5);
      expectNoStack(done);
    }
  });

  test('a log from a pipe is read to its end though it cannot be handed on', () => {
    const done = desk.shell(`cachewhy --format json 2>/dev/full <'${miss}'`);
    expect(done.status).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ builds: [{ outcome: 'succeeded' }] });
  });
});

describe('nobody reads', () => {
  test.each(COMMANDS)('%s into a pipe that is closed: silence', (_, args) => {
    const done = desk.shell(`{ cachewhy ${args}; echo status $? >&2; } | head -c0`);
    expect(done.stderr).toBe('status 0\n');
  });

  test.each(COMMANDS)('%s without a standard output', (_, args) => {
    const done = desk.shell(`cachewhy ${args} >&-`);
    expect(done.status).toBe(0);
    expectNoStack(done);
  });

  test.each(COMMANDS)('%s without any stream', (_, args) => {
    expect(desk.shell(`cachewhy ${args} <&- >&- 2>&-`).status).toBe(0);
  });

  test('without a standard error all is said as ever', () => {
    const done = desk.shell(`cachewhy '${hit}' 2>&-`);
    expect(done).toMatchObject({ status: 0, stdout: expect.stringContaining('came from the cache') });
  });

  test('wrong usage without a standard error is wrong usage', () => {
    expect(desk.shell('cachewhy explain nope 2>&-').status).toBe(2);
    expect(desk.shell('{ cachewhy explain nope; echo status $?; } 2>&1 | tail -n 1').stdout).toBe('status 2\n');
  });

  test('run: the command sees its pipe closed, as it would without us', () => {
    const script = 'while :; do echo line || exit 9; sleep 0.02; done';
    const plain = desk.shell(`{ sh -c '${script}'; echo status $? >&2; } | head -n 1`);
    const wrapped = desk.shell(`{ cachewhy run -- sh -c '${script}'; echo status $? >&2; } | head -n 1`);
    const status = (text: string): string | undefined => /status \d+/.exec(text)?.[0];
    expect(status(wrapped.stderr)).toBe(status(plain.stderr));
    expect(wrapped.stdout).toBe('line\n');
  });

  test('run without streams: the status stays', () => {
    for (const closed of ['>&-', '2>&-', '<&-', '<&- >&- 2>&-'])
      expect(desk.shell(`cachewhy run -- sh -c 'exit 6' ${closed}`).status, closed).toBe(6);
  });
});

describe('a file that was asked for', () => {
  test.each([
    ['in a folder that is not there', 'no/such/report.json', /its folder does not exist/],
    ['that is a folder', '.', /it is a folder/],
    ['below a file', 'a.txt/report.json', /its folder is a file/],
  ])('%s: one line, and the other reports are made', (_, file, reason) => {
    const done = desk.run(['--format', `json=${file}`, '--format', 'terminal', hit]);
    expect(done.status).toBe(2);
    expect(done.stdout).toMatch(/came from the cache/);
    expectOneLine(done, reason);
    const run = desk.run(['run', '--format', `json=${file}`, '--', 'sh', '-c', `cat '${hit}'; exit 4`]);
    expect(run.status).toBe(4);
    expect(run.stderr).toMatch(reason);
    expectNoStack(run);
  });

  test('that is a pipe, a device or what a shell opened is written to', () => {
    const done = desk.shell(`cachewhy --format json=/dev/fd/3 --format markdown=/dev/null '${hit}' 3>&1 >/dev/null | cat`);
    expect(JSON.parse(done.stdout)).toMatchObject({ schemaVersion: 1 });
    const open = path.join(desk.folder, 'open');
    writeFileSync(open, '');
    desk.shell(`{ cachewhy --format json=/dev/fd/3 '${hit}'; echo after >&3; } 3>>'${open}'`);
    expect(readFileSync(open, 'utf8')).toMatch(/^\{[\s\S]*\}\nafter\n$/);
    const saved = desk.shell(`cachewhy --save-baseline /dev/fd/3 '${hit}' 3>&1 >/dev/null | gzip -dc | head -c 30`);
    expect(saved.stdout).toMatch(/^\{"schema":"cachewhy-baseline"/);
  });
});
