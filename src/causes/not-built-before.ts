import type { Cause } from './define.ts';
import { isNewBase, type MissView, type Signals } from './signals.ts';

const cause: Cause = {
  kind: 'not-built-before',
  title: 'The step never finished before',
  docs: {
    what: 'Nothing changed, but there is no result to reuse: an earlier build failed at this step or above it, was interrupted, or built another target. A step that fails is never cached and runs until it succeeds once.',
    known: 'Certain where the build before is known to have failed or to have built another target. Possible from a log alone.',
    fix: 'Nothing to mend: it is reused from the next build on.',
    example: '    #9 [5/6] RUN npm test\n    #9 ERROR: process "/bin/sh -c npm test" did not complete successfully: exit code: 1',
  },
  suspect(view, { signals }) {
    const { step } = view;
    const failed = step.status === 'failed';
    const reusedAbove = view.above.some((s) => s.status === 'reused');
    return {
      kind: 'not-built-before',
      confidence: 'possible',
      weight: failed
        ? reusedAbove
          ? 0.85
          : 0.6
        : reusedAbove || view.baseState === 'known' || isNewBase(view, signals)
          ? weigh(view, signals)
          : 0.25,
      summary: failed
        ? 'A step that fails has no result to reuse: it runs until it succeeds once'
        : 'It never finished here before: an earlier build failed, was stopped, or built another target',
      because: [
        failed
          ? `${step.id} failed in this build`
          : `${step.id} ran${reusedAbove ? ' although steps above it were reused' : ''}: so does a step whose earlier run was stopped`,
      ],
    };
  },
};
export default cause;

/** A stage of which all ran is what another target leaves behind; several of them at once all the more. */
function weigh(view: MissView, signals: Signals): number {
  // Its result was there before: it was built.
  if (view.sameResult) return 0.25;
  const { instruction } = view.step.parsed;
  if (!signals.newStages.has(view.step.id)) return instruction === 'RUN' ? 0.55 : 0.42;
  // What another target needed would have been reused.
  const several = signals.newStages.size > 1 && signals.builtHereBefore;
  if (isNewBase(view, signals)) return several ? 0.86 : 0.7;
  return instruction === 'RUN' ? (several ? 0.78 : 0.66) : several ? 0.7 : 0.58;
}
