import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'drop-no-cache',
  title: 'Build without --no-cache',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'no-cache-flag' || top.confidence === 'possible') return undefined;
    const flag = top.stage ? `--no-cache-filter=${top.stage}` : '--no-cache';
    return {
      summary: `Drop \`${flag}\`; to fetch newer base images use \`--pull\`, to repeat one update use \`--no-cache-filter\` for its stage`,
      saves: [view.step, ...view.miss.cascade],
      because: [`nothing else is needed to reuse what \`${flag}\` made run`],
      ...(top.confidence === 'likely' && { proof: 'the flag is inferred from its fingerprint, not read from a command line' }),
    };
  },
};
export default advice;
