import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { appendWhole, dropTemporary, makeFolder, reasonOf, writeNamed, writeWhole } from '../../src/machine/whole-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'whole-file-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
function folder(): string {
  const made = path.join(root, `f${++count}`);
  mkdirSync(made);
  return made;
}
const isRoot = process.getuid?.() === 0;
const code = (work: () => void): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
};

describe('a file of our own', () => {
  test('is for its owner alone, and replaces what was there', () => {
    const file = path.join(folder(), 'x');
    writeWhole(file, 'one');
    writeWhole(file, Buffer.from('two'));
    expect(readFileSync(file, 'utf8')).toBe('two');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(file))).toEqual(['x']);
  });
  test('has the mode that was asked for, whatever the umask', () => {
    const before = process.umask(0o077);
    const file = path.join(folder(), 'x');
    writeWhole(file, '#!/bin/sh\n', { mode: 0o755 });
    process.umask(before);
    expect(statSync(file).mode & 0o777).toBe(0o755);
  });
  test('takes the place of a link, not of what it leads to', () => {
    const where = folder();
    writeFileSync(path.join(where, 'target'), 'old');
    symlinkSync('target', path.join(where, 'link'));
    writeWhole(path.join(where, 'link'), 'new');
    expect(readFileSync(path.join(where, 'target'), 'utf8')).toBe('old');
  });
  test('leaves nothing where it cannot take its place', () => {
    const where = folder();
    mkdirSync(path.join(where, 'taken', 'by'), { recursive: true });
    expect(code(() => writeWhole(path.join(where, 'taken'), 'x'))).toBeDefined();
    expect(readdirSync(where)).toEqual(['taken']);
    expect(code(() => writeWhole(path.join(where, 'no', 'x'), 'x'))).toBe('ENOENT');
  });
});

describe('a file that the user named', () => {
  test('keeps its mode, and a new one gets what the umask leaves', () => {
    const file = path.join(folder(), 'x');
    writeNamed(file, 'one');
    expect(statSync(file).mode & 0o777).toBe(0o666 & ~process.umask());
    chmodSync(file, 0o640);
    writeNamed(file, 'two', { lasting: true });
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readFileSync(file, 'utf8')).toBe('two');
  });
  test.runIf(isRoot)('keeps its owner', () => {
    const file = path.join(folder(), 'x');
    writeFileSync(file, 'one');
    spawnSync('chown', ['1234:2345', file]);
    writeNamed(file, 'two');
    expect(statSync(file)).toMatchObject({ uid: 1234, gid: 2345 });
  });
  test('is found behind links, which stay', () => {
    const where = folder();
    writeFileSync(path.join(where, 'target'), 'old');
    symlinkSync('target', path.join(where, 'link'));
    symlinkSync('nothing yet', path.join(where, 'dangling'));
    writeNamed(path.join(where, 'link'), 'new');
    writeNamed(path.join(where, 'dangling'), 'new');
    expect(lstatSync(path.join(where, 'link')).isSymbolicLink()).toBe(true);
    expect(readFileSync(path.join(where, 'target'), 'utf8')).toBe('new');
    expect(readFileSync(path.join(where, 'nothing yet'), 'utf8')).toBe('new');
  });
  test('shows the same under its other names', () => {
    const where = folder();
    writeFileSync(path.join(where, 'a'), 'a longer text than the new one');
    linkSync(path.join(where, 'a'), path.join(where, 'b'));
    writeNamed(path.join(where, 'a'), 'new');
    expect(readFileSync(path.join(where, 'b'), 'utf8')).toBe('new');
  });
  test('is not replaced where it is read-only', () => {
    const file = path.join(folder(), 'x');
    writeFileSync(file, 'old', { mode: 0o444 });
    if (isRoot) return;
    expect(code(() => writeNamed(file, 'new'))).toBe('EACCES');
    expect(readFileSync(file, 'utf8')).toBe('old');
  });
  test.runIf(isRoot)('is written where it lies, by another user in a folder that takes no other file', () => {
    const where = folder();
    const file = path.join(where, 'x');
    writeFileSync(file, 'old, and longer than the new one');
    chmodSync(file, 0o666);
    chmodSync(where, 0o755);
    chmodSync(root, 0o755);
    const source = path.join(import.meta.dirname, '..', '..', 'src', 'machine', 'whole-file.ts');
    const script = path.join(where, 'w.mjs');
    spawnSync('npx', ['esbuild', source, '--bundle', '--platform=node', '--format=esm', `--outfile=${script}`]);
    const line = `import(${JSON.stringify(script)}).then((m) => m.writeNamed(${JSON.stringify(file)}, 'new'))`;
    const done = spawnSync(process.execPath, ['-e', line], { uid: 45_678, gid: 45_678, encoding: 'utf8' });
    expect(done.stderr).toBe('');
    expect(readFileSync(file, 'utf8')).toBe('new');
    expect(statSync(file).uid).toBe(0);
  });
  test('is a device or a pipe: written to', () => {
    writeNamed('/dev/null', 'x');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
    if (existsSync('/dev/full')) expect(code(() => writeNamed('/dev/full', 'x'))).toBe('ENOSPC');
  });
});

test('what is added to a file is added whole', () => {
  const file = path.join(folder(), 'x');
  appendWhole(file, 'one\n');
  appendWhole(file, Buffer.from('two\n'));
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
  if (existsSync('/dev/full')) expect(code(() => appendWhole('/dev/full', 'x'))).toBe('ENOSPC');
});

describe('folders', () => {
  test('are made with those above them', () => {
    const deep = path.join(folder(), 'a', 'b', 'c');
    makeFolder(deep);
    makeFolder(deep);
    expect(statSync(path.dirname(deep)).mode & 0o777).toBe(0o700);
  });
  test.each([
    ['/proc/nonexistent/a/b', 'ENOENT'],
    ['/dev/null/a', 'ENOTDIR'],
  ])('%s: an error, and no waiting', (name, expected) => {
    if (existsSync(path.dirname(name.replace(/\/a.*/, '')))) expect(code(() => makeFolder(name))).toBe(expected);
  });
  test.each(['', '.', '/', 'relative'])('"%s" ends', (name) => {
    const before = process.cwd();
    process.chdir(folder());
    code(() => makeFolder(name));
    process.chdir(before);
  });
});

test('of what lies beside a file, only what is ours and old is taken away', () => {
  const where = folder();
  const make = (name: string, days: number): string => {
    const file = path.join(where, name);
    writeFileSync(file, '');
    spawnSync('touch', ['-d', `@${Math.round(Date.now() / 1000 - days * 86_400)}`, file]);
    return file;
  };
  const files = [
    make('x.bin.12.abc.tmp', 2),
    make('y.bin.12.abc.tmp', 0),
    make('z.bin.12.abc.tmp', -800),
    make('mine.tmp', 9),
    make('x.bin', 9),
  ];
  dropTemporary([...files, path.join(where, 'gone.1.a.tmp')]);
  expect(readdirSync(where).sort()).toEqual(['mine.tmp', 'x.bin', 'y.bin.12.abc.tmp']);
});

test('reasons are words, or the code', () => {
  expect(reasonOf({ code: 'ENOSPC' })).toBe('the disk is full');
  expect(reasonOf({ code: 'EWHATEVER' })).toBe('EWHATEVER');
  expect(reasonOf(new Error('x'))).toBe('error');
});
