import { isMiss } from '../graph/step.ts';
import type { Cause } from './define.ts';
import { isReadStage } from './place.ts';

const cause: Cause = {
  kind: 'cache-import-partial',
  title: 'The imported cache holds only the last stage',
  docs: {
    what: '`--cache-to` without `mode=max` and inline caches hold the layers of the final stage alone. Steps of earlier stages have no result to reuse as soon as one of them is needed.',
    known:
      'Possible when a cache was imported, steps of an early stage ran and those of the final stage did not; likely when the command line shows mode=min or an inline cache.',
    fix: '`--cache-to type=registry,ref=…,mode=max`.',
    example: '    docker buildx build --cache-to type=registry,ref=app:cache .   # mode=min is the default',
  },
  suspect(view, { graph, signals, command }) {
    const imported = signals.importers.find((i) => i.ok);
    if (!imported) return undefined;
    const stages = new Set([...graph.steps.values()].filter((s) => s.cacheable).map((s) => s.parsed.stage));
    if (stages.size < 2) return undefined;
    const exported = command?.cacheTo ?? [];
    const min = exported.length > 0 && exported.some((c) => c.type === 'inline' || (c.attrs.mode ?? 'min') !== 'max');
    const max = exported.some((c) => c.attrs.mode === 'max');
    if (max) return undefined;
    const stage = view.step.parsed.stage;
    // The last stage is what every cache holds.
    if (!isReadStage(stage, graph)) return undefined;
    const wholeStage = [...graph.steps.values()].filter((s) => s.cacheable && s.parsed.stage === stage).every(isMiss);
    const otherHits = [...graph.steps.values()].some((s) => s.cacheable && s.parsed.stage !== stage && s.status === 'reused');
    if (!min && !wholeStage) return undefined;
    return {
      kind: 'cache-import-partial',
      confidence: min && wholeStage ? 'likely' : 'possible',
      weight: min && wholeStage ? 0.9 : otherHits ? 0.75 : 0.72,
      summary: `The cache ${imported.ref} has no results of stage ${stage ?? 'above the last'}`,
      because: [
        `${imported.step}: a cache was imported, and all of stage ${stage ?? '?'} ran`,
        min ? 'the command line exports without mode=max' : 'a cache exported without mode=max holds the final stage only',
      ],
      source: imported.ref,
    };
  },
};
export default cause;
