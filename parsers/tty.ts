/** Terminal progress, pasted or captured: the last frame of each build tells how it went (buildkit: util/progress/progressui/display.go). */
import type { BeginBuild, Claim, LineReader, LogLine, LogParser } from '../src/events.ts';
import { finalWord, parseStatus } from './plain-lines.ts';

/** `[+] Building 12.3s (10/10) FINISHED                         docker:default` */
const HEADER = /^\s{0,8}\[\+\] (?:Building|build) (\d{1,7}\.\d)s \((\d{1,6})\/(\d{1,6})\)( FINISHED)?(?:\s+(\S+:\S+))?\s*$/;
/** ` => CACHED [2/7] RUN echo a      0.0s`, ` => => transferring dockerfile: 219B   0.0s`, ` => => # output` */
const ROW = /^\s{0,8}(?:[┃│|>] )?=> (.*)$/;
/** `[+] Running 2/2`: compose's own display, no build */
const OTHER = /^\s{0,8}\[\+\] (?!Building|build)/;

interface Row {
  readonly name: string;
  readonly word: 'cached' | 'error' | 'canceled' | null;
  readonly seconds: number | null;
  readonly line: number;
  readonly statuses: { readonly text: string; readonly seconds: number | null }[];
  output: number;
}

interface Frame {
  readonly line: number;
  rows: Row[];
  seconds: number | null;
  completed: number;
  total: number;
  finished: boolean;
  builder: string | null;
  warnings: string[];
  failure: { readonly outcome: 'failed' | 'canceled'; readonly message: string } | null;
  /** Rows without a header: a piece of a frame. */
  readonly piece: boolean;
}

const parser: LogParser = {
  id: 'tty',
  title: 'terminal progress',
  open(begin) {
    return new TtyReader(begin);
  },
};
export default parser;

class TtyReader implements LineReader {
  private readonly begin: BeginBuild;
  private frame: Frame | null = null;

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  line(line: LogLine): Claim {
    const { text } = line;
    const header = HEADER.exec(text);
    if (header) return this.header(header, line.number);
    const row = ROW.exec(text);
    if (row) return this.row(row[1] ?? '', line.number);
    if (!this.frame) return 'none';
    const outcome = finalWord(text);
    if (outcome && !this.frame.failure) {
      this.frame.failure = { outcome, message: text.slice(0, 2000) };
      return 'structure';
    }
    if (OTHER.test(text)) this.flush();
    return 'none';
  }

  end(): void {
    this.flush();
  }

  private header(match: RegExpExecArray, line: number): Claim {
    const seconds = Number(match[1]);
    const total = Number(match[3]);
    const before = this.frame;
    // The same build shows frame after frame with a clock that only goes forward.
    const same =
      before !== null &&
      !before.piece &&
      !before.finished &&
      before.failure === null &&
      seconds >= (before.seconds ?? 0) &&
      Number(match[2]) >= before.completed;
    const again = before?.finished === true && match[4] !== undefined && seconds === before.seconds && total === before.total;
    if (!same && !again) this.flush();
    this.frame = {
      line: (same || again) && before ? before.line : line,
      rows: [],
      seconds,
      completed: Number(match[2]),
      total,
      finished: match[4] !== undefined,
      builder: match[5] ?? before?.builder ?? null,
      warnings: [],
      failure: null,
      piece: false,
    };
    return 'structure';
  }

  private row(rest: string, line: number): Claim {
    this.frame ??= {
      line,
      rows: [],
      seconds: null,
      completed: 0,
      total: 0,
      finished: false,
      builder: null,
      warnings: [],
      failure: null,
      piece: true,
    };
    const { frame } = this;
    const time = /\s+(\d{1,7}\.\d)s\s*$/.exec(rest.slice(-24));
    const seconds = time ? Number(time[1]) : null;
    let text = (time ? rest.slice(0, -time[0].length) : rest).trimEnd();
    const above = frame.rows.at(-1);
    if (text.startsWith('=> ')) {
      text = text.slice(3);
      if (text.startsWith('# ') || text === '#') {
        if (above) above.output++;
      } else above?.statuses.push({ text, seconds });
      return 'structure';
    }
    if (text.startsWith('WARN: ')) {
      frame.warnings.push(text.slice(6));
      return 'structure';
    }
    const word = /^(CACHED|ERROR|CANCELED) /.exec(text);
    if (word) text = text.slice(word[0].length);
    if (text === '' || frame.rows.length > 20_000) return 'structure';
    frame.rows.push({ name: text, word: (word?.[1]?.toLowerCase() as Row['word']) ?? null, seconds, line, statuses: [], output: 0 });
    return 'structure';
  }

  /** Tells the frame that stands as one build. */
  private flush(): void {
    const { frame } = this;
    this.frame = null;
    if (!frame || (frame.rows.length === 0 && frame.piece)) return;
    const emit = this.begin('tty', frame.line);
    const builder = frame.builder?.split(':');
    if (builder?.[0] && builder[1]) emit({ type: 'builder', name: builder.slice(1).join(':'), driver: builder[0] });
    // Rows are in the order of their start: where fewer are completed than shown, the last unmarked ones still run.
    let running = frame.finished || frame.piece || frame.failure ? 0 : Math.max(0, frame.rows.length - frame.completed);
    const open = new Set<Row>();
    for (const row of [...frame.rows].reverse())
      if (running > 0 && row.word === null) {
        open.add(row);
        running--;
      }
    frame.rows.forEach((row, i) => {
      const id = `#${i + 1}`;
      emit({ type: 'vertex', id, name: row.name, line: row.line });
      for (const s of row.statuses)
        emit({
          type: 'status',
          id,
          ...parseStatus(`${s.text}${s.seconds === null ? '' : ` ${s.seconds.toFixed(1)}s`}`),
          done: !open.has(row),
        });
      if (row.output > 0) emit({ type: 'output', id, lines: row.output, bytes: 0 });
      const seconds = row.seconds === null ? {} : { seconds: row.seconds };
      if (row.word === 'error') emit({ type: 'error', id, message: frame.failure?.message ?? '', line: row.line, ...seconds });
      else if (row.word === 'cached') emit({ type: 'cached', id, line: row.line });
      else if (row.word === 'canceled') emit({ type: 'canceled', id, line: row.line, ...seconds });
      else if (!open.has(row)) emit({ type: 'done', id, line: row.line, ...seconds });
      else if (row.seconds !== null) emit({ type: 'output', id, lines: 1, bytes: 0, at: row.seconds });
    });
    for (const w of frame.warnings) emit({ type: 'warning', id: null, text: w });
    const seconds = frame.seconds === null ? {} : { seconds: frame.seconds };
    if (frame.failure) emit({ type: 'end', ...frame.failure, ...seconds });
    else if (frame.finished && !frame.rows.some((r) => r.word === 'error' && !/importing cache|exporting cache/.test(r.name)))
      emit({ type: 'end', outcome: 'succeeded', ...seconds });
    else if (frame.piece) emit({ type: 'note', text: 'Only a piece of a terminal frame: nothing is known of the rest of the build.' });
  }
}
