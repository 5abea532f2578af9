// What `cachewhy run` adds to a build: the same build with and without it, in turn, cold and warm.  node bench/overhead.mjs [rounds]
// Needs an engine (DOCKER_HOST or the current context); says so and does nothing where there is none.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { median, print } from './pairs.mjs';

const rounds = Number(process.argv[2] ?? 7);
const cli = path.join(import.meta.dirname, '..', 'bin', 'cachewhy.js');
const home = mkdtempSync(path.join(tmpdir(), 'cachewhy-bench-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
const { NODE_EXTRA_CA_CERTS: _, ...inherited } = process.env;
const env = {
  ...inherited,
  CACHEWHY_CACHE: path.join(home, 'cache'),
  DOCKER_CONFIG: process.env.DOCKER_CONFIG ?? path.join(homedir(), '.docker'),
};
const folder = path.join(home, 'project');
const image = `cachewhy-bench-${process.pid}`;

if (spawnSync('docker', ['info'], { env, stdio: 'ignore' }).status !== 0) {
  console.log('overhead: there is no docker engine');
  process.exit(0);
}
for (let i = 0; i < 500; i++) {
  mkdirSync(path.join(folder, `src/part${i % 20}`), { recursive: true });
  writeFileSync(path.join(folder, `src/part${i % 20}/file${i}.js`), `// ${i}\n`.repeat(100));
}
writeFileSync(path.join(folder, 'Dockerfile'), 'FROM busybox:1.35\nCOPY . /src\nRUN sleep 3\nRUN find /src -type f | wc -l\n');
writeFileSync(path.join(folder, '.dockerignore'), 'Dockerfile\n');

const build = ['docker', 'build', '-t', image, '.'];
function seconds(command) {
  const began = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command[0], command.slice(1), { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`the build failed: ${stderr}`);
  return Number(process.hrtime.bigint() - began) / 1e9;
}
const wrapped = [process.execPath, cli, 'run', '--', ...build];
let serial = 0;
const change = () => writeFileSync(path.join(folder, 'src', 'changed.js'), `// ${Date.now()} ${serial++}\n`);

for (const kind of ['cold', 'warm']) {
  const pairs = Array.from({ length: rounds + 1 }, (_, i) => {
    const timed = (command) => {
      if (kind === 'cold') change();
      return seconds(command);
    };
    const first = timed(i % 2 === 0 ? wrapped : build);
    const second = timed(i % 2 === 0 ? build : wrapped);
    return i % 2 === 0 ? [first, second] : [second, first];
  }).slice(1);
  print(
    `run : the build alone, ${kind} (${median(pairs.map(([, b]) => b)).toFixed(1)} s)`,
    pairs.map(([a, b]) => a / b),
  );
  print(
    `run adds, ${kind}`,
    pairs.map(([a, b]) => 1000 * (a - b)),
    500,
    'ms',
  );
}
spawnSync('docker', ['rmi', '-f', image], { env, stdio: 'ignore' });
