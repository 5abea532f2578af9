/** A client that gives up before it begins a build: its own words are told. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const cli = path.join(import.meta.dirname, '..', '..', 'bin', 'cachewhy.js');

function read(log: string): string {
  const done = spawnSync(process.execPath, [cli, '--no-passthrough'], { input: log, encoding: 'utf8' });
  expect(done.status).toBe(2);
  expect(done.stdout).toBe('');
  return done.stderr;
}

test.each([
  [
    'ERROR: failed to build: Cache export is not supported for the docker driver.\nSwitch to a different driver, or turn on the containerd image store, and try again.\n',
    /the build never began: ERROR: failed to build: Cache export is not supported for the docker driver\.\n {2}this driver keeps its cache to itself: .*containerd image store/,
  ],
  ['ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n', /start the engine/],
  ['ERROR: unable to prepare context: path "x" not found\n', /the build never began: .*path "x" not found\n {2}no step was reached/],
  ['unknown flag: --cash-to\n', /the build never began: unknown flag: --cash-to/],
  ['Error: Cannot find module x\nnpm ERR! code 1\n', /no build found in standard input/],
])('%s', (log, said) => {
  expect(read(log)).toMatch(said);
});
