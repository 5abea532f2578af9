/** Archives as tar writes them, in each of its formats and in pieces of any size. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createTarReader, type TarEntry } from '../../src/simulate/tar.ts';

/** bsdtar has other names for the formats. */
const GNU = execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar');

const root = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-tar-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const LONG = `${'long/'.repeat(30)}${'n'.repeat(90)}.txt`;
const BIG = Buffer.alloc(100_000, 'abc');

function pack(format: string): Buffer {
  const folder = path.join(root, format);
  const write = (name: string, data: string | Buffer, mode = 0o644): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), data);
    chmodSync(path.join(folder, name), mode);
  };
  write('a.txt', 'one\n');
  write('bin/run', BIG, 0o755);
  write('empty', '');
  if (format !== 'ustar') write(LONG, 'far away\n');
  symlinkSync(format === 'ustar' ? 'a.txt' : `/${LONG}`, path.join(folder, 'link'));
  return execFileSync('tar', [`--format=${format}`, '-C', folder, '-c', '.'], { maxBuffer: 1 << 26 });
}

function read(archive: Buffer, piece: number): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = createTarReader((entry) => entries.push(entry));
  for (let at = 0; at < archive.length; at += piece) reader.push(archive.subarray(at, at + piece));
  return entries;
}

const sha = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

test.skipIf(!GNU).each(['ustar', 'gnu', 'pax'])('%s', (format) => {
  const archive = pack(format);
  const entries = read(archive, archive.length);
  const found = new Map(entries.map((e) => [e.path, e]));
  expect(found.get('a.txt')).toMatchObject({ type: '0', mode: 0o644, digest: sha('one\n') });
  expect(found.get('bin/run')).toMatchObject({ type: '0', mode: 0o755, digest: sha(BIG) });
  expect(found.get('empty')).toMatchObject({ type: '0', digest: sha('') });
  expect(found.get('bin')).toMatchObject({ type: '5', digest: '' });
  expect(found.get('link')).toMatchObject({ type: '2', link: format === 'ustar' ? 'a.txt' : `/${LONG}` });
  if (format !== 'ustar') expect(found.get(LONG)).toMatchObject({ digest: sha('far away\n') });
  for (const piece of [1, 511, 512, 513, 4096]) expect(read(archive, piece)).toEqual(entries);
});

test('what is no archive is said to be none', () => {
  expect(() => read(Buffer.alloc(2048, 'x'), 512)).toThrow('tar: no header where one should be');
  expect(read(Buffer.alloc(10_240), 512)).toEqual([]);
});
