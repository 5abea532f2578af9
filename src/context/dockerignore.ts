/**
 * `.dockerignore` as Docker reads it: moby/patternmatcher and its `ignorefile`, quirks and errors included.
 * https://github.com/moby/patternmatcher/blob/main/patternmatcher.go
 */
import { cleanPath, matchPath } from './go-path.ts';
import { compileRegexp, type Regexp } from './regexp-automaton.ts';

/** Why Docker refuses the file: the build fails with this message. */
export type IgnoreError = 'syntax error in pattern' | 'illegal exclusion pattern: "!"' | 'line too long';

/** One pattern of the file. */
export interface IgnorePattern {
  /** Cleaned, without its `!`. */
  readonly text: string;
  /** `!text`: what it matches is taken back in. */
  readonly exception: boolean;
  /** In the file, from 1; 0 for a pattern that comes from elsewhere (`COPY --exclude`). */
  readonly line: number;
  /** Does the pattern itself match? 'bad': only now Docker notices that it is malformed, and fails the build. */
  match(path: string): boolean | 'bad';
}

/** Which patterns matched a folder: what the verdict on its children starts from. */
export type FolderState = readonly boolean[];

export interface Verdict {
  readonly ignored: boolean;
  /** To be handed to `judge` for what lies in this folder. */
  readonly state: FolderState;
}

export interface IgnoreRules {
  readonly patterns: readonly IgnorePattern[];
  readonly hasExceptions: boolean;
  /** Set when Docker refuses the file. The rules then ignore nothing. */
  readonly error?: { readonly message: IgnoreError; readonly line: number; readonly pattern: string };
  /**
   * Is this path ignored, by itself or by a folder above it? (`MatchesOrParentMatches`.) 'bad': the build fails here.
   * @param path relative to the context root, no leading or trailing slash.
   */
  ignores(path: string): boolean | 'bad';
  /**
   * The verdict of the walk that sends the context, which hands down what matched a folder (`MatchesUsingParentResults`).
   * It is the one that counts for a build; it differs from `ignores` where an exception for a folder comes after a pattern for
   * something in it (`a/b`, then `!a`: `a/b` stays out). A pattern found to be malformed counts as no match.
   * @param parent the state of the folder above; undefined at the top, and where it is not known: the folders above are asked then.
   */
  judge(path: string, parent: FolderState | undefined): Verdict;
  /** Can anything in this ignored folder be taken back in? If not it is not even opened. */
  mayHoldExceptions(folder: string): boolean;
}

/** bufio.Scanner's limit: Docker refuses a longer line. */
const MAX_LINE = 64 * 1024;

/** The patterns of an ignore file, as `ignorefile.ReadAll` hands them on. */
function readIgnoreLines(text: string): { readonly text: string; readonly line: number }[] {
  const out: { text: string; line: number }[] = [];
  const lines = text.replace(/^\uFEFF/, '').split('\n');
  for (const [index, line] of lines.entries()) {
    if (line.startsWith('#')) continue;
    let pattern = trimSpace(line);
    if (pattern === '') continue;
    const exception = pattern.startsWith('!');
    if (exception) pattern = trimSpace(pattern.slice(1));
    if (pattern !== '') {
      pattern = cleanPath(pattern);
      if (pattern.length > 1 && pattern.startsWith('/')) pattern = pattern.slice(1);
    }
    out.push({ text: exception ? `!${pattern}` : pattern, line: index + 1 });
  }
  return out;
}

/** Go's strings.TrimSpace: Unicode White_Space, which U+FEFF is not (String.trim would take it away). */
function trimSpace(text: string): string {
  const space = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
  let start = 0;
  let end = text.length;
  while (start < end && space.test(text[start]!)) start++;
  while (end > start && space.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/** The rules of an ignore file. Never throws: what Docker refuses is in `error`. */
export function compileIgnore(text: string): IgnoreRules {
  const long = text.split('\n').findIndex((line) => line.length >= MAX_LINE);
  if (long >= 0) return refuse('line too long', long + 1, '');
  return compilePatterns(readIgnoreLines(text));
}

/** The rules of patterns that do not come from a file: `COPY --exclude`, the include pattern of `COPY --parents`. */
export function compilePatternList(patterns: readonly string[]): IgnoreRules {
  return compilePatterns(patterns.map((text) => ({ text, line: 0 })));
}

function refuse(message: IgnoreError, line: number, pattern: string): IgnoreRules {
  return { ...makeRules([]), error: { message, line, pattern } };
}

/** patternmatcher.New */
function compilePatterns(lines: readonly { readonly text: string; readonly line: number }[]): IgnoreRules {
  const patterns: IgnorePattern[] = [];
  for (const { text, line } of lines) {
    const trimmed = trimSpace(text);
    if (trimmed === '') continue;
    const cleaned = cleanPath(trimmed);
    const exception = cleaned.startsWith('!');
    if (cleaned === '!') return refuse('illegal exclusion pattern: "!"', line, trimmed);
    const pattern = exception ? cleaned.slice(1) : cleaned;
    if (matchPath(pattern, '.', false) === undefined) return refuse('syntax error in pattern', line, trimmed);
    patterns.push({ text: pattern, exception, line, match: compilePattern(pattern) });
  }
  return makeRules(patterns);
}

function makeRules(patterns: readonly IgnorePattern[]): IgnoreRules {
  const exceptions = patterns.filter((it) => it.exception).map((it) => withoutTrailingGlob(it.text));
  const plainExceptions = exceptions.every((it) => !/[*[\]?^\\]/.test(it));
  return {
    patterns,
    hasExceptions: exceptions.length > 0,
    ignores: (path) => ignores(patterns, path),
    judge: (path, parent) => judge(patterns, path, parent),
    // fsutil's filter: it opens every ignored folder as soon as one exception has a wildcard before its end
    mayHoldExceptions: (folder) =>
      exceptions.length > 0 && (!plainExceptions || exceptions.some((it) => `${it}/`.startsWith(`${folder}/`))),
  };
}

function withoutTrailingGlob(pattern: string): string {
  const short = pattern.endsWith('/**') ? pattern.slice(0, -3) : pattern;
  return short.endsWith('/*') ? short.slice(0, -2) : short;
}

function ignores(patterns: readonly IgnorePattern[], path: string): boolean | 'bad' {
  let ignored = false;
  for (const pattern of patterns) {
    if (pattern.exception !== ignored) continue;
    let hit = pattern.match(path);
    if (hit === 'bad') return 'bad';
    hit ||= matchesFolderAbove(pattern, path);
    if (hit) ignored = !pattern.exception;
  }
  return ignored;
}

function matchesFolderAbove(pattern: IgnorePattern, path: string): boolean {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    if (pattern.match(path.slice(0, slash)) === true) return true;
  }
  return false;
}

function judge(patterns: readonly IgnorePattern[], path: string, parent: FolderState | undefined): Verdict {
  let ignored = false;
  const state: boolean[] = [];
  for (const [index, pattern] of patterns.entries()) {
    let hit = parent?.[index] ?? false;
    if (!hit && pattern.exception === ignored) {
      hit = pattern.match(path) === true || (!parent && matchesFolderAbove(pattern, path));
    }
    state.push(hit);
    if (hit) ignored = !pattern.exception;
  }
  return { ignored, state };
}

/** Pattern.compile: what a pattern turns into, the cheap forms first. */
function compilePattern(pattern: string): (path: string) => boolean | 'bad' {
  const { form, source } = translate(pattern);
  if (form === 'exact') return (path) => path === pattern;
  if (form === 'prefix') {
    const prefix = pattern.slice(0, -2);
    return (path) => path.startsWith(prefix);
  }
  if (form === 'suffix') {
    const suffix = pattern.slice(2);
    return suffix.startsWith('/') ? (path) => path.endsWith(suffix) || path === suffix.slice(1) : (path) => path.endsWith(suffix);
  }
  let regexp: Regexp | 'bad' | undefined;
  return (path) => {
    regexp ??= compileRegexp(source) ?? 'bad';
    return regexp === 'bad' ? 'bad' : regexp.test(path);
  };
}

type Form = 'exact' | 'prefix' | 'suffix' | 'regexp';

/**
 * The regular expression that moby makes of a pattern, and whether it needs one at all.
 * moby means to escape `|{}` too, but its bitmap has room for seven bits: `a|b/*` is an alternation, `a{2}*` a repetition.
 */
function translate(pattern: string): { readonly form: Form; readonly source: string } {
  let form: Form = 'exact';
  let source = '^';
  const chars = [...pattern.replace(/^\uFEFF/, '')];
  for (let i = 0; i < chars.length; i++) {
    const start = i;
    const ch = chars[i]!;
    if (ch === '*' && chars[i + 1] === '*') {
      i++;
      if (chars[i + 1] === '/') i++;
      if (i + 1 < chars.length) {
        source += '(.*/)?';
        form = 'regexp';
      } else if (form === 'exact') {
        form = 'prefix';
      } else {
        source += '.*';
        form = 'regexp';
      }
      if (start === 0) form = 'suffix';
    } else if (ch === '*' || ch === '?') {
      source += ch === '*' ? '[^/]*' : '[^/]';
      form = 'regexp';
    } else if ('.+()$'.includes(ch)) {
      source += `\\${ch}`;
    } else if (ch === '\\') {
      source += `\\${chars[++i] ?? ''}`;
      if (i < chars.length) form = 'regexp';
    } else {
      source += ch;
      if (ch === '[' || ch === ']') form = 'regexp';
    }
  }
  return { form, source: `${source}$` };
}
