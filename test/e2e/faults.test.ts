/** An engine that goes away, as its client sees it: a line between the two is cut at a moment of our choice. */
import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import path from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { loadBaseline } from '../../src/baseline/store.ts';
import { type Lab, openLab } from './lab.ts';
import { nodeNaive } from './projects.ts';

const engine = inject('engine');
const host = engine?.env.DOCKER_HOST ?? process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock';
const SLOW = { Dockerfile: 'FROM TOOLS\nRUN echo first\nRUN echo in the middle && sleep 20\nRUN echo last\n' };
const STACK = /\n\s+at .*:\d+|Node\.js v|fault of cachewhy/;

interface Line {
  /** DOCKER_HOST of a client that is to come by here. */
  readonly host: string;
  /** All that are connected lose their connection, and nobody is connected any more. */
  cut(): void;
}

async function openLine(lab: Lab): Promise<Line> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) return void client.destroy();
    const there = connect(host.replace('unix://', ''));
    for (const [from, to] of [
      [client, there],
      [there, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  const file = path.join(lab.env.HOME!, 'line.sock');
  await new Promise<void>((resolve) => server.listen(file, resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    host: `unix://${file}`,
    cut: () => {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface Ended {
  readonly status: number | null;
  readonly text: string;
}

/** Runs a command; as soon as it has said something, that is acted upon. */
function watch(
  lab: Lab,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  said: RegExp,
  act: (child: ChildProcess) => void,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(argv[0]!, argv.slice(1), { cwd: lab.folder, env: { ...lab.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let acted = false;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        text += data;
        if (acted || !said.test(text)) return;
        acted = true;
        act(child);
      });
    child.on('close', (status) => resolve({ status, text }));
  });
}

describe.skipIf(!engine || !host.startsWith('unix://'))('an engine that goes away', () => {
  const cachewhy = [process.execPath, inject('cli')];
  const build = (lab: Lab): string[] => ['docker', 'build', '--progress=plain', '-t', lab.image, '.'];

  test('in the middle of a build: docker’s own status and words, then one line', async () => {
    const lab = openLab(engine!, SLOW);
    const plainLine = await openLine(lab);
    const plain = await watch(lab, build(lab), { DOCKER_HOST: plainLine.host }, /in the middle/, () => setTimeout(plainLine.cut, 500));
    const other = openLab(engine!, SLOW);
    const line = await openLine(other);
    const wrapped = await watch(other, [...cachewhy, 'run', '--', ...build(other)], { DOCKER_HOST: line.host }, /in the middle/, () =>
      setTimeout(line.cut, 500),
    );
    expect(plain.status).not.toBe(0);
    expect(wrapped.status, wrapped.text).toBe(plain.status);
    expect(wrapped.text).not.toMatch(STACK);
    // The next build is reported as ever.
    other.write({ Dockerfile: SLOW.Dockerfile.replace('sleep 20', 'true') });
    expect(other.run(['docker', 'build', '-t', other.image, '.']).outcome).toBe('succeeded');
  });

  test('as soon as the build is done: its status stays, and what the log shows is reported or one line says why not', async () => {
    const lab = openLab(engine!, nodeNaive);
    const line = await openLine(lab);
    const script = `docker build --progress=plain -t ${lab.image} . && echo built && sleep 1`;
    const done = await watch(lab, [...cachewhy, 'run', '--', 'sh', '-c', script], { DOCKER_HOST: line.host }, /built/, line.cut);
    expect(done.status, done.text).toBe(0);
    expect(done.text).not.toMatch(STACK);
    expect(done.text).toMatch(/missed the cache|came from the cache|cachewhy: no report: /);
  });

  test('while last asks it: one line', async () => {
    const lab = openLab(engine!, nodeNaive);
    expect(lab.docker(['build', '-q', '-t', lab.image, '.']).status).toBe(0);
    for (const delay of [0, 50, 150, 400]) {
      const other = openLab(engine!, {});
      const line = await openLine(other);
      setTimeout(line.cut, delay);
      const done = await watch(lab, [...cachewhy, 'last', '--format', 'json'], { DOCKER_HOST: line.host }, /never/, () => undefined);
      if (done.status === 0) expect(JSON.parse(done.text)).toMatchObject({ schemaVersion: 1 });
      else {
        expect(done.status, done.text).toBe(2);
        expect(done.text).toMatch(/^cachewhy: /);
        expect(done.text.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
      }
      expect(done.text).not.toMatch(STACK);
    }
  });

  test('and a wrapper that is killed: nothing is broken by it', async () => {
    const lab = openLab(engine!, SLOW);
    const save = path.join(lab.env.HOME!, 'b.gz');
    lab.cachewhy(['run', '--save-baseline', save, '--', ...build(lab).map((w) => (w === '.' ? '../project' : w))], { timeout: 3000 });
    const done = await watch(lab, [...cachewhy, 'run', '--save-baseline', save, '--', ...build(lab)], {}, /in the middle/, (child) =>
      child.kill('SIGKILL'),
    );
    expect(done.status).toBeNull();
    expect(loadBaseline(save).note).toBeNull();
    lab.write({ Dockerfile: SLOW.Dockerfile.replace('sleep 20', 'true') });
    const after = lab.run(['docker', 'build', '-t', lab.image, '.']);
    expect(after.steps.find((s) => s.name.includes('RUN echo first'))?.status).toBe('reused');
  });
});
