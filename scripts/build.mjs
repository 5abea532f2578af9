// Bundles the command line into one file, dist/cli.js: start-up does not pay for a tree of packages.
// `--types` also writes the library entry and its declarations with tsc.
import { execFileSync } from 'node:child_process';
import { build } from 'esbuild';

await build({
  entryPoints: ['src/cli.ts'],
  outfile: 'dist/cli.js',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'none',
  logLevel: 'warning',
  // CommonJS dependencies call require() for Node's own modules.
  banner: { js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);" },
});
if (process.argv.includes('--types')) execFileSync('npx', ['tsc', '-p', '.'], { stdio: 'inherit' });
