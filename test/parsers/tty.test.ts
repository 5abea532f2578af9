import { describe, expect, it } from 'vitest';
import plain from '../../parsers/plain.ts';
import { sameName } from '../../parsers/tty/frame.ts';
import tty from '../../parsers/tty.ts';
import type { BuildLog } from '../../src/graph/log.ts';
import { expectLinear, expectRobust, only, read, readLines, sample, steps, transcript, word } from './read.ts';

/** Rows as a terminal of 100 columns shows them. */
function frame(header: string, rows: readonly (readonly [string, string])[]): string {
  return [`[+] ${header}`, ...rows.map(([name, time]) => ` => ${name.slice(0, 88).padEnd(88)} ${time.padStart(6)}`)].join('\n');
}

const DEFINITION = ['[internal] load build definition from Dockerfile', '0.0s'] as const;
const FROM = ['[1/3] FROM docker.io/library/node:20', '0.0s'] as const;

function words(build: BuildLog): string[] {
  return [...build.vertices.values()].map((v) => `${word(v)} ${v.names[0]}`);
}

/** Names are cut to the width of the terminal: a step of the frame is the step of the plain log that begins so. */
function expectSame(framed: string, shown: string): void {
  const told = Object.entries(steps(only(read(tty, sample(framed)))));
  const seen = Object.entries(steps(only(read(plain, sample(shown)))));
  expect(told.map(([name, w]) => [seen.find(([n]) => n.startsWith(name))?.[0], w])).toEqual(expect.arrayContaining(seen));
  expect(told).toHaveLength(seen.length);
}

describe('a frame tells what plain tells', () => {
  it.each([
    ['docker28/src-edit.tty.log', 'docker28/src-edit.plain.log'],
    ['docker28/src-edit.tty.final.txt', 'docker28/src-edit.plain.log'],
    ['docker20/src-edit.tty.final.txt', 'docker28/src-edit.plain.log'],
    ['docker28/fail-run.tty.final.txt', 'docker28/fail-run.plain.log'],
    ['docker20/fail-run.tty.final.txt', 'docker28/fail-run.plain.log'],
    ['bk032/multi-src.tty.final.txt', 'bk032/multi-src.plain.log'],
    ['bk016/cache-import-missing.tty.final.txt', 'bk016/cache-import-missing.plain.log'],
  ])('%s and %s', expectSame);
});

describe('a terminal frame', () => {
  it('says driver, builder, clock and end in its header', () => {
    const build = only(read(tty, sample('docker28/src-edit.tty.final.txt')));
    expect(build.builder).toEqual({ driver: 'docker', name: 'default' });
    expect(build.end).toEqual({ outcome: 'succeeded', seconds: 0.6 });
    expect(only(read(tty, sample('docker20/src-edit.tty.final.txt'))).builder).toBeNull();
  });

  it('has the sizes of what was sent and fetched', () => {
    const build = only(read(tty, sample('docker28/fail-run.tty.final.txt')));
    const from = [...build.vertices.values()].find((v) => v.names[0]?.startsWith('[1/6] FROM'));
    expect(from).toMatchObject({ pulled: true, pulledBytes: 527 + 895 + 1_080_000 });
    const definition = [...build.vertices.values()][0];
    expect(definition?.statuses.get('transferring dockerfile:')).toMatchObject({ bytes: 189, done: true });
  });

  it('takes the error of a step from the words below', () => {
    const build = only(read(tty, sample('docker28/fail-run.tty.final.txt')));
    expect(build.end?.outcome).toBe('failed');
    expect([...build.vertices.values()].find((v) => word(v) === 'failed')?.error).toContain('failed to solve: process');
  });

  it('does not take a failed cache import for a failed build', () => {
    const build = only(read(tty, sample('bk016/cache-import-missing.tty.final.txt')));
    expect(build.end).toEqual({ outcome: 'succeeded', seconds: 1.9 });
    expect(build.notes).toEqual(['The build had no output: its result stays in the build cache.']);
  });

  it('reads compose: one frame for all services, its own display is none', () => {
    const build = only(read(tty, sample('docker26/compose-cold.tty.final.txt')));
    expect(words(build).filter((w) => w.includes('exporting'))).toEqual([
      'done [worker] exporting to image',
      'done [web] exporting to image',
      'done [api] exporting to image',
    ]);
    const claims = readLines(tty, ['[+] Building 3/3', ' ✔ web  Built    0.0s', '[+] Running 2/2', ' ⠿ Container web  Started']).claims;
    expect(claims).toEqual(['none', 'none', 'none', 'none']);
  });

  it('reads a frame that was pasted indented, quoted or double-spaced', () => {
    const text = sample('docker28/src-edit.tty.final.txt').trim();
    const expected = words(only(read(tty, text)));
    for (const paste of [
      text.replace(/^/gm, '      '),
      text.replace(/^/gm, '> '),
      text.replace(/^ /gm, ''),
      text.replaceAll('\n', '\n\n'),
      text.replaceAll('\n', '\r\n'),
      text.replace(/ {2,}/g, ' '),
    ])
      expect(words(only(read(tty, paste)))).toEqual(expected);
  });

  it('reads rows without a header or without times, as grep leaves them', () => {
    const text = [
      ' => [internal] load build definition from Dockerfile',
      ' => => transferring dockerfile: 32B',
      ' => CACHED [1/5] FROM docker.io/library/node:20',
      ' => [2/5] WORKDIR /app',
      ' => CACHED [3/5] RUN sleep 0.5s',
      ' => ERROR [internal] load metadata for docker.io/library/postgres:15',
      'Build Cache: 12.4GB (used: 8.1GB)',
    ].join('\n');
    const build = only(read(tty, text));
    expect(words(build)).toEqual([
      'done [internal] load build definition from Dockerfile',
      'cached [1/5] FROM docker.io/library/node:20',
      'done [2/5] WORKDIR /app',
      'cached [3/5] RUN sleep 0.5s',
      'failed [internal] load metadata for docker.io/library/postgres:15',
    ]);
    expect([...build.vertices.values()].every((v) => v.terminals.every((t) => t.seconds === undefined))).toBe(true);
    expect(build.end).toEqual({ outcome: 'failed' });
    expect(build.notes).toEqual(['Only a piece of a terminal frame: nothing is known of the rest of the build.']);
  });

  it('leaves the arrows of other programs alone', () => {
    const lines = ['=> Booting Puma', '=> Rails 7.1 application starting', ' => nil', '==> Pouring jq', '=> [1] 5', '=> {:a=>1}'];
    expect(readLines(tty, lines)).toMatchObject({ builds: [], claims: Array(6).fill('none') });
    const after = readLines(tty, [frame('Building 1.0s (2/2) FINISHED', [DEFINITION, FROM]), 'web-1  | ', ...lines].join('\n').split('\n'));
    expect(after.claims.slice(4)).toEqual(Array(6).fill('none'));
    expect(only(after.builds).vertices.size).toBe(2);
  });

  it('gives two rows of one name their own vertices', () => {
    const add = '[2/3] ADD https://example.com/a.tgz /a';
    const build = only(
      read(
        tty,
        frame('Building 1.0s (4/4) FINISHED', [
          FROM,
          [add, '0.3s'],
          [`CACHED ${add}`, '0.0s'],
          ['[internal] preparing inline document', '0.0s'],
          ['[internal] preparing inline document', '0.0s'],
        ]),
      ),
    );
    expect(words(build).slice(1, 3)).toEqual([`done ${add}`, `cached ${add}`]);
    expect(build.vertices.size).toBe(5);
  });
});

describe('a capture of the terminal', () => {
  it('is one build, of which the last frame counts', () => {
    const build = only(read(tty, sample('tty/no-color.raw')));
    expect(words(build).filter((w) => w.startsWith('cached'))).toHaveLength(6);
    expect(build.end?.outcome).toBe('succeeded');
    // Its number of completed vertices goes back now and then.
    expect(read(tty, sample('docker28/src-edit.tty.log'))).toHaveLength(1);
  });

  it('knows from an earlier frame that a step which was canceled had run', () => {
    const build = only(read(tty, sample('tty/fail-parallel.raw')));
    const last = words(build).slice(-2);
    expect(last[0]).toMatch(/^failed \[a 2\/2\]/);
    expect(last[1]).toBe('canceled [slow 2/2] RUN echo slow start; sleep 30');
    expect([...build.vertices.values()].at(-1)).toMatchObject({ outputLines: expect.any(Number), terminals: [{ seconds: 1.2 }] });
    expect([...build.vertices.values()].at(-1)?.outputLines).toBeGreaterThan(0);
    expect(build.end?.outcome).toBe('failed');
  });

  it('says nothing wrong when it is cut off anywhere', () => {
    for (const name of ['docker28/src-edit.tty.log', 'tty/fail-parallel.raw']) {
      const text = sample(name);
      const whole = new Map(words(only(read(tty, text))).map((w) => [w.slice(w.indexOf(' ') + 1), w.slice(0, w.indexOf(' '))]));
      for (let at = 500; at < text.length; at += 97) {
        const cut = read(tty, text.slice(0, at));
        expect(cut.length).toBeLessThanOrEqual(1);
        for (const w of cut.flatMap(words)) {
          const said = w.slice(0, w.indexOf(' '));
          const name = w.slice(w.indexOf(' ') + 1);
          const truth = whole.get(name) ?? [...whole].find(([n]) => n.startsWith(name) || name.startsWith(n))?.[1];
          expect(truth, `${name} at ${at}`).toBeDefined();
          if (said !== 'open' && /\d\/\d+\]/.test(name)) expect(`${said} ${name} at ${at}`).toBe(`${truth} ${name} at ${at}`);
        }
      }
    }
  });

  it('keeps what a low terminal hides, when the last frame is missing', () => {
    const first = frame('Building 2.0s (3/9)', [DEFINITION, FROM, ['CACHED [2/3] RUN a', '0.0s'], ['[3/3] RUN b', '1.0s']]);
    const output = ['=> # compiling', '0.0s'] as const;
    const second = frame('Building 9.0s (4/9)', [
      ['CACHED [2/3] RUN a', '0.0s'],
      ['[x 1/2] RUN c', '0.1s'],
      ['[3/3] RUN b', '8.0s'],
      ...Array(6).fill(output),
    ]);
    const build = only(read(tty, `${first}\n${second}`));
    expect(words(build)).toEqual([
      'done [internal] load build definition from Dockerfile',
      'done [1/3] FROM docker.io/library/node:20',
      'cached [2/3] RUN a',
      'open [3/3] RUN b',
      'done [x 1/2] RUN c',
    ]);
    expect(build.end).toBeNull();
  });

  it('finds the steps that still run in an unfinished frame', () => {
    const text = frame('Building 45.2s (4/12)', [
      DEFINITION,
      FROM,
      ['CACHED [2/3] RUN a', '0.0s'],
      ['[deps 1/4] RUN apt-get update', '30.2s'],
      ['[build 2/4] WORKDIR /app', '0.1s'],
      ['[build 3/4] RUN go build', '28.0s'],
    ]);
    expect(words(only(read(tty, text))).slice(3)).toEqual([
      'open [deps 1/4] RUN apt-get update',
      'done [build 2/4] WORKDIR /app',
      'open [build 3/4] RUN go build',
    ]);
  });

  it('joins the rows of its frames: names that were cut, sizes that were shown once, two of one name', () => {
    const output = ['=> # compiling', '0.0s'] as const;
    const first = frame('Building 2.0s (2/9)', [
      DEFINITION,
      ['=> transferring dockerfile: 220B', '0.0s'],
      FROM,
      ['[2/4] RUN npm ci --no-audit --prefer-offline', '1.0s'],
      output,
      ['[internal] preparing inline document', '0.0s'],
    ]);
    const second = frame('Building 9.0s (5/9)', [
      DEFINITION,
      FROM,
      ['[2/4] RUN npm ci --no-audit --prefer', '3.0s'],
      ['[internal] preparing inline document', '0.1s'],
      ['[internal] preparing inline document', '0.2s'],
      ['[3/4] RUN b', '6.0s'],
    ]);
    expect(transcript(only(read(tty, `${first}\n${second}`)))).toEqual([
      '#1 done [internal] load build definition from Dockerfile, 0 s',
      '#2 done [1/3] FROM docker.io/library/node:20, 0 s',
      '#3 done [2/4] RUN npm ci --no-audit --prefer, 3 s, 1 of output',
      '#4 done [internal] preparing inline document, 0.1 s',
      '#5 done [internal] preparing inline document, 0.2 s',
      '#6 open [3/4] RUN b',
    ]);
  });

  it('of rows that might still run, takes those whose clocks were seen to move last', () => {
    const rows = ([a, b, c]: readonly [string, string, string]) =>
      [DEFINITION, FROM, ['[a 2/2] RUN a', a], ['[b 2/2] RUN b', b], ['[c 2/2] RUN c', c]] as const;
    const clocks = [
      ['Building 2.0s (2/9)', ['1.0s', '1.0s', '1.0s']],
      ['Building 3.0s (3/9)', ['2.0s', '1.2s', '2.0s']],
      ['Building 4.0s (4/9)', ['3.0s', '1.2s', '2.5s']],
    ] as const;
    const text = clocks.map(([head, times]) => frame(head, rows(times))).join('\n');
    expect(words(only(read(tty, text))).slice(2)).toEqual(['open [a 2/2] RUN a', 'done [b 2/2] RUN b', 'done [c 2/2] RUN c']);
  });

  it.each([
    ['[2/3] RUN npm ci --no-audit', '[2/3] RUN npm ci --no-au', true],
    ['[2/3] RUN npm ci --no-au', '[2/3] RUN npm ci --no-audit', true],
    ['[2/3] RUN a', '[2/3] RUN a', true],
    ['[2/3] RUN a', '[2/3] RUN a b', false],
    ['[2/3] RUN npm ci --no-audit', '[3/3] RUN npm ci --no-au', false],
    ['[2/3] RUN npm ci --no-audit', 'ci --no-audit and so on', false],
  ])('%s and %s are one row: %s', (a, b, same) => {
    expect(sameName(a, b)).toBe(same);
  });

  it('tells builds apart: after the end, when the clock starts again, or where other text stands between', () => {
    const finished = frame('Building 3.0s (3/3) FINISHED', [DEFINITION, FROM, ['[2/3] RUN a', '2.0s']]);
    const open = frame('Building 3.0s (3/9)', [DEFINITION, FROM, ['[2/3] RUN a', '2.0s']]);
    const later = frame('Building 5.0s (9/9) FINISHED', [DEFINITION, FROM, ['[2/3] RUN x', '2.0s']]);
    const earlier = frame('Building 1.0s (9/9) FINISHED', [DEFINITION, FROM, ['[2/3] RUN x', '2.0s']]);
    const again = frame('Building 5.0s (9/9) FINISHED', [DEFINITION, FROM, ['[2/3] RUN a', '2.0s'], ['[3/3] RUN b', '2.0s']]);
    for (const two of [`${finished}\n${later}`, `${open}\n${earlier}`, `${open}\n$ docker build .\n${later}`, `${open}\n\n${later}`])
      expect(read(tty, two)).toHaveLength(2);
    for (const one of [`${open}\n${again}`, `${open}\n\n${again}`, `${finished}\n${finished}`]) expect(read(tty, one)).toHaveLength(1);
    const failed = sample('docker28/fail-run.tty.final.txt');
    expect(read(tty, `${failed}\n${failed}`).map((b) => b.end?.outcome)).toEqual(['failed', 'failed']);
  });

  it('never throws, and takes time in proportion', () => {
    expectRobust(tty, [
      sample('docker28/fail-run.tty.final.txt'),
      sample('tty/fail-parallel.raw'),
      sample('docker26/compose-cold.tty.final.txt'),
    ]);
    expectLinear(tty, (n) => [
      `[+] Building ${' '.repeat(n)}x`,
      ` => ${' '.repeat(n)}1.0s x`,
      `${' '.repeat(n)}=> x`,
      ` => [${'a'.repeat(n)}`,
    ]);
  });
});
