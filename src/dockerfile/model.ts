/** A Dockerfile as BuildKit's frontend reads it: plain data, nothing expanded yet. */
import type { SourceRange } from '../model.ts';

export interface Flag {
  /** `from`, `mount`, `chown`, without dashes. */
  readonly name: string;
  /** Quotes and escapes taken off. Null where the flag has no `=`. */
  readonly value: string | null;
}

export interface Heredoc {
  readonly name: string;
  /** As it stands in the file, line ends included. */
  readonly body: string;
  /** The name was not quoted: COPY and ADD expand variables in the body. */
  readonly expand: boolean;
  /** `<<-`: tabs at the start of lines do not count. */
  readonly chomp: boolean;
}

/** `name=value` of ENV, ARG and LABEL; ARG may have no value. */
export interface Pair {
  readonly name: string;
  readonly value: string | null;
}

export interface Instruction {
  /** Upper case: `RUN`. */
  readonly keyword: string;
  /** Continuations joined, comments inside and bodies of here-documents taken out, trimmed: what the step's name is made of. */
  readonly text: string;
  readonly flags: readonly Flag[];
  /** What follows keyword and flags, trimmed. */
  readonly rest: string;
  /** `["a", "b"]`, where it is such a form; else null. */
  readonly json: readonly string[] | null;
  /** `rest` in words: the elements of the JSON form, else split at blanks. Quotes stay. */
  readonly words: readonly string[];
  /** Of ENV, ARG and LABEL. */
  readonly pairs: readonly Pair[];
  readonly heredocs: readonly Heredoc[];
  /** What ONBUILD holds back. */
  readonly trigger: Instruction | null;
  readonly range: SourceRange;
}

export interface Stage {
  readonly index: number;
  /** As written after AS; null for an unnamed stage. */
  readonly name: string | null;
  /** `node:${VERSION}-slim`, as written. */
  readonly base: string;
  /** `--platform` of FROM, as written; null where it has none. */
  readonly platform: string | null;
  readonly from: Instruction;
  readonly instructions: readonly Instruction[];
  /** From FROM to the last instruction. */
  readonly range: SourceRange;
}

export interface Directives {
  /** `# syntax=docker/dockerfile:1`: the frontend image. */
  readonly syntax: string | null;
  readonly escape: '\\' | '`';
  /** `# check=skip=all` */
  readonly check: string | null;
}

export interface Problem {
  /** 1-based. */
  readonly line: number;
  /** One sentence without a newline. */
  readonly message: string;
}

export interface Dockerfile {
  /** As shown in source ranges. */
  readonly file: string;
  readonly text: string;
  readonly directives: Directives;
  /** ARG instructions before the first FROM. */
  readonly globalArgs: readonly Instruction[];
  readonly stages: readonly Stage[];
  /** What BuildKit would refuse, or what could not be read. The rest is read all the same. */
  readonly problems: readonly Problem[];
}
