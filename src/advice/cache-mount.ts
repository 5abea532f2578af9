import type { Advice } from './define.ts';
import { isManifest, packageManagerOf } from './install.ts';

const advice: Advice = {
  id: 'cache-mount',
  title: 'Keep downloads in a cache mount',
  forMiss(view, causes) {
    const top = causes[0];
    const needed =
      top?.kind === 'context-files-changed' &&
      (top.paths === undefined
        ? view.step.parsed.text.split(/\s+/).slice(1, -1).some(isManifest)
        : top.paths.some((p) => isManifest(p.path)));
    if (!needed) return undefined;
    const installs = [view.step, ...view.miss.cascade].filter((s) => packageManagerOf(s) && !s.parsed.text.includes('--mount=type=cache'));
    const first = installs[0];
    const manager = first && packageManagerOf(first);
    if (!first || !manager) return undefined;
    return {
      summary: `Give the ${manager.name} install ${manager.isStore ? 'and each RUN that uses what it fetched ' : ''}a cache mount: \`RUN --mount=type=cache,target=${manager.cache} …\`, so that it downloads only what is new`,
      saves: [],
      because: [
        `${first.id} is needed work after a change of its manifests, but it starts from nothing each time`,
        'a cache mount stays on one builder: runners that forget gain nothing',
      ],
    };
  },
};
export default advice;
