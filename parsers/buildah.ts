/** podman build and buildah build: `[1/2] STEP 3/6: RUN echo one`, `--> Using cache bcb25071…`. Every instruction is a step. */
import type { BeginBuild, Claim, EventSink, LineReader, LogLine, LogParser } from '../src/events.ts';

/** `STEP 2/6: ARG A=1`, `[1/2] STEP 2/6: …`, `STEP 2: …` (before 1.21) */
const STEP = /^(?:\[(\d{1,4})\/(\d{1,4})\] )?STEP (\d{1,4})(?:\/(\d{1,4}))?: (.*)$/s;
/** `--> Using cache bcb2507187f15e2d…`, `--> Cache pulled from remote REF`, `--> 66706fb9903d` */
const RESULT = /^--> (?:(Using cache [0-9a-f]{12,64}|Cache pulled from remote .*)|([0-9a-f]{11,64}))\s*$/;
const FAILED =
  /^(?:Error: (?:building at STEP|error building|building|creating build|short-name|initializing source)|error building at STEP|Error: )/;

interface Step {
  readonly id: string;
  readonly text: string;
  cached: boolean;
  closed: boolean;
}
interface Stage {
  readonly name: string | null;
  last: string;
}
interface Open {
  readonly emit: EventSink;
  readonly steps: Step[];
  readonly stages: Map<number, Stage>;
  /** Some step had a result line: the build keeps layers. */
  layers: boolean;
  over: boolean;
  failed: boolean;
}

const parser: LogParser = {
  id: 'buildah',
  title: 'podman and buildah',
  open(begin) {
    return new BuildahReader(begin);
  },
};
export default parser;

class BuildahReader implements LineReader {
  private readonly begin: BeginBuild;
  private readonly builds = new Map<string, Open>();

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  /** True while a step's own output is being printed. */
  get running(): boolean {
    for (const b of this.builds.values()) if (!b.over && b.steps.at(-1)?.closed === false) return true;
    return false;
  }

  line(line: LogLine): Claim {
    const key = line.source ?? '';
    const step = STEP.exec(line.text);
    let build = this.builds.get(key);
    if (step) {
      const first = Number(step[3]) === 1 && Number(step[1] ?? 1) === 1;
      if (!build || build.over || (first && /^FROM /i.test(step[5] ?? '') && build.steps.some((s) => s.id === '#1' && s.closed))) {
        if (build) this.finish(build, line);
        build = { emit: this.begin('buildah', line.number), steps: [], stages: new Map(), layers: false, over: false, failed: false };
        this.builds.set(key, build);
      }
      this.step(build, step, line);
      return 'structure';
    }
    if (!build || build.over) return 'none';
    return this.within(build, line);
  }

  end(): void {
    for (const b of this.builds.values()) if (!b.layers && b.steps.length > 1) this.note(b);
  }

  private step(build: Open, match: RegExpExecArray, line: LogLine): void {
    const stage = Number(match[1] ?? 1);
    const text = match[5] ?? '';
    const id = `#${build.steps.length + 1}`;
    const inputs: string[] = [];
    const stageOf = (ref: string): Stage | undefined =>
      [...build.stages.values()].find((s) => s.name?.toLowerCase() === ref.toLowerCase()) ??
      (/^\d+$/.test(ref) ? build.stages.get(Number(ref) + 1) : undefined);
    const from = /^FROM (?:--platform=\S+ )?(\S+)(?: AS (\S+))?/i.exec(text);
    const own = build.stages.get(stage);
    if (from) {
      const base = stageOf(from[1] ?? '');
      if (base) inputs.push(base.last);
      build.stages.set(stage, { name: from[2] ?? null, last: id });
    } else {
      if (own) inputs.push(own.last);
      const copied = /^(?:COPY|ADD) (?:--\S+ ){0,8}--from=(\S+)/i.exec(text);
      const source = copied ? stageOf(copied[1] ?? '') : undefined;
      if (source && !inputs.includes(source.last)) inputs.push(source.last);
      if (own) own.last = id;
    }
    // Without layers a step has no result line: the next step of its stage ends it. FROM never has one.
    for (const s of build.steps)
      if (!s.closed && (!build.layers || /^FROM /i.test(s.text)) && inputs.includes(s.id)) this.close(build, s, line);
    build.steps.push({ id, text, cached: false, closed: false });
    build.emit({ type: 'vertex', id, name: line.text, line: line.number, inputs, ...(line.time !== undefined && { time: line.time }) });
  }

  private within(build: Open, line: LogLine): Claim {
    const result = RESULT.exec(line.text);
    if (result) {
      build.layers = true;
      if (result[1]) {
        // The result belongs to the latest step that has none; stages may run side by side.
        const step = build.steps.findLast((s) => !s.closed && !s.cached && !/^FROM /i.test(s.text));
        if (step) {
          step.cached = true;
          step.closed = true;
          build.emit({ type: 'cached', id: step.id, line: line.number });
        }
      } else {
        const step = build.steps.findLast((s) => !s.closed && !/^FROM /i.test(s.text));
        const latest = build.steps.findLast((s) => !/^FROM /i.test(s.text));
        if (step && !latest?.cached) this.close(build, step, line);
      }
      return 'structure';
    }
    if (/^(?:\[\d+\/\d+\] )?COMMIT(?: |$)/.test(line.text)) {
      for (const s of build.steps) if (!s.closed && !build.layers) this.close(build, s, line);
      return 'structure';
    }
    if (/^Successfully tagged /.test(line.text) || /^[0-9a-f]{64}$/.test(line.text)) {
      this.finish(build, line);
      build.emit({ type: 'end', outcome: 'succeeded' });
      return 'structure';
    }
    if (FAILED.test(line.text)) {
      const open = build.steps.findLast((s) => !s.closed);
      if (open && !build.failed) {
        open.closed = true;
        build.emit({ type: 'error', id: open.id, message: line.text.slice(0, 2000), line: line.number });
      }
      build.failed = true;
      build.emit({ type: 'end', outcome: 'failed', message: line.text.slice(0, 2000) });
      return 'structure';
    }
    const open = build.steps.findLast((s) => !s.closed);
    if (open && /^RUN /i.test(open.text)) build.emit({ type: 'output', id: open.id, lines: 1, bytes: 0 });
    return 'output';
  }

  private close(build: Open, step: Step, line: LogLine): void {
    step.closed = true;
    build.emit({ type: 'done', id: step.id, line: line.number, ...(line.time !== undefined && { time: line.time }) });
  }

  private finish(build: Open, line: LogLine): void {
    if (build.over) return;
    build.over = true;
    for (const s of build.steps) if (!s.closed) this.close(build, s, line);
    if (!build.layers && build.steps.length > 1) this.note(build);
  }

  private note(build: Open): void {
    build.emit({
      type: 'note',
      text: 'No step shows a result (`-->`): the build keeps no layers, so nothing can ever be reused. `buildah build --layers` (podman build does so by itself) turns the cache on.',
    });
  }
}
