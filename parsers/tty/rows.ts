/** The lines of a terminal frame, told apart by form alone (buildkit: util/progress/progressui/display.go). */
import { parseStatus, type StatusText } from '../plain-lines.ts';

export interface Header {
  readonly seconds: number;
  readonly completed: number;
  readonly total: number;
  readonly finished: boolean;
  /** `docker:default`: driver and builder; null before buildx 0.12. Where one blank alone stands before it, it was cut to the width. */
  readonly builder: { readonly driver: string; readonly name: string } | null;
}

export type RowLine =
  | { readonly kind: 'vertex'; readonly name: string; readonly word: Word | null; readonly seconds: number | null }
  | { readonly kind: 'status'; readonly status: StatusText }
  /** A line of a step's output: only while it runs, never in the last frame. */
  | { readonly kind: 'output' }
  | { readonly kind: 'warning'; readonly text: string };

export type Word = 'cached' | 'error' | 'canceled';

/** `[+] Building 12.3s (10/10) FINISHED                         docker:default`. Compose's own `[+] Building 3/3` has no clock. */
const HEADER =
  /^[\s│┃|>]{0,200}\[\+\] [A-Za-z][\w-]{0,30} (\d{1,7}\.\d)s \((\d{1,6})\/(\d{1,6})\)( FINISHED)?(?:\s{2,}([a-z][\w.-]{0,60}):(\S{1,200})|\s+\S+)?\s*$/;
/** ` => name   0.0s`; pasted text may be indented or quoted */
const ROW = /^[\s│┃|>]{0,200}=> (.*)$/s;
/** `%3.1fs` at the right edge */
const TIME = /(?<!\s)(\s+)(\d{1,7}\.\d)s\s*$/;
/** `[internal] load …`, `[web build 2/7] RUN …`: no other program's line that begins with an arrow looks so. */
const VERTEX = /^(?:(?:CACHED|ERROR|CANCELED) ){0,2}\[(?:[^\]]{1,300} )?\s{0,4}(?:internal|\d{1,4}\/\d{1,4})\] /;

export function readHeader(text: string): Header | undefined {
  const m = HEADER.exec(text);
  return m
    ? {
        seconds: Number(m[1]),
        completed: Number(m[2]),
        total: Number(m[3]),
        finished: m[4] !== undefined,
        builder: m[5] !== undefined && m[6] !== undefined ? { driver: m[5], name: m[6] } : null,
      }
    : undefined;
}

/** @returns what stands behind the arrow */
export function readArrow(text: string): string | undefined {
  return ROW.exec(text)?.[1];
}

/** Can this row only be BuildKit's, wherever it stands? */
export function isUnmistakable(rest: string): boolean {
  return VERTEX.test(rest);
}

export function hasTime(rest: string): boolean {
  return TIME.test(rest.slice(-24));
}

/**
 * @param rest what stands behind the arrow
 * @param timed do the rows of this frame end with a time? Where they were cut off, `RUN sleep 0.5s` has none.
 */
export function readRow(rest: string, timed: boolean): RowLine {
  const time = TIME.exec(rest.slice(-24));
  const isTime = time !== null && (timed || (time[1]?.length ?? 0) > 1);
  const seconds = isTime ? Number(time[2]) : null;
  let text = (isTime ? rest.slice(0, -time[0].length) : rest).trimEnd();
  // A row of which only the arrow is left.
  if (text === '=' || text === '=>') return { kind: 'output' };
  if (text.startsWith('=> ')) {
    text = text.slice(3);
    if (text === '#' || text.startsWith('# ')) return { kind: 'output' };
    return { kind: 'status', status: { ...parseStatus(text), done: true, ...(seconds !== null && { seconds }) } };
  }
  if (text.startsWith('WARN: ')) return { kind: 'warning', text: text.slice(6) };
  let word: Word | null = null;
  for (let m = WORD.exec(text); m; m = WORD.exec(text)) {
    if (m[1] !== 'CACHED' || word === null) word = m[1]!.toLowerCase() as Word;
    text = text.slice(m[0].length);
  }
  return { kind: 'vertex', name: text, word, seconds };
}

const WORD = /^(CACHED|ERROR|CANCELED) /;
