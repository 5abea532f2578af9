/** What git cannot tell, and what a simulation takes for true instead. Only what matters for this Dockerfile is said. */
import type { StepKeys } from '../keys/model.ts';
import type { Assumption, Memory, Replay } from './model.ts';

export interface AssumptionFacts {
  readonly replay: Replay;
  /** Steps of the newest commit that can be built. */
  readonly steps: readonly StepKeys[];
  readonly images: readonly string[];
  readonly memory: Memory;
  /** The commit before the first was built before. */
  readonly warm: boolean;
  readonly identical: ReadonlySet<string>;
  readonly baseDays: number | null;
  readonly buildArgs: readonly string[];
  readonly declaredArgs: readonly string[];
  readonly changingArgs: readonly string[];
  readonly durationsKnown: number;
  readonly submodules: boolean;
  readonly readsSubmodules: boolean;
  readonly lfs: boolean;
  readonly mergeOp: boolean;
  /** A COPY of the whole context would also take `.git`, were it there. */
  readonly gitMatters: boolean;
  readonly withGit: boolean;
}

export function listAssumptions(f: AssumptionFacts): Assumption[] {
  const list: Assumption[] = [];
  const add = (id: Assumption['id'], text: string, option?: string): void => {
    list.push({ id, text, ...(option !== undefined && { option }) });
  };
  const moving = f.images.filter((i) => !i.includes('@sha256:'));
  if (moving.length > 0)
    add(
      'base-images',
      f.baseDays === null
        ? `${moving.join(', ')}: the tag stays on one image the whole time`
        : `${moving.join(', ')}: the tag moves to another image every ${f.baseDays} days`,
      '--base-moves DAYS',
    );
  const open = f.declaredArgs.filter((n) => !f.changingArgs.includes(n));
  if (open.length > 0)
    add(
      'build-arguments',
      `build arguments (${open.join(', ')}) have the same value in each build`,
      '--build-arg NAME=VALUE, --changing-arg NAME',
    );
  if (f.changingArgs.length > 0)
    add('build-arguments', `${f.changingArgs.join(', ')} has another value in each build`, '--changing-arg NAME');
  if (f.replay.summary.uncertain > 0 || f.identical.size > 0)
    add(
      'stage-outputs',
      f.identical.size > 0
        ? `what is copied from ${f.identical.has('*') ? 'other stages' : [...f.identical].join(', ')} is the same whatever ran there`
        : `a stage that runs comes out different: ${f.replay.summary.uncertain} of the rebuilt steps copy from one, and were reused if it came out the same`,
      '--assume-identical STAGE',
    );
  add('memory', describeMemory(f.memory, f.warm), f.warm ? '--memory, --cold' : '--memory');
  if (f.memory.kind === 'size') add('sizes', 'each RUN takes 100 MB, each COPY 10 MB, each WORKDIR nothing', '--run-size, --copy-size');
  const unknown = f.replay.steps.filter((s) => s.basis === 'none' && s.misses > 0).length;
  const similar = f.replay.steps.filter((s) => s.basis === 'similar' && s.misses > 0).length;
  if (f.durationsKnown === 0) add('durations', 'no log was given: steps are counted, not timed', '--log FILE');
  else if (unknown + similar > 0)
    add(
      'durations',
      `a step takes as long as in the log${similar > 0 ? `; ${similar} that it does not show take as long as one like them` : ''}${unknown > 0 ? `; ${unknown} count nothing, for nothing like them is in it` : ''}`,
      '--log FILE (repeatable)',
    );
  else add('durations', 'a step takes as long as in the log', '--log FILE (repeatable)');
  if (f.readsSubmodules)
    add(
      'submodules',
      f.submodules ? 'submodules are checked out: each move of one is a change' : 'submodules are empty folders, as in a plain checkout',
      '--submodules',
    );
  if (f.lfs) add('lfs', 'files kept in git LFS count by their pointers: a new version is a new pointer');
  if (f.gitMatters)
    add(
      'git-folder',
      f.withGit
        ? '.git is in the context: it differs at each commit'
        : '.git is not in the context (a checkout has it, and no line of .dockerignore keeps it out)',
      '--with-git',
    );
  if (f.steps.some((s) => s.reads.some((r) => r.kind === 'remote'))) add('remote-sources', 'what ADD fetches stays the same');
  if (f.steps.some((s) => s.link))
    add(
      'link',
      f.mergeOp
        ? 'COPY --link is reused although the step below it changed (a builder with its own store, or the containerd image store)'
        : 'COPY --link is treated as a plain COPY, as the classic image store does',
      '--merge-op',
    );
  return list;
}

function describeMemory(memory: Memory, warm: boolean): string {
  if (memory.kind === 'everything')
    return warm
      ? 'the builder remembers everything it built since the commit before the first of these'
      : 'the builder begins with nothing and remembers everything it builds';
  if (memory.kind === 'previous') return 'the builder remembers the build before, and nothing else';
  return `the builder keeps ${Math.round(memory.bytes / 1e6)} MB and drops what was used longest ago and least`;
}
