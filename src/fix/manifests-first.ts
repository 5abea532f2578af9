/** Copy what an install needs, install, then copy the rest: a source edit no longer repeats the install. */
import { selectEntries } from '../context/select.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { arrange, type CopyLine, type OneRewrite, type Split } from './arrange.ts';
import { COMPILES, ecosystems } from './ecosystems/index.ts';
import type { Ecosystem, Install } from './ecosystems/types.ts';
import { type Command, needsNoFiles, program } from './shell.ts';
import { mountsContext, readStage, relativeTo, type StageLine } from './stage.ts';
import { applyEdits } from './text.ts';
import type { FixInput, Piece } from './types.ts';

export const MANIFESTS_FIRST = 'copy-manifests-first';

/** What the pass over a whole file came to. */
export interface Rewritten {
  readonly text: string;
  /** Lines that the ignore file must have. */
  readonly ignoreLines: readonly string[];
  readonly names: readonly string[];
  readonly keeps: readonly string[];
  readonly unverified: readonly string[];
  readonly pieces: readonly Piece[];
  readonly refused: readonly string[];
}

/** More installs than these are in no stage. */
const MAX_ROUNDS = 12;

export function copyManifestsFirst(input: FixInput): Rewritten {
  const written = parseDockerfile(input.dockerfile, 'Dockerfile');
  const done: OneRewrite[] = [];
  const refused: string[] = [];
  // An install at a time in each stage: what was rewritten is read anew.
  let dockerfile = written;
  let open = new Set(written.stages.map((stage) => stage.index));
  for (let round = 0; round < MAX_ROUNDS && open.size > 0; round++) {
    const found = dockerfile.stages.flatMap((stage) => {
      const one = open.has(stage.index) ? rewriteStage(stage, dockerfile, written, input, refused) : null;
      return one ? [{ ...one, stage: stage.index }] : [];
    });
    done.push(...found);
    open = new Set(found.map((one) => one.stage));
    if (found.length > 0)
      dockerfile = parseDockerfile(
        applyEdits(
          dockerfile,
          found.flatMap((one) => one.edits),
        ),
        'Dockerfile',
      );
  }
  return {
    text: dockerfile.text,
    ignoreLines: done.flatMap((one) => one.ignoreLines),
    names: done.map((one) => one.name),
    keeps: done.flatMap(({ name, plan }) => plan.keeps.map((k) => `${name}: ${k}`)),
    unverified: done.flatMap((one) => [...one.plan.unverified, ...one.unverified]),
    pieces: done.flatMap((one) => one.pieces),
    refused: [...new Set(refused)],
  };
}

/** The first install of a stage that stands below a copy of more than it needs. @param written the Dockerfile as people know it: its lines are told */
function rewriteStage(stage: Stage, dockerfile: Dockerfile, written: Dockerfile, input: FixInput, refused: string[]): OneRewrite | null {
  const lines = readStage(stage, dockerfile);
  if (!lines) {
    if (stage.instructions.some((i) => i.keyword === 'RUN' && mayInstall(i)))
      refused.push(`line ${written.stages[stage.index]!.from.range.line}: variables in its WORKDIR or COPY lines are not followed`);
    return null;
  }
  const copies = lines.flatMap((line, at): CopyLine[] => (line.copy ? [{ ...line, copy: line.copy, at }] : []));
  for (const [at, { instruction }] of lines.entries()) {
    if (instruction.keyword !== 'RUN' || !copies.some((copy) => copy.at < at)) continue;
    const result = rewriteInstall(dockerfile, lines, at, copies, input);
    if (typeof result !== 'string') {
      if (result) return result;
      continue;
    }
    const original = written.stages[stage.index]!.instructions.find((i) => i.text === instruction.text) ?? instruction;
    refused.push(`line ${original.range.line}: ${result}`);
  }
  return null;
}

/** Is there an install somewhere in it, whatever stands around it? */
function mayInstall(i: Instruction): boolean {
  return i.words.some((_, at) => {
    const rest = i.words.slice(at);
    const end = rest.findIndex((w) => OPERATOR.test(w));
    const words = end < 0 ? rest : [...rest.slice(0, end), ...(rest[end]!.endsWith(';') ? [rest[end]!.slice(0, -1)] : [])];
    return ecosystems.some((e) => e.matches(words));
  });
}

/** What ends a command: `|`, `||`, `;`, `&&`, `>log`, or a `;` right behind its last word. */
const OPERATOR = /^(?:[|&;)]|\d?>)|;$/;

/** @returns null where nothing is to be done, a reason where it is not safe */
function rewriteInstall(
  dockerfile: Dockerfile,
  lines: readonly StageLine[],
  at: number,
  allCopies: readonly CopyLine[],
  input: FixInput,
): OneRewrite | string | null {
  const line = lines[at] as StageLine;
  if (mountsContext(line.instruction)) return null;
  if (!line.commands) return mayInstall(line.instruction) ? 'its command is more than commands joined by &&' : null;
  const split = splitRun(line.commands);
  const copies = allCopies.filter((copy) => copy.at < at);
  if (!split) return compilesToo(line.commands, copies, input);
  const origin = findRoot(copies, line.workdir, input);
  if (origin === null)
    return copies.some(({ copy }) => takesFolder(copy.selection.sources, input))
      ? 'it does not run in a folder that is copied from the context'
      : null;
  const install = makeInstall(split, origin, input);
  const plan = split.ecosystem.plan(install);
  const early = typeof plan === 'string' ? undefined : plan.early;
  if (early !== undefined && lines.slice(0, at).some((l) => l.commands?.some((c) => c.text === early))) return null;
  if (typeof plan === 'string') return broadCopies(copies, [], origin, input).length > 0 ? plan : null;
  const broad = broadCopies(copies, plan.files, origin, input);
  if (broad.length === 0) return null;
  return arrange(dockerfile, lines, at, { split, plan, origin, broad }, input);
}

/** The folder of the context whose copy the install runs in. */
function findRoot(copies: readonly CopyLine[], workdir: string, input: FixInput): string | null {
  for (const { copy } of copies) {
    const below = relativeTo(copy.dest, workdir);
    if (below === null) continue;
    const sources = copy.selection.sources.map(cleanSource);
    const [only] = sources;
    const isFolder = (path: string): boolean => path === '' || input.listing.entries.get(path)?.type === 'dir';
    if (sources.length === 1 && only !== undefined && isFolder(only)) return [only, below].filter((p) => p !== '').join('/');
    // Files put right there tell the folder too.
    const parents = new Set(sources.map((s) => s.slice(0, Math.max(0, s.lastIndexOf('/')))));
    const [parent] = parents;
    if (below === '' && parents.size === 1 && parent !== undefined && !/[*?[]/.test(parent) && !sources.some(isFolder)) return parent;
  }
  return null;
}

function cleanSource(source: string): string {
  return source
    .replace(/^(?:\.?\/)+/, '')
    .replace(/^\.$/, '')
    .replace(/(?<!\/)\/+$/, '');
}

function takesFolder(sources: readonly string[], input: FixInput): boolean {
  return sources.map(cleanSource).some((s) => s === '' || input.listing.entries.get(s)?.type === 'dir');
}

/** Copies of more than these files. */
function broadCopies(copies: readonly CopyLine[], files: readonly string[], root: string, input: FixInput): CopyLine[] {
  const needed = files.map((f) => (root === '' ? f : `${root}/${f}`));
  const isNeeded = (path: string): boolean => needed.some((n) => path === n || path.startsWith(`${n}/`));
  return copies.filter(({ copy }) => selectEntries(input.listing, copy.selection).some((e) => e.type !== 'dir' && !isNeeded(e.path)));
}

function makeInstall(split: Split, root: string, input: FixInput): Install {
  const at = (name: string): string => (root === '' ? name : `${root}/${name}`);
  return {
    command: split.install,
    words: program(split.install),
    root,
    listing: input.listing,
    read: (name) => (input.listing.entries.get(at(name))?.type === 'file' ? input.readFile(at(name)) : null),
    has: (name) => input.listing.entries.has(at(name)),
  };
}

function splitRun(commands: readonly Command[]): Split | null {
  const [found, ecosystem] = findInstall(commands);
  const install = commands[found];
  if (!install || !ecosystem || !commands.slice(0, found).every(needsNoFiles)) return null;
  let end = found + 1;
  while (end < commands.length && needsNoFiles(commands[end] as Command)) end++;
  return { ecosystem, install, head: commands.slice(0, end), tail: commands.slice(end) };
}

function findInstall(commands: readonly Command[]): [at: number, ecosystem: Ecosystem | null] {
  for (const [at, command] of commands.entries()) {
    const words = program(command);
    const ecosystem = ecosystems.find((e) => e.matches(words));
    if (ecosystem) return [at, ecosystem];
  }
  return [-1, null];
}

function compilesToo(commands: readonly Command[], copies: readonly CopyLine[], input: FixInput): string | null {
  const programs = commands.map(program);
  const found = COMPILES.find((c) => programs.some((words) => c.fits(words)));
  if (!found || copies.length !== 1) return null;
  const whole = copies.some(({ copy }) => selectEntries(input.listing, copy.selection).length > 5);
  return whole ? found.reason : null;
}
