/** The classic builder (`DOCKER_BUILDKIT=0`): `Step 3/9 : RUN npm ci`, ` ---> Using cache`. Every instruction is a step; the order is the truth. */
import type { BeginBuild, Claim, EventSink, LineReader, LogLine, LogParser } from '../src/events.ts';

const STEP = /^Step (\d{1,4})\/(\d{1,4}) : (.*)$/s;
/** ` ---> Using cache`, ` ---> 8edb46c03b9b`, ` ---> Running in 12c033d394c1` */
const ARROW = /^ ?-{2,3}> (?:(Using cache)|(Running in) [0-9a-f]{12}|([0-9a-f]{12}))\s*$/;
const BUILT = /^Successfully (?:built [0-9a-f]{12}|tagged )/;
/** `The command '/bin/sh -c false' returned a non-zero code: 1`, `COPY failed: …`, `unknown instruction: FOO` */
const FAILED =
  /^(?:The command '.*' returned a non-zero code: \d+|(?:COPY|ADD) failed: |ERROR: Service '[^']*' failed to build|failed to (?:solve|build)|unknown instruction: |(?:Error response from daemon: )?dockerfile parse error|pull access denied|manifest for .* not found|invalid reference format)/s;

interface Stage {
  readonly name: string | null;
  last: string;
}

interface Open {
  readonly emit: EventSink;
  step: number;
  readonly of: number;
  closed: boolean;
  stages: Stage[];
  running: boolean;
  outputLines: number;
}

const parser: LogParser = {
  id: 'classic',
  title: 'classic builder',
  open(begin) {
    return new ClassicReader(begin);
  },
};
export default parser;

class ClassicReader implements LineReader {
  private readonly begin: BeginBuild;
  private readonly builds = new Map<string, Open>();

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  /** True while a container runs: whatever is printed then is its own. */
  get running(): boolean {
    for (const b of this.builds.values()) if (b.running) return true;
    return false;
  }

  line(line: LogLine): Claim {
    const key = line.source ?? '';
    const build = this.builds.get(key);
    const step = STEP.exec(line.text);
    if (step) {
      const n = Number(step[1]);
      const of = Number(step[2]);
      // A RUN may print such a line too: the numbers must go on as they should.
      if (build && of === build.of && n === build.step + 1) this.step(build, n, step[3] ?? '', line);
      else if (n === 1) {
        if (build?.running && build.step < build.of && !/^FROM |^ARG /i.test(step[3] ?? '')) return this.output(build);
        this.step(this.open(key, line, of), n, step[3] ?? '', line);
      } else if (build?.running) return this.output(build);
      else this.step(this.open(key, line, of), n, step[3] ?? '', line);
      return 'structure';
    }
    if (!build) return 'none';
    return this.within(build, key, line);
  }

  end(): void {
    this.builds.clear();
  }

  private open(key: string, line: LogLine, of: number): Open {
    const build: Open = { emit: this.begin('classic', line.number), step: 0, of, closed: true, stages: [], running: false, outputLines: 0 };
    this.builds.set(key, build);
    return build;
  }

  private step(build: Open, n: number, text: string, line: LogLine): void {
    this.close(build, line);
    const id = `#${n}`;
    const from = /^FROM (?:--platform=\S+ )?(\S+)(?: AS (\S+))?/i.exec(text);
    const inputs: string[] = [];
    const stageOf = (ref: string): Stage | undefined =>
      build.stages.find((s, i) => s.name?.toLowerCase() === ref.toLowerCase() || String(i) === ref);
    if (from) {
      const base = stageOf(from[1] ?? '');
      if (base) inputs.push(base.last);
      build.stages.push({ name: from[2] ?? null, last: id });
    } else {
      const stage = build.stages.at(-1);
      if (stage) {
        inputs.push(stage.last);
        stage.last = id;
      }
      const copied = /^COPY (?:--\S+ ){0,8}--from=(\S+)/i.exec(text);
      const source = copied ? stageOf(copied[1] ?? '') : undefined;
      if (source && !inputs.includes(source.last)) inputs.push(source.last);
    }
    build.step = n;
    build.closed = false;
    build.running = false;
    build.emit({
      type: 'vertex',
      id,
      name: `Step ${n}/${build.of} : ${text}`,
      line: line.number,
      inputs,
      ...(line.time !== undefined && { time: line.time }),
    });
  }

  private within(build: Open, key: string, line: LogLine): Claim {
    const id = `#${build.step}`;
    const arrow = ARROW.exec(line.text);
    if (arrow) {
      if (arrow[1]) {
        build.emit({ type: 'cached', id, line: line.number });
        build.closed = true;
        build.running = false;
      } else if (arrow[2]) build.running = true;
      else {
        build.running = false;
        this.close(build, line);
      }
      return 'structure';
    }
    if (/^ ?-{0,3}>? ?Remov(?:ed|ing) intermediate container /.test(line.text)) {
      build.running = false;
      return 'structure';
    }
    if (BUILT.test(line.text)) {
      this.close(build, line);
      build.emit({ type: 'end', outcome: 'succeeded' });
      if (line.text.startsWith('Successfully tagged')) this.builds.delete(key);
      return 'structure';
    }
    if (FAILED.test(line.text)) {
      if (!build.closed) build.emit({ type: 'error', id, message: line.text.slice(0, 2000), line: line.number });
      build.closed = true;
      build.running = false;
      build.emit({ type: 'end', outcome: 'failed', message: line.text.slice(0, 2000) });
      return 'structure';
    }
    if (build.closed && !build.running) return 'none';
    return this.output(build);
  }

  private output(build: Open): Claim {
    if (build.running) build.emit({ type: 'output', id: `#${build.step}`, lines: 1, bytes: 0 });
    return 'output';
  }

  private close(build: Open, line: LogLine): void {
    if (build.closed || build.step === 0) return;
    build.closed = true;
    build.emit({ type: 'done', id: `#${build.step}`, line: line.number, ...(line.time !== undefined && { time: line.time }) });
  }
}
