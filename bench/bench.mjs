// Speed as ratios to named peers, in turn in one run:  npm run bench -- [--size 1000] [--rounds 7] [--only start,plain,…]
// `npm run bench` builds nothing: run `npm run build` first. Peers that are not installed are named and left out.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeLargeProject, makePlainLog, makeRawLog } from './inputs.mjs';
import { has, median, pair, peak, print, time } from './pairs.mjs';

const { values: opt } = parseArgs({
  options: { size: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '7' }, only: { type: 'string' } },
});
const size = Number(opt.size);
const rounds = Number(opt.rounds);
const home = mkdtempSync(path.join(tmpdir(), 'cachewhy-bench-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
const root = path.join(import.meta.dirname, '..');
const node = process.execPath;
const cli = path.join(root, 'bin', 'cachewhy.js');
const ours = (...args) => [node, [cli, ...args]];
const json = (log, ...args) => ours(log, '--format', 'json', '--no-remember', ...args);

const parts = {
  start() {
    const bare = [node, ['-e', '0']];
    const small = path.join(root, 'sample-logs', 'node-naive-readme-edit', 'build.log');
    print('--version : node -e 0', pair(ours('--version'), bare, 3 * rounds, home).ratios, 1.3);
    print('a small log to its report : node -e 0', pair(json(small), bare, 3 * rounds, home).ratios, 2.0);
    print('a small log to its terminal report : node -e 0', pair(ours(small, '--no-remember'), bare, 3 * rounds, home).ratios);
  },

  plain() {
    const log = path.join(home, 'plain.log');
    const perMegabyte = [];
    for (const megabytes of [size / 100, size / 10, size]) {
      makePlainLog(log, megabytes * 1e6);
      const grep = pair(json(log), ['grep', ['-cE', 'CACHED|DONE', log]], rounds, home);
      print(`${megabytes} MB plain log : grep -cE 'CACHED|DONE'`, grep.ratios, megabytes === size ? 1.3 : undefined);
      perMegabyte.push({ megabytes, seconds: median(grep.seconds) });
    }
    const awk = ['awk', ['/^#[0-9]+ (CACHED|DONE)/', log]];
    print(`${size} MB plain log : awk`, pair(json(log), awk, Math.min(3, rounds), home).ratios);
    const [small, middle, large] = perMegabyte;
    const slope = (a, b) => (b.seconds - a.seconds) / (b.megabytes - a.megabytes);
    print('growth: time per further MB, the last nine tenths : the first', [slope(middle, large) / slope(small, middle)], 1.25);
  },

  rawjson() {
    const log = path.join(home, 'raw.jsonl');
    makeRawLog(log, size * 1e5);
    if (!has('jq')) return console.log('rawjson: jq is not installed');
    print(`${size / 10} MB rawjson : jq -c .`, pair(json(log), ['jq', ['-c', '.', log]], Math.min(5, rounds), home).ratios, 0.5);
  },

  memory() {
    const bare = peak([node, ['-e', '0']], home);
    if (bare === null) return console.log('memory: python3 is not installed');
    const log = path.join(home, 'plain.log');
    for (const megabytes of [size / 100, size]) {
      makePlainLog(log, megabytes * 1e6);
      print(`peak memory on ${megabytes} MB above bare node`, [peak(json(log), home) - bare], 25, 'MB');
    }
  },

  large() {
    const project = path.join(home, 'large');
    mkdirSync(project);
    makeLargeProject(project);
    const at = (log, ...args) => json(path.join(project, log), '-f', path.join(project, 'Dockerfile'), '-C', project, ...args);
    const baseline = path.join(home, 'large.baseline');
    time(at('first.log', '--save-baseline', baseline), home);
    for (let t = 0; t < 20; t++) writeFileSync(path.join(project, 'services', `service-${t}`, 'main.js'), 'changed\n');
    const empty = path.join(home, 'empty');
    mkdirSync(empty);
    const dockerfile = path.join(empty, 'Dockerfile');
    writeFileSync(dockerfile, 'FROM node:22\nCOPY . .\n');
    const tiny = path.join(empty, 'tiny.log');
    writeFileSync(
      tiny,
      '#1 [1/2] FROM docker.io/library/node:22\n#1 CACHED\n\n#2 [2/2] COPY . .\n#2 DONE 0.1s\n\n#3 exporting to image\n#3 DONE 0.0s\n',
    );
    const { seconds, peers } = pair(at('second.log', '-b', baseline), json(tiny, '-f', dockerfile, '-C', empty), 2 * rounds, home);
    print(
      '1,000 steps, 20 targets, with a baseline: beyond two steps',
      seconds.map((s, i) => 1000 * (s - peers[i])),
      100,
      'ms',
    );
  },

  snapshot: () => script('snapshot.mjs'),
  simulate: () => script('simulate.mjs'),
  overhead: () => script('overhead.mjs'),
};

function script(name) {
  spawnSync(node, [path.join(import.meta.dirname, name)], { stdio: 'inherit' });
}

const wanted = opt.only?.split(',') ?? Object.keys(parts);
for (const name of wanted) {
  if (!Object.hasOwn(parts, name)) {
    console.error(`bench: no part "${name}"; there are ${Object.keys(parts).join(', ')}`);
    process.exit(2);
  }
  parts[name]();
}
