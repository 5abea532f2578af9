// Writes the library entry and its declarations with tsc, and leaves of them what the entry needs: the rest is in the bundle.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

execFileSync(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', root], { stdio: 'inherit' });

/** What a file imports of ours: `from './x.js'`, `import('./x.js')`. A declaration names `./x.ts` and means `./x.d.ts`. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g)]
    .map(([, name]) => path.resolve(path.dirname(file), file.endsWith('.d.ts') ? name.replace(/(?<!\.d)\.[jt]s$/, '.d.ts') : name))
    .filter((name) => existsSync(name));
}

const needed = new Set();
const queue = [path.join(dist, 'src', 'index.js'), path.join(dist, 'src', 'index.d.ts')];
for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
  if (needed.has(file)) continue;
  needed.add(file);
  queue.push(...importsOf(file));
}

/** @returns whether the folder is empty now */
function prune(folder) {
  let left = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory() ? prune(full) : !needed.has(full)) {
      if (entry.isDirectory()) rmdirSync(full);
      else rmSync(full);
    } else left++;
  }
  return left === 0;
}
for (const folder of ['src', 'parsers']) prune(path.join(dist, folder));
