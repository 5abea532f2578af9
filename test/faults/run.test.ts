/** `run` around a build in trouble: signals, readers that stall, engines that hang. The status is the command's own. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectNoStack, expectOneLine, fakeDocker, openDesk } from './cli.ts';

const desk = openDesk();

interface Watched {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Runs a script wrapped, and acts as soon as it has said `ready`. */
function actWhenReady(script: string, act: (child: ReturnType<typeof spawn>) => void): Promise<Watched> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [desk.cli, 'run', '--', 'sh', '-c', script], {
      cwd: desk.project,
      env: { ...desk.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let [stdout, stderr, began] = ['', '', 0];
    child.stdout.on('data', (d: Buffer) => {
      stdout += d;
      if (began === 0 && stdout.includes('ready')) {
        began = performance.now();
        act(child);
      }
    });
    child.stderr.on('data', (d: Buffer) => (stderr += d));
    child.on('close', (status) => resolve({ status, stdout, stderr, seconds: (performance.now() - began) / 1000 }));
  });
}

describe.each([
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
  ['SIGQUIT', 3],
] as const)('%s', (signal, number) => {
  test('reaches a build that ends by it', async () => {
    const done = await actWhenReady('echo ready; exec sleep 30', (child) => child.kill(signal));
    expect(done.status).toBe(128 + number);
    expect(done.seconds).toBeLessThan(10);
  });

  test('reaches a build that ends in its own way, with its own words', async () => {
    const script = `trap 'echo tidied up; exit 42' INT TERM HUP QUIT; echo ready; while :; do sleep 0.1; done`;
    const done = await actWhenReady(script, (child) => child.kill(signal));
    expect(done).toMatchObject({ status: 42, stdout: 'ready\ntidied up\n' });
  });

  test('to the whole group, as from a terminal', async () => {
    const done = await actWhenReady('echo ready; exec sleep 30', (child) => process.kill(-child.pid!, signal));
    expect(done.status).toBe(128 + number);
  });
});

test('a build that is killed, or kills itself', async () => {
  for (const [signal, status] of [
    ['KILL', 137],
    ['SEGV', 139],
    ['ABRT', 134],
  ] as const) {
    const done = desk.run(['run', '--', 'sh', '-c', `kill -${signal} $$`]);
    expect(done.status).toBe(status);
    expectNoStack(done);
  }
});

test('a wrapper that is killed takes no build with it that still has something to do', async () => {
  const done = path.join(desk.folder, 'done');
  await actWhenReady(`trap '' PIPE; echo ready; sleep 0.5; touch '${done}'`, (child) => child.kill('SIGKILL'));
  await expect.poll(() => spawnSync('test', ['-e', done]).status, { timeout: 10_000 }).toBe(0);
});

test.runIf(process.platform === 'linux')('a signal reaches the build though nobody reads what it writes', async () => {
  const pipe = path.join(desk.folder, 'pipe');
  spawnSync('mkfifo', [pipe]);
  // It holds the pipe open and does not read.
  const reader = spawn('sh', ['-c', `exec sleep 60 <'${pipe}'`], { stdio: 'ignore' });
  const done = desk.shell(`cachewhy run -- yes >'${pipe}' 2>&1 & w=$!; sleep 1.5; kill -TERM $w; wait $w; echo status $?`);
  reader.kill('SIGKILL');
  expect(done.stdout).toBe('status 143\n');
  expect(done.seconds).toBeLessThan(12);
});

test('a build that takes its time to end after a signal is given it', async () => {
  const done = await actWhenReady(`trap 'sleep 6; echo tidied up; exit 9' TERM; echo ready; while :; do sleep 0.1; done`, (child) =>
    child.kill('SIGTERM'),
  );
  expect(done).toMatchObject({ status: 9, stdout: 'ready\ntidied up\n' });
});

test('all that a build wrote arrives, byte for byte, however slowly it is read', () => {
  const script = 'i=0; while [ $i -lt 4000 ]; do echo "line $i of what the build says"; i=$((i+1)); done; exit 3';
  const done = desk.shell(`{ cachewhy run -- sh -c '${script}' 2>/dev/null; echo "status $?" >&2; } | { sleep 0.5; cksum; }`);
  expect(done.stderr).toBe('status 3\n');
  expect(done.stdout).toBe(desk.shell(`sh -c '${script}' | cksum`).stdout);
});

describe('an engine in trouble', () => {
  const gone = 'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF';
  test('it dies in the middle of a build: docker’s words and docker’s status', () => {
    const env = fakeDocker(
      desk,
      `printf '#1 [internal] load build definition from Dockerfile\\n#1 DONE 0.0s\\n\\n#4 [2/5] WORKDIR /app\\n' >&2; echo '${gone}' >&2; exit 17`,
    );
    const done = desk.run(['run', '--', 'docker', 'build', '--progress=plain', '.'], { env });
    expect(done.status).toBe(17);
    expect(done.stderr).toContain(gone);
    expectNoStack(done);
  });

  const hangs = `trap '' TERM; sleep 100 & wait; sleep 100`;
  /** Builds at once, and answers no question about it: its helper ignores its end and has a child that keeps the pipe open. */
  function hangingDocker(): Record<string, string> {
    const env = fakeDocker(desk, `case "$*" in *history*) ${hangs};; esac\nprintf '#1 [1/1] RUN true\\n#1 CACHED\\n' >&2; exit 6`);
    const plugins = path.join(env.DOCKER_CONFIG!, 'cli-plugins');
    mkdirSync(plugins, { recursive: true });
    writeFileSync(path.join(plugins, 'docker-buildx'), `#!/bin/sh\n${hangs}\n`);
    chmodSync(path.join(plugins, 'docker-buildx'), 0o755);
    return env;
  }

  test('it never answers what the build was: run ends with the build’s status', { timeout: 60_000 }, async () => {
    const done = await desk.start(['run', '--', 'docker', 'build', '--progress=plain', '.'], { env: hangingDocker() });
    expect(done.status).toBe(6);
    expect(done.seconds).toBeLessThan(40);
    expectNoStack(done);
  });

  test('it never answers last: one line', { timeout: 60_000 }, async () => {
    const done = await desk.start(['last'], { env: hangingDocker() });
    expect(done.status).toBe(2);
    expect(done.seconds).toBeLessThan(40);
    expectOneLine(done, /did not answer in time/);
  });

  test.each([
    ['nonsense', `head -c 5000 /dev/urandom`],
    ['nothing', 'true'],
    ['half an archive', `printf 'blobs/sha256/x'; head -c 600 /dev/zero`],
    ['JSON of another kind', `echo '[{"ref":5}]'`],
    ['an error with escapes', `printf 'ERROR: \\033[2J\\033]0;x\\007gone\\n' >&2; exit 1`],
  ])('it answers last with %s: one line', (_, script) => {
    const env = fakeDocker(desk, script);
    const plugins = path.join(env.DOCKER_CONFIG!, 'cli-plugins');
    mkdirSync(plugins, { recursive: true });
    writeFileSync(path.join(plugins, 'docker-buildx'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const done = desk.run(['last'], { env });
    expect(done.status).toBe(2);
    expectOneLine(done, /^cachewhy: /);
    expect(done.stderr).not.toContain('\u001b');
  });
});
