import type { Cause, Facts, Finding } from './define.ts';
import { lineAbove } from './place.ts';
import { looksVolatile, type MissView } from './signals.ts';

const cause: Cause = {
  kind: 'build-arg-changed',
  title: 'A build argument changed',
  docs: {
    what: 'Every ARG that has a value is part of the environment, and so of the cache key, of each RUN below it in its stage, used or not. COPY and ADD do not have it in theirs. An argument that the Dockerfile does not declare counts for nothing, nor do the predefined proxy arguments.',
    known:
      'Certain, with both values, where the build before is known (a baseline, `docker history`, the record of the builder). From a log it is possible when a RUN is the first miss; likely when the command line passes a value that differs from build to build by its looks (a commit, a date, a number).',
    fix: 'Declare ARGs that change often right above the first line that needs them, or use them in a LABEL (`--label`) instead: labels are in no key.',
    example:
      '    ARG GIT_SHA                    # move this …\n    RUN apt-get update && …        # runs again for each commit\n    RUN echo "$GIT_SHA" > /version # … down to here',
  },
  suspect(view, facts) {
    const { step } = view;
    const line = lineAbove(view.step, facts.graph);
    if (line?.parsed.instruction === 'ARG')
      return one('likely', 1, /^ARG\s+([A-Za-z_]\w*)/.exec(line.parsed.text)?.[1], [
        `${line.name} ran anew although what stands above it was reused: in the classic builder ARG is a step of its own`,
      ]);
    if (step.parsed.instruction === 'WORKDIR') return epoch(view, facts);
    if (step.parsed.instruction !== 'RUN') return undefined;
    const scope = facts.newScope(view)?.filter((e) => e.kind === 'arg') ?? null;
    if (scope !== null && scope.length === 0) return undefined;
    const passed = Object.entries(facts.command?.buildArgs ?? {}).filter(([name]) => scope === null || scope.some((e) => e.name === name));
    const volatile = passed.find(([, value]) => value !== null && looksVolatile(value));
    if (volatile)
      return one('likely', 0.7, volatile[0], [
        `the command line passes ${volatile[0]}, whose value looks as if it differed from build to build`,
        `a RUN has every ARG above it in its key, used or not`,
      ]);
    const shown = volatileWord(step.parsed.text);
    const named = passed[0]?.[0] ?? scope?.find((e) => e.value !== null && looksVolatile(e.value))?.name ?? scope?.[0]?.name;
    if (shown)
      return one('possible', 0.85, named, [`its text holds "${shown}", which looks like a value that differs from build to build`]);
    return one('possible', view.sameResult ? 0.72 : scope || view.firstRun ? 0.7 : 0.65, named, [
      scope
        ? `${scope.map((e) => `ARG ${e.name}`).join(', ')} in scope of ${step.id} and of no reused RUN above it`
        : `${step.id} is a RUN and ran although everything above it was reused: an ARG above it that got another value looks just like this`,
      'a build argument leaves no trace in a log unless the step uses it: the Dockerfile and the values of the build before would tell',
    ]);
  },
};
export default cause;

function one(confidence: Finding['confidence'], weight: number, name: string | undefined, because: readonly string[]): Finding {
  return {
    kind: 'build-arg-changed',
    confidence,
    weight,
    summary: name ? `Build argument ${name} has another value` : 'A build argument in its scope has another value',
    because,
    before: null,
    after: null,
    ...(name !== undefined && { name }),
  };
}

/** mkdir carries SOURCE_DATE_EPOCH since Dockerfile 1.14: WORKDIR is the only step of the Dockerfile that does. */
function epoch(view: MissView, { command, signals }: Facts): Finding | undefined {
  const passed = command && 'SOURCE_DATE_EPOCH' in command.buildArgs;
  if (!passed && view.onBase && view.baseState !== 'known') return undefined;
  return one(passed ? 'likely' : 'possible', passed ? 0.9 : signals.nothingReused ? 0.58 : 0.46, 'SOURCE_DATE_EPOCH', [
    passed
      ? 'the command line sets SOURCE_DATE_EPOCH, which is part of the key of every WORKDIR'
      : `${view.step.id} is a WORKDIR and missed on a known base: its path, USER or SOURCE_DATE_EPOCH`,
  ]);
}

function volatileWord(text: string): string | null {
  // Past the name of the instruction, at most the first hundred words.
  for (const word of text.split(/[\s"'=:,;()]+/, 100)) if (word.length >= 7 && looksVolatile(word)) return word;
  return null;
}
