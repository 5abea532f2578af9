#!/usr/bin/env node
/**
 * How long `cachewhy simulate` takes for 1,000 commits of a 10,000-file repository, as a ratio to `git log --raw` over the same range.
 *
 *   node bench/simulate.mjs [--files 10000] [--commits 1000] [--rounds 7] [--keep DIR]
 *
 * The repository is made by `git fast-import`, the same every time. Both commands run alternately in one run; what is printed is the median of the
 * ratios within a round, with their spread.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: opt } = parseArgs({
  options: {
    files: { type: 'string', default: '10000' },
    commits: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '7' },
    keep: { type: 'string' },
  },
});
const files = Number(opt.files);
const commits = Number(opt.commits);
const rounds = Number(opt.rounds);
const cli = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'bin', 'cachewhy.js');

const DOCKERFILE = (ci) => `FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/*/package.json ./packages/
RUN ${ci}
COPY src ./src
COPY . .
RUN npm run build

FROM node:20-slim
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /app/dist ./dist
COPY config ./config
CMD ["node", "dist/main.js"]
`;

/** A small generator of numbers: the same repository on every machine. */
let seed = 1;
const random = (n) => {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return seed % n;
};

const fileName = (i) => `src/area${i % 20}/module${Math.floor(i / 20) % 25}/file${i}.ts`;

async function makeRepository(dir) {
  spawnSync('git', ['init', '-q', '-b', 'main', dir]);
  const child = spawn('git', ['fast-import', '--quiet', '--date-format=raw'], { cwd: dir, stdio: ['pipe', 'inherit', 'inherit'] });
  const put = (text) => (child.stdin.write(text) ? null : new Promise((r) => child.stdin.once('drain', r)));
  const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const blob = (name, text, mode = '100644') => `M ${mode} inline ${name}\n${data(text)}`;
  const head = (i, message) =>
    `commit refs/heads/main\ncommitter Bench <bench@example.org> ${1700000000 + i * 3600} +0000\n${data(message)}`;
  await put(head(0, 'start'));
  await put(blob('Dockerfile', DOCKERFILE('npm ci')) + blob('.dockerignore', 'node_modules\n.git\n**/*.log\ndocs\n'));
  await put(blob('package.json', '{"name":"bench"}') + blob('package-lock.json', '{"v":0}') + blob('config/app.json', '{}'));
  for (let i = 0; i < 40; i++)
    await put(blob(`packages/p${i}/package.json`, `{"name":"p${i}"}`) + blob(`packages/p${i}/index.js`, `// ${i}`));
  for (let i = 0; i < files - 90; i++) await put(blob(fileName(i), `export const v${i} = 0;\n`));
  for (let i = 0; i < 10; i++) await put(blob(`docs/page${i}.md`, 'text'));
  for (let c = 1; c < commits; c++) {
    let text = head(c, `change ${c}`);
    const kind = random(100);
    if (kind < 3) text += blob('package-lock.json', `{"v":${c}}`);
    else if (kind < 5) text += blob('Dockerfile', DOCKERFILE(`npm ci --loglevel=${c % 2 ? 'warn' : 'error'}`));
    else if (kind < 15) text += blob(`docs/page${random(10)}.md`, `text ${c}`);
    else for (let k = random(5); k >= 0; k--) text += blob(fileName(random(files - 90)), `export const v = ${c};\n`);
    await put(text);
  }
  child.stdin.end();
  await new Promise((r) => child.on('close', r));
  spawnSync('git', ['repack', '-adq'], { cwd: dir });
  spawnSync('git', ['reset', '-q', '--hard'], { cwd: dir });
}

function time(command, args, cwd) {
  const env = { ...process.env, NO_COLOR: '1' };
  // Node 20 parses these certificates at every start.
  delete env.NODE_EXTRA_CA_CERTS;
  const begin = process.hrtime.bigint();
  const result = spawnSync(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 30 });
  if (result.status !== 0) throw new Error(`${command} ${args[0]} ended with ${result.status}`);
  return Number(process.hrtime.bigint() - begin) / 1e6;
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const spread = (list) => `${Math.min(...list).toFixed(2)} to ${Math.max(...list).toFixed(2)}`;

const dir = opt.keep ? path.resolve(opt.keep) : mkdtempSync(path.join(os.tmpdir(), 'cachewhy-bench-'));
if (!existsSync(path.join(dir, '.git'))) await makeRepository(dir);
const contenders = {
  'git log --raw': () => time('git', ['log', '--raw', '--no-abbrev', '--first-parent', `--max-count=${commits}`], dir),
  'cachewhy simulate': () => time(process.execPath, [cli, 'simulate', '--commits', String(commits), '--format', 'json'], dir),
};
const times = Object.fromEntries(Object.keys(contenders).map((n) => [n, []]));
for (let r = -1; r < rounds; r++)
  for (const [name, run] of Object.entries(contenders)) {
    const ms = run();
    if (r >= 0) times[name].push(ms);
  }
const base = times['git log --raw'];
console.log(`${commits} commits of ${files} files, ${rounds} rounds`);
for (const [name, list] of Object.entries(times)) {
  const ratios = list.map((ms, i) => ms / base[i]);
  console.log(`${name.padEnd(20)} ${median(list).toFixed(0).padStart(6)} ms   × ${median(ratios).toFixed(2)} (${spread(ratios)})`);
}
if (!opt.keep) rmSync(dir, { recursive: true, force: true });
