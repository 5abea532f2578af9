/**
 * Reads the text that a builder left for a layer.
 * BuildKit:  `RUN |2 A=1 B=2 /bin/sh -c make # buildkit`, `COPY . . # buildkit`, `ENV A=b`
 * classic, podman: `|2 A=1 B=2 /bin/sh -c make`, `/bin/sh -c #(nop) COPY file:1234 in /app `, `/bin/sh -c make`
 */
import type { HistoryArgument } from './model.ts';

export interface CreatedBy {
  readonly instruction: string | null;
  readonly text: string;
  readonly args: readonly HistoryArgument[] | null;
  readonly cut: boolean;
}

const KEYWORD =
  /^(FROM|RUN|COPY|ADD|WORKDIR|ENV|ARG|LABEL|CMD|ENTRYPOINT|EXPOSE|USER|VOLUME|STOPSIGNAL|HEALTHCHECK|SHELL|ONBUILD|MAINTAINER)(?:\s+|$)/i;
/** Where the arguments end and the shell that runs the command begins. */
const SHELL =
  / (?:(?:\/\S{0,100}\/)?(?:sh|ash|bash|dash|zsh|ksh|busybox|cmd|cmd\.exe|powershell|powershell\.exe|pwsh)) (?:-\w{1,60} (?:pipefail |[A-Za-z]{1,60} )?|\/[Ss] ){0,6}(?:-\w{0,6}c|\/[Cc]|-Command) /i;
/** The same where nothing stands before it. */
const SHELL_FIRST = new RegExp(`^${SHELL.source.slice(1)}`, 'i');
const NOP = /^#\(nop\)\s*/;
const ARGUMENT = /(?:^| )([A-Za-z_][A-Za-z0-9_]*)=/g;

/** What the ARG lines above a RUN say: they tell where one value ends and the next argument begins. */
export interface Declared {
  /** `NAME=value` or `NAME`, one for each ARG line, oldest first. */
  readonly lines: readonly string[];
}

const NOTHING: Declared = { lines: [] };

export function readCreatedBy(text: string, declared: Declared = NOTHING): CreatedBy {
  const cut = /(?:…|\.\.\.)$/.test(text.trimEnd());
  let rest = text.trim().replace(cut ? /\s#(?: ?b?u?i?l?d?k?i?t?)?(?:…|\.\.\.)$/ : /\s# buildkit$/, '');
  const keyword = KEYWORD.exec(rest);
  let instruction = keyword?.[1]?.toUpperCase() ?? null;
  if (keyword) rest = rest.slice(keyword[0].length);
  let args: readonly HistoryArgument[] | null = [];
  const count = instruction === null || instruction === 'RUN' ? /^\|(\d{1,3}) ?/.exec(rest) : null;
  if (count) {
    instruction = 'RUN';
    const split = splitArguments(rest.slice(count[0].length), Number(count[1]), declared);
    args = split.args;
    rest = split.command;
  }
  const shell = instruction === null || instruction === 'RUN' ? SHELL_FIRST.exec(rest) : null;
  if (shell) {
    instruction = 'RUN';
    rest = rest.slice(shell[0].length);
    if (NOP.test(rest)) {
      // `/bin/sh -c #(nop)  CMD ["node"]`
      rest = rest.replace(NOP, '');
      const inner = KEYWORD.exec(rest);
      instruction = inner?.[1]?.toUpperCase() ?? null;
      rest = inner ? rest.slice(inner[0].length) : rest;
    }
  }
  return { instruction, text: rest.trim(), args, cut };
}

interface Split {
  readonly args: readonly HistoryArgument[] | null;
  readonly command: string;
}

/**
 * Values may hold blanks, and nothing marks where one ends: `|2 A=x B=y z /bin/sh -c make` is clear only because there are as many
 * `NAME=` as arguments. Where there are more, the ARG lines above decide; else nothing is claimed.
 */
function splitArguments(text: string, count: number, declared: Declared): Split {
  if (count === 0) return { args: [], command: text };
  const proven = splitAsDeclared(text, count, declared);
  if (proven) return proven;
  const shell = SHELL.exec(text);
  if (!shell) return splitWords(text, count);
  const command = text.slice(shell.index + 1);
  const head = text.slice(0, shell.index);
  const starts = [...head.matchAll(ARGUMENT)].map((m) => ({ at: m[0].startsWith(' ') ? m.index + 1 : m.index, name: m[1]! }));
  if (starts[0]?.at !== 0) return { args: null, command };
  let chosen = starts;
  if (starts.length > count) {
    const names = new Set(declared.lines.map((line) => line.split('=')[0]!));
    chosen = starts.filter((start) => names.has(start.name));
    if (new Set(chosen.map((start) => start.name)).size !== count || chosen[0]?.at !== 0) chosen = [];
  }
  if (chosen.length !== count) return { args: null, command };
  return { args: chosen.map((s, i) => toArgument(head.slice(s.at, i + 1 < chosen.length ? chosen[i + 1]!.at - 1 : head.length))), command };
}

/** BuildKit repeats before each RUN exactly what its ARG lines say: where that fits, it is proof. */
function splitAsDeclared(text: string, count: number, declared: Declared): Split | undefined {
  const values = new Map(declared.lines.filter((line) => line.includes('=')).map((line) => [line.slice(0, line.indexOf('=')), line]));
  if (values.size !== count) return undefined;
  const head = `${[...values.values()].join(' ')} `;
  if (!text.startsWith(head)) return undefined;
  return { args: [...values.values()].map(toArgument), command: text.slice(head.length) };
}

/** Exec form (`RUN ["make"]`) or a cut text: the last value has no end. One word each is the one clear case. */
function splitWords(text: string, count: number): Split {
  const words = text.split(' ');
  const head = words.slice(0, count);
  const clear =
    head.length === count && head.every((word) => /^[A-Za-z_]\w*=/.test(word)) && words.length > count && /^\//.test(words[count]!);
  // What is left over may hold the values themselves: nothing of it is shown as the command.
  return clear ? { args: head.map(toArgument), command: words.slice(count).join(' ') } : { args: null, command: '' };
}

function toArgument(text: string): HistoryArgument {
  const at = text.indexOf('=');
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** Variables that an ENV or ARG entry sets: `NODE_ENV=production TZ=UTC`, `A=b c`. A name without a value gives none. */
export function readVariables(text: string): HistoryArgument[] {
  const starts = [...text.matchAll(ARGUMENT)].map((m) => (m[0].startsWith(' ') ? m.index + 1 : m.index));
  if (starts[0] !== 0) return [];
  return starts.map((at, i) => toArgument(text.slice(at, i + 1 < starts.length ? starts[i + 1]! - 1 : text.length)));
}
