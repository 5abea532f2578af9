import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'frontend-changed',
  title: 'Another Dockerfile frontend',
  docs: {
    what: 'The image of `# syntax=` translates the Dockerfile. It is in no key itself, but another version can translate the same line differently, once.',
    known:
      'Certain where the frontend of both builds is known and nothing else differs. Possible when the log shows that a frontend was downloaded and every RUN missed.',
    fix: 'Pin the frontend: `# syntax=docker/dockerfile:1.17`.',
    example: '    # syntax=docker/dockerfile:1   # moves with each release',
  },
  suspect(view, { graph }) {
    if (view.step.parsed.instruction !== 'RUN') return undefined;
    const frontend = [...graph.steps.values()].find((s) => s.name.startsWith('docker-image://') && s.vertex.pulled);
    if (!frontend) return undefined;
    return {
      kind: 'frontend-changed',
      confidence: 'possible',
      weight: 0.3,
      summary: 'The Dockerfile frontend is another version than before',
      because: [`${frontend.id}: the frontend image was downloaded in this build`],
      before: null,
      after: frontend.name.replace('docker-image://', ''),
    };
  },
};
export default cause;
