/** Frames of one build: a pasted one, or the many that a capture of the terminal holds, of which the last one has everything. */
import type { StatusText } from '../plain-lines.ts';
import type { Header, Word } from './rows.ts';

export interface Row {
  /** Cut to the width of the terminal, without a mark. */
  name: string;
  word: Word | null;
  seconds: number | null;
  line: number;
  statuses: readonly StatusText[];
  /** Lines of output on the screen, at most. */
  output: number;
  /** Seconds of the build's clock at which its own was last seen to move; endless where it shows output in the last frame. */
  moved: number;
}

export interface Frame {
  readonly line: number;
  /** Null where only rows were found: a piece of a frame. */
  readonly header: Header | null;
  readonly rows: Row[];
  readonly warnings: string[];
  /** Rows end with a time: null before the first one. */
  timed: boolean | null;
  /** Lines below the header. */
  lines: number;
  /** The last row has no time though the others have: its line may have been cut. */
  cut: boolean;
}

export function createFrame(line: number, header: Header | null): Frame {
  return { line, header, rows: [], warnings: [], timed: null, lines: 0, cut: false };
}

/** The rows of a build as its frames went by. */
export interface Screen {
  readonly line: number;
  last: Frame;
  /** Every row that was ever shown. A terminal of few lines hides those that are done. */
  readonly rows: Row[];
}

/** Takes a whole frame into the picture. */
export function absorb(screen: Screen, frame: Frame): void {
  const matched = new Set<Row>();
  // The terminal's height and a frame that is cut short leave rows out, but their order, which is that of their start, stays.
  let from = 0;
  const now = frame.header?.seconds ?? 0;
  for (const row of frame.rows) {
    let at = findRow(screen.rows, row.name, from, matched);
    if (at < 0) at = findRow(screen.rows, row.name, 0, matched);
    const known = screen.rows[at];
    if (!known) {
      const copy = { ...row, moved: movedAt(row, now) };
      screen.rows.push(copy);
      matched.add(copy);
      continue;
    }
    from = at + 1;
    matched.add(known);
    if (row.output > 0 || (row.seconds ?? 0) > (known.seconds ?? 0)) known.moved = movedAt(row, now);
    else if (known.moved === Number.POSITIVE_INFINITY) known.moved = now;
    known.word = row.word;
    known.seconds = row.seconds;
    known.line = row.line;
    if (row.name.length > known.name.length) known.name = row.name;
    if (row.statuses.length > 0) known.statuses = row.statuses;
    known.output = Math.max(known.output, row.output);
  }
  screen.last = frame;
}

function movedAt(row: Row, now: number): number {
  return row.output > 0 ? Number.POSITIVE_INFINITY : now;
}

function findRow(rows: readonly Row[], name: string, from: number, matched: ReadonlySet<Row>): number {
  for (let i = from; i < rows.length; i++) {
    const row = rows[i]!;
    if (sameName(row.name, name) && !matched.has(row)) return i;
  }
  return -1;
}

/** A name loses characters at its end when its time, or a word before it, needs room. */
export function sameName(a: string, b: string): boolean {
  if (a === b) return true;
  const short = a.length < b.length ? a : b;
  return short.length >= 20 && (short === a ? b : a).startsWith(short);
}

/** Was the capture cut in the middle of this frame? Frames seldom shrink, and then the one before says as much. */
export function isCutShort(frame: Frame, before: Frame): boolean {
  return frame.lines < before.lines;
}

/** Every row that is on the last frame; where the terminal was too low for all, those that it hid as well. */
export function finalRows(screen: Screen): Row[] {
  const { last } = screen;
  // What is completed was started, and what was started has a row.
  if (last.header && last.header.completed > last.rows.length && screen.rows.length > last.rows.length) return screen.rows;
  // Only the frames before show output, so that a step which was canceled is known to have run.
  const matched = new Set<Row>();
  return last.rows.map((row, i) => {
    let at = findRow(screen.rows, row.name, i, matched);
    if (at < 0) at = findRow(screen.rows, row.name, 0, matched);
    const seen = screen.rows[at];
    if (!seen) return row;
    matched.add(seen);
    return { ...row, output: Math.max(row.output, seen.output), moved: seen.moved };
  });
}

/** `[web build 2/7] RUN …`: what stands before the position, and the position */
const POSITION = /^\[([^\]]{0,300}?)\s{0,4}(\d{1,4})\/\d{1,4}\] /;
const BEFORE_STEPS = /^\[(?:.{1,200} )?internal\] load (?:build definition|metadata|\.dockerignore|local bake)/;

/**
 * The rows of an unfinished frame that are not done yet. The frame does not mark them: as many as the header's count leaves, none that a
 * later step of its stage stands on, first those whose clock was seen to move last, then the longest.
 */
export function openRows(rows: readonly Row[], header: Header): Set<Row> {
  const count = Math.max(0, rows.length - header.completed);
  const highest = new Map<string, number>();
  for (const r of rows) {
    const p = POSITION.exec(r.name);
    if (p) highest.set(p[1] ?? '', Math.max(highest.get(p[1] ?? '') ?? 0, Number(p[2])));
  }
  const isOver = (r: Row): boolean => {
    const p = POSITION.exec(r.name);
    return p ? Number(p[2]) < (highest.get(p[1] ?? '') ?? 0) : highest.size > 0 && BEFORE_STEPS.test(r.name);
  };
  return new Set(
    rows
      .map((r, i) => ({ r, i, over: isOver(r) }))
      .filter(({ r }) => r.word === null)
      .sort((a, b) => Number(a.over) - Number(b.over) || later(a.r, b.r) || (b.r.seconds ?? 0) - (a.r.seconds ?? 0) || b.i - a.i)
      .slice(0, count)
      .map(({ r }) => r),
  );
}

function later(a: Row, b: Row): number {
  return a.moved === b.moved ? 0 : b.moved > a.moved ? 1 : -1;
}
