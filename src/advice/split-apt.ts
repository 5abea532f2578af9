import { isMiss } from '../graph/step.ts';
import { clip } from '../text.ts';
import type { Advice } from './define.ts';

const INSTALL = /\b(?:apt-get|apt|apk|yum|dnf|microdnf) (?:-\S{1,300} ){0,20}(?:install|add)\b/;

const advice: Advice = {
  id: 'split-apt',
  title: 'Put what is edited often below the system packages',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'instruction-changed' || top.confidence !== 'certain' || !top.before || !top.after) return undefined;
    const { step } = view;
    if (step.parsed.instruction !== 'RUN' || !isMiss(step)) return undefined;
    const before = commands(top.before);
    const after = commands(top.after);
    const kept = after.filter((c) => INSTALL.test(c) && before.includes(c));
    // The packages are as they were, something beside them was edited.
    if (kept.length === 0 || kept.length === after.length) return undefined;
    // What stands in front of the install has to stay there.
    const lastKept = Math.max(...kept.map((c) => after.indexOf(c)));
    if (after.slice(0, lastKept + 1).some((c) => !before.includes(c))) return undefined;
    return {
      summary: `Give \`${clip(kept[0]!)}\` a RUN of its own above the rest: an edit of the rest no longer repeats it`,
      saves: [],
      because: [`${step.id} was edited, but not the packages that it installs`],
      proof: 'how much of the step the packages take is not measured; clean up package lists in the same RUN as the install',
    };
  },
};
export default advice;

function commands(text: string): string[] {
  return text
    .replace(/^RUN\s+(?:--\S+\s+)*/i, '')
    .split(/&&|;/)
    .map((c) => c.trim().replace(/\s+/g, ' '))
    .filter((c) => c !== '');
}
