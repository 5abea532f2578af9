/** kaniko: `INFO[0004] Using caching version of cmd: RUN npm ci`, in each of its log formats. Output of commands has no stamp. */
import type { BeginBuild, Claim, LogLine, LogParser } from '../src/events.ts';
import { KanikoBuild } from './kaniko/build.ts';
import { beginsBuild, type Entry, type Message, readEntry, readFailure, readMessage } from './kaniko/lines.ts';
import { perStream, type StreamReader } from './streams.ts';

const parser: LogParser = {
  id: 'kaniko',
  title: 'kaniko',
  open(begin) {
    return perStream(() => new KanikoReader(begin));
  },
};
export default parser;

class KanikoReader implements StreamReader {
  private readonly begin: BeginBuild;
  private build: KanikoBuild | null = null;
  /** What stood before the first message that only kaniko says: base images and their stages' names. */
  private before: { readonly message: Message; readonly entry: Entry; readonly line: LogLine }[] = [];

  constructor(begin: BeginBuild) {
    this.begin = begin;
  }

  get running(): boolean {
    return this.build?.running === true;
  }

  line(line: LogLine): Claim {
    const entry = readEntry(line.text);
    if (entry) return this.entry(entry, line);
    const { build } = this;
    if (!build || build.over) return 'none';
    const failed = readFailure(line.text);
    if (failed !== undefined) {
      build.fail(failed, line.number);
      return 'structure';
    }
    if (!build.running) return 'none';
    build.output();
    return 'output';
  }

  end(): void {
    this.build?.end();
    this.build = null;
    this.before = [];
  }

  private entry(entry: Entry, line: LogLine): Claim {
    const message = readMessage(entry.message);
    let { build } = this;
    if (!message) {
      if (!build || build.over) return 'none';
      return this.foreign(build, entry, line);
    }
    // A clock that starts again is another process.
    if (build && (build.over || (entry.time !== undefined && entry.time < build.clock - 1000)) && message.kind !== 'pushed') {
      if (build.over && !beginsBuild(message) && message.kind !== 'image') return 'structure';
      this.end();
      build = null;
    }
    if (!build) {
      if (!beginsBuild(message)) {
        if (message.kind === 'image') {
          this.before.push({ message, entry, line });
          if (this.before.length > 200) this.before.shift();
        }
        return 'none';
      }
      build = new KanikoBuild(this.begin('kaniko', this.before[0]?.line.number ?? line.number));
      this.build = build;
      for (const b of this.before.splice(0)) build.message(b.message, b.entry, b.line);
    }
    build.message(message, entry, line);
    return 'structure';
  }

  /** A stamp of kaniko's, or of a program that a command runs. */
  private foreign(build: KanikoBuild, entry: Entry, line: LogLine): Claim {
    const failed = entry.level === 'error' ? readFailure(entry.message) : undefined;
    if (failed !== undefined) {
      build.fail(failed, line.number);
      return 'structure';
    }
    if (build.running) {
      build.output();
      return 'output';
    }
    if (entry.level === 'warning') build.warn(entry.message);
    return 'structure';
  }
}
