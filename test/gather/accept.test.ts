import { describe, expect, test } from 'vitest';
import { markAccepted, readAcceptances } from '../../src/gather/accept.ts';
import type { BuildReport, CauseKind, MissReport } from '../../src/model.ts';

const DOCKERFILE = `# syntax=docker/dockerfile:1
FROM node:20
# cachewhy ignore=context-files-changed,env-changed reason="sources change in every build"
# another comment

COPY . .
#cachewhy: ignore=* reason='the point of it'
RUN make \\
  all
# cachewhy ignore=env-changed
RUN test
# cachewhy is great
# cachewhy ignore=
`;

test('comments are read with the line they speak of', () => {
  const { acceptances, notes } = readAcceptances(DOCKERFILE.replaceAll('\n', '\r\n'));
  expect(acceptances).toEqual([
    { line: 6, kinds: ['context-files-changed', 'env-changed'], reason: 'sources change in every build', at: 3 },
    { line: 8, kinds: ['*'], reason: 'the point of it', at: 7 },
    { line: 11, kinds: ['env-changed'], reason: null, at: 10 },
  ]);
  expect(notes).toEqual([
    expect.stringMatching(/^line 10 .* without a reason/),
    expect.stringMatching(/^line 12 .* accepts nothing/),
    expect.stringMatching(/^line 13 .* accepts nothing/),
  ]);
});

test('a comment below the last instruction speaks of nothing', () => {
  expect(readAcceptances('FROM x\n# cachewhy ignore=* reason="x"\n').acceptances).toEqual([
    { line: null, kinds: ['*'], reason: 'x', at: 2 },
  ]);
});

describe('a miss', () => {
  const miss = (kind: CauseKind, line: number | null, endLine = line): MissReport => ({
    step: '#1',
    name: 'x',
    cascade: [],
    seconds: 1,
    cascadeSeconds: 0,
    causes: [{ kind, confidence: 'certain', summary: '', because: ['x'] }],
    advice: [],
    source: line === null ? null : { file: 'Dockerfile', line, endLine: endLine! },
  });
  const accepted = (m: MissReport): unknown =>
    markAccepted({ misses: [m], steps: [] } as unknown as BuildReport, readAcceptances(DOCKERFILE).acceptances).misses[0]!.accepted;

  test.each([
    ['its first cause is named', miss('context-files-changed', 6), { reason: 'sources change in every build', line: 3 }],
    ['another cause is not', miss('instruction-changed', 6), undefined],
    ['any cause', miss('cold-cache', 8, 9), { reason: 'the point of it', line: 7 }],
    ['another line', miss('context-files-changed', 2), undefined],
    ['no line is known', miss('context-files-changed', null), undefined],
  ])('%s', (_, m, expected) => {
    expect(accepted(m)).toEqual(expected);
  });
});
