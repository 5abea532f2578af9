/** A stage as the fixes see it: what it copies from the context, where it stands, what its RUNs do. */
import type { CopySelection } from '../context/select.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/model.ts';
import { readMounts } from '../dockerfile/mounts.ts';
import { resolveDestination, resolveWorkdir } from '../dockerfile/paths.ts';
import { isRemoteSource } from '../graph/names.ts';
import { type Command, splitCommands } from './shell.ts';

export interface StageLine {
  readonly instruction: Instruction;
  /** Working directory at this line, absolute. */
  readonly workdir: string;
  readonly copy: ContextCopy | null;
  /** Of a RUN in shell form; null where it is more than commands joined by `&&`. */
  readonly commands: readonly Command[] | null;
}

/** COPY or ADD that reads the build context. */
export interface ContextCopy {
  readonly selection: CopySelection;
  /** Absolute; ends in a slash where it is a folder. */
  readonly dest: string;
  /** `--chown=node:node `, with a blank at the end; '' for none. */
  readonly flags: string;
}

const read = new WeakMap<Stage, StageLine[] | null>();

/** null: variables or flags make it more than can be followed. */
export function readStage(stage: Stage, dockerfile: Dockerfile): readonly StageLine[] | null {
  let lines = read.get(stage);
  if (lines === undefined) {
    lines = readLines(stage, dockerfile);
    read.set(stage, lines);
  }
  return lines;
}

function readLines(stage: Stage, dockerfile: Dockerfile): StageLine[] | null {
  const lines: StageLine[] = [];
  let workdir = initialWorkdir(stage, dockerfile);
  for (const instruction of stage.instructions) {
    if (instruction.keyword === 'WORKDIR') {
      if (instruction.rest.includes('$')) return null;
      workdir = resolveWorkdir(workdir, unquote(instruction.rest));
    }
    const copy = instruction.keyword === 'COPY' || instruction.keyword === 'ADD' ? readCopy(instruction, workdir) : null;
    if (copy === 'unclear') return null;
    const shell = instruction.keyword === 'RUN' && instruction.json === null && instruction.heredocs.length === 0;
    lines.push({ instruction, workdir, copy, commands: shell ? splitCommands(instruction.rest) : null });
  }
  return lines;
}

/** A stage that starts from another has its working directory; images are taken to have `/`. */
function initialWorkdir(stage: Stage, dockerfile: Dockerfile): string {
  const parent = dockerfile.stages
    .slice(0, stage.index)
    .findLast((s) => s.name !== null && s.name.toLowerCase() === stage.base.toLowerCase());
  let workdir = parent ? initialWorkdir(parent, dockerfile) : '/';
  for (const i of parent?.instructions ?? [])
    if (i.keyword === 'WORKDIR' && !i.rest.includes('$')) workdir = resolveWorkdir(workdir, unquote(i.rest));
  return workdir;
}

function readCopy(instruction: Instruction, workdir: string): ContextCopy | null | 'unclear' {
  if (instruction.flags.some((f) => f.name === 'from')) return null;
  const words = instruction.json ?? instruction.words.map(unquote);
  const sources = words.slice(0, -1).filter((w) => !w.startsWith('<<') && !(instruction.keyword === 'ADD' && isRemoteSource(w)));
  if (sources.length === 0) return null;
  if (words.some((w) => w.includes('$'))) return 'unclear';
  const parents = instruction.flags.some((f) => f.name === 'parents' && f.value !== 'false');
  const exclude = instruction.flags.filter((f) => f.name === 'exclude').map((f) => f.value ?? '');
  const kept = instruction.flags.filter((f) => f.name === 'chown' || f.name === 'chmod' || f.name === 'link');
  return {
    selection: { sources, ...(parents && { parents }), ...(exclude.length > 0 && { exclude }) },
    dest: resolveDestination(workdir, words.at(-1) ?? ''),
    flags: kept.map((f) => `--${f.name}${f.value === null ? '' : `=${f.value}`} `).join(''),
  };
}

/** Does a RUN mount files of the build context? */
export function mountsContext(instruction: Instruction): boolean {
  return readMounts(instruction, (t) => t).some((m) => m.type === 'bind' && m.from === '');
}

export function unquote(word: string): string {
  return word.replace(/^(["'])(.*)\1$/, '$2');
}

/** Path of a file in the image, below a folder; null where it lies elsewhere. '' is the folder itself. */
export function relativeTo(folder: string, path: string): string | null {
  const base = folder.replace(/(?<!\/)\/+$/, '');
  const full = path.replace(/(?<!\/)\/+$/, '');
  if (full === base) return '';
  return full.startsWith(`${base}/`) ? full.slice(base.length + 1) : null;
}
