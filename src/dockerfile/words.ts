/** How the parts of an instruction are split: keyword, flags, words, pairs. https://github.com/moby/buildkit/tree/master/frontend/dockerfile/parser */
import { isSpace, trim } from './blanks.ts';
import type { Flag, Pair } from './model.ts';

const BLANKS = /[\t\v\f\r ]+/;

export interface Split {
  readonly keyword: string;
  readonly flags: readonly Flag[];
  readonly rest: string;
}

export function splitInstruction(line: string): Split {
  const text = trim(line);
  const blank = BLANKS.exec(text);
  if (!blank) return { keyword: text.toUpperCase(), flags: [], rest: '' };
  const { flags, rest } = readFlags(text.slice(blank.index + blank[0].length));
  return { keyword: text.slice(0, blank.index).toUpperCase(), flags, rest: trim(rest) };
}

/** The words that begin with `--`, up to the first that does not or to a bare `--`. Quotes and backslashes are taken off. */
function readFlags(line: string): { flags: Flag[]; rest: string } {
  const flags: Flag[] = [];
  let at = 0;
  for (;;) {
    while (at < line.length && isSpace(line[at]!)) at++;
    if (!line.startsWith('--', at)) return { flags, rest: line.slice(at) };
    const { word, end } = readFlagWord(line, at);
    at = end;
    if (word === '--') return { flags, rest: line.slice(at) };
    const equals = word.indexOf('=');
    flags.push(equals < 0 ? { name: word.slice(2), value: null } : { name: word.slice(2, equals), value: word.slice(equals + 1) });
  }
}

function readFlagWord(line: string, from: number): { word: string; end: number } {
  let word = '';
  let quote = '';
  let at = from;
  for (; at < line.length; at++) {
    const c = line[at]!;
    if (c === '\\') word += line[++at] ?? '';
    else if (quote !== '') {
      if (c === quote) quote = '';
      else word += c;
    } else if (isSpace(c)) break;
    else if (c === '"' || c === "'") quote = c;
    else word += c;
  }
  return { word, end: at };
}

/** `["a", "b"]`; null for anything else. Lists of other things are a mistake that BuildKit refuses. */
export function readJson(rest: string): { json: readonly string[] | null; wrong: boolean } {
  if (!rest.startsWith('[')) return { json: null, wrong: false };
  let value: unknown;
  try {
    value = JSON.parse(rest);
  } catch {
    return { json: null, wrong: false };
  }
  if (!Array.isArray(value)) return { json: null, wrong: false };
  if (!value.every((it) => typeof it === 'string')) return { json: null, wrong: true };
  return { json: value, wrong: false };
}

export function splitBlanks(rest: string): string[] {
  return rest === '' ? [] : rest.split(/[\t\v\f\r ]+/);
}

/** Words with their quotes and escapes left in, as ENV, ARG and LABEL have them. */
function readWords(rest: string, escape: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let some = false;
  for (let at = 0; at < rest.length; at++) {
    const c = rest[at]!;
    if (quote === '' && isSpace(c)) {
      if (some || word !== '') words.push(word);
      word = '';
      some = false;
    } else if (c === escape && quote !== "'") {
      // one at the very end is dropped
      if (at + 1 < rest.length) word += c + rest[++at]!;
    } else {
      if (quote === '' && (c === '"' || c === "'")) {
        quote = c;
        some = true;
      } else if (c === quote) quote = '';
      word += c;
    }
  }
  if (some || word !== '') words.push(word);
  return words;
}

/** `A=1 B=2`, or the old `A 1 and the rest`. Null where a word has no `=`. */
export function readPairs(rest: string, escape: string): Pair[] | null {
  const words = readWords(rest, escape);
  if (words.length === 0) return [];
  if (!words[0]!.includes('=')) {
    const blank = BLANKS.exec(rest);
    return blank ? [{ name: rest.slice(0, blank.index), value: rest.slice(blank.index + blank[0].length) }] : null;
  }
  if (words.some((word) => !word.includes('='))) return null;
  return words.map(splitPair);
}

/** `A B=2`: ARG may have no value. */
export function readArgPairs(rest: string, escape: string): Pair[] {
  return readWords(rest, escape).map(splitPair);
}

function splitPair(word: string): Pair {
  const equals = word.indexOf('=');
  return equals < 0 ? { name: word, value: null } : { name: word.slice(0, equals), value: word.slice(equals + 1) };
}
