/**
 * The digests of keys, held against what BuildKit itself exported: each folder of test/data/cache-exports is a Dockerfile, its context, and
 * the configuration of the cache that a builder wrote of it (`--cache-to type=local`, mode=max and mode=min).
 */
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contentKeys, contentsOf, recordDigest } from '../../src/context/content-key.ts';
import { takeSnapshot } from '../../src/context/snapshot.ts';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { findInExport, type Presence, readCacheExport } from '../../src/keys/cache-export.ts';
import { type ExactKey, exactKeys, imageRecords } from '../../src/keys/exact.ts';
import type { KeyInput } from '../../src/keys/model.ts';

const root = path.join(import.meta.dirname, '..', 'data', 'cache-exports');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-exact-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

/** The image that they were built on. */
const BUSYBOX = {
  digest: 'sha256:c9ef98b7a0609b39576793e657f76dee49f8c0db1e63bbadb8ae2721d3433274',
  env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
};

/** What the command line said beside the Dockerfile. */
const COMMANDS: Readonly<Record<string, Partial<KeyInput>>> = {
  stages: { buildArgs: { V: '2' } },
  flags: { flags: { network: 'none', 'add-host': 'db', ulimit: 'nofile=1024:2048', 'shm-size': '128m' } },
  layers: { buildArgs: { VERSION: '3' } },
};

interface Found {
  readonly keys: ReadonlyMap<string, ExactKey>;
  readonly presences: ReadonlyMap<string, Presence>;
}

function find(
  name: string,
  mode: 'max' | 'min',
  edit: (dockerfile: string) => string = (text) => text,
  more: Partial<KeyInput> = {},
): Found {
  const folder = path.join(root, name);
  const text = edit(readFileSync(path.join(folder, 'Dockerfile'), 'utf8'));
  const context = path.join(mkdtempSync(path.join(tmp, `${name}-`)), 'context');
  cpSync(path.join(folder, 'context'), context, { recursive: true });
  // A checkout has modes of its own.
  for (const entry of readdirSync(context, { recursive: true, withFileTypes: true }))
    chmodSync(path.join(entry.parentPath, entry.name), entry.isDirectory() || entry.name === 'b.js' ? 0o755 : 0o644);
  chmodSync(context, 0o755);
  const { listing } = takeSnapshot({ root: context });
  const keys = exactKeys(
    {
      dockerfile: parseDockerfile(text, 'Dockerfile'),
      platforms: ['linux/amd64'],
      builderPlatform: 'linux/amd64',
      argsKnown: true,
      buildArgs: {},
      images: { 'busybox:1.35': BUSYBOX },
      context: listing,
      ...COMMANDS[name],
      ...more,
    },
    { merges: true },
  );
  const cache = readCacheExport(readFileSync(path.join(folder, `${mode}.json`), 'utf8'))!;
  const presences = findInExport(keys, cache, {
    image: (origin) => imageRecords(origin, BUSYBOX),
    content: (_, selection) => contentKeys(listing, selection, contentsOf(context)).map((key) => recordDigest(key, -1)),
  });
  return { keys, presences };
}

describe.each(readdirSync(root))('%s', (name) => {
  it('mode=max: each step is there by its digest, with its result', () => {
    const { keys, presences } = find(name, 'max');
    expect(keys.size).toBeGreaterThan(3);
    expect([...presences].filter(([, p]) => p !== 'result')).toEqual([]);
  });

  it('mode=min: the last stage has results, what it was made of has keys', () => {
    const { presences } = find(name, 'min');
    const last = Math.max(...[...presences.keys()].map((id) => Number(id.split(':')[0])));
    for (const [id, presence] of presences) {
      if (id.startsWith(`${last}:`)) expect(presence, id).toBe('result');
      else expect(presence, id).not.toBe('unknown');
    }
  });
});

describe('what changes a digest', () => {
  it.each<[string, string, (text: string) => string, Partial<KeyInput>, string]>([
    ['the text of a RUN', 'stages', (t) => t.replace('echo install', 'echo Install'), {}, '0:4 0:5 0:6'],
    ['a build argument', 'stages', (t) => t, { buildArgs: { V: '3' } }, '0:4 0:5 0:6'],
    ['a flag of the command', 'flags', (t) => t, { flags: { network: 'none' } }, '0:2 0:3 0:4 0:5 0:6 0:7'],
    ['an ENV below', 'stages', (t) => t.replace('MODE=x', 'MODE=y'), {}, '0:6'],
    ['the folder of a COPY', 'copies', (t) => t.replace('/dir', '/Dir'), {}, '0:5 0:6 0:7 0:8 0:9'],
  ])('%s: it, and what stands on it', (_, name, edit, more, gone) => {
    const { presences } = find(name, 'max', edit, more);
    const absent = [...presences].filter(([, p]) => p === 'absent').map(([id]) => id);
    expect(absent.filter((id) => id.startsWith('0:')).join(' ')).toBe(gone);
  });

  it.each<[string, string, (text: string) => string]>([
    ['a label, a comment, a command', 'stages', (t) => `# a comment\n${t.replace('WORKDIR /app', 'LABEL a=b\nWORKDIR /app')}CMD ["x"]\n`],
    ['an argument that nobody declares', 'stages', (t) => t],
  ])('%s does not', (_, name, edit) => {
    const more = { buildArgs: { ...COMMANDS[name]?.buildArgs, NOBODY: 'x' } };
    expect([...find(name, 'max', edit, more).presences].filter(([, p]) => p !== 'result')).toEqual([]);
  });
});

it.each(['nothing', '{}', '{"records":[{"digest":1}]}', '{"records":[null]}'])('%s is no cache', (text) => {
  expect(readCacheExport(text)).toBeNull();
});
