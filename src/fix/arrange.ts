/** Puts the copy of what an install needs above it and the copy of all the rest below, where that changes nothing but the order. */
import { compileIgnore } from '../context/dockerignore.ts';
import type { Dockerfile, Instruction } from '../dockerfile/model.ts';
import { resolveDestination } from '../dockerfile/paths.ts';
import { clip } from '../text.ts';
import type { Ecosystem, InstallPlan } from './ecosystems/types.ts';
import { type Command, needsNoFiles, program } from './shell.ts';
import { relativeTo, type StageLine, unquote } from './stage.ts';
import { blockOf, type Edit } from './text.ts';
import type { FixInput, Piece } from './types.ts';

/** A copy of files of the context, and where it stands among the lines of its stage. */
export type CopyLine = StageLine & { readonly copy: NonNullable<StageLine['copy']>; readonly at: number };

/** What stands at the front of a RUN: the install and what needs no files; and what comes after. */
export interface Split {
  readonly ecosystem: Ecosystem;
  readonly install: Command;
  readonly head: readonly Command[];
  readonly tail: readonly Command[];
}

/** What one install comes to. */
export interface OneRewrite {
  readonly edits: readonly Edit[];
  readonly name: string;
  readonly plan: InstallPlan;
  readonly ignoreLines: readonly string[];
  readonly unverified: readonly string[];
  readonly pieces: readonly Piece[];
}

/** The install, what it needs, the folder of the context that it runs in, and the copies of more than it needs. */
export interface Arrangement {
  readonly split: Split;
  readonly plan: InstallPlan;
  readonly origin: string;
  readonly broad: readonly CopyLine[];
}

/** @returns why it cannot be, where it cannot */
export function arrange(
  dockerfile: Dockerfile,
  lines: readonly StageLine[],
  at: number,
  a: Arrangement,
  input: FixInput,
): OneRewrite | string {
  const { split, plan, origin, broad } = a;
  const run = lines[at] as StageLine;
  const first = broad[0] as CopyLine;
  const blocked = findObstacle(lines, first.at, at, broad);
  if (blocked !== null) return blocked;
  const made = checkMade(plan, origin, input);
  if (typeof made === 'string') return made;
  const copied = manifestLines(plan.files, origin, first, run.workdir, input);
  if (typeof copied === 'string') return copied;
  // `RUN --mount=type=secret,id=npmrc `: each part of the RUN keeps its flags.
  const flags = run.instruction.text.slice(0, run.instruction.text.length - run.instruction.rest.length).replace(/^\S+/, 'RUN');
  const runOf = (commands: readonly Command[]): string => `${flags}${commands.map((c) => c.text).join(' && ')}`;
  const edits: Edit[] = [{ at: first.instruction, where: 'replace-with-comments', text: `${copied.join('\n')}\n` }];
  for (const b of broad.slice(1)) edits.push({ at: b.instruction, where: 'replace-with-comments', text: '' });
  const moved = broad.map((b) => blockOf(dockerfile, b.instruction)).join('');
  const old = run.instruction.text.replace(/^\S+/, 'RUN');
  const pieces: Piece[] = [];
  const unverified: string[] = [];
  if (plan.early !== undefined) {
    const before = [...split.head.slice(0, split.head.indexOf(split.install)), { text: plan.early, words: [] }];
    edits.push({ at: run.instruction, where: 'before', text: `${runOf(before)}\n${moved}` });
    pieces.push({ text: runOf(before), of: old, share: 1 }, { text: old, of: old, share: 0.1 });
    unverified.push('how long the second run of the install takes: a tenth of the first is assumed');
  } else if (split.tail.length > 0) {
    edits.push({ at: run.instruction, where: 'replace', text: `${runOf(split.head)}\n${moved}${runOf(split.tail)}\n` });
    pieces.push({ text: runOf(split.head), of: old, share: 0.5 }, { text: runOf(split.tail), of: old, share: 0.5 });
    unverified.push('which part of the step the install takes: half of it is assumed');
  } else edits.push({ at: run.instruction, where: 'after', text: moved });
  return {
    edits,
    name: split.ecosystem.name === 'npm, Yarn, pnpm, Bun' ? (program(split.install)[0] ?? '') : split.ecosystem.name,
    plan,
    ignoreLines: made,
    unverified,
    pieces,
  };
}

/** What between the copy and the install cannot change places with the copy. */
function findObstacle(lines: readonly StageLine[], from: number, to: number, broad: readonly CopyLine[]): string | null {
  const moving = new Set(broad.map((b) => b.at));
  for (const b of broad) {
    if (b.copy.selection.parents || b.copy.selection.exclude) return 'the copy above it has --parents or --exclude';
    if (b.instruction.keyword === 'ADD') return 'ADD above it unpacks archives: what it brings is not followed';
  }
  for (let i = from; i < to; i++) {
    const { instruction, commands } = lines[i] as StageLine;
    if (moving.has(i)) continue;
    if (instruction.keyword === 'RUN' && !(commands?.every(needsNoFiles) ?? false))
      return `\`${clip(instruction.text)}\` stands between the copy and the install and may need the files`;
    if (instruction.keyword === 'WORKDIR' && broad.some((b) => !isAbsoluteCopy(b.instruction)))
      return 'WORKDIR changes between the copy and the install';
    if (instruction.keyword === 'COPY' || instruction.keyword === 'ADD') {
      // Of two that lie over each other the later one wins.
      const dest = resolveDestination((lines[i] as StageLine).workdir, unquote((instruction.json ?? instruction.words).at(-1) ?? ''));
      if (broad.some((b) => b.at < i && (relativeTo(b.copy.dest, dest) !== null || relativeTo(dest, b.copy.dest) !== null)))
        return `\`${clip(instruction.text)}\` lies over what is copied above it`;
    }
  }
  return null;
}

function isAbsoluteCopy(i: Instruction): boolean {
  return (i.json ?? i.words).at(-1)?.replace(/^["']/, '').startsWith('/') ?? false;
}

/** What the install makes must not come out of the context as well. @returns lines for the ignore file, or a reason */
function checkMade(plan: InstallPlan, root: string, input: FixInput): string[] | string {
  const lines: string[] = [];
  const rules = compileIgnore(input.ignore);
  for (const name of plan.makes) {
    const bare = name.replace(/^\*\*\//, '');
    const inContext = [...input.listing.entries.keys()].find((p) =>
      name.startsWith('**/') ? `/${p}`.endsWith(`/${bare}`) : p === (root === '' ? bare : `${root}/${bare}`),
    );
    if (inContext !== undefined && (bare === 'bin' || bare === 'obj' || bare === 'build' || bare === 'target' || bare === 'deps')) continue;
    if (inContext !== undefined) return `${inContext} is in the context: the copy would put it over what the install made`;
    const sample = name.startsWith('**/') ? [bare, `x/${bare}`] : [root === '' ? bare : `${root}/${bare}`];
    if (/^(?:node_modules|vendor|\.venv)$/.test(bare) && sample.some((s) => rules.ignores(s) !== true))
      lines.push(name.startsWith('**/') || root === '' ? name : `${root}/${bare}`);
  }
  return lines;
}

/** `COPY --chown=node package.json package-lock.json ./`, and a line for each folder below. */
function manifestLines(files: readonly string[], root: string, first: CopyLine, workdir: string, input: FixInput): string[] | string {
  const { copy, workdir: here } = first;
  const here_ = here.replace(/(?<!\/)\/+$/, '');
  const folderOf = (dir: string): string => {
    const target = `${workdir.replace(/(?<!\/)\/+$/, '')}${dir === '' ? '' : `/${dir}`}`;
    const below = relativeTo(here_ === '' ? '/' : here_, target === '' ? '/' : target);
    // As the copy above is written.
    if (below === null || isAbsoluteCopy(first.instruction)) return `${target}/`;
    return below === '' ? './' : `${below}/`;
  };
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const path = root === '' ? file : `${root}/${file}`;
    const entry = input.listing.entries.get(path);
    if (!entry) return `${path} is not in the context`;
    if (entry.type === 'symlink') return `${path} is a symlink`;
    // A folder is copied into a folder of its name.
    const dir = entry.type === 'dir' ? file : file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : '';
    const group = groups.get(dir);
    if (group) group.push(path);
    else groups.set(dir, [path]);
  }
  return [...groups].map(([dir, paths]) => {
    const dest = folderOf(dir);
    if (paths.some((p) => /\s/.test(p)) || /\s/.test(dest)) return `COPY ${copy.flags}${JSON.stringify([...paths, dest])}`;
    return `COPY ${copy.flags}${paths.join(' ')} ${dest}`;
  });
}
