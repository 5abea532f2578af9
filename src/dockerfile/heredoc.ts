/** Here-documents of RUN, COPY and ADD. https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go */
import { trim } from './blanks.ts';
import { expand } from './expand.ts';
import { trimNewline } from './lines.ts';
import type { Heredoc } from './model.ts';

export type HeredocHead = Omit<Heredoc, 'body'>;

const NOTHING = (): undefined => undefined;

/** `<<EOF`, `<<-"EOF"`, `3<<EOF` as one word */
const HEAD = /^\d*<<(-?)([^<]+)$/;

/** A word that starts a here-document, else null. */
export function readHeredocHead(word: string): HeredocHead | null {
  const match = HEAD.exec(word);
  if (!match) return null;
  const name = match[2]!.trimStart();
  const plain = expand(name, NOTHING, { escape: '\\', keepUnset: true });
  const raw = expand(name, NOTHING, { escape: '\\', keepUnset: true, rawQuotes: true });
  if (plain?.words.length !== 1 || raw?.words.length !== 1) return null;
  return { name: plain.words[0]!, expand: countQuotes(plain.words[0]!) === countQuotes(raw.words[0]!), chomp: match[1] === '-' };
}

function countQuotes(text: string): number {
  return text.length - text.replace(/['"]/g, '').length;
}

/** The here-documents that a line starts, in order. */
export function findHeredocs(line: string): HeredocHead[] {
  if (!line.includes('<<')) return [];
  const words = expand(line, NOTHING, { escape: '\\', rawQuotes: true, rawEscapes: true, keepUnset: true })?.words ?? [];
  return words.map(readHeredocHead).filter((head) => head !== null);
}

/** The body that starts at a physical line; `ended` is false where the file ends before it does. */
export function readBody(lines: readonly string[], from: number, head: HeredocHead): { heredoc: Heredoc; next: number; ended: boolean } {
  let body = '';
  for (let at = from; at < lines.length; at++) {
    const line = trimNewline(lines[at]!);
    if ((head.chomp ? line.replace(/^\t+/, '') : line) === head.name) return { heredoc: { ...head, body }, next: at + 1, ended: true };
    body += lines[at]!;
  }
  return { heredoc: { ...head, body }, next: lines.length, ended: false };
}

/** The body as it is run or copied. */
export function heredocContent(heredoc: Heredoc): string {
  return heredoc.chomp ? heredoc.body.replace(/^\t+/gm, '') : heredoc.body;
}

/** What a step's name shows of a body: `set -e...` */
export function summarizeHeredoc(body: string): string {
  const lines = trim(body).split(/\r?\n/);
  return lines.length > 1 ? `${lines[0]}...` : lines[0]!;
}
