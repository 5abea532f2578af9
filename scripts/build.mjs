// Bundles the command line into dist/cli.cjs and chunks beside it: start-up pays neither for a tree of packages, nor for what a command does not
// need, nor for Node's loader of ES modules. `--types` also writes the library entry and its declarations.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { collectLicences } from './licences.mjs';

const root = path.join(import.meta.dirname, '..');
const chunks = path.join(root, 'dist', 'chunks');
const common = { platform: 'node', target: 'node20', legalComments: 'none', logLevel: 'warning' };

// esbuild divides ES modules only: divided first, each part is made CommonJS after.
const divided = await build({
  ...common,
  absWorkingDir: root,
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  write: false,
  metafile: true,
  alias: { 'string-width': path.join(root, 'scripts', 'string-width.cjs') },
});
mkdirSync(chunks, { recursive: true });
const made = new Set();
const parts = [...divided.outputFiles];
// The entry last: a program that starts meanwhile finds all that it names.
parts.sort((a, b) => Number(a.path.endsWith('cli.cjs')) - Number(b.path.endsWith('cli.cjs')));
for (const part of parts) {
  const { code } = await transform(part.text, {
    ...common,
    format: 'cjs',
    minifyWhitespace: true,
    minifySyntax: true,
    supported: { 'dynamic-import': false },
    define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
  });
  const url = code.includes('__moduleUrl') ? 'const __moduleUrl=require("node:url").pathToFileURL(__filename).href;' : '';
  replace(part.path, url + code);
  made.add(path.basename(part.path));
}
// Chunks of earlier builds.
for (const name of readdirSync(chunks)) if (!made.has(name)) rmSync(path.join(chunks, name));
writeFileSync(path.join(root, 'dist', 'THIRD-PARTY-LICENSES.txt'), collectLicences(root, divided.metafile));
if (process.argv.includes('--types')) await import('./library.mjs');

/** Whole or not at all, and only where it differs: tests and other programs run what lies there. */
function replace(file, text) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  const temporary = path.join(root, 'dist', `${process.pid}.tmp`);
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}
