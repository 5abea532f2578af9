/** The key model against an engine: for each edit, the steps that it says will run are those that ran. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { contentKeys, contentsOf } from '../../src/context/content-key.ts';
import { takeSnapshot } from '../../src/context/snapshot.ts';
import type { ContextListing } from '../../src/context/types.ts';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import type { ImageFacts } from '../../src/dockerfile/plan.ts';
import { computeKeys } from '../../src/keys/compute.ts';
import { type BuildState, diffBuilds } from '../../src/keys/diff.ts';
import { type ExactInput, type ExactKey, exactKeys } from '../../src/keys/exact.ts';
import { createMemory, predict, remember } from '../../src/keys/memory.ts';
import type { KeyInput } from '../../src/keys/model.ts';
import { CONTEXT, EDITS, type Edit } from './edits.ts';

const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-edits-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const BUSYBOX: ImageFacts = { digest: `sha256:${'b'.repeat(64)}`, env: [PATH] };
const IMAGES: Readonly<Record<string, ImageFacts>> = {
  busybox: BUSYBOX,
  'busybox:1.35': BUSYBOX,
  'debian:bookworm-slim': { digest: `sha256:${'d'.repeat(64)}`, env: [PATH] },
};
const digests = Object.fromEntries(Object.entries(IMAGES).map(([name, it]) => [name, it.digest!]));

interface Built extends BuildState {
  /** Step id → digest of its key and of everything that it stands on. */
  readonly exact: ReadonlyMap<string, string>;
}

function inputOf(text: string, options: readonly string[], listing: ContextListing): KeyInput {
  const values = (name: string): string[] => options.flatMap((word, at) => (word === `--${name}` ? [options[at + 1]!] : []));
  const flags = ['network', 'add-host', 'ulimit', 'shm-size', 'cgroup-parent'].filter((name) => values(name).length > 0);
  return {
    dockerfile: parseDockerfile(text, 'Dockerfile'),
    context: listing,
    images: IMAGES,
    builderPlatform: 'linux/amd64',
    platforms: values('platform'),
    flags: Object.fromEntries(flags.map((name) => [name, values(name).join(',')])),
    buildArgs: Object.fromEntries(values('build-arg').map((it) => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)])),
  };
}

function build(text: string, options: readonly string[], folder: string): Built {
  const { listing } = takeSnapshot({ root: folder });
  const input = inputOf(text, options, listing);
  return { keys: computeKeys(input), listing, images: digests, exact: chain(exactKeys(input), listing, folder) };
}

/** What BuildKit would look for, step on step. */
function chain(keys: ReadonlyMap<string, ExactKey>, listing: ContextListing, folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const place = ({ from, content, selector }: ExactInput): unknown => {
    if (from.kind === 'step') return [found.get(from.step.replace('.', ':')), selector];
    if (from.kind === 'image') return IMAGES[from.image]!.digest;
    if (from.kind !== 'context') return from;
    const [key] = contentKeys(listing, content!, contentsOf(folder));
    return key;
  };
  for (const [id, key] of keys) found.set(id, JSON.stringify([key.digest, key.inputs.map(place)]));
  return found;
}

function makeContext(): string {
  const folder = mkdtempSync(path.join(tmp, 'context-'));
  mkdirSync(path.join(folder, 'd'));
  for (const [name, text] of Object.entries(CONTEXT)) {
    writeFileSync(path.join(folder, name), text);
    chmodSync(path.join(folder, name), 0o644);
  }
  for (const name of ['.', 'd']) chmodSync(path.join(folder, name), 0o755);
  return folder;
}

function play(edit: Edit): { before: Built; after: Built } {
  const folder = makeContext();
  const before = build(edit.dockerfile, edit.before, folder);
  edit.files?.(folder);
  return { before, after: build(edit.edited, edit.after, folder) };
}

describe.each(EDITS.map((edit) => [edit.name, edit] as const))('%s', (_, edit) => {
  const { before, after } = play(edit);
  const seen = [...edit.seen];

  it('runs what the engine ran', () => {
    const memory = createMemory();
    remember(before.keys, memory, before.images);
    const foretold = predict(after.keys, memory, after.images);
    const letters = { h: 'reused', M: 'rebuilt', c: 'maybe', u: 'rebuilt' } as const;
    expect(after.keys.steps.map((step) => `${foretold.get(step.id)!.verdict} ${step.name}`)).toEqual(
      after.keys.steps.map((step, at) => `${letters[seen[at] as keyof typeof letters]} ${step.name}`),
    );
  });

  it('has a cause for what missed by itself, and none for what was reused', () => {
    const compared = diffBuilds(before, after);
    const memory = createMemory();
    remember(before.keys, memory, before.images);
    const foretold = predict(after.keys, memory, after.images);
    for (const [at, step] of after.keys.steps.entries()) {
      const { differences, unknown } = compared.get(step.id)!;
      if (foretold.get(step.id)!.firstMiss) expect(differences.length, step.name).toBeGreaterThan(0);
      if (seen[at] === 'h' || seen[at] === 'c') expect(differences, step.name).toEqual([]);
      expect(unknown).toEqual([]);
    }
  });

  it('has other digests for what ran, and the same for what was reused', () => {
    const known = new Set(before.exact.values());
    const letters = after.keys.steps.map((step) => (known.has(after.exact.get(step.id)!) ? 'h' : 'M'));
    expect(letters.join('')).toBe(edit.seen.replace(/[cu]/g, 'M'));
  });
});
