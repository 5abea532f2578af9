/** What users get: the packed package, unpacked in a path with spaces, without a single dependency beside it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy package '));
const modules = path.join(tmp, 'node_modules');
const folder = path.join(modules, 'cachewhy');
const bin = path.join(folder, 'bin', 'cachewhy.js');
const env = { PATH: process.env.PATH, HOME: tmp, NO_COLOR: '1' };
let files: string[] = [];

beforeAll(() => {
  execFileSync(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root]);
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', tmp], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files: list }] = JSON.parse(packed.slice(packed.indexOf('['))) as [{ filename: string; files: { path: string }[] }];
  files = list.map((f) => f.path);
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', path.join(tmp, filename), '-C', folder, '--strip-components=1']);
}, 120_000);
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

it('holds what users need and no more', () => {
  const expected =
    /^(?:README\.md|LICENSE|package\.json|bin\/(?:cachewhy\.js|package\.json)|schema\/report\.schema\.json|dist\/(?:cli\.cjs|chunks\/[\w-]+\.cjs|(?:src|parsers)\/[\w/.-]+\.(?:js|d\.ts)))$/;
  expect(files.filter((f) => !expected.test(f))).toEqual([]);
  for (const needed of [
    'LICENSE',
    'README.md',
    'bin/cachewhy.js',
    'dist/cli.cjs',
    'dist/src/index.js',
    'dist/src/index.d.ts',
    'schema/report.schema.json',
  ])
    expect(files).toContain(needed);
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { scripts?: Record<string, string> };
  // Nothing runs when it is installed from the registry.
  for (const hook of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts?.[hook]).toBeUndefined();
});

describe('the command line', () => {
  const log = path.join(root, 'sample-logs', 'node-naive-readme-edit', 'build.log');

  it('runs from a path with spaces, and needs nothing beside it', () => {
    const done = spawnSync(process.execPath, [bin, log, '--format', 'json'], { cwd: tmp, env, encoding: 'utf8' });
    expect(done.stderr).toBe('');
    expect(JSON.parse(done.stdout).builds).toHaveLength(1);
    for (const args of [
      ['--help'],
      ['run', '--help'],
      ['predict', '--help'],
      ['simulate', '--help'],
      ['explain', 'cold-cache'],
      ['completion', 'bash'],
    ])
      expect(spawnSync(process.execPath, [bin, ...args], { cwd: tmp, env, encoding: 'utf8' }), args.join(' ')).toMatchObject({
        status: 0,
        stderr: '',
      });
  });

  it.each([
    ['a cache folder that cannot be made', { CACHEWHY_CACHE: '/dev/null/cache' }],
    ['no home', { HOME: '' }],
  ])('runs with %s', (_, more) => {
    const done = spawnSync(process.execPath, [bin, log], { cwd: tmp, env: { ...env, ...more }, encoding: 'utf8' });
    expect(done).toMatchObject({ status: 0, stderr: '' });
    expect(done.stdout).toContain('COPY . . missed the cache');
  });
});

describe('the library entry', () => {
  /** Its dependencies, as an install would place them. */
  function addDependencies(): void {
    for (const name of readdirSync(path.join(root, 'node_modules')))
      if (!name.startsWith('.') && name !== 'cachewhy') symlinkSync(path.join(root, 'node_modules', name), path.join(modules, name));
  }

  it('has types that are right, for bundlers and for Node, and does what it says', () => {
    addDependencies();
    writeFileSync(path.join(tmp, 'package.json'), '{"type":"module"}\n');
    writeFileSync(
      path.join(tmp, 'use.ts'),
      `import { readFileSync } from 'node:fs';
import { createLogReader, diagnose } from 'cachewhy';
const reader = createLogReader();
reader.push(readFileSync(process.argv[2]!));
for (const log of reader.end().builds) {
  const { report } = diagnose(log);
  const first: string | undefined = report.misses[0]?.causes[0]?.kind;
  console.log(report.summary.reused, first);
}
// @ts-expect-error a report has no such field
console.log(diagnose(reader.end().builds[0]!).report.nonsense);
`,
    );
    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ]) {
      const flags = [
        '--strict',
        '--target',
        'es2023',
        '--module',
        module!,
        '--moduleResolution',
        resolution!,
        '--types',
        'node',
        '--outDir',
        tmp,
        'use.ts',
      ];
      const done = spawnSync(process.execPath, [tsc, ...flags], { cwd: tmp, encoding: 'utf8' });
      expect(done.stdout).toBe('');
      expect(done.status).toBe(0);
    }
    writeFileSync(path.join(tmp, 'use.js'), readFileSync(path.join(tmp, 'use.js'), 'utf8').replace(/\/\/ @ts-expect-error[\s\S]*$/, ''));
    const log = path.join(root, 'sample-logs', 'node-naive-readme-edit', 'build.log');
    expect(execFileSync(process.execPath, ['use.js', log], { cwd: tmp, encoding: 'utf8' })).toBe('1 context-files-changed\n');
  }, 60_000);
});
