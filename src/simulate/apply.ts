/** What is done with a change when the user asks for it: write it to the work tree, or build with and without it and compare the images. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';
import type { FixInput } from '../fix/propose.ts';
import { workTreeRoot } from '../git/repository.ts';
import { errorLine } from '../guard.ts';
import { liesIn, readPlainText } from '../machine/plain-file.ts';
import { reasonOf, writeNamed } from '../machine/whole-file.ts';
import type { ChangedFiles } from './improve.ts';
import type { SimulationRun } from './simulate.ts';

/** No Dockerfile and no ignore file is larger. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Writes the change. Nothing is written where a file differs from what the change was made for. */
export async function applyChange(run: SimulationRun, changed: ChangedFiles, input: FixInput): Promise<void> {
  const root = await workTreeRoot(run.paths.repo);
  if (root === null) throw new UserError('a bare repository has no files to change', 'apply the printed diff in a clone: patch -p1');
  const writes: Write[] = [];
  const plan = (name: string | undefined, before: string, after: string | null, exists: boolean): void => {
    if (after === null || name === undefined) return;
    const file = path.join(root, name);
    // A checkout may hold links of other people.
    if (!liesIn([root], file))
      throw new UserError(`${name} leads out of the repository`, 'apply the printed diff to the file itself: patch -p1');
    if (readPlainText(file, MAX_BYTES) !== (exists ? before : null))
      throw new UserError(
        `${name} is not as in the newest commit`,
        'commit or undo your changes first, or apply the printed diff: patch -p1',
      );
    writes.push({ file, before: exists ? before : null, text: after });
  };
  plan(input.dockerfilePath, input.dockerfile, changed.dockerfile, true);
  plan(input.ignorePath, input.ignore, changed.ignore, input.ignoreExists ?? input.ignore !== '');
  writeTogether(writes);
  process.stderr.write(`cachewhy: wrote ${errorLine(writes.map((w) => path.relative(process.cwd(), w.file)).join(', '))}\n`);
}

interface Write {
  readonly file: string;
  /** Null: there is no such file. */
  readonly before: string | null;
  readonly text: string;
}

/** All of them or none: a Dockerfile without its ignore file is another change than the one that was proven. */
function writeTogether(writes: readonly Write[]): void {
  for (const [at, { file, text }] of writes.entries()) {
    try {
      writeNamed(file, text, { lasting: true });
    } catch (error) {
      for (const done of writes.slice(0, at)) undo(done);
      throw new UserError(
        `${path.relative(process.cwd(), file)} cannot be written: ${reasonOf(error)}`,
        'nothing was changed: apply the printed diff yourself (patch -p1)',
      );
    }
  }
}

function undo({ file, before }: Write): void {
  if (before === null) rmSync(file, { force: true });
  else writeNamed(file, before, { lasting: true });
}

/** @returns the exit status: 0 the images hold the same, 1 they do not */
export async function checkChange(run: SimulationRun, changed: ChangedFiles, input: FixInput): Promise<number> {
  const { compareImages } = await import('./check.ts');
  return compareImages(run, changed, input);
}
