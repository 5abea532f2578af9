/** Cuts a line of shell (POSIX, and what differs in cmd and PowerShell) into simple commands and their words. Linear; never throws. */

import { continuation, type Scanner, takeWord, type Word } from './word.ts';

export interface SimpleCommand {
  readonly words: readonly Word[];
  readonly stdin: { readonly file: string } | { readonly text: string } | null;
  /** How deep in parentheses it stands: a `cd` inside does not reach outside. */
  readonly depth: number;
  /** What ends it. */
  readonly end: '&&' | '||' | '|' | ';' | '&' | ')' | '';
}

interface Reader extends Scanner {
  readonly commands: SimpleCommand[];
  words: Word[];
  stdin: SimpleCommand['stdin'];
  depth: number;
  /** Here-documents whose bodies start after the next line end. */
  pending: { readonly delimiter: string; readonly tabs: boolean }[];
}

/**
 * Prompts and marks that shells and CI put before a command they show:
 * `$ docker build .`, `+ docker build .`, `[command]/usr/bin/docker …`, `root@host:/src# docker …`, `PS C:\src> docker …`, `Run docker build .`
 */
const PROMPT =
  /^[ \t]*(?:(?:##)?\[command\]|##\[group\]|::group::|\++[ \t]|[$#>%❯➜][ \t]+|PS [^>\n]{0,200}>[ \t]?|[A-Za-z]:\\[^>\n]{0,200}>[ \t]?|[\w.-]{1,64}@[\w.-]{1,64}:[^\n$#]{0,200}[$#][ \t]|Run[ \t]+(?=\S*docker|podman|buildah|\.?\/?kaniko))/;

export function readCommands(text: string): SimpleCommand[] {
  const r: Reader = { text, at: 0, commands: [], words: [], stdin: null, depth: 0, pending: [] };
  skipPrompt(r);
  while (r.at < text.length) step(r);
  finish(r, '');
  return r.commands;
}

function skipPrompt(r: Reader): void {
  for (let n = 0; n < 4; n++) {
    const match = PROMPT.exec(r.text.slice(r.at, r.at + 500));
    if (!match) return;
    r.at += match[0].length;
  }
}

function finish(r: Reader, end: SimpleCommand['end']): void {
  if (r.words.length > 0 || r.stdin) r.commands.push({ words: r.words, stdin: r.stdin, depth: r.depth, end });
  r.words = [];
  r.stdin = null;
}

function step(r: Reader): void {
  const c = r.text[r.at]!;
  const two = r.text.slice(r.at, r.at + 2);
  if (c === ' ' || c === '\t' || c === '\r') r.at++;
  else if (continuation(r, r.at) > 0) r.at += continuation(r, r.at);
  else if (c === '\n') newLine(r);
  else if (two === '&&' || two === '||') operator(r, two, 2);
  else if (two === '|&') operator(r, '|', 2);
  else if (two === '&>') redirect(r, r.text.startsWith('&>>', r.at) ? 3 : 2, false);
  else if (c === '|') operator(r, '|', 1);
  else if (c === ';') operator(r, ';', 1);
  else if (c === '&') operator(r, '&', 1);
  else if (c === '(' && r.words.length === 0) open(r);
  else if (c === ')') close(r);
  else if (c === '#' && r.words.length > 0) r.at = lineEnd(r.text, r.at);
  else if (c === '<') redirectIn(r);
  else if (c === '>') redirectOut(r);
  else readWord(r);
}

function operator(r: Reader, end: SimpleCommand['end'], length: number): void {
  finish(r, end);
  r.at += length;
}

function open(r: Reader): void {
  r.depth++;
  r.at++;
}

function close(r: Reader): void {
  finish(r, ')');
  r.depth = Math.max(0, r.depth - 1);
  r.at++;
}

function newLine(r: Reader): void {
  r.at++;
  for (const doc of r.pending) {
    const body = hereDocument(r, doc);
    if (r.words.length > 0) r.stdin = { text: body };
  }
  r.pending = [];
  finish(r, ';');
  skipPrompt(r);
}

function hereDocument(r: Reader, doc: { readonly delimiter: string; readonly tabs: boolean }): string {
  const start = r.at;
  while (r.at < r.text.length) {
    const end = lineEnd(r.text, r.at);
    let line = r.text.slice(r.at, end);
    if (doc.tabs) line = line.replace(/^\t+/, '');
    const from = r.at;
    r.at = Math.min(end + 1, r.text.length);
    if (line.replace(/\r$/, '') === doc.delimiter) return r.text.slice(start, from);
  }
  return r.text.slice(start);
}

function lineEnd(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at === -1 ? text.length : at;
}

function redirectIn(r: Reader): void {
  const rest = r.text.slice(r.at, r.at + 3);
  if (rest === '<<<') {
    redirect(r, 3, false);
    return;
  }
  if (rest.startsWith('<<')) {
    const tabs = rest === '<<-';
    r.at += tabs ? 3 : 2;
    skipBlanks(r);
    const word = takeWord(r);
    if (word.text !== '') r.pending.push({ delimiter: word.text, tabs });
    return;
  }
  redirect(r, rest.startsWith('<&') ? 2 : 1, !rest.startsWith('<&'));
}

function redirectOut(r: Reader): void {
  const next = r.text[r.at + 1];
  redirect(r, next === '>' || next === '&' || next === '|' ? 2 : 1, false);
}

function redirect(r: Reader, length: number, input: boolean): void {
  r.at += length;
  skipBlanks(r);
  const word = takeWord(r);
  if (input && word.text !== '' && !word.dynamic) r.stdin = { file: word.text };
}

function skipBlanks(r: Reader): void {
  while (r.text[r.at] === ' ' || r.text[r.at] === '\t') r.at++;
}

function readWord(r: Reader): void {
  const from = r.at;
  const word = takeWord(r);
  // `2>&1`: a number right before a redirection is its descriptor.
  if (/^\d$/.test(word.text) && r.at - from === 1 && (r.text[r.at] === '>' || r.text[r.at] === '<')) return;
  if (r.at === from) r.at++;
  else r.words.push(word);
}
