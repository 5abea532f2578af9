import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { packBaseline } from '../../src/baseline/pack.ts';
import { loadRemoteBaseline, saveRemoteBaseline } from '../../src/baseline/remote.ts';
import { type FakeRegistry, listen, sha, startRegistry } from '../oci/registry.ts';
import { baseline } from './build.ts';

let registry: FakeRegistry;
let folder: string;
let reference: string;
beforeEach(async () => {
  registry = await startRegistry();
  folder = mkdtempSync(path.join(tmpdir(), 'oci-'));
  reference = `oci://${registry.host}/team/app`;
});
afterEach(async () => {
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

/** An environment of its own, so that nobody's docker configuration is read. */
function env(config?: object, more: Record<string, string> = {}): Record<string, string> {
  if (config) writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  return { DOCKER_CONFIG: folder, HOME: folder, PATH: `${folder}:${process.env.PATH}`, ...more };
}
const basic = (text: string): string => Buffer.from(text).toString('base64');

describe('without a login', () => {
  test('what is saved is found again', async () => {
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() })).toBeNull();
    expect(await loadRemoteBaseline(`${reference}:main`, { env: env() })).toEqual({ baseline: baseline(), note: null });
    const manifest = JSON.parse(registry.manifests.get('main')!.toString()) as Record<string, unknown>;
    expect(manifest).toMatchObject({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.cachewhy.baseline.v1+gzip',
      config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha(Buffer.from('{}')), size: 2 },
    });
  });

  test('bytes that are there are not sent again', async () => {
    await saveRemoteBaseline(`${reference}:a`, baseline(), { env: env() });
    registry.seen.length = 0;
    await saveRemoteBaseline(`${reference}:b`, baseline(), { env: env() });
    expect(registry.seen.filter((line) => line.startsWith('POST'))).toEqual([]);
  });

  test('a branch without one is compared with the main branch, and that is said', async () => {
    await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() });
    const loaded = await loadRemoteBaseline(reference, { env: env(undefined, { GITHUB_HEAD_REF: 'feature/x', GITHUB_BASE_REF: 'main' }) });
    expect(loaded.baseline).toEqual(baseline());
    expect(loaded.note).toMatch(/has no baseline feature-x-[0-9a-f]{8} yet: compared with main\./);
  });

  test('a missing tag is a note', async () => {
    expect(await loadRemoteBaseline(`${reference}:x`, { env: env() })).toEqual({
      baseline: null,
      note: expect.stringMatching(/has no baseline yet \(tags looked for: x, main, master\)/),
    });
  });

  test('an image in its place is neither read nor overwritten', async () => {
    const image = Buffer.from(
      '{"schemaVersion":2,"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:1","size":1}]}',
    );
    registry.manifests.set('main', image);
    expect((await loadRemoteBaseline(`${reference}:main`, { env: env() })).note).toMatch(/is no baseline of cachewhy/);
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() })).toMatch(
      /holds something else than a baseline: it was not overwritten/,
    );
    expect(registry.manifests.get('main')).toBe(image);
  });

  test('one of a newer version is neither read nor overwritten', async () => {
    await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() });
    const newer = gzipSync('{"schema":"cachewhy-baseline","version":9,"build":{}}');
    registry.blobs.set(sha(newer), newer);
    const manifest = JSON.parse(registry.manifests.get('main')!.toString()) as { layers: { digest: string; size: number }[] };
    Object.assign(manifest.layers[0]!, { digest: sha(newer), size: newer.length });
    const text = Buffer.from(JSON.stringify(manifest));
    registry.manifests.set('main', text);
    expect((await loadRemoteBaseline(`${reference}:main`, { env: env() })).note).toMatch(/another version/);
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() })).toMatch(/newer cachewhy: it was not overwritten/);
    expect(registry.manifests.get('main')).toBe(text);
  });

  test('bytes that are not what the manifest says are not used', async () => {
    await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() });
    const digest = sha(packBaseline(baseline()));
    registry.blobs.set(digest, packBaseline(baseline({ command: 'forged' })));
    expect((await loadRemoteBaseline(`${reference}:main`, { env: env() })).note).toMatch(/sent other bytes than its manifest says/);
  });
});

describe('two runners at once', () => {
  const past = (at: string): { at: string; hitRate: number; rebuiltSeconds: number; missed: string[] } => ({
    at,
    hitRate: 1,
    rebuiltSeconds: 0,
    missed: [],
  });

  test('each build of both is remembered', async () => {
    const builds = ['1', '2', '3', '4'].map((at) => baseline({ command: at, past: [past('0'), past(at)] }));
    const notes = await Promise.all(builds.map((b) => saveRemoteBaseline(`${reference}:main`, b, { env: env() })));
    expect(notes).toEqual([null, null, null, null]);
    const { baseline: found } = await loadRemoteBaseline(`${reference}:main`, { env: env() });
    expect(['1', '2', '3', '4']).toContain(found!.command);
    // Best effort: the last writer's own is there in any case.
    expect(found!.past.map((p) => p.at)).toContain(found!.command);
  });

  test('one after the other: the past grows', async () => {
    for (const at of ['1', '2', '3']) await saveRemoteBaseline(`${reference}:main`, baseline({ past: [past(at)] }), { env: env() });
    expect((await loadRemoteBaseline(`${reference}:main`, { env: env() })).baseline!.past.map((p) => p.at)).toEqual(['1', '2', '3']);
  });

  test('one that was overtaken adds its build to what the other saved', async () => {
    let overtaken = false;
    registry.intercept = (request) => {
      // As soon as ours is there, the other runner's comes in its place.
      if (request.method === 'GET' && request.url!.includes('/manifests/main') && registry.manifests.has('main') && !overtaken) {
        overtaken = true;
        const other = packBaseline(baseline({ command: 'other', past: [past('2')] }));
        const manifest = JSON.parse(registry.manifests.get('main')!.toString()) as { layers: { digest: string; size: number }[] };
        registry.blobs.set(sha(other), other);
        Object.assign(manifest.layers[0]!, { digest: sha(other), size: other.length });
        registry.manifests.set('main', Buffer.from(JSON.stringify(manifest)));
      }
      return false;
    };
    expect(await saveRemoteBaseline(`${reference}:main`, baseline({ command: 'ours', past: [past('1')] }), { env: env() })).toBeNull();
    registry.intercept = null;
    const { baseline: found } = await loadRemoteBaseline(`${reference}:main`, { env: env() });
    expect([found!.command, found!.past.map((p) => p.at)]).toEqual(['other', ['1', '2']]);
  });
});

describe('with a login', () => {
  const wantBasic = (right: string): void => {
    registry.intercept = (request, response) => {
      if (request.headers.authorization === `Basic ${basic(right)}`) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
      return true;
    };
  };

  test.each([
    ['auth', () => env({ auths: { [registry.host]: { auth: basic('me:canary-pw') } } })],
    ['user and password', () => env({ auths: { [`https://${registry.host}`]: { username: 'me', password: 'canary-pw' } } })],
    [
      'DOCKER_AUTH_CONFIG',
      () => env({}, { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [registry.host]: { auth: basic('me:canary-pw') } } }) }),
    ],
  ])('basic, from %s', async (_, make) => {
    wantBasic('me:canary-pw');
    const e = make();
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: e })).toBeNull();
    expect((await loadRemoteBaseline(`${reference}:main`, { env: e })).baseline).toEqual(baseline());
  });

  test.skipIf(process.platform === 'win32')('from a credential helper', async () => {
    wantBasic('me:canary-pw');
    const helper = path.join(folder, 'docker-credential-fake');
    writeFileSync(
      helper,
      `#!/bin/sh\nread server\n[ "$1 $server" = "get ${registry.host}" ] && echo '{"ServerURL":"x","Username":"me","Secret":"canary-pw"}' || exit 1\n`,
    );
    chmodSync(helper, 0o755);
    expect(await saveRemoteBaseline(`${reference}:a`, baseline(), { env: env({ credsStore: 'fake' }) })).toBeNull();
    expect(await saveRemoteBaseline(`${reference}:b`, baseline(), { env: env({ credHelpers: { [registry.host]: 'fake' } }) })).toBeNull();
  });

  test.each([
    ['none', () => env()],
    ['wrong ones', () => env({ auths: { [registry.host]: { auth: basic('me:canary-wrong') } } })],
    ['a helper that is not there', () => env({ credsStore: 'no-such-helper' })],
    ['a helper with a path in its name', () => env({ credsStore: '../../bin/sh' })],
    ['a configuration of nonsense', () => env({ auths: 5, credHelpers: [], credsStore: {} })],
  ])('%s: a note without the password', async (_, make) => {
    wantBasic('me:canary-pw');
    const e = make();
    const loaded = await loadRemoteBaseline(`${reference}:main`, { env: e });
    expect(loaded).toEqual({
      baseline: null,
      note: expect.stringMatching(/could not be fetched: .* answered 401 \(not logged in\)\. There is nothing to compare with\./),
    });
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: e })).toMatch(
      /could not be saved to .*: the registry answered 401/,
    );
    expect(loaded.note).not.toContain('canary');
  });

  test('the token flow, once for all requests', async () => {
    const asked: string[] = [];
    const tokens = await listen((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization ?? '-'}`);
      response.end(JSON.stringify(request.headers.authorization === `Basic ${basic('me:canary-pw')}` ? { token: 'T1' } : {}));
    });
    registry.intercept = (request, response) => {
      if (request.headers.authorization === 'Bearer T1') return false;
      response
        .writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens.host}/token",service="s p",scope="repository:team/app:pull"` })
        .end();
      return true;
    };
    const e = env({ auths: { [registry.host]: { auth: basic('me:canary-pw') } } });
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: e })).toBeNull();
    expect(asked).toEqual([`/token?service=s+p&scope=repository%3Ateam%2Fapp%3Apull%2Cpush Basic ${basic('me:canary-pw')}`]);
    // Without a login the token service refuses.
    expect((await loadRemoteBaseline(`${reference}:main`, { env: env({}) })).note).toMatch(/gave no token/);
    await tokens.close();
  });

  test('an identity token goes to the token service in a form', async () => {
    let form = '';
    const tokens = await listen((request, response) => {
      request.on('data', (chunk: Buffer) => {
        form += chunk.toString();
      });
      request.on('end', () => response.end('{"access_token":"T2"}'));
    });
    registry.intercept = (request, response) => {
      if (request.headers.authorization === 'Bearer T2') return false;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${tokens.host}/t",service="s"` }).end();
      return true;
    };
    expect(
      await saveRemoteBaseline(`${reference}:main`, baseline(), {
        env: env({ auths: { [registry.host]: { identitytoken: 'canary-id' } } }),
      }),
    ).toBeNull();
    expect(new URLSearchParams(form).get('refresh_token')).toBe('canary-id');
    await tokens.close();
  });

  test('a redirect to another host takes no credentials along', async () => {
    wantBasic('me:canary-pw');
    const e = env({ auths: { [registry.host]: { auth: basic('me:canary-pw') } } });
    await saveRemoteBaseline(`${reference}:main`, baseline(), { env: e });
    const seen: (string | undefined)[] = [];
    const storage = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.end(registry.blobs.get(request.url!.slice(1)));
    });
    const before = registry.intercept!;
    registry.intercept = (request, response) => {
      if (before(request, response)) return true;
      if (!request.url!.includes('/blobs/sha256:')) return false;
      response.writeHead(307, { location: `http://${storage.host}/${request.url!.split('/').at(-1)}` }).end();
      return true;
    };
    expect((await loadRemoteBaseline(`${reference}:main`, { env: e })).baseline).toEqual(baseline());
    expect(seen).toEqual([undefined]);
    await storage.close();
  });
});

describe('a registry in trouble', () => {
  test.each([
    ['errors', 503, /answered 503/],
    ['denies', 403, /answered 403 \(denied\)/],
    ['is busy', 429, /answered 429 \(too many requests\)/],
  ])('%s', async (_, status, message) => {
    registry.intercept = (_request, response) => {
      response.writeHead(status).end('<html>');
      return true;
    };
    expect((await loadRemoteBaseline(`${reference}:main`, { env: env() })).note).toMatch(message);
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() })).toMatch(message);
  });

  test('is down', async () => {
    const { host, close } = await listen(() => undefined);
    await close();
    expect((await loadRemoteBaseline(`oci://${host}/a:x`, { env: env() })).note).toMatch(/cannot be reached \(connection refused\)/);
  });

  test('is no host at all', async () => {
    expect((await loadRemoteBaseline('oci://registry.invalid/a:x', { env: env(), timeoutMs: 5000 })).note).toMatch(
      /cannot be reached|no answer in time/,
    );
  });

  test('never answers', async () => {
    registry.intercept = () => true;
    const start = Date.now();
    expect((await loadRemoteBaseline(`${reference}:main`, { env: env(), timeoutMs: 300 })).note).toMatch(/gave no answer in time/);
    expect(Date.now() - start).toBeLessThan(5000);
  });

  test.each([
    ['hangs up', (_: unknown, response: { destroy(): void }) => response.destroy()],
    [
      'redirects in circles',
      (request: { url?: string }, response: { writeHead(s: number, h: object): { end(): void } }) =>
        response.writeHead(302, { location: request.url }).end(),
    ],
    [
      'redirects to nonsense',
      (_: unknown, response: { writeHead(s: number, h: object): { end(): void } }) =>
        response.writeHead(302, { location: 'http://[' }).end(),
    ],
    ['sends nonsense', (_: unknown, response: { end(text: string): void }) => response.end('{"layers":5}')],
    [
      'sends without end',
      (_: unknown, response: { write(b: Buffer): void; end(): void }) => {
        for (let i = 0; i < 6; i++) response.write(Buffer.alloc(1 << 20));
        response.end();
      },
    ],
  ])('%s', async (_, act) => {
    registry.intercept = (request, response) => {
      act(request as never, response as never);
      return true;
    };
    const { baseline: found, note } = await loadRemoteBaseline(`${reference}:main`, { env: env() });
    expect(found).toBeNull();
    expect(note).toMatch(/could not be fetched|is no baseline/);
    expect(note).not.toContain('\n');
    expect(await saveRemoteBaseline(`${reference}:main`, baseline(), { env: env() })).toEqual(expect.any(String));
  });
});
