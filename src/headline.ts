/** The one sentence that leads a report. */
import type { StepGraph } from './graph/step.ts';
import type { MissReport, Outcome, Summary } from './model.ts';
import { duration, lowerFirst } from './text.ts';

const ENDS: Readonly<Record<Outcome, string>> = {
  succeeded: '',
  failed: 'The build failed. ',
  canceled: 'The build was cancelled. ',
  incomplete: 'The log ends before the build does. ',
};

/** @param foreseen the build is still to come */
export function writeHeadline(graph: StepGraph, summary: Summary, misses: readonly MissReport[], foreseen: boolean): string {
  const end = ENDS[graph.outcome];
  if (summary.steps === 0) return `${end}No step of the Dockerfile was reached.`;
  if (summary.rebuilt === 0 && misses.length === 0)
    return summary.reused === 0
      ? `${end}No step was evaluated.`
      : `${end}All ${summary.reused} steps ${foreseen ? 'will come' : 'came'} from the cache.`;
  const worst = misses[0];
  if (!worst) return `${end}${summary.reused} of ${summary.steps} steps ${foreseen ? 'will come' : 'came'} from the cache.`;
  const cause = worst.causes[0];
  const dragged = worst.cascade.length;
  const cost = worst.seconds + worst.cascadeSeconds;
  const what = `${short(worst.name)} ${foreseen ? 'will miss' : 'missed'} the cache${dragged > 0 ? ` and ${foreseen ? 'drag' : 'dragged'} ${dragged} step${dragged === 1 ? '' : 's'} along` : ''}${cost >= 0.05 ? ` (${duration(cost)})` : ''}`;
  const why =
    cause && cause.kind !== 'unexplained'
      ? `: ${cause.confidence === 'certain' ? '' : cause.confidence === 'likely' ? 'probably ' : 'perhaps '}${lowerFirst(cause.summary)}`
      : '; the log does not tell why';
  const more = misses.length > 1 ? ` ${misses.length - 1} more first miss${misses.length === 2 ? '' : 'es'}.` : '';
  return `${end}${what}${why}.${more}`;
}

function short(name: string): string {
  return name.length > 72 ? `${name.slice(0, 71)}…` : name;
}
