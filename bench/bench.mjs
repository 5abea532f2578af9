// Speed as ratios to named peers, alternately in one run: `npm run bench` (or `npm run bench -- 100` for a log of 100 MB).
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const megabytes = Number(process.argv[2] ?? 200);
const rounds = Number(process.argv[3] ?? 5);
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-bench-'));
const cli = path.join(import.meta.dirname, '..', 'bin', 'cachewhy.js');
// Node 20 parses these certificates at every start (nodejs/node#40524).
const env = { PATH: process.env.PATH, HOME: tmp, NO_COLOR: '1', LC_ALL: 'C.UTF-8' };

function makeLog(file, size) {
  const fd = openSync(file, 'w');
  let written = writeSync(
    fd,
    '#0 building with "default" instance using docker driver\n\n#1 [internal] load build definition from Dockerfile\n#1 DONE 0.0s\n\n#2 [1/99] FROM docker.io/library/node:22\n#2 CACHED\n',
  );
  for (let step = 3; written < size; step++) {
    let block = `\n#${step} [${Math.min(step - 1, 99)}/99] RUN make part-${step}\n`;
    for (let i = 0; i < 8000; i++)
      block += `#${step} ${(i / 100).toFixed(3)} \x1b[32mcompiling\x1b[0m module ${i} — CACHED or DONE, says the output of this step, at some length to be real\n`;
    written += writeSync(fd, `${block}#${step} DONE 80.0s\n`);
  }
  writeSync(fd, '\n#9999 exporting to image\n#9999 DONE 0.1s\n');
  closeSync(fd);
}

function time(command, args, input) {
  const stdin = input ? openSync(input, 'r') : 'ignore';
  const began = process.hrtime.bigint();
  // Into a pipe: grep stops at the first match where its output goes to /dev/null.
  spawnSync(command, args, { stdio: [stdin, 'pipe', 'pipe'], env, cwd: tmp, maxBuffer: 1 << 28 });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (input) closeSync(stdin);
  return seconds;
}

function peak(command, args) {
  const script = `import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)`;
  try {
    return Number(execFileSync('python3', ['-c', script, command, ...args], { env, cwd: tmp }).toString());
  } catch {
    return null;
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

function compare(name, ours, peer, target) {
  const ratios = [];
  time(...ours);
  time(...peer);
  for (let i = 0; i < rounds; i++) ratios.push(time(...ours) / time(...peer));
  const sorted = [...ratios].sort((a, b) => a - b);
  const middle = median(ratios);
  console.log(
    `${name.padEnd(58)} ${middle.toFixed(2)}× (${sorted[0].toFixed(2)} to ${sorted.at(-1).toFixed(2)})  target ${target}: ${middle <= target ? 'holds' : 'missed'}`,
  );
}

try {
  const node = process.execPath;
  const small = path.join(import.meta.dirname, '..', 'sample-logs', 'node-naive-readme-edit', 'build.log');
  const big = path.join(tmp, 'big.log');
  makeLog(big, megabytes * 1e6);
  const empty = path.join(tmp, 'empty.mjs');
  writeFileSync(empty, '');
  compare(
    `${megabytes} MB plain log : grep -cE 'CACHED|DONE'`,
    [node, [cli, big, '--format', 'json']],
    ['grep', ['-cE', 'CACHED|DONE', big]],
    1.3,
  );
  compare(`${megabytes} MB plain log : awk`, [node, [cli, big, '--format', 'json']], ['awk', ['/^#[0-9]+ (CACHED|DONE)/', big]], 1.3);
  compare('a small log to its report : node -e 0', [node, [cli, small, '--format', 'json', '--no-remember']], [node, ['-e', '0']], 2.0);
  compare('--version : node -e 0', [node, [cli, '--version']], [node, ['-e', '0']], 1.3);
  const bare = peak(node, ['-e', '0']);
  const full = peak(node, [cli, big, '--format', 'json']);
  if (bare !== null && full !== null)
    console.log(
      `peak memory on ${megabytes} MB: ${full} MB, bare node ${bare} MB: ${full - bare} MB above  target 25: ${full - bare <= 25 ? 'holds' : 'missed'}`,
    );
} finally {
  rmSync(tmp, { recursive: true, force: true });
}
