import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'platform-changed',
  title: 'Another target platform',
  docs: {
    what: 'The platform is part of the key of every RUN, and selects another base image. COPY does not have it in its key.',
    known:
      'Certain where the platform of the build before is known. Possible when the command line names a platform and the first RUN missed.',
    fix: 'Build the same platform everywhere that shares a cache, or keep a cache for each.',
    example: '    docker build --platform linux/arm64 .   # on a cache made for linux/amd64',
  },
  suspect(view, { command }) {
    const platform = command?.platforms[0] ?? view.step.parsed.platform;
    if (!platform || !(view.onBase || view.step.parsed.instruction === 'RUN')) return undefined;
    return {
      kind: 'platform-changed',
      confidence: 'possible',
      weight: 0.25,
      summary: `This cache was made for another platform than ${platform}`,
      because: [`the build is for ${platform}; for which platform the build before was made the log does not tell`],
      before: null,
      after: platform,
    };
  },
};
export default cause;
