/** Terminal progress, pasted or captured: the last frame of each build tells how it went (buildkit: util/progress/progressui/display.go). */
import type { BeginBuild, Claim, LogLine, LogParser } from '../src/events.ts';
import { finalWord } from './plain-lines.ts';
import { perStream, type StreamReader } from './streams.ts';
import { absorb, createFrame, type Frame, isCutShort, type Screen, sameName } from './tty/frame.ts';
import { type Header, hasTime, isUnmistakable, readArrow, readHeader, readRow } from './tty/rows.ts';
import { type Footer, tell } from './tty/tell.ts';

/** No frame has more rows; a log that repeats them without end must not fill the memory. */
const MAX_ROWS = 20_000;

const parser: LogParser = {
  id: 'tty',
  title: 'terminal progress',
  open(begin) {
    return perStream(() => new TtyReader(begin));
  },
};
export default parser;

class TtyReader implements StreamReader {
  private readonly begin: BeginBuild;
  /** The frame that is being read, and the build that it belongs to. */
  private frame: Frame | null = null;
  private screen: Screen | null = null;
  private footer: Footer = createFooter();
  /** Inside `------` … `------`: the output of the step that failed. */
  private excerpt = false;
  private dashes = false;
  /** What stood between the last row and the current line. */
  private gap: 'none' | 'blank' | 'text' = 'none';
  /** A blank line stood before the header of the current frame: it may be another build's. */
  private apart = false;

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  line(line: LogLine): Claim {
    const { text } = line;
    const header = readHeader(text);
    if (header) return this.header(header, line.number);
    const below = this.frame ? this.below(text) : undefined;
    if (below) return below;
    const rest = readArrow(text);
    if (rest !== undefined) {
      const claim = this.row(rest, line.number);
      if (claim !== 'none') return claim;
    }
    if (text.trim() !== '') this.gap = 'text';
    // A frame that shrinks overwrites its surplus rows with blanks; a line without anything is of a paste.
    else if (text === '' && this.gap === 'none') this.gap = 'blank';
    return 'none';
  }

  end(): void {
    const { frame, screen } = this;
    // Of a capture that ends in the middle of a frame the one before counts.
    if (frame?.cut) frame.rows.pop();
    if (frame && screen && !this.hasFooter() && isCutShort(frame, screen.last)) {
      this.frame = null;
      // It said at least that the build is over.
      if (frame.header?.finished) screen.last = { ...screen.last, header: frame.header };
    }
    this.flush();
  }

  /** Excerpts and last words below a frame. */
  private below(text: string): Claim | undefined {
    if (text === '------') {
      this.excerpt = false;
      this.dashes = true;
      return 'structure';
    }
    const opens = this.dashes && text.startsWith(' > ');
    this.dashes = false;
    if (opens) {
      this.excerpt = true;
      if (this.footer.excerpts.length < 100) this.footer.excerpts.push({ name: text.slice(3).replace(/:\s*$/, ''), last: '' });
      return 'structure';
    }
    if (this.excerpt) {
      const current = this.footer.excerpts.at(-1);
      // `0.191 ls: /nonexistent: No such file or directory`
      if (current && text.trim() !== '') current.last = text.replace(/^(?:#\d{1,6} )?\d{1,7}\.\d{1,3} /, '').slice(0, 2000);
      return 'output';
    }
    const outcome = finalWord(text);
    if (outcome && !this.footer.final) {
      this.footer.final = { outcome, message: text.slice(0, 2000) };
      return 'structure';
    }
    if (!text.startsWith('WARNING: No output specified')) return undefined;
    this.footer.noOutput = true;
    return 'structure';
  }

  private header(header: Header, line: number): Claim {
    this.settle();
    const { screen } = this;
    const before = screen?.last.header;
    // The same build shows frame after frame, with a clock that only goes forward and vertices that only get more.
    const forward = before && !before.finished && header.seconds >= before.seconds && header.total >= before.total && !this.hasFooter();
    const again = before?.finished && header.finished && header.seconds === before.seconds && header.total === before.total;
    if (!(forward && this.gap !== 'text') && !again) this.flush();
    this.frame = createFrame(line, header);
    this.apart = this.gap === 'blank';
    this.gap = 'none';
    this.excerpt = false;
    return 'structure';
  }

  private hasFooter(): boolean {
    return this.footer.final !== null || this.footer.excerpts.length > 0;
  }

  private row(rest: string, line: number): Claim {
    // Many programs print arrows: without a frame, or away from it, only what none of them prints is taken.
    if ((!this.frame || this.gap === 'text') && !isUnmistakable(rest) && !(this.frame && hasTime(rest))) return 'none';
    if (this.frame && this.isNewPiece(rest)) this.flush();
    this.frame ??= createFrame(line, null);
    const { frame } = this;
    this.gap = 'none';
    if (!rest.startsWith('=> #')) frame.timed ??= hasTime(rest);
    const row = readRow(rest, frame.timed ?? false);
    const above = frame.rows.at(-1);
    frame.lines++;
    frame.cut = row.kind === 'vertex' && row.name !== '' && row.seconds === null && frame.timed === true;
    if (row.kind === 'warning') frame.warnings.push(row.text);
    else if (row.kind === 'output') {
      if (above) above.output++;
    } else if (row.kind === 'status') {
      if (above && above.statuses.length < MAX_ROWS) (above.statuses as (typeof row.status)[]).push(row.status);
    } else if (row.name !== '' && frame.rows.length < MAX_ROWS)
      frame.rows.push({ name: row.name, word: row.word, seconds: row.seconds, line, statuses: [], output: 0, moved: 0 });
    return 'structure';
  }

  /** Does this row begin another piece? After other text, or where a build's first row comes again after its steps. */
  private isNewPiece(rest: string): boolean {
    const { frame } = this;
    if (!frame) return false;
    const over = frame.header?.finished === true || this.footer.final !== null;
    if (this.gap === 'text') return over || frame.header === null;
    if (frame.header && !over) return false;
    const row = readRow(rest, frame.timed ?? false);
    return (
      row.kind === 'vertex' &&
      /^\[(?:.{1,200} )?internal\] load (?:build definition|local bake)/.test(row.name) &&
      frame.rows.some((r) => r.name === row.name) &&
      frame.rows.some((r) => /^\[[^\]]{0,300}\d\/\d{1,4}\] /.test(r.name))
    );
  }

  /** The frame is whole. */
  private settle(): void {
    const { frame } = this;
    if (!frame) return;
    this.frame = null;
    if (this.screen && this.apart && !continues(this.screen, frame)) this.tell();
    if (this.screen) absorb(this.screen, frame);
    else this.screen = { line: frame.line, last: frame, rows: frame.rows.map((r) => ({ ...r })) };
  }

  private flush(): void {
    this.settle();
    this.tell();
  }

  private tell(): void {
    const { screen, footer } = this;
    this.screen = null;
    this.footer = createFooter();
    this.excerpt = false;
    if (screen && screen.rows.length > 0) tell(screen, footer, this.begin('tty', screen.line));
  }
}

/** Does the frame go on with what was on the screen? Every vertex that was shown is shown again. */
function continues(screen: Screen, frame: Frame): boolean {
  return screen.last.rows.every((row) => frame.rows.some((r) => sameName(r.name, row.name)));
}

function createFooter(): Footer {
  return { final: null, excerpts: [], noOutput: false };
}
