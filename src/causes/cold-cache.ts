import { everCached } from '../graph/outcome.ts';
import type { Cause } from './define.ts';

/** Wrappers of runners that mostly begin with an empty builder. */
const RUNNERS = ['GitHub Actions', 'GitLab CI', 'Buildkite', 'Google Cloud Build'];

const cause: Cause = {
  kind: 'cold-cache',
  title: 'The builder had nothing of this build',
  docs: {
    what: 'A new builder, another machine, a pruned or collected cache: the steps are the same, their results are not there.',
    known:
      'Certain where the build before is known and nothing that counts differs. Likely when a log shows that nothing was reused on a builder that just started, on a CI runner that downloaded its base, or where several bases were all missing. With one base, another tag leaves the same log behind: possible.',
    fix: 'In CI give the builder a memory: `--cache-to`/`--cache-from` with a registry, GitHub’s cache, or a builder that stays. On your own machine raise the limit of the garbage collection.',
    example:
      '    #1 [internal] booting buildkit\n    …\n    #7 [2/6] WORKDIR /app\n    #7 DONE 0.1s       <- nothing in this build was reused',
  },
  suspect(view, { graph, signals, command }) {
    const { base, baseState, step } = view;
    const because: string[] = [];
    if (signals.nothingReused) because.push('no step of this build was reused');
    if (signals.freshBuilder) because.push('the builder was started for this build (`booting buildkit`)');
    if (base && (baseState === 'pulled' || baseState === 'new'))
      because.push(`${base.id}: the base image was ${baseState === 'pulled' ? 'downloaded' : 'not in this cache'}`);
    const imported = signals.importers.length > 0;
    if (!imported && signals.nothingReused)
      because.push(command && command.cacheFrom.length === 0 ? 'the command line imports no cache' : 'the log shows no cache import');
    if (!signals.nothingReused) {
      // Something was reused: at most the record of this step is gone.
      const leaf = view.miss.cascade.length === 0 || graph.misses.length === 1;
      return {
        kind: 'cold-cache',
        confidence: 'possible',
        weight: view.onBase && baseState !== 'known' ? 0.55 : leaf ? 0.3 : 0.2,
        summary: `The result of ${step.id} was not in this cache: never made here, or collected`,
        because: [...because, 'other steps of the build were reused, so the cache was there'],
      };
    }
    // Another base tag leaves the same log behind where there is one base. Several at once move less often than a cache is lost.
    const bases = [...graph.steps.values()].filter((s) => s.parsed.instruction === 'FROM');
    const wholly = bases.length > 1 && bases.every((s) => !everCached(s.vertex));
    const forgetful =
      RUNNERS.some((name) => graph.log.wrappers?.has(name)) || (graph.log.builder !== null && graph.log.builder.driver !== 'docker');
    // What an imported cache lacks is another cause.
    const served = signals.importers.some((i) => i.ok);
    const strong = !served && (signals.freshBuilder || wholly || (baseState === 'pulled' && forgetful));
    const several = graph.misses.length > 1;
    return {
      kind: 'cold-cache',
      confidence: strong && baseState !== 'known' ? 'likely' : 'possible',
      // Stages that have nothing in common and all miss were hardly all edited. Nothing was asked of scratch.
      weight: served ? 0.7 : base && baseState !== 'known' ? 0.95 : several ? 0.88 : step.parsed.instruction === 'RUN' ? 0.64 : 0.83,
      summary:
        baseState === 'known'
          ? 'This builder never built this before, or its results were pruned'
          : 'The builder had nothing of this build: it is new, was pruned, or never built it',
      because,
    };
  },
};
export default cause;
