/** `--progress=plain` of every client since Docker 18.09, whole or in pieces, several builds in one log, one after another or interleaved. */
import type { BeginBuild, Claim, EventSink, LineReader, LogLine, LogParser } from '../src/events.ts';
import { finalWord, looksLikeStatus, type PlainLine, parseStatus, readPlainLine } from './plain-lines.ts';

interface Seen {
  readonly names: Set<string>;
  closed: boolean;
}

/** One build while it is being read. */
interface Open {
  readonly emit: EventSink;
  readonly vertices: Map<string, Seen>;
  readonly source: string | undefined;
  /** The vertex on the screen. */
  current: string | null;
  /** Highest number so far. */
  highest: number;
  /** How many steps each stage has, by its label: `[build 2/4]`. Empty before a step, or a base image, is reached. */
  readonly totals: Map<string, string>;
  /** An export ended, or the last word was said: what follows with low numbers is another build. */
  finished: boolean;
  failed: boolean;
  lastError: { id: string; text: string; line: number } | null;
  /** Began with `#0 building with …`. */
  announced: boolean;
  /** The printer said that its result goes nowhere. */
  unsaved: boolean;
}

const BOOT = '[internal] booting buildkit';

const parser: LogParser = {
  id: 'plain',
  title: '--progress=plain',
  open(begin) {
    return new PlainReader(begin);
  },
};
export default parser;

class PlainReader implements LineReader {
  private readonly begin: BeginBuild;
  private readonly builds: Open[] = [];
  /** The build that spoke last, by stream. */
  private readonly last = new Map<string, Open>();
  private blank = true;
  /** Inside `------` … `------`: the excerpt of an error. */
  private excerpt = false;
  /** An ERROR may go on over lines without a number. */
  private errorOpen: Open | null = null;
  /** The builder's start may be a stream of its own before the build, as setup-buildx-action makes it. */
  private boot: { readonly build: Open; readonly line: number } | null = null;
  /** `WARNING: No output specified …` stood before the build of which it speaks. */
  private unsaved = false;

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  line(line: LogLine): Claim {
    const { text } = line;
    if (text === '') {
      this.blank = true;
      this.errorOpen = null;
      return this.last.has(line.source ?? '') ? 'structure' : 'none';
    }
    const read = text.charCodeAt(0) === 35 ? readPlainLine(text) : undefined;
    if (read) {
      const claim = this.numbered(read, line);
      this.blank = false;
      if (read.kind !== 'error') this.errorOpen = null;
      return claim;
    }
    const claim = this.other(line);
    if (claim === 'none') this.blank = false;
    return claim;
  }

  /** Output that the gate counted unread: it belongs to the vertex on the screen of the build that spoke last. */
  output(number: number, lines: number, at: number | undefined): void {
    const build = this.buildFor(`#${number}`, undefined, false);
    const id = number === 0 ? build?.current : `#${number}`;
    if (id) build?.emit({ type: 'output', id, lines, ...(at !== undefined && { at }) });
    this.blank = false;
    this.errorOpen = null;
  }

  end(): void {
    this.builds.length = 0;
  }

  private numbered(read: PlainLine, line: LogLine): Claim {
    const time = line.time !== undefined ? { time: line.time } : {};
    if (read.kind === 'builder') {
      const build = this.start(line);
      build.announced = true;
      build.emit({ type: 'builder', name: read.name, driver: read.driver });
      return 'structure';
    }
    if (read.kind === 'text' && this.isHeader(read.id, read.text, line.source)) return this.header(read.id, read.text, line);
    if (read.kind === 'output' && read.id === '#0') {
      const showing = this.last.get(line.source ?? '');
      if (showing?.current) showing.emit({ type: 'output', id: showing.current, lines: 1, at: read.at });
      return showing ? 'output' : 'none';
    }
    const build = this.buildFor(read.id, line.source, true) ?? this.start(line);
    this.last.set(line.source ?? '', build);
    const seen = vertexOf(build, read.id);
    switch (read.kind) {
      case 'output':
        build.emit({ type: 'output', id: read.id, lines: 1, at: read.at });
        return 'output';
      case 'parked': {
        // Of two builds that show the same number, the one that has shown it longer is parked.
        const longest =
          this.candidates(line.source)
            .filter((b) => b.current === read.id)
            .at(-1) ?? build;
        longest.current = null;
        return 'structure';
      }
      case 'cached':
      case 'canceled':
        seen.closed = true;
        build.emit({ type: read.kind, id: read.id, line: line.number, ...time });
        break;
      case 'done':
        seen.closed = true;
        build.emit({ type: 'done', id: read.id, line: line.number, ...(read.seconds !== undefined && { seconds: read.seconds }), ...time });
        if ([...seen.names].some((n) => /^(?:\[[^\]]*\] )?(?:exporting to |importing to docker|resolving provenance)/.test(n)))
          build.finished = true;
        break;
      case 'error':
        seen.closed = true;
        build.lastError = { id: read.id, text: read.text, line: line.number };
        if (![...seen.names].some((n) => /importing cache|exporting cache/.test(n))) build.failed = true;
        build.emit({ type: 'error', id: read.id, message: read.text, line: line.number, ...time });
        this.errorOpen = build;
        break;
      case 'warning':
        build.emit({ type: 'warning', id: read.id, text: read.text });
        return 'structure';
      case 'digest':
        // A bare digest under a header is the vertex's own (20.10); elsewhere a layer that has no size yet.
        build.emit(
          build.current === read.id && seen.names.size > 0 && !this.blank
            ? { type: 'vertex', id: read.id, name: [...seen.names].at(-1) ?? '', line: line.number, digest: read.text }
            : { type: 'status', id: read.id, text: read.text, done: false },
        );
        return 'structure';
      case 'legacy':
        return this.legacy(build, read, line);
      case 'text': {
        build.emit({ type: 'status', id: read.id, ...parseStatus(read.text) });
        return 'structure';
      }
      default:
    }
    if (build.current === read.id) build.current = null;
    return 'structure';
  }

  private isHeader(id: string, text: string, source: string | undefined): boolean {
    const build = this.buildFor(id, source, true);
    const seen = build?.vertices.get(id);
    if (text.startsWith('[output clipped')) return false;
    if (/^\[[^\]]{1,300}\]/.test(text)) return true;
    if (!seen || seen.names.size === 0)
      return !looksLikeStatus(text) || this.blank || build === undefined || /^(?:exporting|importing|resolving|pushing)/.test(text);
    if (seen.names.has(text)) return true;
    return this.blank && !looksLikeStatus(text);
  }

  private header(id: string, name: string, line: LogLine): Claim {
    const number = Number(id.slice(1));
    let build = this.buildForHeader(id, name, line.source);
    if (build && this.restarts(build, number, name)) build = undefined;
    build ??= this.start(line);
    this.last.set(line.source ?? '', build);
    if (name === BOOT) this.boot = { build, line: line.number };
    else if (this.boot?.build === build) this.boot = null;
    const seen = vertexOf(build, id);
    seen.names.add(name);
    build.current = id;
    build.highest = Math.max(build.highest, number);
    const step = stepOf(name);
    if (step) build.totals.set(step.label, step.total);
    build.emit({ type: 'vertex', id, name, line: line.number, ...(line.time !== undefined && { time: line.time }) });
    return 'structure';
  }

  /** Does this header begin another build? Numbers start again at 1, under a name that begins builds or that the old number never had. */
  private restarts(build: Open, number: number, name: string): boolean {
    const seen = build.vertices.get(`#${number}`);
    if (!seen || (!seen.names.has(name) && !seen.closed)) return false;
    if (seen.names.has(BOOT)) return name !== BOOT;
    const beginning = /^\[(?:.* )?internal\] (?:load (?:build definition|local bake|remote|git|\.dockerignore|metadata)|booting)/.test(
      name,
    );
    if (number > 4 || !beginning) return build.finished && number < build.highest && !seen.names.has(name) && number <= 2;
    if (build.announced && !build.finished && !build.failed) return false;
    // BuildKit 0.8 to 0.16 show the build definition again where a `# syntax` line stands, but before any step.
    return number === 1
      ? build.totals.size > 0 || build.finished || build.failed
      : build.finished && !seen.names.has(name) && number === 2 && build.announced === false;
  }

  private start(line: LogLine): Open {
    const build: Open = {
      emit: this.begin('plain', line.number),
      vertices: new Map(),
      source: line.source,
      current: null,
      highest: 0,
      totals: new Map(),
      finished: false,
      failed: false,
      lastError: null,
      announced: false,
      unsaved: false,
    };
    // Builds of one stream that are over take no more lines. Before its first step a build is not over: it began at the same time as this one.
    for (let i = this.builds.length - 1; i >= 0; i--) {
      const b = this.builds[i]!;
      const over = b.finished || b.failed || (b.totals.size > 0 && [...b.vertices.values()].every((v) => v.closed));
      if (b.source === line.source && over) this.builds.splice(i, 1);
    }
    if (this.builds.length > 64) this.builds.shift();
    this.builds.push(build);
    this.last.set(line.source ?? '', build);
    if (this.boot) {
      build.emit({ type: 'vertex', id: '#boot', name: BOOT, line: this.boot.line });
      build.emit({ type: 'done', id: '#boot', line: this.boot.line });
      this.boot = null;
    }
    if (this.unsaved) this.tellUnsaved(build);
    this.unsaved = false;
    return build;
  }

  private candidates(source: string | undefined): Open[] {
    const last = this.last.get(source ?? '');
    const own = this.builds.filter((b) => b.source === source && b !== last);
    return last && this.builds.includes(last) ? [last, ...own.reverse()] : own.reverse();
  }

  /** The build that a line of vertex `id` goes on with. */
  private buildFor(id: string, source: string | undefined, bySource: boolean): Open | undefined {
    const open = bySource ? this.candidates(source) : this.candidates([...this.last.keys()].at(-1) || undefined);
    if (open.length <= 1) return open[0];
    return (
      open.find((b) => b.current === id) ??
      open.find((b) => b.vertices.get(id)?.closed === false) ??
      open.find((b) => b.vertices.has(id)) ??
      open[0]
    );
  }

  private buildForHeader(id: string, name: string, source: string | undefined): Open | undefined {
    const candidates = this.candidates(source);
    if (candidates.length <= 1) return candidates[0];
    const step = stepOf(name);
    const open = step ? candidates.filter((b) => (b.totals.get(step.label) ?? step.total) === step.total) : candidates;
    const number = Number(id.slice(1));
    const alive = open.filter((b) => !b.finished);
    const among = alive.length > 0 ? alive : open;
    // A vertex that is still open is shown again; else numbers go on one by one; else a closed vertex is shown again.
    return (
      among.find((b) => b.vertices.get(id)?.closed === false && b.vertices.get(id)?.names.has(name)) ??
      among.find((b) => !b.vertices.has(id) && b.highest === number - 1 && b.current === null) ??
      among.find((b) => !b.vertices.has(id) && b.highest === number - 1) ??
      open.find((b) => b.vertices.get(id)?.names.has(name)) ??
      among.find((b) => !b.vertices.has(id)) ??
      open[0]
    );
  }

  /** Docker 18.09: `#1         name: "[internal] load …"`, `#1     duration: 1.2s`, `#1       cached: true` */
  private legacy(build: Open, read: Extract<PlainLine, { kind: 'legacy' }>, line: LogLine): Claim {
    const { id, field, text } = read;
    if (field === 'name') {
      const name = text.replace(/^"|"$/g, '');
      vertexOf(build, id).names.add(name);
      build.emit({ type: 'vertex', id, name, line: line.number });
    } else if (field === 'digest')
      build.emit({ type: 'vertex', id, name: [...vertexOf(build, id).names][0] ?? '', line: line.number, digest: text });
    else if (field === 'cached' && text === 'true') build.emit({ type: 'cached', id, line: line.number });
    else if (field === 'error') build.emit({ type: 'error', id, message: text.replace(/^"|"$/g, ''), line: line.number });
    else if (field === 'duration') {
      const seconds = Number.parseFloat(text) / (text.endsWith('ms') ? 1e3 : text.endsWith('µs') ? 1e6 : 1);
      build.emit({ type: 'done', id, line: line.number, ...(Number.isFinite(seconds) && { seconds }) });
    }
    if (field === 'completed' || field === 'error') vertexOf(build, id).closed = true;
    return 'structure';
  }

  /** Lines without a number: footers, final errors, the rest of an error over several lines, and whatever else the log holds. */
  private other(line: LogLine): Claim {
    const { text } = line;
    const build = this.last.get(line.source ?? '') ?? (line.source === undefined ? undefined : this.last.get(''));
    if (/^WARNING: No output specified/.test(text)) {
      // Newer clients say it before the build, older ones at its end.
      if (!build || build.finished || build.unsaved) this.unsaved = true;
      else this.tellUnsaved(build);
      return build ? 'structure' : 'none';
    }
    if (!build) return 'none';
    if (CALLED.test(text) && !build.finished && ![...build.vertices.values()].some((v) => [...v.names].some(stepOf))) {
      build.finished = true;
      build.emit({ type: 'note', text: 'Nothing was to be built: the Dockerfile was only looked at (--check, --call).' });
      build.emit({ type: 'end', outcome: 'succeeded' });
      return 'structure';
    }
    if (text === '------') {
      this.excerpt = !this.excerpt;
      this.errorOpen = null;
      return 'structure';
    }
    if (this.excerpt && text.startsWith(' > ')) return 'structure';
    const outcome = finalWord(text);
    if (outcome) {
      this.excerpt = false;
      this.errorOpen = null;
      build.failed = true;
      build.finished = true;
      // The excerpt's own `ERROR: process …` stands under a step; only a build's last words end it.
      build.emit({ type: 'end', outcome, message: text.slice(0, 2000) });
      return 'structure';
    }
    if (this.errorOpen?.lastError && !this.excerpt) {
      const error = this.errorOpen.lastError;
      if (error.text.length < 8000) error.text += `\n${text}`;
      this.errorOpen.emit({ type: 'error', id: error.id, message: error.text, line: error.line });
      return 'structure';
    }
    if (this.excerpt) return 'output';
    return 'none';
  }

  private tellUnsaved(build: Open): void {
    build.unsaved = true;
    build.emit({ type: 'note', text: 'The build had no output: its result stays in the build cache.' });
  }
}

/** What `--check`, `--call=outline` and `--call=targets` answer in the place of a build. */
const CALLED = /^(?:Check complete, |TARGET:? +\S)/;

/** `[build 2/4] RUN make`: a stage of one build has one total. */
function stepOf(name: string): { readonly label: string; readonly total: string } | undefined {
  const match = /^\[((?:[^\]]{0,300} )?)\d{1,4}\/(\d{1,4})\] /.exec(name);
  return match ? { label: match[1]!, total: match[2]! } : undefined;
}

function vertexOf(build: Open, id: string): Seen {
  let seen = build.vertices.get(id);
  if (!seen) {
    seen = { names: new Set(), closed: false };
    build.vertices.set(id, seen);
  }
  return seen;
}
