/**
 * Reads a Dockerfile as BuildKit's frontend does. A general parser's tree would not do: names of steps and cache keys are made of the joined line as it
 * stands, of JSON forms, here-documents and flags by the frontend's own rules.
 */
import { trim } from './blanks.ts';
import { findHeredocs, readBody } from './heredoc.ts';
import { joinLines, readDirectives, splitLines } from './lines.ts';
import type { Directives, Dockerfile, Heredoc, Instruction, Problem, Stage } from './model.ts';
import { readArgPairs, readJson, readPairs, splitBlanks, splitInstruction } from './words.ts';

const KEYWORDS = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);
const WITH_HEREDOCS = new Set(['RUN', 'COPY', 'ADD']);
const WITH_JSON = new Set(['RUN', 'COPY', 'ADD', 'CMD', 'ENTRYPOINT', 'SHELL', 'VOLUME']);

interface Place {
  readonly file: string;
  readonly line: number;
  readonly endLine: number;
}

/** Files read last: a diagnosis and each of its fixes ask for the same one. */
const recent: Dockerfile[] = [];
const MAX_RECENT = 4;

/** @param file the name shown in source ranges. Never throws. */
export function parseDockerfile(text: string, file: string): Dockerfile {
  const known = recent.find((it) => it.text === text && it.file === file);
  if (known) return known;
  const dockerfile = readDockerfile(text, file);
  recent.unshift(dockerfile);
  recent.length = Math.min(recent.length, MAX_RECENT);
  return dockerfile;
}

function readDockerfile(text: string, file: string): Dockerfile {
  const lines = splitLines(text);
  const problems: Problem[] = [];
  const directives = readDirectives(lines, problems);
  const instructions: Instruction[] = [];
  for (let at = 0; at < lines.length; ) {
    const joined = joinLines(lines, at, directives.escape);
    if (!joined) {
      at++;
      continue;
    }
    const { heredocs, next } = readHeredocs(lines, joined.text, at, joined.next, problems);
    const place = { file, line: at + 1, endLine: next };
    if (trim(joined.text) !== '') instructions.push(readInstruction(joined.text, directives, heredocs, place, problems));
    at = next;
  }
  return { file, text, directives, ...groupStages(instructions, problems), problems };
}

/** One instruction by itself, as images carry them for ONBUILD. Null where there is none, or more than one. */
export function parseInstruction(text: string, place: Place): Instruction | null {
  const lines = splitLines(text);
  const joined = lines.length > 0 ? joinLines(lines, 0, '\\') : null;
  if (!joined) return null;
  const { heredocs, next } = readHeredocs(lines, joined.text, 0, joined.next, []);
  if (lines.slice(next).some((line) => trim(line) !== '')) return null;
  return readInstruction(joined.text, { syntax: null, escape: '\\', check: null }, heredocs, place, []);
}

function readHeredocs(
  lines: readonly string[],
  line: string,
  from: number,
  start: number,
  problems: Problem[],
): { heredocs: Heredoc[]; next: number } {
  const heredocs: Heredoc[] = [];
  let next = start;
  if (!line.includes('<<')) return { heredocs, next };
  const outer = splitInstruction(line);
  const { keyword, rest } = outer.keyword === 'ONBUILD' ? splitInstruction(outer.rest) : outer;
  if (!WITH_HEREDOCS.has(keyword) || readJson(rest).json) return { heredocs, next };
  for (const head of findHeredocs(line)) {
    const body = readBody(lines, next, head);
    if (!body.ended) problems.push({ line: from + 1, message: `the here-document ${head.name} has no end` });
    heredocs.push(body.heredoc);
    next = body.next;
  }
  return { heredocs, next };
}

function readInstruction(
  line: string,
  directives: Directives,
  heredocs: readonly Heredoc[],
  place: Place,
  problems: Problem[],
): Instruction {
  const { keyword, flags, rest } = splitInstruction(line);
  const problem = (message: string): void => void problems.push({ line: place.line, message });
  if (!KEYWORDS.has(keyword)) problem(`unknown instruction: ${keyword}`);
  const { json, wrong } = WITH_JSON.has(keyword) ? readJson(rest) : { json: null, wrong: false };
  if (wrong) problem('a JSON array must hold strings only');
  let pairs: Instruction['pairs'] | null = [];
  if (keyword === 'ENV' || keyword === 'LABEL') pairs = readPairs(rest, directives.escape);
  else if (keyword === 'ARG') pairs = readArgPairs(rest, directives.escape);
  if (pairs === null) problem(`${keyword} takes name=value`);
  const trigger = keyword === 'ONBUILD' && rest !== '' ? readInstruction(rest, directives, heredocs, place, problems) : null;
  return {
    keyword,
    text: trim(line),
    flags,
    rest,
    json,
    words: json ?? splitBlanks(rest),
    pairs: pairs ?? [],
    heredocs,
    trigger,
    range: place,
  };
}

function groupStages(instructions: readonly Instruction[], problems: Problem[]): Pick<Dockerfile, 'globalArgs' | 'stages'> {
  const globalArgs: Instruction[] = [];
  const opened: OpenStage[] = [];
  for (const instruction of instructions) {
    const stage = opened.at(-1);
    const { keyword, range } = instruction;
    if (keyword === 'FROM') opened.push(openStage(instruction, opened.length, problems));
    else if (stage) stage.instructions.push(instruction);
    else if (keyword === 'ARG') globalArgs.push(instruction);
    else problems.push({ line: range.line, message: `${keyword} stands before the first FROM` });
  }
  if (opened.length === 0) problems.push({ line: 1, message: 'no FROM: nothing to build' });
  const stages = opened.map((stage) => ({
    ...stage,
    range: { ...stage.range, endLine: (stage.instructions.at(-1) ?? stage.from).range.endLine },
  }));
  return { globalArgs, stages };
}

type OpenStage = Omit<Stage, 'instructions'> & { readonly instructions: Instruction[] };

function openStage(from: Instruction, index: number, problems: Problem[]): OpenStage {
  const [base = '', as, name = null] = from.words;
  const named = from.words.length === 3 && as!.toLowerCase() === 'as';
  const problem = (message: string): void => void problems.push({ line: from.range.line, message });
  if (!named && from.words.length !== 1) problem('FROM takes one or three arguments');
  if (named && !/^[a-z][a-z0-9-_.]*$/i.test(name!)) problem(`invalid name for a stage: ${name}`);
  const platform = from.flags.find((flag) => flag.name === 'platform')?.value ?? null;
  return { index, name: named ? name : null, base, platform, from, instructions: [], range: from.range };
}
