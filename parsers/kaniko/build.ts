/** One build of kaniko: stage after stage, first all lookups of a stage, then all its commands, in the order of the Dockerfile. */
import type { EventSink, LogLine } from '../../src/events.ts';
import type { Entry, Message } from './lines.ts';

/** Only what makes a layer of its own is looked up. */
const NEVER_LOOKED_UP = /^WORKDIR\b/i;
const COPY = /^(?:COPY|ADD)\b/i;

interface Step {
  readonly id: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly line: number;
  readonly started: Clock;
  cached: boolean;
  told: boolean;
  lines: number;
}

/** When something was said: kaniko's own stamp, and the wrapper's. */
interface Clock {
  readonly time: number | undefined;
  readonly absolute: boolean;
}

interface Stage {
  readonly index: number;
  readonly base: string;
  name: string | null;
  /** Texts of the commands that the cache had, as often as it had them. */
  readonly hits: string[];
  missed: string | null;
  /** Id of the latest step. */
  last: string;
  steps: number;
  from: Step;
}

const NO_CACHE = 'kaniko looked for no cached layer: without `--cache=true` nothing can ever be reused.';
const NO_COPY = 'kaniko looks up RUN only: COPY and ADD run in every build unless `--cache-copy-layers` is given.';

export class KanikoBuild {
  over = false;
  /** The latest stamp, to see a clock that starts again. */
  clock = 0;
  /** A command's process runs: what has no stamp is its output. */
  running = false;
  private readonly emit: EventSink;
  private readonly stages: Stage[] = [];
  private readonly aliases: string[] = [];
  private readonly steps: Step[] = [];
  private stage: Stage | null = null;
  private step: Step | null = null;
  private ids = 0;
  private image = '';
  private lookups = 0;
  private copies = 0;
  private copyLookups = 0;
  private pushing = false;
  private now: Clock = { time: undefined, absolute: false };

  constructor(emit: EventSink) {
    this.emit = emit;
  }

  message(message: Message, entry: Entry, line: LogLine): void {
    this.now = entry;
    if (entry.time !== undefined) this.clock = entry.time;
    this.running = false;
    switch (message.kind) {
      case 'alias':
        if (!this.aliases.includes(message.name)) this.aliases.push(message.name);
        break;
      case 'image':
        this.image = message.name;
        break;
      case 'triggers':
      case 'stage-end':
        this.endStage(line);
        break;
      case 'stage':
        this.endStage(line);
        this.startStage(message.index, message.base, message.baseIndex, line);
        break;
      case 'lookup':
        this.lookups++;
        break;
      case 'hit':
        this.current(line).hits.push(message.text);
        this.lookup(message.text);
        break;
      case 'miss':
        this.current(line).missed = message.text;
        this.lookup(message.text);
        break;
      case 'expired':
        this.emit({ type: 'note', text: `A cached layer was older than --cache-ttl allows: ${message.text.slice(0, 300)}` });
        break;
      case 'unpack':
        this.current(line);
        break;
      case 'command':
        this.command(message.text, line);
        break;
      case 'extracting':
        if (this.step) this.step.cached = true;
        break;
      case 'running':
        this.running = this.step !== null;
        break;
      case 'push':
      case 'no-push':
        this.endStage(line);
        this.pushing = true;
        if (message.kind === 'no-push') this.succeed();
        break;
      case 'pushed':
        // Cached layers are pushed beside the steps, before the image is.
        if (this.pushing) this.succeed();
        break;
      default:
    }
  }

  output(): void {
    if (!this.step) return;
    this.step.lines++;
  }

  warn(text: string): void {
    this.emit({ type: 'warning', id: this.step?.id ?? null, text: text.slice(0, 2000) });
  }

  fail(text: string, line: number): void {
    const message = text.slice(0, 2000);
    const step = this.step ?? this.stage?.from;
    if (step) {
      this.flushOutput(step);
      this.emit({ type: 'error', id: step.id, message, line });
    }
    this.emit({ type: 'end', outcome: 'failed', message });
    this.over = true;
  }

  /** Nothing more comes. */
  end(): void {
    if (!this.over) this.tellLookups();
    if (this.step) this.flushOutput(this.step);
    if (this.lookups === 0) {
      if (this.ids > 1) this.emit({ type: 'note', text: NO_CACHE });
      return;
    }
    const copies = this.copyLookups > 0;
    for (const s of this.steps) if (NEVER_LOOKED_UP.test(s.name) || (!copies && COPY.test(s.name))) this.exempt(s);
    if (this.copies > 0 && !copies) this.emit({ type: 'note', text: NO_COPY });
  }

  /** Only at the end is it known what was looked up. */
  private exempt(step: Step): void {
    this.emit({ type: 'vertex', id: step.id, name: step.name, line: step.line, inputs: step.inputs, cacheable: false });
  }

  private lookup(text: string): void {
    this.lookups++;
    if (COPY.test(text)) this.copyLookups++;
  }

  private current(line: LogLine): Stage {
    // Before 1.9 no stage is announced.
    return this.stage ?? this.startStage(this.stages.length, this.image, -1, line);
  }

  private startStage(index: number, base: string, baseIndex: number, line: LogLine): Stage {
    const inputs = this.stages.find((s) => s.index === baseIndex)?.last;
    const from = this.announce(`FROM ${base}`.trimEnd(), inputs === undefined ? [] : [inputs], line);
    const stage: Stage = { index, base, name: this.aliases[index] ?? null, hits: [], missed: null, last: from.id, steps: 0, from };
    this.stages.push(stage);
    this.stage = stage;
    return stage;
  }

  private command(text: string, line: LogLine): void {
    const stage = this.current(line);
    this.close(line);
    const inputs = [stage.last];
    const copied = /^(?:COPY|ADD)\s+(?:--\S+\s+){0,8}?--from=(\S+)/i.exec(text)?.[1];
    const source = copied === undefined ? undefined : this.stages.find((s) => s.name === copied || String(s.index) === copied);
    if (source && !inputs.includes(source.last)) inputs.push(source.last);
    const step = this.announce(text, inputs, line);
    const hit = stage.hits.indexOf(text);
    if (hit >= 0) {
      stage.hits.splice(hit, 1);
      step.cached = true;
    }
    if (COPY.test(text)) this.copies++;
    if (stage.missed === text) this.emit({ type: 'status', id: step.id, text: 'No cached layer found', done: true });
    stage.last = step.id;
    stage.steps++;
    this.step = step;
  }

  private announce(name: string, inputs: readonly string[], line: LogLine): Step {
    const id = `#${++this.ids}`;
    const time = line.time === undefined ? {} : { time: line.time };
    this.emit({ type: 'vertex', id, name, line: line.number, inputs, ...time });
    const step: Step = { id, name, inputs, line: line.number, started: this.now, cached: false, told: false, lines: 0 };
    this.steps.push(step);
    return step;
  }

  /** The next thing begins: the step before is over, with its snapshot. */
  private close(line: LogLine): void {
    const { stage } = this;
    if (stage && !stage.from.told) this.tell(stage.from, line);
    if (this.step && !this.step.told) this.tell(this.step, line);
    this.step = null;
  }

  private tell(step: Step, line: LogLine): void {
    step.told = true;
    this.flushOutput(step);
    const started = step.started.time;
    const completed = this.now.absolute === step.started.absolute ? this.now.time : undefined;
    const known = started !== undefined && completed !== undefined && completed >= started;
    if (known && step.started.absolute) this.emit({ type: 'interval', id: step.id, started, completed, cached: step.cached });
    const time = line.time === undefined ? {} : { time: line.time };
    if (step.cached) this.emit({ type: 'cached', id: step.id, line: step.line, ...time });
    else this.emit({ type: 'done', id: step.id, line: line.number, ...(known && { seconds: (completed - started) / 1000 }), ...time });
  }

  private endStage(line: LogLine): void {
    this.close(line);
    this.tellLookups();
    this.stage = null;
  }

  /** Of a stage of which only the lookups were seen: what the cache had, and where it ended. */
  private tellLookups(): void {
    const { stage } = this;
    if (!stage || stage.steps > 0) return;
    const line: LogLine = { text: '', number: stage.from.line };
    for (const text of stage.hits) {
      const step = this.announce(text, [stage.last], line);
      stage.last = step.id;
      this.emit({ type: 'cached', id: step.id, line: step.line });
    }
    if (stage.missed === null) return;
    const step = this.announce(stage.missed, [stage.last], line);
    this.emit({ type: 'status', id: step.id, text: 'No cached layer found', done: true });
  }

  private succeed(): void {
    // Of several destinations the first is enough.
    if (this.over) return;
    this.emit({ type: 'end', outcome: 'succeeded' });
    this.over = true;
  }

  private flushOutput(step: Step): void {
    if (step.lines > 0) this.emit({ type: 'output', id: step.id, lines: step.lines });
    step.lines = 0;
  }
}
