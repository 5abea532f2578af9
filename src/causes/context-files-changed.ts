import { readsContext } from '../graph/names.ts';
import type { Cause } from './define.ts';
import { isReadStage } from './place.ts';
import { isBroadCopy } from './signals.ts';

const cause: Cause = {
  kind: 'context-files-changed',
  title: 'Files of the build context changed',
  docs: {
    what: 'COPY, ADD and bind mounts read files from the build context. Their content, their modes and the set of their names are part of the cache key; times and owners are not. One changed byte in one selected file, a new file or a `chmod` makes the step run again.',
    known:
      'Certain, and down to the file, where the context can be compared with that of the build before (a baseline). From a log alone it is likely when such a step is the first that missed while the steps above it were reused; which file it was, no log tells.',
    fix: 'If the file matters, nothing is wrong. If it does not, keep it out: list it in `.dockerignore`, or copy only what the next step needs (manifests first, sources after the install).',
    example:
      '    #8 [3/5] COPY . .\n    #8 DONE 0.0s        <- README.md was edited\n    #9 [4/5] RUN npm ci  <- runs again, and did not need to',
  },
  suspect(view, { graph, signals }) {
    const { step } = view;
    if (!readsContext(step.parsed)) return undefined;
    const missing = /checksum of ref [^"]{1,300}"(\/[^"]{1,300})": not found/.exec(step.vertex.error ?? '')?.[1];
    if (missing !== undefined)
      return {
        kind: 'context-files-changed',
        confidence: 'likely',
        weight: 1,
        summary: `"${missing.slice(1)}" is not in the build context: it was removed or renamed, is ignored, or never was there`,
        because: [`${step.id} failed with "${missing}: not found"`],
      };
    const bind = step.parsed.instruction === 'RUN';
    const reusedAbove = view.above.find((s) => s.status === 'reused' && s.parsed.instruction !== 'WORKDIR');
    // A step whose base is new to this cache, or a builder that never built this, has no earlier files to differ from.
    const seenBefore = reusedAbove !== undefined || (signals.builtHereBefore && view.baseState !== 'pulled' && view.baseState !== 'new');
    // The last stage is in every cache, its base in none.
    const inImportedCache = signals.importers.some((i) => i.ok) && !isReadStage(step.parsed.stage, graph);
    const what = bind
      ? 'the files that it mounts from the build context'
      : isBroadCopy(step)
        ? 'some file in the build context'
        : 'the files that it copies';
    return {
      kind: 'context-files-changed',
      confidence: seenBefore && !bind ? 'likely' : 'possible',
      // A base that was here already speaks for a builder that built this before.
      weight: bind
        ? 0.84
        : view.onBase && !seenBefore
          ? view.baseState === 'known' || view.base === null || inImportedCache
            ? 0.86
            : 0.5
          : 0.9,
      summary: `${capital(what)} changed (content, mode or names)`,
      because: [
        `${step.id}: a ${step.parsed.instruction}${bind ? ' with a bind mount' : ''} of the build context ran${reusedAbove ? ` although ${reusedAbove.id} above it was reused` : ''}`,
        'which file it was is not in a log: the context and a baseline of the build before would tell',
      ],
    };
  },
};
export default cause;

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
