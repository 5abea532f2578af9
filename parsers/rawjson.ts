/**
 * `--progress=rawjson` (buildx 0.12 and newer) and what `docker buildx history logs --progress rawjson` replays: JSON documents of one shape,
 * one a line, or indented over many (buildx 0.12 and 0.13), or one with everything, and plain text at the end.
 */
import type { BeginBuild, Claim, LineReader, LogLine, LogParser } from '../src/events.ts';
import { finalWord } from './plain-lines.ts';
import { RawBuild } from './rawjson/build.ts';
import { countBrokenLogs, createDocuments, cutLogs, type LogRecord, salvage, startsDocument } from './rawjson/documents.ts';
import { parseStatus, type SolveStatus, toStatus } from './rawjson/schema.ts';

/** A build that is shown in another format: words that follow are its own. */
const ELSEWHERE = /^(?:#\d{1,6} |\s{0,8}\[\+\] |\s{0,8}=> |Step \d|(?:\[\d{1,4}\/\d{1,4}\] )?STEP \d)/;

const parser: LogParser = {
  id: 'rawjson',
  title: '--progress=rawjson',
  open(begin) {
    return new RawJsonReader(begin);
  },
};
export default parser;

class RawJsonReader implements LineReader {
  private readonly begin: BeginBuild;
  /** By stream: a wrapper's labels tell interleaved builds apart. */
  private readonly streams = new Map<string, Stream>();

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  line(line: LogLine): Claim {
    const key = line.source ?? '';
    const known = this.streams.get(key);
    // Most lines of most logs are none of ours: nothing is kept for a stream before its first brace.
    if (!known && !/^\s*\{/.test(line.text)) return 'none';
    const stream = known ?? new Stream(this.begin);
    if (!known) this.streams.set(key, stream);
    return stream.line(line);
  }

  end(): void {
    for (const s of this.streams.values()) s.end();
    this.streams.clear();
  }
}

class Stream {
  private readonly begin: BeginBuild;
  private readonly documents = createDocuments();
  private build: RawBuild | null = null;
  /** The build whose last words may follow: no other build was shown since. */
  private last: RawBuild | null = null;
  /** Line on which the current document begins. */
  private start = 0;

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  line(line: LogLine): Claim {
    let read = this.documents.open;
    if (!read) {
      if (!this.documents.mayBeOpen) this.start = line.number;
      if (this.whole(line.text)) return 'structure';
    }
    const rest = this.documents.line(
      line.text,
      (document) => {
        read = true;
        this.document(document, this.start);
        this.start = line.number;
      },
      (part) => this.broken(part, this.start),
    );
    if (rest === undefined) return 'structure';
    return this.text(rest) || (read && rest !== line.text) ? 'structure' : 'none';
  }

  end(): void {
    const part = this.documents.end();
    if (part !== undefined) this.broken(part, this.start);
    this.build?.end();
    this.build = null;
  }

  /** Most lines are one document: then nothing need be followed bracket by bracket. */
  private whole(text: string): boolean {
    return text.startsWith('{"') && text.endsWith('}') && startsDocument(text) && this.read(text, this.start);
  }

  private document(text: string, line: number): void {
    if (!this.read(text, line)) this.broken(text, line);
  }

  /** @returns was the text one document? */
  private read(text: string, line: number): boolean {
    const logs: LogRecord[] = [];
    const without = cutLogs(text, (record) => logs.push(record));
    const status = without === '' ? EMPTY : (parseStatus(without) ?? (without === text ? undefined : parseStatus(text)));
    if (!status) return false;
    this.add(status, line);
    for (const record of logs) this.build?.count(record, line);
    return true;
  }

  private add(status: SolveStatus, line: number): void {
    if (this.build?.isFollowedBy(status)) {
      this.build.end();
      this.build = null;
    }
    this.build ??= new RawBuild(this.begin('rawjson', line));
    this.build.add(status, line);
    this.last = this.build;
  }

  private broken(part: string, line: number): void {
    this.add(toStatus(salvage(part)), line);
    countBrokenLogs(part, (record) => this.build?.count(record, line));
    this.build?.note('A record of the log is cut short: of it only what stands before the cut was read.');
  }

  /** Footers and last words. @returns was it one of ours? */
  private text(text: string): boolean {
    if (ELSEWHERE.test(text)) this.last = null;
    if (!this.build || this.last !== this.build) return false;
    const outcome = finalWord(text);
    if (outcome) {
      this.build.finish(outcome, text.slice(0, 2000));
      return true;
    }
    if (!text.startsWith('WARNING: No output specified')) return false;
    this.build.note('The build had no output: its result stays in the build cache.');
    return true;
  }
}

const EMPTY: SolveStatus = { vertexes: [], statuses: [], warnings: [] };
