import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'pin-base',
  title: 'Pin the base image by digest',
  forMiss(_view, causes) {
    const top = causes[0];
    if (top?.kind !== 'base-image-changed' || !top.image || (top.before !== null && top.before === top.after)) return undefined;
    const tag = top.image.split('@')[0] ?? top.image;
    const digest = typeof top.after === 'string' && top.after.startsWith('sha256:') ? top.after : null;
    return {
      summary: digest
        ? `Pin it: \`FROM ${tag}@${digest}\`, and let a bot (Renovate, Dependabot) raise the digest`
        : `Pin ${tag} by digest and let a bot (Renovate, Dependabot) raise it`,
      saves: [],
      because: ['a tag moves when its owner pushes, a digest when you decide; this rebuild itself was needed'],
    };
  },
};
export default advice;
