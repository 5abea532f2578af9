import { isRemoteAdd } from '../graph/names.ts';
import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'instruction-moved',
  title: 'The instruction was moved',
  docs: {
    what: 'A step stands on the one above it: the same line in another place has another cache key.',
    known: 'Certain where the Dockerfile of the build before is known. From a log alone: possible.',
    fix: 'Expected once. Order lines by how often they change: rarely changing ones first.',
    example: '    COPY . .                 # moved above the install\n    RUN pip install -r requirements.txt',
  },
  suspect(view, { signals }) {
    const { step } = view;
    if (signals.dockerfileUnchanged || (view.onBase && view.baseState !== 'known')) return undefined;
    const copy = step.parsed.instruction === 'COPY' || step.parsed.instruction === 'ADD';
    // A copy right above an install is where people move lines to, and from.
    const atInstall = view.installs.length > 0 && copiesFolder(step.parsed.text) && !isRemoteAdd(step.parsed);
    return {
      kind: 'instruction-moved',
      confidence: 'possible',
      weight: copy ? (atInstall ? 0.65 : view.opensStage ? 0.5 : 0.56) : 0.3,
      summary: `The ${step.parsed.instruction} line was moved to another place`,
      because: [`${step.id} ran and what stands above it was reused`, 'the Dockerfile of the build before would tell'],
    };
  },
};
export default cause;

/** `COPY . .`, `COPY src src`; not `COPY package.json yarn.lock ./`: manifests stand where they stand. */
function copiesFolder(text: string): boolean {
  const words = text
    .split(/\s+/)
    .slice(1)
    .filter((w) => !w.startsWith('--'));
  return words.slice(0, -1).every((w) => !/\w\.\w+$|file$/i.test(w));
}
