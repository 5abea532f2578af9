import { describe, expect, it } from 'vitest';
import kaniko from '../../parsers/kaniko.ts';
import type { BuildLog } from '../../src/graph/log.ts';
import { expectLinear, expectRobust, only, read, readLines, sample, word } from './read.ts';

const TWO_STAGES = sample('kaniko/two-stages.log');

function told(build: BuildLog): string[] {
  return [...build.vertices.values()].map((v) => `${word(v)} ${v.names[0]}`);
}

/** The same log in another of kaniko's formats. */
function reformat(text: string, format: (level: string, seconds: number, message: string) => string): string {
  return text.replace(/^([A-Z]{4})\[(\d{4})\] (.*)$/gm, (_, level: string, seconds: string, message: string) =>
    format(level === 'INFO' ? 'info' : 'warning', Number(seconds), message),
  );
}

const at = (seconds: number): string => new Date(Date.UTC(2024, 4, 1) + seconds * 1000).toISOString().replace('.000', '');

const FORMATS: Record<string, string> = {
  color: TWO_STAGES,
  text: reformat(TWO_STAGES, (level, s, m) => `time="${at(s)}" level=${level} msg="${m.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`),
  json: reformat(TWO_STAGES, (level, s, m) => JSON.stringify({ level, msg: m, time: at(s) })),
  'color with --log-timestamp': reformat(TWO_STAGES, (_, s, m) => `INFO[${at(s)}] ${m}`),
  'color in a pod': TWO_STAGES.replace(/^(?=INFO)/gm, 'kaniko kaniko '),
};

describe('kaniko', () => {
  it.each(Object.keys(FORMATS))('%s: says what the cache had and what ran', (name) => {
    const build = only(read(kaniko, FORMATS[name] ?? ''));
    expect(told(build)).toEqual([
      'done FROM golang:1.22',
      'done WORKDIR /src',
      'cached RUN apk add --no-cache git',
      'done COPY go.mod go.sum ./',
      'done RUN go mod download',
      'done COPY . .',
      'done RUN go build -o /out/app',
      'done FROM alpine:3.20',
      'done COPY --from=builder /out/app /app',
      'done ENTRYPOINT ["/app"]',
    ]);
    expect(build.end).toEqual({ outcome: 'succeeded' });
  });

  it('knows what stands on what, how long a step took with its snapshot, and where the cache ended', () => {
    const build = only(read(kaniko, TWO_STAGES));
    const byName = (name: string) => [...build.vertices.values()].find((v) => v.names[0] === name);
    expect(byName('COPY --from=builder /out/app /app')?.inputs).toEqual(['#8', '#7']);
    expect(byName('RUN go mod download')).toMatchObject({ inputs: ['#4'], outputLines: 2, terminals: [{ word: 'done', seconds: 21 }] });
    expect(byName('RUN go mod download')?.statuses.has('No cached layer found')).toBe(true);
    expect(byName('RUN go build -o /out/app')?.statuses.size).toBe(0);
    const timed = only(read(kaniko, FORMATS.json ?? ''));
    const run = [...timed.vertices.values()].find((v) => v.names[0] === 'RUN go mod download');
    expect(run?.intervals).toEqual([{ started: Date.UTC(2024, 4, 1, 0, 0, 12), completed: Date.UTC(2024, 4, 1, 0, 0, 33), cached: false }]);
  });

  it('says which steps the cache is never asked for', () => {
    const { events } = readLines(kaniko, TWO_STAGES.split('\n'));
    const exempt = only(events).filter((e) => e.type === 'vertex' && e.cacheable === false);
    expect(exempt.map((e) => e.type === 'vertex' && e.name)).toEqual([
      'WORKDIR /src',
      'COPY go.mod go.sum ./',
      'COPY . .',
      'COPY --from=builder /out/app /app',
    ]);
    const layers = TWO_STAGES.replace('No cached layer found for cmd RUN go mod', 'No cached layer found for cmd COPY go.mod');
    const notes = only(read(kaniko, layers)).notes;
    expect(notes).toEqual([]);
    expect(only(read(kaniko, TWO_STAGES)).notes.join()).toContain('--cache-copy-layers');
  });

  it('notes a build without a cache', () => {
    const text = TWO_STAGES.split('\n').filter((l) => !/cached layer|caching version/.test(l));
    expect(only(read(kaniko, text.join('\n'))).notes.join()).toContain('--cache=true');
  });

  it('reads failures', () => {
    const lines = TWO_STAGES.split('\n');
    const until = lines.findIndex((l) => l.includes('Args: [-c go build'));
    const text = [
      ...lines.slice(0, until + 2),
      'undefined: main',
      'error building image: error building stage: failed to execute command: exit status 1',
    ];
    const build = only(read(kaniko, text.join('\n')));
    expect(told(build).at(-1)).toBe('failed RUN go build -o /out/app');
    expect(build.end).toEqual({
      outcome: 'failed',
      message: 'error building image: error building stage: failed to execute command: exit status 1',
    });
  });

  it('is not fooled by what a command prints', () => {
    const { builds, claims } = readLines(kaniko, [
      "INFO[0003] Building stage 'busybox' [idx: '0', base-idx: '-1']",
      'INFO[0004] RUN make',
      'INFO[0004] Running: [/bin/sh -c make]',
      'INFO[0000] another program with such stamps',
      'time="2024-05-01T00:00:00Z" level=error msg="its error"',
      '{"level":"info","msg":"its json"}',
      'INFO[0009] Taking snapshot of full filesystem...',
    ]);
    expect(claims.slice(3, 6)).toEqual(['output', 'output', 'output']);
    expect(only(builds).vertices.get('#2')).toMatchObject({ outputLines: 3 });
  });

  it('reads the lookups alone, as grep leaves them', () => {
    const build = only(read(kaniko, 'INFO[0003] Using caching version of cmd: RUN a\nINFO[0004] No cached layer found for cmd RUN b'));
    expect(told(build)).toEqual(['open FROM', 'cached RUN a', 'open RUN b']);
    expect(build.end).toBeNull();
  });

  it('tells builds apart, and leaves other programs alone', () => {
    expect(read(kaniko, `${TWO_STAGES}${TWO_STAGES}`)).toHaveLength(2);
    const cut = TWO_STAGES.split('\n').slice(0, 30).join('\n');
    expect(read(kaniko, `${cut}\n${TWO_STAGES}`).map((b) => b.end?.outcome)).toEqual([undefined, 'succeeded']);
    const lines = [
      'INFO[0000] Prep: Network',
      'INFO[0001] RUN something',
      'time="x" level=info msg=started',
      '{"msg":"RUN x"}',
      'Pushing image to x',
    ];
    expect(readLines(kaniko, lines)).toMatchObject({ builds: [], claims: Array(5).fill('none') });
  });

  it('reads versions that announce no stages', () => {
    const old = TWO_STAGES.split('\n')
      .filter((l) => !/Building stage|Executing 0/.test(l))
      .join('\n');
    expect(told(only(read(kaniko, old)))).toEqual(told(only(read(kaniko, TWO_STAGES))));
  });

  it('never throws, and takes time in proportion', () => {
    expectRobust(kaniko, [TWO_STAGES, FORMATS.text ?? '', FORMATS.json ?? '']);
    expectLinear(kaniko, (n) => [
      `INFO[0003] ${'Building stage '.repeat(n / 15)}`,
      `time="${'a'.repeat(n)}`,
      `level=info msg="${'\\'.repeat(n)}`,
      `{"msg"${'['.repeat(n)}`,
    ]);
    expectLinear(kaniko, (n) => [
      "INFO[0003] Building stage 'b' [idx: '0', base-idx: '-1']",
      `error building image: ${'error building stage '.repeat(n / 20)}`,
    ]);
  });
});
