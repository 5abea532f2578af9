import { expect, test } from 'vitest';
import type { BuildReport } from '../../src/model.ts';
import { maskReport, secretsAmong } from '../../src/secrets/report.ts';

const report = {
  headline: '[2/2] RUN echo canary-1 missed',
  command: 'docker build --build-arg NPM_TOKEN=canary-1 .',
  steps: [{ id: '#6', name: '[2/2] RUN echo canary-1 > /x', inputs: ['#5'], seconds: 1 }],
  misses: [
    {
      step: '#6',
      name: '[2/2] RUN echo canary-1 > /x',
      causes: [
        { kind: 'build-arg-changed', name: 'NPM_TOKEN', before: 'canary-0', after: 'canary-1', because: ['it was canary-1'] },
        {
          kind: 'build-arg-changed',
          name: 'GIT_SHA',
          before: '1a2b3c4',
          after: '5d6e7f8',
          because: ['x'],
          paths: [{ path: 'token=x', change: 'modified' }],
        },
      ],
      advice: [{ id: 'a', summary: 's', savesSeconds: 1, patch: '-ENV API_KEY=canary-2\n+ENV A=1\n' }],
    },
  ],
  notes: ['Authorization: Bearer canary-3'],
} as unknown as BuildReport;

test('nothing that is secret is left, and everything else is as it was', () => {
  const masked = maskReport(report, secretsAmong({ NPM_TOKEN: 'canary-1', GIT_SHA: '5d6e7f8', EMPTY: null }));
  expect(JSON.stringify(masked)).not.toContain('canary');
  expect(masked.misses[0]!.causes[0]).toMatchObject({ name: 'NPM_TOKEN', before: '***', after: '***' });
  expect(masked.misses[0]!.causes[1]).toEqual(report.misses[0]!.causes[1]);
  expect(masked.misses[0]!.advice[0]).toEqual({
    id: 'a',
    summary: 's',
    savesSeconds: 1,
    proof: 'no patch is shown: it would hold a secret (***)',
  });
  expect(masked.steps[0]).toEqual({ id: '#6', name: '[2/2] RUN echo *** > /x', inputs: ['#5'], seconds: 1 });
});

test('a report without secrets is left as it is', () => {
  const plain = { headline: 'x', steps: [{ id: '#1', name: 'RUN GIT_SHA=1a2b3c4 make' }], misses: [], notes: [] } as unknown as BuildReport;
  expect(maskReport(plain, [])).toBe(plain);
});
