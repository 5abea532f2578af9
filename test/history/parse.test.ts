import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argsOfHistory } from '../../src/history/args.ts';
import { parseHistory } from '../../src/history/parse.ts';
import { readSize, readTime } from '../../src/history/values.ts';
import { cpuTime } from '../cpu-time.ts';

const data = path.join(import.meta.dirname, '../data/history');
const read = (name: string): string => readFileSync(path.join(data, name), 'utf8');

/** Keyword and text of each entry, newest first. */
const BUILT = [
  'CMD ["sh"]',
  'LABEL a=b c',
  'RUN echo heredoc',
  'ARG C=1 2',
  'WORKDIR /w',
  'COPY <<EOT /y',
  'COPY --chown=1:1 Dockerfile /x',
  'RUN true',
  'RUN echo "two"   && true',
  'SHELL [/bin/sh -e -c]',
  'RUN /bin/echo exec form',
  'RUN echo history-room $A',
  'ENV GREETING=hello world TZ=UTC',
  'ARG NPM_TOKEN=canary-secret-1',
  'ARG B=p C=q',
  'ARG A=x y',
  'null ',
];
const shown = (text: string): string[] => parseHistory(text).entries.map((e) => `${e.instruction} ${e.text}`);
const ARGS = { A: 'x y', B: 'p C=q', NPM_TOKEN: 'canary-secret-1', C: '1 2' };

describe('one image of BuildKit in every form that docker prints', () => {
  test.each(['buildkit.jsonl', 'table.txt', 'table-bytes.txt', 'table-columns.txt'])('%s', (file) => {
    expect(shown(read(file))).toEqual(BUILT);
    expect(argsOfHistory(read(file))).toEqual(ARGS);
    expect(parseHistory(read(file)).notes).toEqual([]);
  });

  test('as an array, on one line or wrapped, with a byte-order mark and Windows line ends', () => {
    const list = read('buildkit.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    for (const text of [
      JSON.stringify(list),
      JSON.stringify(list, null, 2),
      `\uFEFF${read('buildkit.jsonl').replaceAll('\n', '\r\n')}`,
      list.map((e) => JSON.stringify(e, null, 2)).join('\n'),
    ])
      expect(shown(text)).toEqual(BUILT);
  });

  test('an array that was cut short gives what is whole of it', () => {
    const list = read('buildkit.jsonl').trim().split('\n');
    const cut = `[\n${list.slice(0, 3).join(',\n')},\n{"CreatedBy":"RUN`;
    expect(shown(cut)).toEqual(BUILT.slice(0, 3));
    expect(parseHistory(cut).notes).toEqual([expect.stringContaining('could not be read')]);
  });

  test('without --no-trunc it is cut, which is said, and nothing is made up', () => {
    const history = parseHistory(read('table-cut.txt'));
    expect(history.entries).toHaveLength(17);
    expect(history.notes).toEqual(['the history was cut by docker: take it with --no-trunc']);
    expect(argsOfHistory(history)).toEqual({ A: 'x y', NPM_TOKEN: 'canary-secret-1', C: '1 2' });
  });
});

test('sizes and times of the table and of JSON agree', () => {
  const [json, table] = [parseHistory(read('buildkit.jsonl')), parseHistory(read('table-columns.txt'))];
  expect(table.entries.map((e) => [e.createdAt, e.size])).toEqual(json.entries.map((e) => [e.createdAt, e.size]));
  expect(json.entries[6]).toMatchObject({ size: 381, createdAt: Date.parse('2026-11-21T03:30:13Z'), id: null });
});

test('the classic builder: ARG shows the default, what a RUN had in scope is what counts', () => {
  const history = parseHistory(read('classic.jsonl'));
  expect(history.entries.find((e) => e.instruction === 'ARG' && e.text.startsWith('A='))!.text).toBe('A=default');
  expect(argsOfHistory(history)).toEqual(ARGS);
  expect(history.entries.filter((e) => e.instruction === 'COPY').map((e) => e.text)).toEqual([
    expect.stringMatching(/^--chown=1:1 file:[0-9a-f]+ in \/x$/),
  ]);
});

test('a table with its blanks squeezed out', () => {
  const { entries } = parseHistory(read('squeezed.txt'));
  expect(entries.map((e) => [e.instruction, e.size, e.createdAt])).toEqual([
    ['CMD', 0, Date.parse('2025-03-15T10:22:01Z')],
    ['COPY', 1.2e9, Date.parse('2025-03-15T10:22:01Z')],
    ['RUN', 48.2e6, Date.parse('2025-03-14T09:10:45Z')],
    ['ADD', 5.6e6, Date.parse('2025-01-02T00:00:00Z')],
  ]);
});

test('podman, and an image configuration with digests', () => {
  expect(argsOfHistory(read('podman.json'))).toEqual({ VERSION: '1.2' });
  expect(parseHistory(read('config.json')).entries.map((e) => [e.instruction, e.diffId, e.size])).toEqual([
    ['RUN', 'sha256:cc', null],
    ['COPY', 'sha256:bb', null],
    ['ENV', null, 0],
    ['ADD', 'sha256:aa', null],
  ]);
});

test('kaniko leaves the line of the Dockerfile', () => {
  expect(shown('[{"created_by":"RUN npm ci","created":"2025-01-01T00:00:00Z"},{"created_by":"COPY . ."}]')).toEqual([
    'RUN npm ci',
    'COPY . .',
  ]);
});

describe('arguments', () => {
  const one = (createdBy: string, ...older: string[]): Record<string, string> =>
    argsOfHistory(JSON.stringify([createdBy, ...older].map((CreatedBy) => ({ CreatedBy }))));
  test.each([
    ['one', 'RUN |1 GIT_SHA=5d6e7f8 /bin/sh -c make # buildkit', { GIT_SHA: '5d6e7f8' }],
    ['two, one empty', 'RUN |2 A= B=2 /bin/sh -c make # buildkit', { A: '', B: '2' }],
    ['blanks in a value', 'RUN |2 A=b c B=2 /bin/sh -c make # buildkit', { A: 'b c', B: '2' }],
    ['another shell', 'RUN |1 A=b c /bin/bash -o pipefail -c make # buildkit', { A: 'b c' }],
    ['Windows', '|1 A=b cmd /S /C dir', { A: 'b' }],
    ['PowerShell', '|1 A=b c powershell -Command $x = 1', { A: 'b c' }],
    ['none', 'RUN /bin/sh -c A=1 make # buildkit', {}],
    ['more names than arguments: nothing is claimed', 'RUN |2 A=b X=c B=2 /bin/sh -c make # buildkit', {}],
    ['no end', 'RUN |1 A=b c make all # buildkit', {}],
    ['exec form', 'RUN |1 A=b /usr/bin/make all # buildkit', { A: 'b' }],
    ['a value with an equals sign', 'RUN |1 A=b=c /bin/sh -c make # buildkit', { A: 'b=c' }],
    ['a count of nonsense', 'RUN |99 A=b /bin/sh -c make # buildkit', {}],
  ])('%s', (_, createdBy, expected) => {
    expect(one(createdBy)).toEqual(expected);
  });

  test('the ARG lines above a RUN say where a value ends', () => {
    expect(one('|2 A=b X=c B=2 /bin/sh -c make', '/bin/sh -c #(nop)  ARG B=1', '/bin/sh -c #(nop)  ARG A')).toEqual({ A: 'b X=c', B: '2' });
    expect(one('RUN |1 A=b c make all # buildkit', 'ARG A=b c')).toEqual({ A: 'b c' });
  });

  test('an argument declared twice has its last value', () => {
    expect(one('RUN |1 A=2 /bin/sh -c b', 'ARG A=2', 'RUN |1 A=1 /bin/sh -c a', 'ARG A=1')).toEqual({ A: '2' });
  });
});

test('sizes and times', () => {
  expect(['0B', '1.43kB', '48.2MB', '1.2 GB', '1433', 12, '2KiB', 'x', '', null].map(readSize)).toEqual([
    0,
    1430,
    48.2e6,
    1.2e9,
    1433,
    12,
    2048,
    null,
    null,
    null,
  ]);
  const at = Date.parse('2024-01-15T10:22:01Z');
  expect(
    [
      '2024-01-15T10:22:01Z',
      '2024-01-15 10:22:01 +0000',
      '2024-01-15 10:22:01 +0000 UTC',
      '2024-01-15T12:22:01+02:00',
      at / 1000,
      '2 weeks ago',
      'N/A',
      '',
    ].map(readTime),
  ).toEqual([at, at, at, at, at, null, null, null]);
});

describe('what is no history', () => {
  test.each(['', 'hello', '{}', '[]', 'null', '[1,"a",null]', '{"CreatedBy":5}', 'CREATED BY SIZE', '\0\0'])(
    '%j gives no entries and a note',
    (text) => {
      expect(parseHistory(text)).toEqual({ entries: [], notes: [expect.any(String)] });
    },
  );

  test('no damage makes it throw, and its time is bounded', () => {
    const texts = readdirSync(data).map(read);
    fc.assert(
      fc.property(fc.constantFrom(...texts), fc.nat(), fc.nat(400), fc.string(), (text, at, length, patch) => {
        const from = at % text.length;
        const history = parseHistory(text.slice(0, from) + patch + text.slice(from + length));
        expect(Array.isArray(history.entries)).toBe(true);
      }),
      { numRuns: 1000 },
    );
    for (const unit of ['{', '[', '{"a":', 'RUN |9 A=', ' A=', '|1 ', 'CREATED BY  SIZE\n', '0B ', '  1', '-e ', '"']) {
      const spent = cpuTime(() => {
        parseHistory(unit.repeat(200_000 / unit.length));
        parseHistory(`RUN |50 ${unit.repeat(200_000 / unit.length)} # buildkit`);
        parseHistory(`IMAGE  CREATED BY  SIZE\nabc123  ${unit.repeat(100_000 / unit.length)}`);
        parseHistory(JSON.stringify({ CreatedBy: `RUN |50 A=${unit.repeat(200_000 / unit.length)}` }));
      });
      expect(spent, unit).toBeLessThan(3000);
    }
  });
});
