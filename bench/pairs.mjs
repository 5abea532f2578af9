// Two commands in turn, many times: what is compared are ratios within one run, which do not depend on the machine.
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

// Node 20 parses the certificates of NODE_EXTRA_CA_CERTS at every start (nodejs/node#40524).
const env = (home) => ({ PATH: process.env.PATH, HOME: home, NO_COLOR: '1', LC_ALL: 'C.UTF-8' });

/** @returns seconds of wall time. Output goes into a pipe: grep stops at its first match where nobody reads it. */
export function time([command, args, input], home) {
  const stdin = input === undefined ? 'ignore' : openSync(input, 'r');
  const began = process.hrtime.bigint();
  const { error } = spawnSync(command, args, { stdio: [stdin, 'pipe', 'pipe'], env: env(home), cwd: home, maxBuffer: 1 << 30 });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (stdin !== 'ignore') closeSync(stdin);
  if (error) throw error;
  return seconds;
}

/** Peak resident memory in MB; null where /usr/bin/python3 cannot tell. */
export function peak([command, args], home) {
  const script = `import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL,stderr=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss//1024)`;
  const { status, stdout } = spawnSync('python3', ['-c', script, command, ...args], { env: env(home), cwd: home, encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

export const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).error === undefined;

const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))];
export const median = (list) => quantile(list, 0.5);

/**
 * Runs the two in turn, after one run of each that does not count.
 * @returns the ratios of each round, and our seconds
 */
export function pair(ours, peer, rounds, home) {
  time(ours, home);
  time(peer, home);
  const pairs = Array.from({ length: rounds }, (_, i) => {
    const first = time(i % 2 === 0 ? ours : peer, home);
    const second = time(i % 2 === 0 ? peer : ours, home);
    return i % 2 === 0 ? [first, second] : [second, first];
  });
  return { ratios: pairs.map(([a, b]) => a / b), seconds: pairs.map(([a]) => a), peers: pairs.map(([, b]) => b) };
}

/** One line: the median, the spread, and whether the target holds. @returns whether it does */
export function print(name, values, target, unit = '×') {
  const middle = median(values);
  const digits = unit === '×' ? 2 : 0;
  const shown = [middle, quantile(values, 0), quantile(values, 1)].map((v) => `${v.toFixed(digits)}${unit === '×' ? '' : ` ${unit}`}`);
  const verdict =
    target === undefined ? '' : `  target ${target}${unit === '×' ? '' : ` ${unit}`}: ${middle <= target ? 'holds' : 'missed'}`;
  console.log(`${name.padEnd(64)} ${shown[0]}${unit === '×' ? '×' : ''} (${shown[1]} to ${shown[2]})${verdict}`);
  return target === undefined || middle <= target;
}
