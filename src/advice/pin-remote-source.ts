import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'pin-remote-source',
  title: 'Pin what ADD fetches',
  forMiss(_view, causes) {
    const top = causes[0];
    if (top?.kind !== 'remote-source-changed') return undefined;
    return {
      summary: `Fetch a fixed version of ${top.url}: \`ADD --checksum=sha256:…\`, or a commit instead of a branch`,
      saves: [],
      because: ['what an address holds can change at any time, and each change runs all that stands on it'],
    };
  },
};
export default advice;
