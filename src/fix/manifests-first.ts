/** Copy what an install needs, install, then copy the rest: a source edit no longer repeats the install. */

import { compileIgnore } from '../context/dockerignore.ts';
import { selectEntries } from '../context/select.ts';
import type { Dockerfile, Instruction, Stage } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { resolveDestination } from '../dockerfile/paths.ts';
import { clip } from '../text.ts';
import { COMPILES, ecosystems } from './ecosystems/index.ts';
import type { Ecosystem, Install, InstallPlan } from './ecosystems/types.ts';
import { type Command, needsNoFiles, program } from './shell.ts';
import { mountsContext, readStage, relativeTo, type StageLine, unquote } from './stage.ts';
import { applyEdits, blockOf, type Edit } from './text.ts';
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

interface OneRewrite {
  readonly edits: readonly Edit[];
  readonly name: string;
  readonly plan: InstallPlan;
  readonly ignoreLines: readonly string[];
  readonly unverified: readonly string[];
  readonly pieces: readonly Piece[];
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

/** What stands at the front of a RUN: the install and what needs no files; and what comes after. */
interface Split {
  readonly ecosystem: Ecosystem;
  readonly install: Command;
  readonly head: readonly Command[];
  readonly tail: readonly Command[];
}

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

type CopyLine = StageLine & { readonly copy: NonNullable<StageLine['copy']>; readonly at: number };

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

interface Arrangement {
  readonly split: Split;
  readonly plan: InstallPlan;
  readonly origin: string;
  readonly broad: readonly CopyLine[];
}

function arrange(dockerfile: Dockerfile, lines: readonly StageLine[], at: number, a: Arrangement, input: FixInput): OneRewrite | string {
  const { split, plan, origin, broad } = a;
  const run = lines[at] as StageLine;
  const first = broad[0] as CopyLine;
  const blocked = findObstacle(lines, first.at, at, broad);
  if (blocked !== null) return blocked;
  const made = checkMade(plan, origin, input);
  if (typeof made === 'string') return made;
  const copied = manifestLines(plan.files, origin, first, run.workdir, input);
  if (typeof copied === 'string') return copied;
  // A manifest that a narrow copy already brings is not brought twice.
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
