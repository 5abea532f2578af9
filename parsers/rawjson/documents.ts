/** From lines to JSON documents, however they were laid out: one a line, indented over many, several on one, cut anywhere. */

/** A record's first key is one of these four; no object inside one begins so. `{"vertexes":[`, or indented by buildx 0.12 and 0.13. */
const START = /^\s*\{\s*"(?:vertexes|statuses|logs|warnings)"\s*:/;
/** What a line can begin with inside a JSON document, between two tokens. */
const CONTINUES = /^[\s"{}[\],:\-\dtfn]/;
/** Longer ones are dropped: no build has so much to say. */
const MAX_LENGTH = 128 * 1024 * 1024;

const QUOTE = 34;
const BACKSLASH = 92;

/** Where a document stands after some of its text. */
interface State {
  depth: number;
  inString: boolean;
  /** The text ended with an open backslash: its last line was broken in the middle of a string. */
  escaped: boolean;
}

export interface Documents {
  /** A document is begun and not over. */
  readonly open: boolean;
  /** The line before was a brace alone: perhaps the beginning of a document. */
  readonly mayBeOpen: boolean;
  /**
   * @param text one line of the log
   * @param whole called with each document that ends on this line
   * @param broken called with the text of a document that will never end: cut short, or something else stands in its middle
   * @returns the text behind (or instead of) documents; undefined where the line was used up
   */
  line(text: string, whole: (document: string) => void, broken: (part: string) => void): string | undefined;
  /** @returns the document that was begun and never ended */
  end(): string | undefined;
}

export function startsDocument(text: string): boolean {
  return START.test(text);
}

export function createDocuments(): Documents {
  return new Collector();
}

class Collector implements Documents {
  private parts: string[] = [];
  private length = 0;
  private state: State = { depth: 0, inString: false, escaped: false };
  /** A line that was `{` alone: a document perhaps, of whom is not known yet. */
  private brace = false;

  get open(): boolean {
    return this.parts.length > 0;
  }

  get mayBeOpen(): boolean {
    return this.brace;
  }

  line(text: string, whole: (document: string) => void, broken: (part: string) => void): string | undefined {
    let rest = text;
    if (this.open && (startsDocument(rest) || !this.continues(rest))) broken(this.take());
    if (!this.open) {
      if (this.brace) rest = `{${rest}`;
      const alone = this.brace;
      this.brace = false;
      if (!startsDocument(rest)) {
        this.brace = /^\s*\{\s*$/.test(text);
        return text;
      }
      if (alone) this.state = { depth: 0, inString: false, escaped: false };
    }
    while (rest !== '' && (this.open || startsDocument(rest))) {
      const end = scan(rest, 0, this.state);
      this.parts.push(end < 0 ? rest : rest.slice(0, end));
      this.length += end < 0 ? rest.length : end;
      if (end < 0) {
        if (this.length > MAX_LENGTH) broken(this.take());
        return undefined;
      }
      whole(this.take());
      // A message of nothing is no document of ours alone, but may stand between two.
      rest = rest.slice(end).replace(/^(?:\s*\{\s*\})+/, '');
    }
    return rest.trim() === '' ? undefined : rest;
  }

  end(): string | undefined {
    return this.open ? this.take() : undefined;
  }

  private continues(text: string): boolean {
    if (this.state.inString || text === '' || CONTINUES.test(text)) return true;
    // `true` broken by a terminal's edge
    return /^[a-z]/.test(text) && /[a-z]$/.test(this.parts.at(-1) ?? '');
  }

  private take(): string {
    // Between tokens nothing need stand, and a string that was broken over lines is joined again.
    const text = this.parts.length === 1 ? this.parts[0]! : this.parts.join('');
    this.parts = [];
    this.length = 0;
    this.state = { depth: 0, inString: false, escaped: false };
    return text;
  }
}

/**
 * Follows brackets and strings.
 * @returns the position behind the end of the document that `state` is in; -1 where it does not end in `text`
 */
function scan(text: string, from: number, state: State): number {
  let at = from;
  if (state.escaped) {
    state.escaped = false;
    at++;
  }
  while (at < text.length) {
    if (state.inString) {
      const quote = text.indexOf('"', at);
      const stop = quote < 0 ? text.length : quote;
      let slashes = 0;
      while (stop - 1 - slashes >= at && text.charCodeAt(stop - 1 - slashes) === BACKSLASH) slashes++;
      if (quote < 0) {
        state.escaped = slashes % 2 === 1;
        return -1;
      }
      if (slashes % 2 === 0) state.inString = false;
      at = quote + 1;
      continue;
    }
    const code = text.charCodeAt(at++);
    if (code === QUOTE) state.inString = true;
    else if (code === 123 /* { */ || code === 91 /* [ */) state.depth++;
    else if ((code === 125 /* } */ || code === 93) /* ] */ && --state.depth <= 0) return at;
  }
  return -1;
}

export interface LogRecord {
  readonly vertex: string;
  /** As printed; parsed only where it is needed. */
  readonly timestamp: string;
}

/**
 * Output of steps is most of such a log, and only how many there are matters: it is counted without being parsed or decoded.
 * In a record's text `"logs":[` can only be its key (inside a string the quotes are escaped), and no bracket stands in base64, digests and times.
 * @param count called for each log record
 * @returns the document without them; empty where nothing else was in it
 */
export function cutLogs(text: string, count: (record: LogRecord) => void): string {
  const start = logsStart(text);
  const end = start < 0 ? -1 : text.indexOf(']', start);
  if (end < 0) return text;
  countLogs(text, start, end, count);
  const first = text.indexOf('"');
  const alone = first === text.indexOf('"logs"') && /^\s*\{\s*$/.test(text.slice(0, first)) && /^\]\s*\}\s*$/.test(text.slice(end));
  return alone ? '' : text.slice(0, start) + text.slice(end);
}

/** Counts the log records of a document that was cut short. */
export function countBrokenLogs(text: string, count: (record: LogRecord) => void): void {
  const start = logsStart(text);
  if (start >= 0) countLogs(text, start, text.length, count);
}

function countLogs(text: string, start: number, stop: number, count: (record: LogRecord) => void): void {
  for (let at = text.indexOf(VERTEX, start); at >= 0 && at < stop; ) {
    const next = text.indexOf(VERTEX, at + VERTEX.length);
    const record = text.slice(at, next < 0 || next > stop ? stop : next);
    count({ vertex: stringOf(record, VERTEX), timestamp: stringOf(record, '"timestamp"') });
    at = next;
  }
}

const VERTEX = '"vertex"';

/** The position behind `"logs":[`, -1 where there is none. */
function logsStart(text: string): number {
  const open = /\s*:\s*\[/y;
  for (let at = text.indexOf('"logs"'); at >= 0; at = text.indexOf('"logs"', at + 6)) {
    open.lastIndex = at + 6;
    if (open.test(text)) return open.lastIndex;
  }
  return -1;
}

/** The string that stands as the value of `key`; empty where there is none. */
function stringOf(record: string, key: string): string {
  const at = record.indexOf(key);
  if (at < 0) return '';
  const start = record.indexOf('"', at + key.length) + 1;
  const end = start === 0 ? -1 : record.indexOf('"', start);
  return end < 0 ? '' : record.slice(start, end);
}

/**
 * What can still be read of a document that was cut short: every element of its lists that is whole.
 * @returns the same shape as the document
 */
export function salvage(text: string): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {};
  for (const list of ['vertexes', 'statuses', 'warnings']) {
    const key = new RegExp(`"${list}"\\s*:\\s*\\[`).exec(text);
    if (!key) continue;
    const elements: unknown[] = [];
    let at = key.index + key[0].length;
    for (;;) {
      while (/[\s,]/.test(text[at] ?? '')) at++;
      if (text[at] !== '{') break;
      const end = scan(text, at, { depth: 0, inString: false, escaped: false });
      if (end < 0) break;
      try {
        elements.push(JSON.parse(text.slice(at, end)));
      } catch {
        break;
      }
      at = end;
    }
    found[list] = elements;
  }
  return found;
}
