/** The classic builder (`DOCKER_BUILDKIT=0`): `Step 3/9 : RUN npm ci`, ` ---> Using cache`. Every instruction is a step; output has no prefix. */
import type { BeginBuild, Claim, LogLine, LogParser } from '../src/events.ts';
import { ClassicBuild } from './classic/build.ts';
import { type ClassicLine, isBuilderFailure, isCommandFailure, isTrouble, readLine, readStep, type StepLine } from './classic/lines.ts';
import { perStream, type StreamReader } from './streams.ts';

const parser: LogParser = {
  id: 'classic',
  title: 'classic builder',
  open(begin) {
    return perStream(() => new ClassicReader(begin));
  },
};
export default parser;

class ClassicReader implements StreamReader {
  private readonly begin: BeginBuild;
  private build: ClassicBuild | null = null;
  /** `Sending build context …` stands before the first step. */
  private context: { readonly bytes: number; readonly line: number } | null = null;

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  get running(): boolean {
    return this.build?.running === true;
  }

  line(line: LogLine): Claim {
    const step = readStep(line.text);
    if (step) return this.step(step, line);
    const read = readLine(line.text);
    if (read?.kind === 'context') {
      this.end();
      this.context = { bytes: read.bytes, line: line.number };
      return 'structure';
    }
    const { build } = this;
    if (!build) return this.context ? this.beforeSteps(line) : 'none';
    if (read && (!build.over || read.kind === 'tagged')) return this.read(build, read, line);
    return build.over ? 'none' : this.other(build, line);
  }

  end(): void {
    this.build?.end();
    this.build = null;
    this.context = null;
  }

  private step(step: StepLine, line: LogLine): Claim {
    const { build } = this;
    if (build && !build.over && (build.isNext(step) || build.isTrigger(step))) {
      build.start(step, line);
      return 'structure';
    }
    // A container may print such a line as well. Only a build that begins is taken for one: the one before may have been cut off.
    const begins = step.number !== null && step.number <= 1 && (step.instruction === 'FROM' || step.instruction === 'ARG');
    if (build?.busy && !begins) {
      build.output();
      return 'output';
    }
    if (step.number === null) return 'none';
    this.open(step.of, line.number).start(step, line);
    return 'structure';
  }

  private open(of: number | null, line: number): ClassicBuild {
    const { context } = this;
    this.end();
    this.build = new ClassicBuild(this.begin('classic', context?.line ?? line), of);
    if (context) this.build.context(context.bytes, context.line);
    return this.build;
  }

  /** `Error response from daemon: dockerfile parse error line 11: unknown instruction: FOO`: there is no step at all. */
  private beforeSteps(line: LogLine): Claim {
    const { text } = line;
    if (text.trim() === '' || !isBuilderFailure(text)) return 'none';
    this.open(null, line.number).fail(text, line.number);
    return 'structure';
  }

  private read(build: ClassicBuild, read: ClassicLine, line: LogLine): Claim {
    const { busy } = build;
    // What a running container prints can look like anything; the builder itself then only prints how the container ended.
    if (busy && (read.kind === 'using-cache' || read.kind === 'running' || read.kind === 'triggers' || read.kind === 'warning'))
      return this.other(build, line);
    switch (read.kind) {
      case 'using-cache':
        build.cached(line);
        break;
      case 'running':
        build.run();
        break;
      case 'removed':
        build.stop();
        break;
      case 'result':
        build.result(line);
        break;
      case 'triggers':
        build.expectTriggers(read.count);
        break;
      case 'succeeded':
        // Not in the middle of the Dockerfile.
        if (busy && build.of !== null && build.number !== build.of) return this.other(build, line);
        build.succeed(line);
        break;
      case 'warning':
        build.warn(read.text);
        break;
      default:
    }
    return 'structure';
  }

  /** Output of a container, the builder's own words, or nothing of this build. */
  private other(build: ClassicBuild, line: LogLine): Claim {
    const { text } = line;
    const failed = isCommandFailure(text);
    if (failed !== undefined) {
      build.mayHaveFailed(failed, line.number);
      return 'structure';
    }
    if (build.busy) {
      build.output();
      // It may have ended: then the line is somebody else's.
      return build.running ? 'output' : 'none';
    }
    if (isBuilderFailure(text) && build.number !== null) {
      build.fail(text, line.number);
      return 'structure';
    }
    if (isTrouble(text)) build.suspect(text, line.number);
    return 'none';
  }
}
