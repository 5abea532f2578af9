/** Go's path functions, as far as Docker's file patterns rest on them: `path.Clean` and `path.Match`. */

/**
 * The shortest equal path: no `.`, no `a/..`, no doubled or trailing slash; '.' for the empty path.
 * https://pkg.go.dev/path#Clean
 */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!rooted) out.push('..');
  }
  const joined = out.join('/');
  return rooted ? `/${joined}` : joined || '.';
}

/** Does BuildKit treat this COPY source as a pattern? A backslash hides the character after it. */
export function containsWildcards(path: string): boolean {
  for (let i = 0; i < path.length; i++) {
    const ch = path[i];
    if (ch === '\\') i++;
    else if (ch === '*' || ch === '?' || ch === '[') return true;
  }
  return false;
}

interface Chunk {
  readonly star: boolean;
  readonly text: string;
  readonly rest: string;
}

/** Leading stars, then everything up to the next star outside of a class. */
function scanChunk(pattern: string): Chunk {
  let start = 0;
  while (pattern[start] === '*') start++;
  let inClass = false;
  let end = start;
  for (; end < pattern.length; end++) {
    const ch = pattern[end];
    if (ch === '\\') end++;
    else if (ch === '[') inClass = true;
    else if (ch === ']') inClass = false;
    else if (ch === '*' && !inClass) break;
  }
  end = Math.min(end, pattern.length);
  return { star: start > 0, text: pattern.slice(start, end), rest: pattern.slice(end) };
}

/** One character of a class at `at`, with the offset behind it; undefined is a syntax error. */
function readClassChar(chunk: string, at: number): { readonly code: number; readonly next: number } | undefined {
  let i = at;
  if (i >= chunk.length || chunk[i] === '-' || chunk[i] === ']') return undefined;
  if (chunk[i] === '\\') i++;
  const code = chunk.codePointAt(i);
  if (code === undefined) return undefined;
  const next = i + (code > 0xffff ? 2 : 1);
  return next < chunk.length ? { code, next } : undefined; // a class that ends with the pattern is never closed
}

/** `[a-z^…]` at `at`: does it hold `code`, and where does it end? undefined is a syntax error. */
function matchClass(chunk: string, at: number, code: number): { readonly ok: boolean; readonly next: number } | undefined {
  let i = at + 1;
  const negated = chunk[i] === '^';
  if (negated) i++;
  let found = false;
  for (let ranges = 0; ; ranges++) {
    if (chunk[i] === ']' && ranges > 0) return { ok: found !== negated, next: i + 1 };
    const low = readClassChar(chunk, i);
    if (!low) return undefined;
    let high = low;
    if (chunk[low.next] === '-') {
      const end = readClassChar(chunk, low.next + 1);
      if (!end) return undefined;
      high = end;
    }
    i = high.next;
    if (low.code <= code && code <= high.code) found = true;
  }
}

/** Matches a chunk without stars at `from`: the offset behind the match, -1 for none, undefined for a syntax error. */
function matchChunk(chunk: string, name: string, from: number): number | undefined {
  let at = from;
  let failed = false;
  for (let i = 0; i < chunk.length; ) {
    if (!failed && at >= name.length) failed = true;
    const ch = chunk[i];
    if (ch === '[') {
      const code = failed ? -1 : name.codePointAt(at)!;
      if (!failed) at += code > 0xffff ? 2 : 1;
      const hit = matchClass(chunk, i, code);
      if (!hit) return undefined;
      if (!hit.ok) failed = true;
      i = hit.next;
      continue;
    }
    if (ch === '?') {
      if (!failed) {
        if (name[at] === '/') failed = true;
        at += name.codePointAt(at)! > 0xffff ? 2 : 1;
      }
      i++;
      continue;
    }
    if (ch === '\\' && ++i >= chunk.length) return undefined;
    if (!failed && chunk[i] !== name[at++]) failed = true;
    i++;
  }
  return failed ? -1 : at;
}

/**
 * Go's `path.Match`: `*` and `?` stop at a slash, `[a-c]` and `[^x]` are classes, a backslash escapes; `**` is `*`.
 * Linear in the name for each star. undefined: the pattern is malformed (Go's "syntax error in pattern").
 * https://pkg.go.dev/path#Match
 * @param checkRest once a match has failed, `path.Match` still checks the rest of the pattern; `path/filepath.Match` does not.
 */
export function matchPath(pattern: string, name: string, checkRest: boolean): boolean | undefined {
  let rest = pattern;
  let at = 0;
  while (rest !== '') {
    const chunk = scanChunk(rest);
    rest = chunk.rest;
    if (chunk.star && chunk.text === '') return !name.includes('/', at);
    const last = rest === '';
    let end = matchChunk(chunk.text, name, at);
    if (end === undefined) return undefined;
    if (end >= 0 && (end === name.length || !last)) {
      at = end;
      continue;
    }
    end = chunk.star ? skipToChunk(chunk.text, name, at, last) : -1;
    if (end === undefined) return undefined;
    if (end < 0) return !checkRest || isWellFormed(rest) ? false : undefined;
    at = end;
  }
  return at === name.length;
}

/** What a star may leap over: the first place behind `from` where the chunk matches; -1 for none. */
function skipToChunk(chunk: string, name: string, from: number, last: boolean): number | undefined {
  for (let i = from; i < name.length && name[i] !== '/'; i++) {
    const end = matchChunk(chunk, name, i + 1);
    if (end === undefined) return undefined;
    if (end >= 0 && (!last || end === name.length)) return end;
  }
  return -1;
}

function isWellFormed(pattern: string): boolean {
  for (let rest = pattern; rest !== ''; ) {
    const chunk = scanChunk(rest);
    if (matchChunk(chunk.text, '', 0) === undefined) return false;
    rest = chunk.rest;
  }
  return true;
}
