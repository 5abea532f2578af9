/** One build of the classic builder. Its steps run one after another, in the order of the Dockerfile: what a step stands on is certain. */
import type { BuildEvent, EventSink, LogLine } from '../../src/events.ts';
import type { StepLine } from './lines.ts';

interface Stage {
  readonly name: string | null;
  last: string;
}

interface Open {
  readonly id: string;
  readonly instruction: string;
  /** Told to be cached, done, or failed. */
  told: boolean;
  /** Its container runs: what is printed is its own. */
  running: boolean;
  lines: number;
  /** A line where the result should be that may say why there is none. */
  trouble: { readonly text: string; readonly line: number } | undefined;
}

const NO_RESULTS = 'The log shows the steps without their results (` ---> …`): which were reused is not known.';
const TRIGGERS = 'The base image brings ONBUILD instructions; this builder runs them under FROM without naming them.';

export class ClassicBuild {
  readonly of: number | null;
  /** Number of the last step; null before the first. */
  number: number | null = null;
  over = false;
  private readonly emit: EventSink;
  private readonly stages: Stage[] = [];
  private step: Open | null = null;
  private steps = 0;
  private results = 0;
  private triggers = 0;
  private triggersSeen = 0;
  /** Said to have failed by a line that a container may have printed as well. */
  private doubt: { readonly text: string; readonly line: number } | null = null;

  constructor(emit: EventSink, of: number | null) {
    this.emit = emit;
    this.of = of;
  }

  /** A container runs: what is printed is its own. */
  get busy(): boolean {
    return this.step?.running === true;
  }

  /** As far as is known, nothing else can be printed. */
  get running(): boolean {
    return this.busy && this.doubt === null;
  }

  /** Does this step go on where the build stands? */
  isNext(step: StepLine): boolean {
    return !this.over && step.number !== null && this.number !== null && step.of === this.of && step.number === this.number + 1;
  }

  /** `# Executing 2 build triggers`: each shows as `Step 1/1 : …` (to 17.05), `Step onbuild-0 : …` (before 1.3), or not at all. */
  isTrigger(step: StepLine): boolean {
    return this.triggers > 0 && (step.number === null || (step.number <= 1 && (step.of === null || step.of === 1)));
  }

  context(bytes: number, line: number): void {
    this.emit({ type: 'vertex', id: '#context', name: 'Sending build context to Docker daemon', line });
    this.emit({ type: 'status', id: '#context', text: 'transferring context:', bytes, done: true });
    this.emit({ type: 'done', id: '#context', line });
  }

  start(step: StepLine, line: LogLine): void {
    this.close(line);
    this.doubt = null;
    const trigger = this.isTrigger(step) && !this.isNext(step);
    if (trigger) this.triggers--;
    else {
      this.endTriggers();
      this.number = step.number;
    }
    const id = trigger ? `#${this.number ?? 0}.${++this.triggersSeen}` : `#${step.number ?? 0}`;
    const inputs = this.inputsOf(step, id);
    this.step = { id, instruction: step.instruction, told: false, running: false, lines: 0, trouble: undefined };
    this.steps++;
    this.emit({ type: 'vertex', id, name: step.name, line: line.number, inputs, ...timeOf(line) });
  }

  expectTriggers(count: number): void {
    this.triggers = count;
    this.triggersSeen = 0;
  }

  /** ` ---> Using cache`. While a container runs nothing is looked up any more: then it is the container's own output. */
  cached(line: LogLine): void {
    const { step } = this;
    if (!step) return;
    this.results++;
    // Under FROM it is said of a trigger.
    if (step.instruction !== 'FROM') this.tell({ type: 'cached', id: step.id, line: line.number, ...timeOf(line) });
  }

  run(): void {
    this.results++;
    if (this.step) this.step.running = true;
  }

  stop(): void {
    if (this.step) this.step.running = false;
    this.doubt = null;
  }

  /** ` ---> 8edb46c03b9b` */
  result(line: LogLine): void {
    this.results++;
    this.close(line);
  }

  output(): void {
    if (!this.step) return;
    this.step.lines++;
  }

  /** A line that may say why the step has no result. */
  suspect(text: string, line: number): void {
    if (this.step && !this.step.told) this.step.trouble ??= { text: text.slice(0, 2000), line };
  }

  /** Only certain when nothing of this build follows. */
  mayHaveFailed(text: string, line: number): void {
    this.doubt ??= { text: text.slice(0, 2000), line };
  }

  fail(text: string, line: number): void {
    const message = text.slice(0, 2000);
    if (this.step && !this.step.told) this.tell({ type: 'error', id: this.step.id, message, line });
    this.emit({ type: 'end', outcome: /cancell?ed/i.test(message) ? 'canceled' : 'failed', message });
    this.over = true;
  }

  warn(text: string): void {
    this.emit({ type: 'warning', id: null, text: text.slice(0, 2000) });
  }

  succeed(line: LogLine): void {
    this.close(line);
    if (!this.over) this.emit({ type: 'end', outcome: 'succeeded' });
    this.over = true;
  }

  /** Nothing more comes. */
  end(): void {
    const failure = this.doubt ?? this.step?.trouble;
    if (!this.over && failure && !this.step?.told) this.fail(failure.text, failure.line);
    else this.flushOutput();
    this.endTriggers();
    if (this.steps > 1 && this.results === 0) this.emit({ type: 'note', text: NO_RESULTS });
  }

  private endTriggers(): void {
    if (this.triggers > 0 && this.triggersSeen === 0) this.emit({ type: 'note', text: TRIGGERS });
    this.triggers = 0;
  }

  private close(line: LogLine): void {
    const { step } = this;
    if (step && !step.told) this.tell({ type: 'done', id: step.id, line: line.number, ...timeOf(line) });
    if (step) step.running = false;
  }

  private tell(event: BuildEvent): void {
    this.flushOutput();
    if (this.step) {
      this.step.told = true;
      this.step.running = false;
    }
    this.emit(event);
  }

  private flushOutput(): void {
    const { step } = this;
    if (!step || step.lines === 0) return;
    this.emit({ type: 'output', id: step.id, lines: step.lines });
    step.lines = 0;
  }

  private inputsOf(step: StepLine, id: string): string[] {
    const inputs: string[] = [];
    const from = step.instruction === 'FROM' ? /^FROM\s+(?:--platform=\S+\s+)?(\S+)(?:\s+AS\s+(\S+))?/i.exec(step.text) : null;
    if (from) {
      const base = this.stage(from[1] ?? '');
      if (base) inputs.push(base.last);
      this.stages.push({ name: from[2] ?? null, last: id });
      return inputs;
    }
    const own = this.stages.at(-1);
    const copied = /^(?:COPY|ADD)\s+(?:--\S+\s+){0,8}?--from=(\S+)/i.exec(step.text);
    const source = copied ? this.stage(copied[1] ?? '') : undefined;
    // An ARG before the first FROM stands on nothing.
    if (own) inputs.push(own.last);
    if (source && !inputs.includes(source.last)) inputs.push(source.last);
    if (own) own.last = id;
    return inputs;
  }

  private stage(reference: string): Stage | undefined {
    const name = reference.toLowerCase();
    return this.stages.find((s, i) => s.name?.toLowerCase() === name || String(i) === name);
  }
}

function timeOf(line: LogLine): { readonly time?: number } {
  return line.time === undefined ? {} : { time: line.time };
}
