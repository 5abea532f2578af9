import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'no-cache-flag',
  title: 'The cache was switched off',
  docs: {
    what: '`--no-cache` makes every RUN, COPY and ADD run, `--no-cache-filter=STAGE` those of one stage. WORKDIR and FROM are not affected, which is the flag’s fingerprint in a log. Cache mounts start empty too.',
    known:
      'Certain where the command line shows the flag. By its fingerprint (a WORKDIR right on its base is reused while every RUN, COPY and ADD ran) it is likely: a first build on a builder that knew the bases can look the same.',
    fix: 'Drop the flag. Where it is there to get fresh packages, use `--pull` and a dated ARG above the update, or `--no-cache-filter` for that stage alone.',
    example:
      '    #5 [builder 2/6] WORKDIR /app\n    #5 CACHED\n    #6 [builder 3/6] COPY package.json ./\n    #6 DONE 0.0s        <- and so did everything else',
  },
  suspect(view, { graph, signals, command }) {
    const { step } = view;
    const stage = step.parsed.stage;
    if (step.parsed.instruction === 'WORKDIR') return undefined;
    if (command?.noCache)
      return {
        kind: 'no-cache-flag',
        confidence: 'certain',
        weight: 2,
        summary: 'The build was made with --no-cache',
        because: ['--no-cache stands in the command line'],
        stage: null,
      };
    const filter = command?.noCacheFilter.find((f) => f.toLowerCase() === stage?.toLowerCase());
    if (filter !== undefined)
      return {
        kind: 'no-cache-flag',
        confidence: 'certain',
        weight: 2,
        summary: `The build was made with --no-cache-filter=${filter}`,
        because: [`--no-cache-filter=${filter} stands in the command line`],
        stage: filter,
      };
    const twin = stage === null ? undefined : signals.filteredStages.get(stage);
    if (twin !== undefined)
      return {
        kind: 'no-cache-flag',
        confidence: 'likely',
        weight: 0.95,
        summary: `Stage ${stage} was built with --no-cache-filter`,
        because: [`${step.id} ran although ${twin}, the same instruction on the same base, was reused: only a flag tells the two apart`],
        stage,
      };
    if (stage !== null && signals.forcedStages.has(stage) && signals.noCacheFingerprint === null)
      return {
        kind: 'no-cache-flag',
        confidence: 'possible',
        // Below a RUN, an edited line, an ARG or an ENV makes the same steps run, and each of them is more common than the flag.
        weight: step.parsed.instruction === 'RUN' ? 0.48 : 0.68,
        summary: `Stage ${stage} was built with --no-cache-filter`,
        because: [`every RUN, COPY and ADD of stage ${stage} ran, and what reads it found the same files as before`],
        stage,
      };
    if (signals.noCacheFingerprint === null) return undefined;
    const strong = signals.noCacheFingerprint === 'workdir';
    const weak = signals.noCacheFingerprint === 'one-chain';
    // Two changes at once are no rarity; three or more that leave nothing but WORKDIR are.
    const many = graph.misses.length > 2;
    return {
      kind: 'no-cache-flag',
      confidence: strong && many ? 'likely' : 'possible',
      weight: strong || (!weak && graph.misses.length > 1) ? 0.81 : weak ? 0.66 : step.parsed.instruction === 'RUN' ? 0.62 : 0.7,
      summary: 'The build looks like one made with --no-cache',
      because: [
        strong
          ? 'every RUN, COPY and ADD ran, yet a WORKDIR right on its base was reused: the flag does not reach WORKDIR'
          : 'every step ran although the files of each base image were in the cache',
        weak
          ? 'a change in this one step would have made the same steps run: the command line would tell'
          : 'a first build of this project on a builder that knew its bases looks the same: the command line would tell',
      ],
      stage: null,
    };
  },
};
export default cause;
