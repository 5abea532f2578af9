/**
 * One build of podman or buildah. Stages may run side by side (before 1.3x always, later with --jobs), and the lines that tell a step's result
 * name neither step nor stage: whose they are is worked out from what each stage waits for.
 */
import type { BuildEvent, EventSink, LogLine } from '../../src/events.ts';
import type { StepLine } from './lines.ts';

interface Step {
  readonly id: string;
  readonly name: string;
  readonly line: number;
  readonly stage: Stage;
  readonly instruction: string;
  readonly text: string;
  /** Number of the result lines that had been read when the step was printed. */
  readonly since: number;
  told: boolean;
  image: string;
  lines: number;
}

interface Stage {
  readonly index: number;
  readonly of: number | null;
  name: string | null;
  number: number;
  readonly steps: Step[];
}

interface Result {
  readonly cached: boolean;
  readonly image: string;
  readonly line: LogLine;
  /** It was the n-th result line. */
  readonly at: number;
}

const NO_LAYERS =
  'No step shows a result (`-->`): either the build keeps no layers (`buildah build` does not unless told `--layers`), so that nothing can ever be reused, or it was told not to print ids (`--iidfile`).';
const UNCERTAIN = 'Stages ran side by side, and the log does not say whose each result is: which of their steps were reused is a guess.';

export class BuildahBuild {
  over = false;
  private readonly emit: EventSink;
  private readonly stages = new Map<number, Stage>();
  private readonly order: Step[] = [];
  /** Results that may belong to several steps. */
  private waiting: Result[] = [];
  private results = 0;
  /** The step of the latest STEP line. */
  private current: Step | null = null;
  /** A stage began a step while another, which waited for nothing, had one open. */
  private parallel = false;
  /** A step ended and no result of it was printed. */
  private silent = false;
  /** Line of `COMMIT`: the last step of the last stage is over. */
  private committed: number | null = null;
  private doubt: { readonly text: string; readonly line: number } | null = null;
  private uncertain = false;

  constructor(emit: EventSink) {
    this.emit = emit;
  }

  /** A container's output may be being printed. */
  get busy(): boolean {
    return !this.over && this.committed === null && this.openSteps().some((s) => s.instruction === 'RUN');
  }

  /** As far as is known, nothing else can be printed. */
  get running(): boolean {
    return this.doubt === null && this.busy;
  }

  /** Does this step go on where the build stands? */
  accepts(step: StepLine): boolean {
    if (this.over || this.committed !== null) return false;
    const stage = this.stages.get(this.stageIndex(step));
    if (!stage) return step.instruction === 'FROM' && (step.number === 1 || step.of === null);
    return step.number === stage.number + 1 && step.of === stage.of;
  }

  start(step: StepLine, line: LogLine): void {
    this.doubt = null;
    const index = this.stageIndex(step);
    let stage = this.stages.get(index);
    if (!stage) {
      stage = { index, of: step.of, name: null, number: 0, steps: [] };
      this.stages.set(index, stage);
    }
    const before = stage.steps.at(-1);
    if (before && !before.told) this.settle(before, line);
    const other = this.current;
    if (other && !other.told && other.stage !== stage && other.instruction !== 'FROM' && !this.waits(other)) this.parallel = true;
    stage.number = step.number;
    if (step.instruction === 'FROM') stage.name = /\sAS\s+(\S+)/i.exec(step.text)?.[1] ?? null;
    const made: Step = {
      id: `#${this.order.length + 1}`,
      name: step.name,
      line: line.number,
      stage,
      instruction: step.instruction,
      text: step.text,
      since: this.results,
      told: false,
      image: '',
      lines: 0,
    };
    stage.steps.push(made);
    this.order.push(made);
    this.current = made;
    this.announce(made, timeOf(line));
  }

  /** `--> Using cache ID` */
  cached(image: string, line: LogLine): void {
    this.result({ cached: true, image, line, at: ++this.results });
  }

  /** `--> ID`: of a step that ran, or a second time of one that was reused */
  made(image: string, line: LogLine): void {
    const known = this.order.findLast((s) => s.image !== '' && s.image.startsWith(image));
    if (known || this.waiting.some((r) => r.image.startsWith(image))) {
      if (this.committed !== null) this.succeed();
      return;
    }
    this.result({ cached: false, image, line, at: ++this.results });
    if (this.committed !== null) this.succeed();
  }

  pulledCache(reference: string): void {
    const step = this.current;
    if (step && !step.told) this.emit({ type: 'status', id: step.id, text: `Cache pulled from remote ${reference}`, done: true });
  }

  /** `Copying blob sha256:…`: of the base image whose stage begins. */
  blob(digest: string): void {
    const from = this.order.findLast((s) => s.instruction === 'FROM');
    if (from) this.emit({ type: 'status', id: from.id, text: `pulling ${digest}`, done: true });
  }

  commit(line: number): void {
    this.committed = line;
    this.doubt = null;
  }

  succeed(): void {
    if (this.over) return;
    this.over = true;
    this.closeAll();
    this.emit({ type: 'end', outcome: 'succeeded' });
  }

  output(): void {
    const open = this.openSteps();
    const step = open.findLast((s) => s.instruction === 'RUN') ?? open.at(-1);
    if (step?.instruction !== 'RUN') return;
    step.lines++;
  }

  warn(text: string): void {
    this.emit({ type: 'warning', id: null, text: text.slice(0, 2000) });
  }

  /** A line that a container may have printed: certain only when nothing of the build follows. */
  mayHaveFailed(text: string, line: number): void {
    this.doubt ??= { text: text.slice(0, 2000), line };
  }

  /** @param text the step as the error quotes it; null where it names none */
  fail(text: string | null, message: string, line: number): void {
    const open = this.openSteps();
    const quoted = text === null ? undefined : open.find((s) => s.text === text || s.text.startsWith(`${text} (`));
    const step = quoted ?? open.find((s) => s === this.current) ?? open.at(-1);
    if (step) this.tell(step, { type: 'error', id: step.id, message, line });
    // What ran beside it was stopped.
    for (const s of open) if (!s.told && s.instruction === 'RUN') this.tell(s, { type: 'canceled', id: s.id, line });
    this.emit({ type: 'end', outcome: 'failed', message });
    this.over = true;
  }

  /** Nothing more comes. */
  end(): void {
    if (!this.over && this.doubt) this.fail(null, this.doubt.text, this.doubt.line);
    if (!this.over && this.committed !== null) this.closeAll();
    this.placeWaiting();
    for (const s of this.order) this.flushOutput(s);
    // What a step waited for was not known when it was printed.
    for (const s of this.order) if (references(s.text).length > 0) this.announce(s, {});
    if (this.silent && this.results === 0) this.emit({ type: 'note', text: NO_LAYERS });
    if (this.uncertain) this.emit({ type: 'note', text: UNCERTAIN });
  }

  /** Before 1.21 no stage is shown: each FROM begins one. */
  private stageIndex(step: StepLine): number {
    if (step.of !== null || step.stages !== null) return step.stage;
    const count = this.stages.size;
    return step.instruction === 'FROM' ? count + 1 : Math.max(1, count);
  }

  private openSteps(): Step[] {
    const open: Step[] = [];
    for (const stage of this.stages.values()) {
      const last = stage.steps.at(-1);
      if (last && !last.told) open.push(last);
    }
    return open;
  }

  /** Does the step read a stage that is not at its end? One that was not seen yet cannot be told from an image. */
  private waits(step: Step): boolean {
    return references(step.text).some((reference) => {
      const stage = this.stageOf(reference);
      return stage === undefined || (stage !== step.stage && !isComplete(stage));
    });
  }

  private stageOf(reference: string): Stage | undefined {
    const name = reference.toLowerCase();
    for (const s of this.stages.values()) if (s.name?.toLowerCase() === name) return s;
    return /^\d{1,4}$/.test(name) ? this.stages.get(Number(name) + 1) : undefined;
  }

  private result(result: Result): void {
    const open = this.openSteps().filter((s) => s.instruction !== 'FROM');
    const current = this.current && open.includes(this.current) ? this.current : undefined;
    const free = open.filter((s) => !this.waits(s));
    // One at a time: a stage goes on until it waits or ends. Side by side: what is in the cache is said at once.
    // A step that reads an image, not a stage, seems to wait for ever: it goes on when nothing else does.
    if (current && free.includes(current) && (!this.parallel || free.length === 1 || result.cached)) this.close(current, result);
    else if (free.length === 1 && free[0]) this.close(free[0], result);
    else if (open.length === 1 && open[0]) this.close(open[0], result);
    else if (open.length > 0) this.waiting.push(result);
  }

  /** The stage goes on: its step before has ended, with one of the results that wait, or without any where none is printed. */
  private settle(step: Step, line: LogLine): void {
    if (step.instruction !== 'FROM') {
      const at = this.waiting.findIndex((r) => r.at > step.since);
      const result = this.waiting[at];
      if (result) {
        if (new Set(this.waiting.map((r) => r.cached)).size > 1) this.uncertain = true;
        this.waiting.splice(at, 1);
        this.close(step, result);
        return;
      }
    }
    this.tellDone(step, line.number, timeOf(line));
  }

  private close(step: Step, result: Result): void {
    step.image = result.image;
    this.tell(step, { type: result.cached ? 'cached' : 'done', id: step.id, line: result.line.number, ...timeOf(result.line) });
  }

  private placeWaiting(): void {
    for (const step of this.openSteps()) {
      const result = step.instruction === 'FROM' ? undefined : this.waiting.shift();
      if (result) this.close(step, result);
    }
    this.waiting = [];
  }

  /** The build succeeded: whatever is open has ended, though nothing was printed of it. */
  private closeAll(): void {
    this.placeWaiting();
    const line = this.committed ?? this.current?.line ?? 0;
    for (const step of this.order) if (!step.told) this.tellDone(step, line, {});
  }

  private tellDone(step: Step, line: number, time: { readonly time?: number }): void {
    if (step.instruction !== 'FROM') this.silent = true;
    this.tell(step, { type: 'done', id: step.id, line, ...time });
  }

  private tell(step: Step, event: BuildEvent): void {
    this.flushOutput(step);
    step.told = true;
    this.emit(event);
  }

  private flushOutput(step: Step): void {
    if (step.lines > 0) this.emit({ type: 'output', id: step.id, lines: step.lines });
    step.lines = 0;
  }

  private announce(step: Step, time: { readonly time?: number }): void {
    this.emit({ type: 'vertex', id: step.id, name: step.name, line: step.line, inputs: this.inputsOf(step), ...time });
  }

  private inputsOf(step: Step): string[] {
    const { stage } = step;
    const inputs: string[] = [];
    const add = (found: Step | undefined): void => {
      if (found && !inputs.includes(found.id)) inputs.push(found.id);
    };
    if (step.instruction === 'FROM') {
      const base = /^FROM\s+(?:--platform=\S+\s+)?(\S+)/i.exec(step.text)?.[1] ?? '';
      // A stage's name is shown as the id of its image: `FROM b21e624c9a8c… AS deps`.
      add(
        /^[0-9a-f]{64}$/.test(base)
          ? this.order.findLast((s) => s.image !== '' && base.startsWith(s.image.slice(0, 11)))
          : this.stageOf(base)?.steps.at(-1),
      );
      return inputs;
    }
    add(stage.steps[stage.steps.indexOf(step) - 1]);
    for (const reference of references(step.text)) add(this.stageOf(reference)?.steps.at(-1));
    return inputs;
  }
}

function isComplete(stage: Stage): boolean {
  return stage.of !== null && stage.number === stage.of && stage.steps.at(-1)?.told === true;
}

/** `COPY --from=deps …`, `RUN --mount=type=bind,from=deps,target=/x …` */
function references(text: string): string[] {
  const flags = /^[A-Za-z]+(?:\s+--\S+)*/.exec(text)?.[0] ?? '';
  const found: string[] = [];
  for (const m of flags.matchAll(/\s--from=(\S+)|\s--mount=(\S+)/g)) {
    if (m[1]) found.push(m[1]);
    const from = /(?:^|,)from=([^,]+)/.exec(m[2] ?? '');
    if (from?.[1]) found.push(from[1]);
  }
  return found;
}

function timeOf(line: LogLine): { readonly time?: number } {
  return line.time === undefined ? {} : { time: line.time };
}
