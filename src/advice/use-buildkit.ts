import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'use-buildkit',
  title: 'Build with BuildKit',
  forBuild({ graph }) {
    if (graph.log.dialect !== 'classic') return undefined;
    return {
      summary:
        'Build with BuildKit (unset DOCKER_BUILDKIT=0, install buildx): it runs stages side by side, skips those that are not needed, and keys COPY by content',
      saves: [],
      because: ['this log comes from the classic builder, which is deprecated; there a changed LABEL or ENV makes all below it run'],
    };
  },
};
export default advice;
