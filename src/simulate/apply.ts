/** What is done with a change when the user asks for it: write it to the work tree, or build with and without it and compare the images. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';
import type { FixInput } from '../fix/propose.ts';
import { workTreeRoot } from '../git/repository.ts';
import { errorLine } from '../guard.ts';
import type { ChangedFiles } from './improve.ts';
import type { SimulationRun } from './simulate.ts';

/** Writes the change. Nothing is written where a file differs from what the change was made for. */
export async function applyChange(run: SimulationRun, changed: ChangedFiles, input: FixInput): Promise<void> {
  const root = await workTreeRoot(run.paths.repo);
  if (root === null) throw new UserError('a bare repository has no files to change', 'Apply the printed diff in a clone: patch -p1.');
  const writes: { file: string; text: string }[] = [];
  const plan = (name: string | undefined, before: string, after: string | null, exists: boolean): void => {
    if (after === null || name === undefined) return;
    const file = path.join(root, name);
    if (readOrNull(file) !== (exists ? before : null))
      throw new UserError(
        `${name} is not as in the newest commit`,
        'Commit or undo your changes first, or apply the printed diff: patch -p1.',
      );
    writes.push({ file, text: after });
  };
  plan(input.dockerfilePath, input.dockerfile, changed.dockerfile, true);
  plan(input.ignorePath, input.ignore, changed.ignore, input.ignoreExists ?? input.ignore !== '');
  for (const { file, text } of writes) writeFileSync(file, text);
  process.stderr.write(`cachewhy: wrote ${errorLine(writes.map((w) => path.relative(process.cwd(), w.file)).join(', '))}\n`);
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

/** @returns the exit status: 0 the images hold the same, 1 they do not */
export async function checkChange(run: SimulationRun, changed: ChangedFiles, input: FixInput): Promise<number> {
  const { compareImages } = await import('./check.ts');
  return compareImages(run, changed, input);
}
