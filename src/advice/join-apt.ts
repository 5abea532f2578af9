import { isMiss } from '../graph/step.ts';
import type { Advice } from './define.ts';

const UPDATE = /\b(?:apt-get|apt) (?:-\S{1,300} ){0,20}update\b/;
const INSTALL = /\b(?:apt-get|apt) (?:-\S{1,300} ){0,20}(?:install|upgrade|dist-upgrade)\b/;

const advice: Advice = {
  id: 'join-apt',
  title: 'Update and install in one RUN',
  forBuild({ graph }) {
    const steps = [...graph.steps.values()].filter((s) => s.parsed.instruction === 'RUN');
    const update = steps.find((s) => UPDATE.test(s.parsed.text) && !INSTALL.test(s.parsed.text));
    if (!update) return undefined;
    // An install that missed on top of an index that was reused: it may ask for packages that are gone by now.
    const install = steps.find(
      (s) =>
        INSTALL.test(s.parsed.text) &&
        !UPDATE.test(s.parsed.text) &&
        s.parsed.stage === update.parsed.stage &&
        isMiss(s) &&
        !isMiss(update),
    );
    if (!install) return undefined;
    return {
      summary: `Join ${update.id} and ${install.id}: \`RUN apt-get update && apt-get install -y …\``,
      saves: [],
      because: [
        `${install.id} ran with the package index of ${update.id}, which was reused: the index may be old, and name packages that are gone`,
      ],
      proof: 'no patch is offered: it saves no time, it makes the install sound',
    };
  },
};
export default advice;
