/** A wrapper's labels tell interleaved streams apart (`api | …`, `[branch] …`): each is read for itself. */
import type { Claim, LineReader, LogLine } from '../src/events.ts';

/** A reader of one stream. While `running`, a step's own output is being printed and only this reader can tell it from structure. */
export interface StreamReader extends LineReader {
  readonly running?: boolean;
}

/** More labels than this are no labels. */
const MAX_STREAMS = 1000;

/** Reads each stream with a reader of its own. */
export function perStream(open: () => StreamReader): LineReader & { readonly running: boolean } {
  return new Streams(open);
}

class Streams implements LineReader {
  private readonly open: () => StreamReader;
  private readonly readers = new Map<string, StreamReader>();

  constructor(open: () => StreamReader) {
    this.open = open;
  }

  get running(): boolean {
    for (const r of this.readers.values()) if (r.running) return true;
    return false;
  }

  line(line: LogLine): Claim {
    const source = this.readers.size < MAX_STREAMS ? (line.source ?? '') : '';
    let reader = this.readers.get(source);
    if (!reader) {
      reader = this.open();
      this.readers.set(source, reader);
    }
    return reader.line(line);
  }

  end(): void {
    for (const r of this.readers.values()) r.end();
    this.readers.clear();
  }
}
