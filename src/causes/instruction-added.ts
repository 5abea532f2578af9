import type { Cause } from './define.ts';
import { isNewBase, saysOneThing } from './signals.ts';

const cause: Cause = {
  kind: 'instruction-added',
  title: 'The instruction is new',
  docs: {
    what: 'A line that the Dockerfile did not have in the build before. It has no result to reuse, and everything below it in its stage stands on it and runs too.',
    known: 'Certain where the Dockerfile of the build before is known. From a log alone: possible.',
    fix: 'Expected. Put new lines as low as they can go: above them the cache still holds.',
    example:
      '    FROM python:3.12-slim\n    RUN ldconfig                       # new\n    RUN pip install -r requirements.txt   # runs again below it',
  },
  suspect(view, { signals }) {
    const { step } = view;
    if (signals.dockerfileUnchanged) return undefined;
    return {
      kind: 'instruction-added',
      confidence: 'possible',
      // With its stage, where the base is new as well.
      weight:
        step.parsed.instruction === 'RUN'
          ? step.status === 'failed'
            ? 0.7
            : 0.6
          : isNewBase(view, signals)
            ? 0.6
            : saysOneThing(step)
              ? 0.55
              : step.parsed.instruction === 'WORKDIR'
                ? 0.5
                : 0.45,
      summary: `The ${step.parsed.instruction} line is new in this Dockerfile`,
      because: [
        `${step.id} ran and what stands above it was reused: a new line looks just like this`,
        'the Dockerfile of the build before would tell',
      ],
    };
  },
};
export default cause;
