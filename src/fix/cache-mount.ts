/** Give an install a cache mount: what it downloads stays on the builder. Pure. */
import { packageManagerOfText } from '../advice/install.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { applyEdits } from './text.ts';

export const CACHE_MOUNT = 'cache-mount';

export interface Mounted {
  readonly text: string;
  /** Why an install keeps what it is. */
  readonly refused: readonly string[];
}

/** What throws the cache away, or does without one: a mount would be in its way, or for nothing. */
const UNCACHED =
  /--no-cache-dir\b|PIP_NO_CACHE_DIR|\bcache clean\b|\bclean --force\b|clear-cache|\brm -rf?\b[^;&|]{0,1000}(?:\.npm|\.cache|\.m2|\.gradle|\.nuget|\/go\/pkg|registry)/;

export function addCacheMounts(dockerfile: string): Mounted {
  const parsed = parseDockerfile(dockerfile, 'Dockerfile');
  const refused: string[] = [];
  const edits = parsed.stages.flatMap((stage) =>
    stage.instructions.flatMap((instruction, at) => {
      const manager = instruction.keyword === 'RUN' ? packageManagerOfText(instruction.text) : undefined;
      if (!manager || instruction.flags.some((f) => f.name === 'mount')) return [];
      const obstacle = manager.isStore
        ? `each RUN that reads ${manager.cache} needs the same mount, and which do is not known`
        : findObstacle(parsed, stage, at, instruction);
      if (obstacle !== null) {
        refused.push(`line ${instruction.range.line}: ${obstacle}`);
        return [];
      }
      const lines = parsed.text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      const block = lines.slice(instruction.range.line - 1, instruction.range.endLine).join('');
      return [
        {
          at: instruction,
          where: 'replace' as const,
          text: block.replace(/^(\s*RUN)\s+/i, (_, run: string) => `${run} --mount=type=cache,target=${manager.cache} `),
        },
      ];
    }),
  );
  return { text: applyEdits(parsed, edits), refused };
}

function findObstacle(dockerfile: Dockerfile, stage: Stage, at: number, instruction: Instruction): string | null {
  if (UNCACHED.test(instruction.text)) return 'it does without its cache, or throws it away';
  if (stage.instructions.some((i) => i.keyword === 'ENV' && /NO_CACHE|CACHE_DIR|_HOME\b|CACHE_FOLDER/.test(i.text)))
    return 'ENV says where caches are';
  const user = stage.instructions.slice(0, at).findLast((i) => i.keyword === 'USER');
  if (user && !/^(?:root|0)(?::|$)/.test(user.rest)) return `it runs as ${user.rest}, whose cache is elsewhere`;
  // Where a stage starts from another, USER may stand there.
  const parent = dockerfile.stages.find((s) => s.index < stage.index && s.name?.toLowerCase() === stage.base.toLowerCase());
  if (!user && parent?.instructions.some((i) => i.keyword === 'USER')) return 'the stage that it starts from sets a USER';
  return null;
}
