import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'base-image-changed',
  title: 'The base image changed',
  docs: {
    what: 'A stage stands on the layers of its base image. Another tag, or a tag that now points to other layers, gives every step of the stage another key. A base that changed only its labels or command changes nothing.',
    known:
      'Certain where the digest of the build before is known. From a log it is possible when the first step on the base missed and FROM ended as DONE: its layers were new to this cache. `FROM … CACHED` excludes it.',
    fix: 'Pin the base by digest (`FROM node:22-slim@sha256:…`) and let a bot raise it, so that it changes when you decide.',
    example:
      '    #4 [1/6] FROM docker.io/library/node:20-alpine@sha256:fd91f3…\n    #4 DONE 3.1s        <- new to this cache\n    #6 [2/6] WORKDIR /app\n    #6 DONE 0.1s',
  },
  suspect(view, facts) {
    const { step, base, baseState } = view;
    if (!view.onBase || !base || baseState === 'known' || baseState === 'unknown') return undefined;
    // `FROM busybox:1.35 AS base`, as buildah and the classic builder print it
    const image = base.parsed.text.split(/\s/).find((word) => word !== '' && word !== 'FROM' && !word.startsWith('--')) ?? '';
    const pulled = baseState === 'pulled';
    const imported = facts.signals.importers.some((i) => i.ok);
    // A stage of which all ran: another target, or a stage that is new, would leave that behind as well.
    const sure = facts.signals.builtHereBefore && !imported && !facts.signals.newStages.has(step.id);
    return {
      kind: 'base-image-changed',
      confidence: sure || facts.command?.pull ? 'likely' : 'possible',
      weight: imported ? 0.5 : facts.signals.builtHereBefore ? 0.9 : 0.7,
      summary: `${image.split('@')[0]} is new to this cache: another tag or digest than before, or used here for the first time`,
      because: [
        `${base.id}: FROM was ${pulled ? 'downloaded' : 'not served from the cache'} and ${step.id}, the first step on it, ran`,
        ...(facts.command?.pull ? ['the command line has --pull, which asks the registry for the tag anew'] : []),
        'whether its digest moved only the digest of the build before can tell',
      ],
      image,
      before: null,
      after: /@(sha256:[0-9a-f]{64})/.exec(image)?.[1] ?? null,
    };
  },
};
export default cause;
