import type { Cause } from './define.ts';
import { lineAbove } from './place.ts';
import { isNewBase, type MissView, type Signals, saysOneThing } from './signals.ts';

const cause: Cause = {
  kind: 'instruction-changed',
  title: 'The instruction was edited',
  docs: {
    what: "An instruction's text (for RUN the command with its shell, for COPY the destination, flags and names of sources) is part of its cache key. Comments, line breaks and the case of the keyword are not.",
    known:
      'Certain where the Dockerfile of the build before is known (a baseline, or the record of the builder). From a log alone it is one possibility among others whenever a step runs although everything above it was reused.',
    fix: 'Expected after an edit. Keep lines that are edited often below those that are slow.',
    example:
      '    RUN apt-get install -y libpq-dev          # before\n    RUN apt-get install -y libpq-dev curl     # after: this step and all below it run',
  },
  suspect(view, { graph, signals }) {
    const { step } = view;
    if (signals.dockerfileUnchanged) return undefined;
    const line = lineAbove(view.step, graph);
    if (line && !/^(?:ENV|ARG)$/.test(line.parsed.instruction ?? ''))
      return {
        kind: 'instruction-changed',
        confidence: 'likely',
        weight: 1,
        summary: `The ${line.parsed.instruction} line above it was edited`,
        because: [`${line.name} ran anew although what stands above it was reused: in the classic builder it is a step of its own`],
        before: null,
        after: line.parsed.text,
      };
    const run = step.parsed.instruction === 'RUN';
    const because = [
      view.onBase
        ? `${step.id} is the first step on its base image and ran`
        : `${step.id} ran although everything above it was reused${run ? ', and a RUN reads no files' : ''}`,
      'whether its text was edited only the Dockerfile of the build before can tell',
    ];
    return {
      kind: 'instruction-changed',
      confidence: 'possible',
      weight: weigh(view, signals),
      summary: `The ${step.parsed.instruction} line was edited`,
      because,
      before: null,
      after: step.parsed.text,
    };
  },
};
export default cause;

function weigh(view: MissView, signals: Signals): number {
  // An edit leaves the base where it was: a base that is new to this cache is another story.
  if (isNewBase(view, signals)) return 0.45;
  if (view.step.parsed.instruction === 'RUN') return 0.8;
  if (saysOneThing(view.step)) return 0.53;
  return / --ch(?:mod|own)=/.test(view.step.parsed.text) ? 0.66 : 0.6;
}
