import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'same-modes',
  title: 'Give files the same modes on every machine',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'context-files-changed' || !top.paths?.length || !top.paths.every((p) => p.change === 'metadata')) return undefined;
    return {
      summary:
        'Set the modes before the build (`git` keeps only the executable bit; a umask of 002 or a checkout on Windows gives others): `COPY --chmod` does not help, the source’s mode is in the key',
      saves: [view.step, ...view.miss.cascade],
      because: ['only modes or links differ, no content'],
      proof: 'if the mode was changed on purpose, this rebuild was needed',
    };
  },
};
export default advice;
