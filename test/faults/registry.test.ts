/** Registries that die, dawdle or talk nonsense while a baseline is fetched or saved: the report is made, with one note, in time. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadRemoteBaseline, saveRemoteBaseline } from '../../src/baseline/remote.ts';
import { baseline } from '../baseline/build.ts';
import { listen, startRegistry } from '../oci/registry.ts';
import { expectReport, openDesk } from './cli.ts';

const TIMEOUT_MS = 800;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const challenge = (request: IncomingMessage): Record<string, string> => ({
  'www-authenticate': `Bearer realm="http://${request.headers.host}/token",service="x"`,
});

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const TROUBLE: readonly (readonly [string, Answer])[] = [
  ['hangs up at once', (request) => void request.socket.destroy()],
  ['never answers', () => undefined],
  [
    'stops in the middle of an answer',
    (_, response) => void response.writeHead(200, { 'content-type': MANIFEST, 'content-length': '5000' }).write('{"sch'),
  ],
  [
    'dies in the middle of an answer',
    (request, response) => {
      response.writeHead(200, { 'content-length': '5000' }).write('{"sch');
      setTimeout(() => request.socket.destroy(), 30);
    },
  ],
  [
    'answers a byte at a time, for ever',
    (_, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    },
  ],
  [
    'answers without end',
    (_, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536, 32)));
      };
      response.on('drain', more);
      more();
    },
  ],
  ['sends no HTTP', (request) => void request.socket.end('\u0000\u0001garbage\r\n\r\n\u00ff')],
  ['sends headers without end', (_, response) => void response.writeHead(200, { 'x-a': 'a'.repeat(100_000) }).end()],
  ['sends what is not packed as packed', (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip')],
  ['refuses every login', (request, response) => void response.writeHead(401, challenge(request)).end()],
  [
    'gives tokens and takes none',
    (request, response) =>
      void (request.url!.startsWith('/token') ? response.end('{"token":"abc"}') : response.writeHead(401, challenge(request)).end()),
  ],
  ['redirects in circles', (request, response) => void response.writeHead(307, { location: request.url! }).end()],
  ['redirects to nowhere', (_, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end()],
  ['is out of order', (_, response) => void response.writeHead(500).end(`<html>${'x'.repeat(9999)}`)],
  [
    'names a layer of no size',
    (_, response) => {
      const layer = { mediaType: 'application/vnd.cachewhy.baseline.v1+gzip', digest: `sha256:${'a'.repeat(64)}`, size: -1 };
      response.writeHead(200).end(JSON.stringify({ layers: [layer] }));
    },
  ],
];

describe.each(TROUBLE)('a registry that %s', (_, answer) => {
  test('costs the comparison, and the saving, and no more time than was given', async () => {
    const { host, close } = await listen(answer);
    const reference = `oci://${host}/team/app:main`;
    const began = performance.now();
    const loaded = await loadRemoteBaseline(reference, { env: {}, timeoutMs: TIMEOUT_MS });
    const saved = await saveRemoteBaseline(reference, baseline(), { env: {}, timeoutMs: TIMEOUT_MS });
    await close();
    expect(loaded.baseline).toBeNull();
    expect(loaded.note).toMatch(/^The baseline could not be fetched: 127\.0\.0\.1:\d+ [ -~]{1,100}\. There is nothing to compare with\.$/);
    expect(saved).toMatch(/^The baseline could not be saved to \S+: the registry [ -~]{1,100}\.$/);
    expect(performance.now() - began).toBeLessThan(2 * TIMEOUT_MS + 2000);
  });
});

describe('a registry that dies in the middle of a push', () => {
  test('at any request: what the tag held before is what it holds', async () => {
    const registry = await startRegistry();
    const reference = `oci://${registry.host}/team/app:main`;
    const options = { env: {}, timeoutMs: 3000 };
    expect(await saveRemoteBaseline(reference, baseline({ command: 'first' }), options)).toBeNull();
    const requests = registry.seen.length;
    for (let at = 0; at < requests + 2; at++) {
      let count = 0;
      registry.intercept = (request) => {
        if (count++ < at) return false;
        request.socket.destroy();
        return true;
      };
      const note = await saveRemoteBaseline(reference, baseline({ command: `save ${at}` }), options);
      registry.intercept = null;
      const { baseline: found, note: fault } = await loadRemoteBaseline(reference, options);
      expect(fault).toBeNull();
      // Where we were not told that it was saved, it may have been; where we were told, it is.
      expect(found!.command).toMatch(note === null ? new RegExp(`^save ${at}$`) : /^(?:first|save \d+)$/);
    }
    await registry.close();
  }, 60_000);
});

describe('the command', () => {
  const desk = openDesk();
  const log = desk.log(true);

  test('reports, and says in a note that the registry is gone', async () => {
    const { host, close } = await listen((request) => request.socket.destroy());
    const reference = `oci://${host}/team/app:main`;
    for (const args of [
      ['-b', reference],
      ['--save-baseline', reference],
    ]) {
      const done = await desk.start([...args, log]);
      expectReport(done);
      expect(done.stdout).toMatch(/The baseline could not be (?:fetched|saved)/);
      expect(done.stderr).toBe('');
    }
    await close();
  });

  test('does not wait for a credential helper that ignores its end', { timeout: 60_000 }, async () => {
    const { host, close } = await listen((_, response) => void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end());
    const bin = mkdtempSync(path.join(desk.folder, 'helper-'));
    writeFileSync(path.join(bin, 'docker-credential-hangs'), `#!/bin/sh\ntrap '' TERM\nsleep 100 &\nwait\nsleep 100\n`, { mode: 0o755 });
    writeFileSync(path.join(bin, 'config.json'), JSON.stringify({ credHelpers: { [host]: 'hangs' } }));
    const env = { PATH: `${bin}:${desk.env.PATH}`, DOCKER_CONFIG: bin };
    const done = await desk.start(['-b', `oci://${host}/team/app:main`, log], { env });
    await close();
    expectReport(done);
    expect(done.seconds).toBeLessThan(40);
  });
});
