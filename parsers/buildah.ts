/** podman build and buildah build: `[1/2] STEP 3/6: RUN echo one`, `--> Using cache bcb25071…`. Every instruction is a step. */
import type { BeginBuild, Claim, LineReader, LogLine, LogParser } from '../src/events.ts';
import { BuildahBuild } from './buildah/build.ts';
import { type BuildahLine, isInstruction, mayBeFailure, readFailure, readLine, readStep, type StepLine } from './buildah/lines.ts';
import { perStream, type StreamReader } from './streams.ts';

const parser: LogParser = {
  id: 'buildah',
  title: 'podman and buildah',
  open(begin) {
    return new BuildahReader(begin);
  },
};
export default parser;

/** `[linux/arm64] [1/2] STEP 3/6: …`: a build for several platforms; the lines of results have no label. */
const PLATFORM = /(?:^| )(?:linux|windows|darwin|freebsd|wasi)\/[a-z0-9_]{1,20}(?:\/[a-z0-9.]{1,20})?$/;

class BuildahReader implements LineReader {
  private readonly streams: LineReader & { readonly running: boolean };
  private platform: string | undefined;

  constructor(begin: BeginBuild) {
    this.streams = perStream(() => new Stream(begin));
  }

  get running(): boolean {
    return this.streams.running;
  }

  line(line: LogLine): Claim {
    if (line.source !== undefined && PLATFORM.test(line.source)) this.platform = line.source;
    else if (line.source === undefined && this.platform !== undefined && !readStep(line.text))
      return this.streams.line({ ...line, source: this.platform });
    return this.streams.line(line);
  }

  end(): void {
    this.streams.end();
  }
}

class Stream implements StreamReader {
  private readonly begin: BeginBuild;
  private build: BuildahBuild | null = null;

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  get running(): boolean {
    return this.build?.running === true;
  }

  line(line: LogLine): Claim {
    const step = readStep(line.text);
    if (step) {
      const claim = this.step(step, line);
      if (claim !== 'none') return claim;
    }
    const { build } = this;
    if (!build) return 'none';
    const failure = readFailure(line.text);
    if (failure && !build.over) {
      build.fail(failure.step, failure.message, line.number);
      return 'structure';
    }
    const read = readLine(line.text);
    return read ? this.read(build, read, line) : this.other(build, line);
  }

  end(): void {
    this.build?.end();
    this.build = null;
  }

  private step(step: StepLine, line: LogLine): Claim {
    const { build } = this;
    if (build?.accepts(step)) {
      if (step.glued) build.output();
      build.start(step, line);
      return 'structure';
    }
    if (step.glued || !isInstruction(step.instruction)) return 'none';
    // A container may print such a line as well. Only a build that begins is taken for one: the one before may have been cut off.
    if (build?.busy && !(step.number === 1 && step.instruction === 'FROM')) {
      build.output();
      return 'output';
    }
    this.end();
    this.build = new BuildahBuild(this.begin('buildah', line.number));
    this.build.start(step, line);
    return 'structure';
  }

  private read(build: BuildahBuild, read: BuildahLine, line: LogLine): Claim {
    if (build.over) return read.kind === 'tagged' || read.kind === 'image' ? 'structure' : 'none';
    switch (read.kind) {
      case 'using-cache':
        build.cached(read.image, line);
        break;
      case 'result':
        build.made(read.image, line);
        break;
      case 'pulled-cache':
        build.pulledCache(read.reference);
        break;
      case 'commit':
        build.commit(line.number);
        break;
      case 'tagged':
      case 'image':
        if (build.busy) return this.other(build, line);
        build.succeed();
        break;
      case 'blob':
        if (build.busy) return this.other(build, line);
        build.blob(read.digest);
        break;
      case 'warning':
        build.warn(read.text);
        break;
      default:
    }
    return 'structure';
  }

  private other(build: BuildahBuild, line: LogLine): Claim {
    if (build.over) return 'none';
    const { text } = line;
    if (mayBeFailure(text)) build.mayHaveFailed(text, line.number);
    if (!build.busy) return 'none';
    build.output();
    // It may have ended: then the line is somebody else's.
    return build.running ? 'output' : 'none';
  }
}
