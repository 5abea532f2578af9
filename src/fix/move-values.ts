/** Move ARG and ENV lines whose value changes often below the slow steps that do not use them. */
import type { Dockerfile, Instruction } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { applyEdits, blockOf } from './text.ts';
import type { FixInput } from './types.ts';

export const MOVE_VALUES = 'move-values-down';

export interface MovedDown {
  readonly text: string;
  readonly names: readonly string[];
}

/** What people put a commit, a date or a build number in. */
const VOLATILE =
  /^(?:.*_)?(?:SHA|COMMIT|COMMIT_SHA|GIT_SHA|GIT_COMMIT|GIT_REV|REVISION|REV|BUILD|BUILD_ID|BUILD_NUMBER|BUILD_NUM|BUILD_DATE|BUILD_TIME|BUILD_TIMESTAMP|TIMESTAMP|DATE|RELEASE|APP_VERSION|VERSION|IMAGE_TAG|TAG|CACHE_?BUST(?:ER)?|CACHEBUST)$/i;

export function moveValuesDown(input: FixInput): MovedDown {
  const names: string[] = [];
  let text = input.dockerfile;
  for (let round = 0; round < 10; round++) {
    const dockerfile = parseDockerfile(text, 'Dockerfile');
    const done = moveOne(dockerfile, input.volatile ?? []);
    if (!done) break;
    text = done.text;
    names.push(...done.names);
  }
  return { text, names };
}

function moveOne(dockerfile: Dockerfile, volatile: readonly string[]): { text: string; names: readonly string[] } | null {
  for (const stage of dockerfile.stages)
    for (const [at, instruction] of stage.instructions.entries()) {
      if (instruction.keyword !== 'ARG' && instruction.keyword !== 'ENV') continue;
      const names = instruction.pairs.map((p) => p.name);
      if (names.length === 0 || !names.every((n) => VOLATILE.test(n) || volatile.includes(n))) continue;
      const below = stage.instructions.slice(at + 1);
      const uses = (i: Instruction): boolean => names.some((n) => mentions(i, n));
      const first = below.findIndex(uses);
      const passed = first < 0 ? below : below.slice(0, first);
      // Only a RUN has it in its key; what is below the last of them is low enough.
      const last = passed.findLastIndex((i) => i.keyword === 'RUN');
      if (last < 0 || passed.some((i) => isLocalBuild(i, names))) continue;
      // Where a stage starts from this one, its end is not the end.
      if (first < 0 && dockerfile.stages.some((s) => s.index > stage.index && s.base === stage.name)) continue;
      const target = passed[last] as Instruction;
      return {
        text: applyEdits(dockerfile, [
          { at: instruction, where: 'replace-with-comments', text: '' },
          { at: target, where: 'after', text: blockOf(dockerfile, instruction) },
        ]),
        names,
      };
    }
  return null;
}

function mentions(i: Instruction, name: string): boolean {
  const word = new RegExp(`(?:^|[^A-Za-z0-9_])${name}(?:$|[^A-Za-z0-9_])`);
  return word.test(i.text) || i.heredocs.some((h) => word.test(h.body));
}

/** A build may read a variable that its line does not show: `npm run build` with process.env.APP_VERSION. */
function isLocalBuild(i: Instruction, names: readonly string[]): boolean {
  return (
    i.keyword === 'RUN' &&
    names.some((n) => /VERSION|TAG|RELEASE/i.test(n)) &&
    /\b(?:run|build|make|package|compile|publish|assemble)\b/.test(i.rest)
  );
}
