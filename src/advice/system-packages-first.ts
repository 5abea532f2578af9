import { isBroadCopy } from '../causes/signals.ts';
import { readsContext } from '../graph/names.ts';
import { isMiss } from '../graph/step.ts';
import { clip } from '../text.ts';
import type { Advice } from './define.ts';

const SYSTEM = /\b(?:apt-get|apt|apk|yum|dnf|microdnf|zypper) (?:-\S{1,300} ){0,20}(?:install|add)\b/;
/** It installs what the context brings. */
const LOCAL = /\b(?:install|add)\b[^;&|]{0,1000} (?:\.{0,2}\/|\$)\S*/;

const advice: Advice = {
  id: 'system-packages-first',
  title: 'Install system packages above the first copy',
  forMiss(view, causes) {
    const { step } = view;
    if (!readsContext(step.parsed) || step.parsed.instruction === 'RUN' || !isBroadCopy(step)) return undefined;
    if (causes[0]?.kind !== 'context-files-changed') return undefined;
    const installs = view.miss.cascade.filter(
      (s) =>
        isMiss(s) &&
        s.parsed.instruction === 'RUN' &&
        s.parsed.stage === step.parsed.stage &&
        SYSTEM.test(s.parsed.text) &&
        !LOCAL.test(s.parsed.text),
    );
    const [first] = installs;
    if (!first) return undefined;
    return {
      summary: `Move \`${clip(first.parsed.text)}\` above \`${clip(step.parsed.text)}\`: packages of the system need no file of yours`,
      saves: installs,
      because: [`${installs.map((s) => s.id).join(', ')} stands below ${step.id} and ran again because a file of the context changed`],
    };
  },
};
export default advice;
