import { describe, expect, it } from 'vitest';
import { readEntry } from '../../parsers/kaniko/lines.ts';
import kaniko from '../../parsers/kaniko.ts';
import type { BuildLog } from '../../src/graph/log.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { expectLinear, expectRobust, only, read, readLines, sample, transcript, word } from './read.ts';

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

  it.each<[what: string, log: readonly string[], told: readonly string[]]>([
    [
      'a stage on another stage, a copy by number, equal commands, metadata only',
      [
        "INFO[0001] Building stage 'golang:1.22' [idx: '0', base-idx: '-1']",
        'INFO[0002] Using caching version of cmd: RUN apk add git',
        'INFO[0002] Using caching version of cmd: RUN apk add git',
        'INFO[0003] Unpacking rootfs as cmd RUN apk add git requires it.',
        'INFO[0004] RUN apk add git',
        'INFO[0004] Found cached layer, extracting to filesystem',
        'INFO[0005] RUN apk add git',
        'INFO[0006] RUN apk add git',
        "INFO[0008] Building stage 'base' [idx: '1', base-idx: '0']",
        'INFO[0008] Skipping unpacking as no commands require it.',
        'INFO[0008] ENV A=1',
        "INFO[0009] Building stage 'alpine:3.20' [idx: '2', base-idx: '-1']",
        'INFO[0009] Unpacking rootfs as cmd COPY --chown=1:1 --from=0 /a /a requires it.',
        'INFO[0010] COPY --chown=1:1 --from=0 /a /a',
        'INFO[0011] COPY --from=2 /b /b',
        'INFO[0011] COPY --from=nginx:1.27 /c /c',
        'INFO[0012] Skipping push to container registry due to --no-push flag',
      ],
      [
        '#1 done FROM golang:1.22, 3 s',
        '#2 cached RUN apk add git after #1',
        '#3 cached RUN apk add git after #2',
        '#4 done RUN apk add git after #3, 2 s',
        '#5 done FROM base after #4, 0 s',
        '#6 done ENV A=1 after #5, 1 s',
        '#7 done FROM alpine:3.20, 1 s',
        '#8 done COPY --chown=1:1 --from=0 /a /a after #7 #4, 1 s',
        '#9 done COPY --from=2 /b /b after #8, 0 s',
        '#10 done COPY --from=nginx:1.27 /c /c after #9, 1 s',
        'note kaniko looks up RUN only: COPY and ADD run in every build unless `--cache-copy-layers` is given.',
        'end succeeded',
      ],
    ],
    [
      'stages of which only the lookups are there, as `grep cache` leaves them',
      [
        "INFO[0001] Building stage 'golang:1.22' [idx: '0', base-idx: '-1']",
        'INFO[0002] Using caching version of cmd: RUN a',
        'INFO[0002] Using caching version of cmd: COPY b .',
        'INFO[0002] No cached layer found for cmd RUN c',
        "INFO[0003] Building stage 'alpine:3.20' [idx: '1', base-idx: '-1']",
        'INFO[0003] Using caching version of cmd: RUN d',
        'INFO[0003] Cache entry expired: reg.example/cache:1111',
        'INFO[0003] No cached layer found for cmd RUN e',
      ],
      [
        '#1 done FROM golang:1.22, 2 s',
        '#2 cached RUN a after #1',
        '#3 cached COPY b . after #2',
        '#4 open RUN c after #3, {No cached layer found}',
        '#5 open FROM alpine:3.20',
        '#6 cached RUN d after #5',
        '#7 open RUN e after #6, {No cached layer found}',
        'note A cached layer was older than --cache-ttl allows: reg.example/cache:1111',
      ],
    ],
    [
      'one stage that inherits triggers after another',
      [
        "INFO[0001] Building stage 'golang:1.22' [idx: '0', base-idx: '-1']",
        'INFO[0001] Checking for cached layer reg.example/cache:1111...',
        'INFO[0002] No cached layer found for cmd RUN a',
        'INFO[0003] RUN a',
        'INFO[0004] Executing 2 build triggers',
        "INFO[0005] Building stage 'node:20-onbuild' [idx: '1', base-idx: '-1']",
        'INFO[0006] RUN b',
        'INFO[0009] Taking snapshot of full filesystem...',
      ],
      [
        '#1 done FROM golang:1.22, 2 s',
        '#2 done RUN a after #1, 1 s, {No cached layer found}',
        '#3 done FROM node:20-onbuild, 1 s',
        '#4 open RUN b after #3',
      ],
    ],
    [
      'an older version, without quotes and base-idx',
      ['INFO[0001] Building stage golang:1.22 [idx: 0]', 'INFO[0001] RUN a', 'INFO[0002] Pushing image to app', 'INFO[0003] Pushed app'],
      [
        '#1 done FROM golang:1.22, 0 s',
        '#2 done RUN a after #1, 1 s',
        'note kaniko looked for no cached layer: without `--cache=true` nothing can ever be reused.',
        'end succeeded',
      ],
    ],
    [
      'what kaniko warns of, and what a command prints, its blank lines too',
      [
        "INFO[0001] Building stage 'golang:1.22' [idx: '0', base-idx: '-1']",
        'WARN[0001] Error while retrieving image: unauthorized',
        'INFO[0001] Found nothing to do here',
        'INFO[0001] Checking for cached layer reg.example/cache:1111...',
        'INFO[0002] RUN a',
        'WARN[0002] maybe docker in docker',
        'INFO[0003] Running: [/bin/sh -c a]',
        'go: downloading x',
        'WARN[0000] not of kaniko',
        '',
        'INFO[0009] Taking snapshot of full filesystem...',
        'between the steps',
        'INFO[0011] RUN b',
      ],
      [
        '#1 done FROM golang:1.22, 1 s',
        '#2 done RUN a after #1, 9 s, 3 of output',
        '#3 open RUN b after #2',
        'warning of the build: Error while retrieving image: unauthorized',
        'warning #2: maybe docker in docker',
      ],
    ],
    [
      'a failure before the first step, and what the CI says after it',
      [
        "INFO[0001] Building stage 'golang:1.22' [idx: '0', base-idx: '-1']",
        'error building image: error building stage: failed to get filesystem from image: connection reset',
        'ERROR: Job failed: exit code 1',
        'error pushing image: never reached',
      ],
      [
        '#1 failed FROM golang:1.22',
        'end failed: error building image: error building stage: failed to get filesystem from image: connection reset',
      ],
    ],
    [
      'a failure of a version that announces no stages, while it unpacks',
      [
        'INFO[0000] Retrieving image manifest golang:1.22',
        'INFO[0001] Using caching version of cmd: RUN a',
        'INFO[0001] Unpacking rootfs as cmd RUN b requires it.',
        'error building image: error building stage: failed to get filesystem from image: no space left on device',
      ],
      [
        '#1 failed FROM golang:1.22',
        'end failed: error building image: error building stage: failed to get filesystem from image: no space left on device',
      ],
    ],
    [
      'a failure before anything is known, and before the first stage',
      ['INFO[0000] Resolved base name golang:1.22 to builder', 'error resolving dockerfile: no such file'],
      ['end failed: error resolving dockerfile: no such file'],
    ],
    [
      'the end of a log, and two destinations',
      [
        "INFO[0001] Building stage 'golang:1.22' [idx: '0', base-idx: '-1']",
        'INFO[0002] RUN a',
        'INFO[0002] Found cached layer, extracting to filesystem',
        'INFO[0003] RUN b',
        'INFO[0004] Checking for cached layer reg.example/cache:1111...',
        'INFO[0005] Pushing image to app:1',
        'INFO[0006] Pushed app@sha256:1',
        'INFO[0006] Pushing image to app:latest',
        'INFO[0007] Pushed app@sha256:1',
      ],
      ['#1 done FROM golang:1.22, 1 s', '#2 cached RUN a after #1', '#3 done RUN b after #2, 2 s', 'end succeeded'],
    ],
    [
      'a failure that is stamped as the other lines are',
      [
        "time=\"2024-05-01T12:00:00Z\" level=info msg=\"Building stage 'golang:1.22' [idx: '0', base-idx: '-1']\"",
        'time="2024-05-01T12:00:01Z" level=info msg="RUN printf \\"a\\\\tb\\" >\\tx"',
        'time="2024-05-01T12:00:01Z" level=info msg="Running: [/bin/sh -c printf]"',
        'sh: x: Permission denied',
        'time="2024-05-01T12:00:02Z" level=error msg="error building image: error building stage: exit status 1"',
      ],
      [
        '#1 done FROM golang:1.22, 1 s',
        '#2 failed RUN printf "a\\tb" >\tx after #1, 1 of output',
        'note kaniko looked for no cached layer: without `--cache=true` nothing can ever be reused.',
        'end failed: error building image: error building stage: exit status 1',
      ],
    ],
  ])('%s', (_, log, told) => {
    expect(transcript(only(readLines(kaniko, log).builds))).toEqual(told);
  });

  it('gives a build what was said before its first stage, and only to it', () => {
    const unnamed = TWO_STAGES.split('\n')
      .filter((l) => !l.includes('Resolved base name'))
      .join('\n');
    const [first, second] = read(kaniko, `${TWO_STAGES}some CI between\n${TWO_STAGES}`);
    expect([first?.line, second?.line]).toEqual([1, TWO_STAGES.split('\n').length + 1]);
    expect(transcript(second!)).toEqual(transcript(first!));
    expect(only(read(kaniko, `INFO[0000] another program\n${unnamed}`)).line).toBe(2);
    // A registry that answers late may end the build after the next one's output began.
    expect(read(kaniko, `${TWO_STAGES}INFO[0067] Pushed reg.example/app:two@sha256:bbbb\n`)).toHaveLength(1);
  });

  it('keeps what a build inside of a command prints, and the times that a CI stamps', () => {
    const log = [
      "INFO[0001] Building stage 'docker:27' [idx: '0', base-idx: '-1']",
      'INFO[0002] RUN docker build .',
      'INFO[0003] Running: [/bin/sh -c docker build .]',
      'Step 1/2 : FROM busybox',
      ' ---> Using cache',
      'INFO[0009] RUN b',
      'INFO[0009] Pushing image to app',
      'INFO[0010] Pushed app@sha256:1',
      'Step 1/1 : FROM busybox',
    ];
    const reader = createLogReader();
    reader.push(Buffer.from(log.map((l, i) => `2026-01-02T03:04:0${i}.0000000Z ${l}\n`).join('')));
    const [build, after] = reader.end().builds;
    expect(transcript(build!)[1]).toBe('#2 done RUN docker build . after #1, 7 s, 2 of output');
    expect([build?.firstTime, build?.lastTime]).toEqual([Date.UTC(2026, 0, 2, 3, 4, 0), Date.UTC(2026, 0, 2, 3, 4, 6)]);
    expect(after?.dialect).toBe('classic');
  });

  it.each([
    ['INFO[0001] Prep', 'info'],
    ['build-pod kaniko WARN[0001] Prep', 'warning'],
    ['ERRO[0001] Prep', 'error'],
    ['FATA[2024-05-01T12:00:00+02:00] Prep', 'error'],
    ['PANI[0001] Prep', 'error'],
    ['DEBU[0001] Prep', 'debug'],
    ['TRAC[0001] Prep', 'debug'],
    ['level=warning msg=Prep', 'warning'],
    ['time="2024-05-01T12:00:00Z" level=error msg=Prep', 'error'],
    ['time=2024-05-01T12:00:00Z level=fatal msg="Prep" ', 'error'],
    ['{"level":"panic","msg":"Prep","time":"2024-05-01T12:00:00Z"}', 'error'],
    ['{"level":"debug","msg":"Prep"}', 'debug'],
    ['{"level":"trace","msg":"Prep"}', 'debug'],
    ['{"level":"notice","msg":"Prep"}', 'info'],
  ])('%s: is at level %s', (text, level) => {
    expect(readEntry(text)).toMatchObject({ level, message: 'Prep' });
  });

  it.each([
    'XINFO[0001] Prep',
    'INFO[1] Prep',
    'INFO[2024-05-01] Prep',
    'note: time="2024-05-01T12:00:00Z" level=info msg="Prep"',
    'level=info msg="Prep" and more',
    '{"level":1,"msg":"Prep"}',
    '{"level":"info","msg":null}',
    '{"level":"info","msg":"Prep"',
    `INFO[0001] ${'x'.repeat(70_000)}`,
  ])('%s: is no line of kaniko', (text) => {
    expect(readEntry(text)).toBeUndefined();
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
