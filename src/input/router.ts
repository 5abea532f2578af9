/** Takes the wrapper off each line and hands it to the reader whose it is. */

import { isBuildCommand, looksLikeProgress } from '../../parsers/envelopes/define.ts';
import { envelopes } from '../../parsers/envelopes/index.ts';
import { parsers } from '../../parsers/index.ts';
import type { BeginBuild, EventSink, LineReader, LogLine } from '../events.ts';
import { addEvent, type BuildLog, createBuildLog } from '../graph/log.ts';
import { cleanLine } from './clean.ts';

export interface UnreadLines {
  /** Lines inside builds that look like structure and were not understood. */
  count: number;
  readonly examples: { readonly line: number; readonly text: string }[];
}

interface Command {
  text: string;
  readonly line: number;
}

/** What a line without a number, and a prompt or trace mark, shows as a command: `+ docker build .`, `$ docker build .`, `#8 …` never. */
const PROMPT = /^(?:\+{1,3} |\$ |> |# |PS [^>]{0,200}> |[\w.@:~/-]{1,80}[#$] |docker : |\[command\])/;

/** `ERROR: failed to build: Cache export is not supported for the docker driver.`, `Error response from daemon: …`, `unknown flag: --cache-to` */
const REFUSAL =
  /^(?:ERROR: (?!.{0,100}failed to solve)(?:failed to|.{0,200}?\b(?:build|buildx|builder|driver|docker|dockerfile|context)\b)|Error response from daemon: |unable to prepare context: |unknown (?:shorthand )?flag: |(?:ERROR: )?Cannot connect to the Docker daemon)/i;

export class Router {
  readonly builds: BuildLog[] = [];
  readonly unread: UnreadLines = { count: 0, examples: [] };
  /** Titles of the wrappers that were taken off. */
  readonly wrappers: Set<string> = new Set();
  /** What a client printed that gave up before it began a build; null where a build began. */
  refusal: string | null = null;
  private readonly readers: { readonly id: string; readonly reader: LineReader }[];
  private readonly pending: Command[] = [];
  private open: Command | null = null;
  private readonly plain: { output(n: number, lines: number, at: number | undefined): void };

  constructor() {
    const begin: BeginBuild = (dialect, line): EventSink => {
      const build = createBuildLog(dialect, line);
      build.wrappers = this.wrappers;
      this.builds.push(build);
      for (const c of this.pending.splice(0)) addEvent(build, { type: 'command', text: c.text, line: c.line });
      return (event) => addEvent(build, event);
    };
    this.readers = parsers.map((p) => ({ id: p.id, reader: p.open(begin) }));
    this.plain = this.readers.find((r) => r.id === 'plain')!.reader as LineReader & Router['plain'];
  }

  /** Output of a step that was counted unread. */
  output(number: number, lines: number, at: number | undefined): void {
    this.plain.output(number, lines, at);
  }

  /** @param raw one physical line as decoded, without its line feed; @param number its 1-based number */
  line(raw: string, number: number): void {
    const line = this.unwrap(cleanLine(raw), number);
    if (this.continueCommand(line)) return;
    const { text } = line;
    // While a step of the classic builder prints, only the unmistakable beginning of another build is structure.
    const busy = this.readers.find((r) => 'running' in r.reader && (r.reader as { running: boolean }).running);
    if (busy) {
      if (!/^#\d+ \[internal\] |^#0 building with |^\[\+\] Building /.test(text) && busy.reader.line(line) !== 'none') return;
    }
    for (const { id, reader } of this.readers) {
      if (id === busy?.id) continue;
      const claim = reader.line(line);
      if (claim !== 'none') {
        if (text === '') continue;
        return;
      }
    }
    this.watchCommand(line);
    if (this.builds.length === 0 && this.refusal === null && REFUSAL.test(text)) this.refusal = text.slice(0, 300);
    if (/^#\d+ /.test(text) && this.builds.length > 0) {
      this.unread.count++;
      if (this.unread.examples.length < 5) this.unread.examples.push({ line: number, text: text.slice(0, 200) });
    }
  }

  end(): void {
    if (this.open) this.pending.push(this.open);
    for (const { reader } of this.readers) reader.end();
  }

  private unwrap(cleaned: string, number: number): LogLine {
    let text = cleaned;
    let time: number | undefined;
    let source: string | undefined;
    if (text.charCodeAt(0) !== 35 && text.charCodeAt(0) !== 123 && text !== '') {
      for (const envelope of envelopes) {
        const off = envelope.strip(text);
        if (!off) continue;
        this.wrappers.add(envelope.title);
        text = off.text;
        time ??= off.time;
        if (off.source !== undefined) source = source === undefined ? off.source : `${source} ${off.source}`;
        if (off.command !== undefined) this.startCommand(off.command, number);
        if (text.charCodeAt(0) === 35) break;
      }
      // `0:00:01#26 ...`: what was printed without an end stands before the number.
      const glued = text.charCodeAt(0) === 35 ? null : /^[^#\n]{1,200}?(?=#\d{1,4} \.\.\.$)|^docker(?:\.exe)? : (?=#\d)/.exec(text);
      if (glued) text = text.slice(glued[0].length);
    }
    // Markdown and job pages keep a blank or two at the end of a name; the printer never does.
    return { text, number, ...(time !== undefined && { time }), ...(source !== undefined && { source }) };
  }

  private startCommand(text: string, line: number): void {
    // What the wrapper shows as a command has a prompt's form as well.
    if (this.pending.at(-1)?.line === line) return;
    if (this.open) this.pending.push(this.open);
    this.open = { text: text.trim().slice(0, 20_000), line };
    if (!this.open.text.endsWith('\\')) {
      this.pending.push(this.open);
      this.open = null;
    }
    while (this.pending.length > 50) this.pending.shift();
  }

  /** A command over several lines ends each but the last with a backslash. */
  private continueCommand(line: LogLine): boolean {
    if (!this.open) return false;
    if (looksLikeProgress(line.text)) {
      this.pending.push(this.open);
      this.open = null;
      return false;
    }
    const text = line.text.trim();
    this.open.text = `${this.open.text.slice(0, -1).trimEnd()} ${text}`;
    if (!text.endsWith('\\') || this.open.text.length > 20_000) {
      this.pending.push(this.open);
      this.open = null;
    }
    return true;
  }

  private watchCommand(line: LogLine): void {
    const { text } = line;
    if (text.length > 20_000 || !isBuildCommand(text)) return;
    if (
      PROMPT.test(text) ||
      /^\s*(?:[A-Z_]+=\S* )*(?:sudo |time )?(?:\/usr\/(?:local\/)?bin\/)?(?:docker|podman|buildah|docker-compose)(?:\.exe)? /.test(text)
    )
      this.startCommand(text.replace(/^(?:\+{1,3} |\$ |> |# |\[command\])/, ''), line.number);
  }
}
