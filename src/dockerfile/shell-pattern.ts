/** Patterns of `${X#pattern}` and its kin: `*` and `?`, no brackets. Matched in time proportional to pattern times text. */

type Token = { readonly kind: 'star' | 'any' } | { readonly kind: 'char'; readonly char: string };

/** Beyond this a pattern and a text are no Dockerfile's. */
const MAX_WORK = 10_000_000;

/** Takes the shortest or longest match off one end. Null where the pattern is malformed. */
export function trimPattern(value: string, pattern: string, end: 'start' | 'end', greedy: boolean): string | null {
  const tokens = compile(pattern);
  if (!tokens) return null;
  const chars = [...value];
  if (end === 'end') {
    tokens.reverse();
    chars.reverse();
  }
  const stop = matchAt(tokens, chars, 0, greedy);
  const rest = stop === undefined ? chars : chars.slice(stop);
  return (end === 'end' ? rest.reverse() : rest).join('');
}

/** Replaces the first match, or all. Null where the pattern is malformed. */
export function replacePattern(value: string, pattern: string, replacement: string, all: boolean): string | null {
  const tokens = compile(pattern);
  if (!tokens) return null;
  const chars = [...value];
  if (tokens.length * chars.length ** 2 > MAX_WORK) return value;
  let out = '';
  let from = 0;
  for (let at = 0; at <= chars.length; ) {
    const stop = matchAt(tokens, chars, at, true);
    if (stop === undefined || (stop === at && at === from && at > 0)) {
      at++;
      continue;
    }
    out += chars.slice(from, at).join('') + (all ? expandTemplate(replacement) : replacement);
    from = stop;
    if (!all) break;
    at = stop > at ? stop : at + 1;
  }
  return out + chars.slice(from).join('');
}

/** Go's ReplaceAllString reads `$1` and `${1}` in the replacement; there are no groups. */
function expandTemplate(replacement: string): string {
  return replacement.replace(/\$(?:\$|\w+|\{\w+\})/g, (found) => (found === '$$' ? '$' : ''));
}

function compile(pattern: string): Token[] | null {
  const tokens: Token[] = [];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    const c = chars[at]!;
    if (c === '*') tokens.push({ kind: 'star' });
    else if (c === '?') tokens.push({ kind: 'any' });
    else if (c !== '\\') tokens.push({ kind: 'char', char: c });
    else if (chars[at + 1] !== '}' && chars[at + 1] !== '/') {
      const escaped = chars[++at];
      if (escaped !== '*' && escaped !== '?' && escaped !== '\\') return null;
      tokens.push({ kind: 'char', char: escaped });
    }
  }
  return tokens;
}

/** Where the shortest or longest match that starts at `from` ends; undefined where there is none. Neither `*` nor `?` match a line feed. */
function matchAt(tokens: readonly Token[], chars: readonly string[], from: number, greedy: boolean): number | undefined {
  if (tokens.length * chars.length > MAX_WORK) return undefined;
  // `open[i]`: tokens before i have matched up to here
  let open = skipStars(tokens, new Set([0]));
  let found: number | undefined;
  for (let at = from; ; at++) {
    if (open.has(tokens.length)) {
      found = at;
      if (!greedy) return found;
    }
    const c = chars[at];
    if (c === undefined || open.size === 0) return found;
    const next = new Set<number>();
    for (const i of open) {
      const token = tokens[i];
      if (!token) continue;
      if (token.kind === 'char' ? token.char === c : c !== '\n') next.add(token.kind === 'star' ? i : i + 1);
    }
    open = skipStars(tokens, next);
  }
}

function skipStars(tokens: readonly Token[], open: Set<number>): Set<number> {
  for (const i of open) if (tokens[i]?.kind === 'star') open.add(i + 1);
  return open;
}
