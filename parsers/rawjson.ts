/** `--progress=rawjson` (buildx 0.12 and newer) and the events that `docker buildx history logs --progress rawjson` replays (buildkit: client/graph.go). */
import type { BeginBuild, Claim, EventSink, LineReader, LogLine, LogParser } from '../src/events.ts';
import { finalWord } from './plain-lines.ts';

interface RawVertex {
  readonly digest: string;
  readonly inputs?: readonly string[];
  readonly name?: string;
  readonly started?: string;
  readonly completed?: string;
  readonly cached?: boolean;
  readonly error?: string;
  readonly progressGroup?: { readonly id?: string; readonly name?: string; readonly weak?: boolean };
}
interface RawStatus {
  readonly id: string;
  readonly vertex: string;
  readonly total?: number;
  readonly current?: number;
  readonly completed?: string;
}
interface RawWarning {
  readonly vertex?: string;
  readonly short?: string;
  readonly sourceInfo?: { readonly filename?: string; readonly data?: string };
}
interface SolveStatus {
  readonly vertexes?: readonly RawVertex[];
  readonly statuses?: readonly RawStatus[];
  readonly logs?: readonly { readonly vertex: string; readonly data?: string }[];
  readonly warnings?: readonly RawWarning[];
}

/** `{"vertexes":[…` on one line; `{` alone opens a document of buildx 0.12 and 0.13, indented over many lines. */
const DOCUMENT = /^\{\s*"(?:vertexes|statuses|logs|warnings)"\s*:/;
const LOGS_ONLY = '{"logs":[';

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
  private build: RawBuild | null = null;
  private pending: string[] = [];
  private pendingLength = 0;

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  line(line: LogLine): Claim {
    const { text } = line;
    if (this.pending.length > 0) return this.collect(line);
    if (DOCUMENT.test(text)) {
      if (text.startsWith(LOGS_ONLY) && !text.includes('"warnings":[')) this.countLogs(text, line.number);
      else this.document(text, line.number);
      return 'structure';
    }
    if (text === '{') {
      this.pending.push(text);
      this.pendingLength = 1;
      return 'structure';
    }
    if (this.build) {
      const outcome = finalWord(text);
      if (outcome) {
        this.build.emit({ type: 'end', outcome, message: text.slice(0, 2000) });
        this.build.over = true;
        return 'structure';
      }
    }
    return 'none';
  }

  end(): void {
    this.pending = [];
  }

  private collect(line: LogLine): Claim {
    this.pending.push(line.text);
    this.pendingLength += line.text.length;
    // The first key tells whether the document is ours.
    if (this.pending.length === 2 && !DOCUMENT.test(this.pending.join(''))) {
      this.pending = [];
      return 'none';
    }
    if (line.text === '}') {
      const text = this.pending.join('\n');
      this.pending = [];
      this.document(text, line.number);
    } else if (this.pendingLength > 64 * 1024 * 1024) this.pending = [];
    return 'structure';
  }

  private document(text: string, line: number): void {
    let status: SolveStatus;
    try {
      status = JSON.parse(text) as SolveStatus;
    } catch {
      // Two documents on one line, or one that was cut: read what can be read.
      const parts = text.split(/(?<=\})(?=\{"(?:vertexes|statuses|logs|warnings)":)/);
      if (parts.length > 1) for (const part of parts) this.document(part, line);
      else this.build?.emit({ type: 'note', text: 'A record of the log is cut short and could not be read.' });
      return;
    }
    const vertexes = list(status.vertexes).filter((v) => typeof v?.digest === 'string');
    if (this.build?.over && vertexes.some((v) => /load build definition/.test(String(v.name)) && !this.build?.ids.has(v.digest)))
      this.build = null;
    this.build ??= new RawBuild(this.begin('rawjson', line));
    for (const v of vertexes) this.build.vertex(v, line);
    for (const s of list(status.statuses)) if (typeof s?.vertex === 'string' && typeof s.id === 'string') this.build.status(s);
    for (const l of list(status.logs))
      if (typeof l?.vertex === 'string')
        this.build.output(l.vertex, 1, Math.floor(((typeof l.data === 'string' ? l.data.length : 0) * 3) / 4));
    for (const w of list(status.warnings)) this.build.warning(w);
  }

  /** Output of steps is most of such a log, and only its amount matters: it is counted without being parsed. */
  private countLogs(text: string, line: number): void {
    this.build ??= new RawBuild(this.begin('rawjson', line));
    const marker = '"vertex":"';
    for (let at = text.indexOf(marker); at >= 0; ) {
      const start = at + marker.length;
      const next = text.indexOf(marker, start);
      this.build.output(text.slice(start, text.indexOf('"', start)), 1, (next < 0 ? text.length : next) - start);
      at = next;
    }
  }
}

function list<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}

interface Known {
  readonly id: string;
  announced: boolean;
  name: string;
  /** Intervals by start, so that a repeated message counts once. */
  readonly done: Set<string>;
  cached: boolean;
}

class RawBuild {
  readonly emit: EventSink;
  readonly ids = new Map<string, Known>();
  over = false;
  private readonly counts = new Map<string, number>();

  constructor(emit: EventSink) {
    this.emit = emit;
  }

  private known(digest: string): Known {
    let k = this.ids.get(digest);
    if (!k) {
      k = { id: `#${this.ids.size + 1}`, announced: false, name: '', done: new Set(), cached: false };
      this.ids.set(digest, k);
    }
    return k;
  }

  vertex(v: RawVertex, line: number): void {
    const k = this.known(v.digest);
    const name = typeof v.name === 'string' ? v.name : '';
    if (!k.announced || name !== k.name) {
      k.announced = true;
      k.name = name;
      const group = v.progressGroup;
      this.emit({
        type: 'vertex',
        id: k.id,
        name,
        line,
        digest: v.digest,
        inputs: list(v.inputs)
          .filter((d) => typeof d === 'string')
          .map((d) => this.known(d).id),
        ...(typeof group?.id === 'string' && { group: { id: group.id, name: group.name ?? '', weak: group.weak === true } }),
      });
    }
    if (typeof v.started !== 'string' || typeof v.completed !== 'string') return;
    const key = `${v.started} ${v.completed}`;
    const first = !k.done.has(key);
    k.done.add(key);
    const started = Date.parse(v.started);
    const completed = Date.parse(v.completed);
    if (first && !Number.isNaN(started) && !Number.isNaN(completed))
      this.emit({ type: 'interval', id: k.id, started, completed, cached: v.cached === true });
    if (typeof v.error === 'string' && v.error !== '') {
      const canceled = /context canceled$/.test(v.error);
      if (canceled) this.emit({ type: 'canceled', id: k.id, line });
      else this.emit({ type: 'error', id: k.id, message: v.error, line });
    } else if (v.cached === true) {
      if (!k.cached) this.emit({ type: 'cached', id: k.id, line });
      k.cached = true;
    } else if (first) this.emit({ type: 'done', id: k.id, line });
    if (/^(?:\[[^\]]*\] )?exporting to (?!GitHub|registry)/.test(name)) this.over = true;
  }

  status(s: RawStatus): void {
    const k = this.known(s.vertex);
    this.emit({
      type: 'status',
      id: k.id,
      text: s.id,
      done: typeof s.completed === 'string',
      ...(typeof s.current === 'number' && s.current > 0 && { bytes: s.current }),
      ...(typeof s.total === 'number' && s.total > 0 && { total: s.total }),
    });
  }

  output(digest: string, lines: number, bytes: number): void {
    this.emit({ type: 'output', id: this.known(digest).id, lines, bytes });
  }

  warning(w: RawWarning): void {
    const id = typeof w.vertex === 'string' ? this.known(w.vertex).id : null;
    if (typeof w.short === 'string') this.emit({ type: 'warning', id, text: decode(w.short) });
    const info = w.sourceInfo;
    if (typeof info?.data === 'string' && info.data.length < 4 * 1024 * 1024 && !this.counts.has(info.data)) {
      this.counts.set(info.data, 1);
      this.emit({ type: 'dockerfile', file: info.filename ?? 'Dockerfile', text: decode(info.data) });
    }
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
