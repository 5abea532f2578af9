import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'fixed-epoch',
  title: 'Use a SOURCE_DATE_EPOCH that does not change with each commit',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'build-arg-changed' || top.name !== 'SOURCE_DATE_EPOCH' || top.confidence === 'possible') return undefined;
    return {
      summary:
        'Set SOURCE_DATE_EPOCH to a fixed value in CI and to the commit’s time only for a release: it is part of every WORKDIR’s key',
      saves: [view.step, ...view.miss.cascade],
      because: [`${view.step.id} is a WORKDIR, and all below it stands on it`],
    };
  },
};
export default advice;
