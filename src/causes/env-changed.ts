import type { Step } from '../graph/step.ts';
import type { Cause, Finding } from './define.ts';
import { lineAbove } from './place.ts';
import type { MissView } from './signals.ts';

const cause: Cause = {
  kind: 'env-changed',
  title: 'An ENV variable changed',
  docs: {
    what: 'The environment is part of the key of each RUN below the ENV line, in its order. COPY, ADD and WORKDIR do not have it in theirs. LABEL, CMD, EXPOSE and the like are in no key.',
    known:
      'Certain where the build before is known. From a log alone it is possible when a RUN is the first miss of its stage; the ENV line itself is never shown.',
    fix: 'Set variables that change (versions, modes) below the slow steps that do not need them.',
    example: '    ENV APP_VERSION=1.4.2       # changes with every release\n    RUN apt-get install -y …    # runs again with it',
  },
  suspect(view, facts) {
    const line = lineAbove(view.step, facts.graph);
    if (line?.parsed.instruction === 'ENV') return ranAgain(line);
    if (view.step.parsed.instruction !== 'RUN') return undefined;
    if (facts.signals.dockerfileUnchanged && view.baseState === 'known') return undefined;
    const scope = facts.newScope(view)?.filter((e) => e.kind === 'env') ?? null;
    if (scope !== null && scope.length === 0) return undefined;
    const name = scope?.[0]?.name;
    return {
      kind: 'env-changed',
      confidence: 'possible',
      weight: weigh(view, name !== undefined),
      summary: name ? `ENV ${name} changed` : 'An ENV above it changed',
      because: [`${view.step.id} is a RUN: an ENV line above it that changed leaves no other trace`],
      before: null,
      after: null,
      ...(name !== undefined && { name }),
    };
  },
};
export default cause;

function ranAgain(line: Step): Finding {
  const name = /^ENV\s+([A-Za-z_]\w*)/.exec(line.parsed.text)?.[1];
  return {
    kind: 'env-changed',
    confidence: 'likely',
    weight: 1,
    summary: `${name ? `ENV ${name}` : 'The ENV line'} above it changed`,
    because: [`${line.name} ran anew although what stands above it was reused: in the classic builder ENV is a step of its own`],
    before: null,
    after: null,
    ...(name !== undefined && { name }),
  };
}

/** An edited line mostly gives another result; a variable that the commands do not look at never does. */
function weigh(view: MissView, declared: boolean): number {
  if (view.sameResult) return view.firstRun ? 0.7 : 0.64;
  // ENV lines stand at the top, right below FROM.
  return view.firstRun ? (view.onBase ? 0.66 : declared ? 0.62 : 0.58) : 0.5;
}
