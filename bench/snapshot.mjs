// Is a snapshot of an unchanged context as quick as `git status`?  node bench/snapshot.mjs [files] [rounds]
// Makes a tree of 100,000 files, commits it, and runs the two in turn on the same tree: ratios do not depend on the machine.
// What is timed is a process that takes the snapshot and says by a digest of everything whether a `COPY . .` would be reused.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';

const files = Number(process.argv[2] ?? 100_000);
const rounds = Number(process.argv[3] ?? 15);
const target = 1.5;
// Node 20 reads the certificates of NODE_EXTRA_CA_CERTS at every start (nodejs/node#40524)
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'cachewhy-bench-'));
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true, maxRetries: 5 }));
const tree = path.join(work, 'tree');
const cache = path.join(work, 'cache');
const entry = path.join(work, 'entry.mjs');

/** A monorepo's shape: packages, modules, parts; some 16 files a folder, 1.5 kB each. */
function makeTree() {
  let seed = 1;
  const random = () => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const folders = [];
  for (let p = 0; p < 40; p++)
    for (let m = 0; m < 25; m++) for (let i = 0; i < 5; i++) folders.push(path.join(tree, `packages/pkg-${p}/src/module-${m}/part${i}`));
  for (const folder of folders) fs.mkdirSync(folder, { recursive: true });
  for (let n = 0; n < files; n++) {
    const name = path.join(folders[n % folders.length], `file-${n}.ts`);
    fs.writeFileSync(name, `// ${n}\n${'x'.repeat(Math.floor(random() * 3000))}`);
  }
  fs.writeFileSync(path.join(tree, '.dockerignore'), '.git\n**/*.log\nnode_modules\n**/node_modules\n*.md\n!README.md\n');
  const git = (...args) => execFileSync('git', ['-C', tree, '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', ...args]);
  git('init', '-q');
  git('config', 'gc.auto', '0'); // no housekeeping in the background
  git('add', '-A');
  git('commit', '-qm', 'tree');
}

async function makeEntry() {
  const contents = `import { selectionDigest } from './src/context/content-key.ts';
import { takeSnapshot } from './src/context/snapshot.ts';
const { listing } = takeSnapshot({ root: process.argv[2], cacheDir: process.argv[3] });
process.stdout.write(selectionDigest(listing, { sources: ['.'] }));`;
  await build({
    stdin: { contents, resolveDir: path.join(import.meta.dirname, '..'), loader: 'ts' },
    outfile: entry,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
}

function seconds(command, args) {
  const start = process.hrtime.bigint();
  execFileSync(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return Number(process.hrtime.bigint() - start) / 1e9;
}

const snapshot = () => seconds(process.execPath, [entry, tree, cache]);
const status = () => seconds('git', ['-C', tree, 'status', '--porcelain']);
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

makeTree();
await makeEntry();
await new Promise((done) => setTimeout(done, 3000)); // what has just been written is read twice, here as in git
status();
const cold = snapshot();
status();
snapshot();

const pairs = Array.from({ length: rounds }, (_, i) => {
  const first = i % 2 === 0 ? snapshot() : status();
  const second = i % 2 === 0 ? status() : snapshot();
  return i % 2 === 0 ? { ours: first, git: second } : { ours: second, git: first };
});
const ratios = pairs.map(({ ours, git }) => ours / git).sort((a, b) => a - b);
const median = (list) =>
  quantile(
    list.sort((a, b) => a - b),
    0.5,
  );
const ratio = quantile(ratios, 0.5);
console.log(`${files} files, ${rounds} rounds, Node ${process.version}, ${os.availableParallelism()} processors`);
console.log(`first snapshot     ${cold.toFixed(2)} s`);
console.log(`snapshot           ${median(pairs.map((it) => it.ours)).toFixed(3)} s (median)`);
console.log(`git status         ${median(pairs.map((it) => it.git)).toFixed(3)} s (median)`);
console.log(
  `ratio              ${ratio.toFixed(2)} (median of pairs; ${quantile(ratios, 0.1).toFixed(2)} to ${quantile(ratios, 0.9).toFixed(2)})`,
);
console.log(`target < ${target}       ${ratio < target ? 'holds' : 'MISSED'}`);
process.exitCode = ratio < target ? 0 : 1;
