/** What can go wrong around a build: it ends as it would have without us, in one clear line where the line is ours. */
import { spawn } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { openLab } from './lab.ts';
import { nodeNaive } from './projects.ts';

const engine = inject('engine');
const SLOW = { Dockerfile: 'FROM TOOLS\nRUN echo first\nRUN sleep 30\n' };
const STACK = /\n\s+at .*:\d+/;

/** A folder with a docker of our own in it. */
function shim(lab: ReturnType<typeof openLab>, script: string): Record<string, string> {
  const bin = path.join(lab.env.HOME!, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, 'docker'), `#!/bin/sh\n${script}\n`);
  chmodSync(path.join(bin, 'docker'), 0o755);
  return { PATH: `${bin}:${process.env.PATH}` };
}

describe.skipIf(!engine)('bad weather', () => {
  test('no docker on the path', () => {
    const lab = openLab(engine!, nodeNaive);
    const done = lab.cachewhy(['run', '--', 'docker', 'build', '.'], { env: { PATH: '/nowhere' } });
    expect(done.status).toBe(127);
    expect(done.stderr).toMatch(/^cachewhy: docker/);
    expect(done.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  test('an engine that does not answer: docker says so, with its own status', () => {
    const lab = openLab(engine!, nodeNaive);
    const env = { DOCKER_HOST: 'unix:///nowhere/docker.sock' };
    const plain = lab.docker(['build', '.'], { env });
    const wrapped = lab.cachewhy(['run', '--', 'docker', 'build', '.'], { env });
    expect(wrapped.status).toBe(plain.status);
    expect(wrapped.stderr).toContain(plain.stderr.trim().split('\n').at(-1));
    expect(wrapped.stderr).not.toMatch(STACK);
    const last = lab.cachewhy(['last'], { env });
    expect(last.status).toBe(2);
    expect(last.stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  });

  // Where buildx lies in a folder of the system, it cannot be stood in for.
  test.skipIf(!existsSync(path.join(process.env.DOCKER_CONFIG ?? '', 'cli-plugins', 'docker-buildx')))(
    'an old buildx without history: the log is read instead',
    () => {
      const lab = openLab(engine!, nodeNaive);
      const config = path.join(lab.env.HOME!, 'docker');
      cpSync(lab.env.DOCKER_CONFIG!, config, { recursive: true });
      const plugin = path.join(config, 'cli-plugins', 'docker-buildx');
      const real = realpathSync(plugin);
      rmSync(plugin);
      writeFileSync(plugin, `#!/bin/sh\ncase "$*" in *history*) echo 'unknown command: history' >&2; exit 1;; esac\nexec ${real} "$@"\n`);
      chmodSync(plugin, 0o755);
      const env = { DOCKER_CONFIG: config };
      const build = ['docker', 'build', '--progress=plain', '-t', lab.image, '.'];
      expect(lab.runAll(build, { env }).builds).toHaveLength(1);
      lab.write({ 'src/app.js': 'console.log("other")\n' });
      const [report] = lab.runAll(build, { env }).builds;
      expect(report!.misses[0]!.causes[0]).toMatchObject({ kind: 'context-files-changed', paths: [{ path: 'src/app.js' }] });
      const last = lab.cachewhy(['last'], { env });
      expect(last.status).toBe(2);
      expect(last.stderr).not.toMatch(STACK);
    },
  );

  test('an engine that goes away half-way', () => {
    const lab = openLab(engine!, nodeNaive);
    const env = shim(
      lab,
      `echo '#1 [internal] load build definition from Dockerfile' >&2; echo '#1 DONE 0.0s' >&2; echo '' >&2
echo '#4 [2/5] WORKDIR /app' >&2; echo 'ERROR: failed to receive status: rpc error: code = Unavailable desc = error reading from server: EOF' >&2; exit 1`,
    );
    const done = lab.cachewhy(['run', '--', 'docker', 'build', '--progress=plain', '.'], { env });
    expect(done.status).toBe(1);
    expect(done.stderr).toContain('error reading from server: EOF');
    expect(done.stderr).not.toMatch(STACK);
  });

  test.each([
    ['a cache folder on a full disk', { CACHEWHY_CACHE: '/dev/full/cache' }],
    ['a home that is no folder', { CACHEWHY_CACHE: '', HOME: '/dev/null', XDG_CACHE_HOME: '' }],
  ])('%s', (_title, env) => {
    const lab = openLab(engine!, nodeNaive);
    const done = lab.cachewhy(['run', '--', 'docker', 'build', '-q', '-t', lab.image, '.'], { env });
    expect(done.status, done.stderr).toBe(0);
    expect(done.stdout).toMatch(/^sha256:/);
    expect(done.stderr).not.toMatch(STACK);
  });

  test('a command that is no build ends as it ends', () => {
    const lab = openLab(engine!, nodeNaive);
    expect(lab.cachewhy(['run', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7'])).toMatchObject({ status: 7, stdout: 'out\n' });
  });

  test('-- forgotten', () => {
    const lab = openLab(engine!, nodeNaive);
    const done = lab.cachewhy(['run', 'docker', 'build', '.']);
    expect(done.status).toBe(2);
    expect(done.stderr).toContain('cachewhy run -- docker build .');
  });

  test('a context that changes while it is read', () => {
    const lab = openLab(engine!, nodeNaive);
    const churn = spawn('sh', ['-c', 'while :; do for i in 1 2 3 4 5; do echo $i >src/f$i; rm -f src/f$i; done; done'], {
      cwd: lab.folder,
    });
    try {
      const done = lab.cachewhy([
        'run',
        '--format',
        'json=../report.json',
        '--',
        'sh',
        '-c',
        `tar c . 2>/dev/null | docker build -q -t ${lab.image} - || true`,
      ]);
      expect(done.status).toBe(0);
      expect(done.stderr).not.toMatch(STACK);
    } finally {
      churn.kill('SIGKILL');
    }
  });

  test('Ctrl-C reaches the build, whose end is ours; what was known before stays', async () => {
    const lab = openLab(engine!, SLOW);
    const child = spawn(process.execPath, [inject('cli'), 'run', '--', 'docker', 'build', '--progress=plain', '-t', lab.image, '.'], {
      cwd: lab.folder,
      env: { ...lab.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let text = '';
    child.stdout.on('data', (d: Buffer) => (text += d));
    child.stderr.on('data', (d: Buffer) => {
      text += d;
      // As a terminal does: to the whole group.
      if (/RUN sleep 30/.test(text) && !child.killed) process.kill(-child.pid!, 'SIGINT');
    });
    const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
    expect(status).not.toBe(0);
    expect(text).not.toMatch(STACK);
    expect(text).toMatch(/cachewhy: .*cancelled/);
    lab.write({ Dockerfile: SLOW.Dockerfile.replace('sleep 30', 'sleep 0') });
    const after = lab.run(['docker', 'build', '-t', lab.image, '.']);
    expect(after.steps.find((s) => s.name.includes('RUN echo first'))?.status).toBe('reused');
  });
});
