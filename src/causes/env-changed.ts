import type { Cause } from './define.ts';

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
    if (view.step.parsed.instruction !== 'RUN') return undefined;
    if (facts.signals.dockerfileUnchanged && view.baseState === 'known') return undefined;
    const scope = facts.newScope(view)?.filter((e) => e.kind === 'env') ?? null;
    if (scope !== null && scope.length === 0) return undefined;
    const name = scope?.[0]?.name;
    return {
      kind: 'env-changed',
      confidence: 'possible',
      weight: 0.5,
      summary: name ? `ENV ${name} changed` : 'An ENV above it changed',
      because: [`${view.step.id} is a RUN: an ENV line above it that changed leaves no other trace`],
      before: null,
      after: null,
      ...(name !== undefined && { name }),
    };
  },
};
export default cause;
