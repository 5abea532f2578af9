import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestProject } from 'vitest/node';

/** An engine that the tests may build on. */
export interface Engine {
  readonly env: Readonly<Record<string, string>>;
  /** graph: the classic image store. containerd: its own, which can also export caches and several platforms. */
  readonly store: 'graph' | 'containerd';
  /** Image with stand-ins for package managers and compilers, new to the builder's cache in each run. */
  readonly tools: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Null: there is none, and nothing can be tested. */
    engine: Engine | null;
    /** A second engine with the containerd image store, where one is set up. */
    containerd: Engine | null;
    /** `bin/cachewhy.js` of a copy of the built package: other builds of it do not disturb the tests. */
    cli: string;
    /** A registry that takes pushes; null where there is none. */
    registry: string | null;
  }
}

const ROOT = path.join(import.meta.dirname, '..', '..');

export default function setup(project: TestProject): () => void {
  // Node 20 parses NODE_EXTRA_CA_CERTS at every start (nodejs/node#40524): the tests spawn many processes.
  delete process.env.NODE_EXTRA_CA_CERTS;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-e2e-'));
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: ROOT, stdio: 'inherit' });
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(path.join(ROOT, name), path.join(folder, 'package', name), { recursive: true });
  const made: Engine[] = [];
  const engine = findEngine(folder, 'engine', {}, made);
  const host = process.env.CACHEWHY_E2E_CONTAINERD_HOST;
  const containerd = host ? findEngine(folder, 'containerd', { DOCKER_HOST: host }, made) : engine?.store === 'containerd' ? engine : null;
  if (!engine)
    loudly('NO DOCKER ENGINE: the end-to-end suite is SKIPPED', 'eval "$(sudo bash test/engine/docker-engine.sh up)" sets one up');
  else if (!containerd)
    loudly('no engine with the containerd image store: its tests are SKIPPED', 'set CACHEWHY_E2E_CONTAINERD_HOST to the address of one');
  project.provide('engine', engine);
  project.provide('containerd', containerd);
  project.provide('cli', path.join(folder, 'package', 'bin', 'cachewhy.js'));
  project.provide('registry', process.env.CACHEWHY_ENGINE_REGISTRY ?? null);
  return () => {
    for (const e of made) removeImages(e);
    rmSync(folder, { recursive: true, force: true });
  };
}

function loudly(what: string, how: string): void {
  const line = '#'.repeat(72);
  process.stderr.write(`\n${line}\n#  ${what}\n#  ${how}\n${line}\n\n`);
}

function findEngine(folder: string, name: string, extra: Readonly<Record<string, string>>, made: Engine[]): Engine | null {
  const env = { ...extra };
  const info = spawnSync('docker', ['info', '--format', '{{json .DriverStatus}}'], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (info.status !== 0) return null;
  const tools = `cachewhy-e2e-${process.pid}-${Date.now().toString(36)}-${name}`;
  const store = info.stdout.includes('io.containerd.snapshotter') ? 'containerd' : 'graph';
  const engine: Engine = { env, store, tools };
  buildTools(folder, engine);
  made.push(engine);
  return engine;
}

/** Busybox with one script under the names of package managers. The output of each depends on the files it reads and on nothing else. */
function buildTools(folder: string, engine: Engine): void {
  const context = path.join(folder, `tools-${engine.store}`);
  mkdirSync(context, { recursive: true });
  cpSync(path.join(import.meta.dirname, 'tools.sh'), path.join(context, 'tools.sh'));
  writeFileSync(path.join(context, 'run'), engine.tools);
  writeFileSync(
    path.join(context, 'Dockerfile'),
    [
      'FROM busybox:1.35',
      // New in each run: no step of these tests was ever built before.
      'COPY run /etc/e2e-run',
      'COPY tools.sh /usr/local/bin/tools.sh',
      'RUN chmod 755 /usr/local/bin/tools.sh && for t in npm go mvn composer pip python cargo apt-get; do ln -s tools.sh /usr/local/bin/$t; done',
      '',
    ].join('\n'),
  );
  for (const variant of ['1', '2']) {
    writeFileSync(path.join(context, 'run'), `${engine.tools} ${variant}`);
    execFileSync('docker', ['build', '-q', '-t', `${engine.tools}:${variant}`, context], {
      env: { ...process.env, ...engine.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

function removeImages(engine: Engine): void {
  const env = { ...process.env, ...engine.env };
  const list = spawnSync('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}'], { env, encoding: 'utf8' });
  const ours = (list.stdout ?? '').split('\n').filter((i) => i.startsWith(engine.tools));
  if (ours.length > 0) spawnSync('docker', ['rmi', '-f', ...ours], { env, stdio: 'ignore' });
}
