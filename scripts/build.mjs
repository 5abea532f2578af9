// Bundles the command line into dist/cli.js and a few chunks beside it: start-up does not pay for a tree of packages, nor for what a command does
// not need. `--types` also writes the library entry and its declarations with tsc.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.join(import.meta.dirname, '..');
const out = path.join(root, 'dist');
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli.ts'],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
  alias: { 'string-width': path.join(root, 'scripts', 'string-width.cjs') },
  // CommonJS dependencies call require() for Node's own modules.
  banner: { js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);" },
});
// Chunks of earlier builds.
const made = new Set(Object.keys(metafile.outputs).map((f) => path.resolve(root, f)));
const chunks = path.join(out, 'chunks');
if (existsSync(chunks))
  for (const name of readdirSync(chunks)) if (!made.has(path.join(chunks, name))) rmSync(path.join(chunks, name), { force: true });
if (process.argv.includes('--types'))
  execFileSync(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], { stdio: 'inherit' });
