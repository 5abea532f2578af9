/** Baselines to test with. */
import type { Baseline } from '../../src/baseline/model.ts';
import type { ContextEntry, ContextListing } from '../../src/context/types.ts';
import type { StepKeys } from '../../src/keys/model.ts';

export function entry(path: string, more: Partial<ContextEntry> = {}): ContextEntry {
  return { path, type: 'file', mode: 0o644, size: 3, content: `sha256:${'ab'.repeat(32)}`, ...more };
}

export function listing(...entries: ContextEntry[]): ContextListing {
  return { entries: new Map(entries.map((e) => [e.path, e])) };
}

export function step(text: string, more: Partial<StepKeys> = {}): StepKeys {
  return {
    id: '0:2',
    stageIndex: 0,
    stage: null,
    platform: null,
    position: 2,
    of: 2,
    instruction: text.split(' ')[0]!,
    name: `[2/2] ${text}`,
    text,
    range: { file: 'Dockerfile', line: 2, endLine: 2 },
    base: { kind: 'image', image: 'busybox' },
    reads: [],
    env: [],
    own: { text: text.slice(4), workdir: '/' },
    identity: 'i',
    ...more,
  };
}

export function baseline(more: Partial<Baseline> = {}): Baseline {
  return {
    savedAt: '2026-01-02T03:04:05.000Z',
    salt: '00112233445566778899aabbccddeeff',
    outcome: 'succeeded',
    keys: {
      stages: [{ index: 0, name: null, image: 'busybox', parent: null, end: { kind: 'step', id: '0:2' }, reachable: true }],
      steps: [
        step('RUN make', {
          env: [{ kind: 'arg', name: 'GIT_SHA', value: '1a2b3c4' }],
          reads: [{ kind: 'context', selection: { sources: ['.'], exclude: ['*.md'] }, digest: 'd' }],
        }),
      ],
      syntax: null,
      platforms: [],
      target: null,
    },
    listing: listing(
      entry('bin', { type: 'dir', mode: 0o755, size: 0, content: null }),
      entry('bin/ünï\n"code"', { content: `git:${'12'.repeat(20)}` }),
      entry('link', { type: 'symlink', mode: 0o777, size: 0, content: null, link: 'bin/x' }),
      entry('odd', { content: 'sha256:short', xattrs: { 'user.a': 'b' } }),
      entry('z', { mode: 0o4755, content: `git:${'34'.repeat(32)}` }),
    ),
    named: { docs: listing(entry('a.md', { content: `sha256:${'cd'.repeat(32)}` })), gone: null },
    images: { busybox: `sha256:${'ef'.repeat(32)}` },
    steps: { '0:2': { name: '[2/2] RUN make', status: 'rebuilt', seconds: 1.5 } },
    commandKnown: true,
    past: [{ at: '2026-01-01T00:00:00.000Z', hitRate: 0.5, rebuiltSeconds: 2, missed: ['[2/2] RUN make'] }],
    ...more,
  };
}
