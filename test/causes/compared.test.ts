import { expect, it } from 'vitest';
import { causesOf, hide } from '../../src/causes/computed.ts';
import type { Compared, Difference } from '../../src/keys/diff.ts';
import type { StepKeys } from '../../src/keys/model.ts';
import type { PathChange } from '../../src/model.ts';

/** What differs, told of a step of the given instruction: kind, sentence, grounds. */
function told(differences: readonly Difference[], instruction: string | null = 'RUN'): string[] {
  const before = instruction === null ? null : ({ instruction } as StepKeys);
  const compared: Compared = { before, differences, unknown: [] };
  return causesOf(compared, 'the build before').map((c) => `${c.confidence} ${c.kind}: ${c.summary} (${c.because.join('; ')})`);
}

const files = (n: number): PathChange[] => Array.from({ length: n }, (_, i) => ({ path: `f${i}`, change: 'modified' }) as PathChange);
const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;

it.each<[difference: Difference, instruction: string | null, told: string]>([
  [
    { kind: 'edited', before: 'RUN a', after: 'RUN b' },
    'RUN',
    'certain instruction-changed: The instruction was edited (its text differs from that of the build before: it was `RUN a`)',
  ],
  [
    { kind: 'added', after: 'RUN b' },
    null,
    'certain instruction-added: The instruction is new (the Dockerfile of the build before has no such line)',
  ],
  [
    { kind: 'moved', before: 'RUN a', after: 'RUN a', removed: null },
    'RUN',
    'certain instruction-moved: The instruction was moved to another place (the same line stood in another place in the Dockerfile of the build before)',
  ],
  [
    { kind: 'moved', before: 'RUN a', after: 'RUN a', removed: 'RUN gone' },
    'RUN',
    'certain instruction-moved: The line above it was removed: `RUN gone` (in the Dockerfile of the build before it stood below `RUN gone`)',
  ],
  [
    { kind: 'arg', name: 'A', before: '1', after: '2' },
    'RUN',
    'certain build-arg-changed: Build argument A changed from 1 to 2 (it is in the environment of this RUN, and its value differs from that of the build before)',
  ],
  [
    { kind: 'arg', name: 'A', before: null, after: '' },
    'COPY',
    'certain build-arg-changed: Build argument A changed from unset to empty (the line uses it, and its value differs from that of the build before)',
  ],
  [
    { kind: 'arg', name: 'A', before: '1', after: '2', inFrom: true },
    'RUN',
    'certain build-arg-changed: Build argument A changed from 1 to 2 (the FROM of its stage uses it, and its value differs from that of the build before)',
  ],
  [
    { kind: 'arg', name: 'SOURCE_DATE_EPOCH', before: '1', after: '2' },
    'WORKDIR',
    'certain build-arg-changed: Build argument SOURCE_DATE_EPOCH changed from 1 to 2 (it is in the key of every WORKDIR, and its value differs from that of the build before)',
  ],
  [
    { kind: 'env', name: 'E', before: 'a', after: 'b', reordered: true },
    'RUN',
    'certain env-changed: ENV E stands in another order than before (it is in the environment of this RUN, and its value differs from that of the build before)',
  ],
  [
    { kind: 'env', name: 'TOKEN', before: hide('abc'), after: 'b' },
    'RUN',
    'certain env-changed: ENV TOKEN has another value (it looks like a secret and is not shown) (it is in the environment of this RUN, and its value differs from that of the build before)',
  ],
  [
    { kind: 'flag', name: 'network', before: null, after: 'host' },
    'RUN',
    'certain build-flag-changed: --network changed from unset to host (--network is part of the key of every RUN, and differs from the build before)',
  ],
  [
    { kind: 'setting', name: 'user', before: 'root', after: 'app' },
    'RUN',
    'certain instruction-changed: USER above it changed from root to app (USER is part of its key, and differs from the build before)',
  ],
  [
    { kind: 'setting', name: 'dest', before: '/a', after: '/b' },
    'COPY',
    'certain instruction-changed: the destination above it changed from /a to /b (the destination is part of its key, and differs from the build before)',
  ],
  [
    { kind: 'platform', before: 'linux/amd64', after: 'linux/arm64' },
    'RUN',
    'certain platform-changed: The platform changed from linux/amd64 to linux/arm64 (the platform is part of the key of every RUN, as are the arguments that it sets)',
  ],
  [
    { kind: 'image', image: 'node', before: 'node:18', after: 'node:20' },
    'RUN',
    'certain base-image-changed: The base image changed from node:18 to node:20 (FROM names another image than in the build before)',
  ],
  [
    { kind: 'image', image: 'node:20', before: SHA, after: SHA.replace('0123', 'ffff') },
    'RUN',
    'certain base-image-changed: node:20 now points to another image (its digest was sha256:0123456789ab, now it is sha256:ffff456789ab)',
  ],
  [
    { kind: 'image', image: 'node:20', before: null, after: SHA },
    'RUN',
    'certain base-image-changed: node:20 now points to another image (its digest was unknown, now it is sha256:0123456789ab)',
  ],
  [
    { kind: 'image', image: 'x', before: 'a', after: 'b', context: 'shared' },
    'COPY',
    'certain named-context-changed: The named context shared is another image: a before, now b (--build-context shared=… names another image than for the build before)',
  ],
  [
    { kind: 'files', context: null, paths: [] },
    'COPY',
    'certain context-files-changed: Files that it reads changed (the digest of the files that it reads differs from that of the build before)',
  ],
  [
    { kind: 'files', context: 'shared', paths: [{ path: 'a', change: 'added' }] },
    'COPY',
    'certain named-context-changed: a is new in the context shared (compared with the files of the build before: a added)',
  ],
  [
    { kind: 'files', context: null, paths: [{ path: 'a', change: 'removed' }] },
    'COPY',
    'certain context-files-changed: a was removed (compared with the files of the build before: a removed)',
  ],
  [
    { kind: 'files', context: null, paths: [{ path: 'a', change: 'metadata', detail: 'mode 644 to 755' }] },
    'COPY',
    'certain context-files-changed: a has another mode or type (compared with the files of the build before: a mode 644 to 755)',
  ],
  [
    { kind: 'files', context: null, paths: files(3) },
    'COPY',
    'certain context-files-changed: f0, f1, f2 changed (compared with the files of the build before: f0 modified, f1 modified, f2 modified)',
  ],
  [
    { kind: 'files', context: null, paths: files(6) },
    'COPY',
    'certain context-files-changed: f0 and 5 other files changed (compared with the files of the build before: f0 modified, f1 modified, f2 modified, f3 modified, f4 modified, …)',
  ],
])('%j of a %s', (difference, instruction, line) => {
  expect(told([difference], instruction)).toEqual([line]);
});

it('tells what the step itself says first, then what stands above it, each once', () => {
  const kinds = told([
    { kind: 'platform', before: 'a', after: 'b' },
    { kind: 'env', name: 'E', before: '1', after: '2' },
    { kind: 'arg', name: 'A', before: '1', after: '2' },
    { kind: 'arg', name: 'A', before: '1', after: '2' },
    { kind: 'arg', name: 'B', before: '1', after: '2' },
    { kind: 'files', context: null, paths: files(1) },
    { kind: 'edited', before: 'a', after: 'b' },
    { kind: 'setting', name: 'user', before: 'a', after: 'b' },
  ]).map((t) => t.split(' ', 5).slice(1).join(' '));
  expect(kinds).toEqual([
    'instruction-changed: The instruction was',
    'context-files-changed: f0 changed (compared',
    'build-arg-changed: Build argument A',
    'build-arg-changed: Build argument B',
    'env-changed: ENV E changed',
    'platform-changed: The platform changed',
  ]);
});

it('joins the files that several mounts of one context read', () => {
  const [found, ...more] = causesOf(
    {
      before: { instruction: 'RUN' } as StepKeys,
      differences: [
        { kind: 'files', context: null, paths: files(2) },
        { kind: 'files', context: 'shared', paths: files(1) },
        { kind: 'files', context: null, paths: files(3) },
      ],
      unknown: [],
    },
    'the build before',
  );
  expect(found?.paths?.map((p) => p.path)).toEqual(['f0', 'f1', 'f2']);
  expect(more.map((m) => [m.kind, m.context])).toEqual([['named-context-changed', 'shared']]);
});

it('lists at most two hundred files, and says how many more there are', () => {
  const of = (n: number): readonly [number | undefined, number | undefined] => {
    const [found] = causesOf({ before: null, differences: [{ kind: 'files', context: null, paths: files(n) }], unknown: [] }, 'it');
    return [found?.paths?.length, found?.morePaths];
  };
  expect([of(200), of(203)]).toEqual([
    [200, undefined],
    [200, 3],
  ]);
});

it('a value that looks like a secret is shown nowhere', () => {
  const [found] = causesOf(
    { before: null, differences: [{ kind: 'arg', name: 'T', before: hide('abc'), after: hide('def') }], unknown: [] },
    'it',
  );
  expect(JSON.stringify(found)).not.toMatch(/abc|def/);
  expect([found?.before, found?.after]).toEqual(['***', '***']);
});

it('an argument that the platform sets speaks for another platform', () => {
  const of = (name: string, before: string | null): string[] =>
    causesOf({ before: null, differences: [{ kind: 'arg', name, before, after: 'arm64' }], unknown: [] }, 'it').map(
      (c) => `${c.confidence} ${c.kind}`,
    );
  expect(of('TARGETARCH', 'amd64')).toEqual(['certain build-arg-changed', 'likely platform-changed']);
  expect(of('TARGETARCH', null)).toEqual(['certain build-arg-changed']);
  expect(of('ARCH', 'amd64')).toEqual(['certain build-arg-changed']);
});
