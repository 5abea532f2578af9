import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareHistories } from '../../src/history/compare.ts';
import { ageOfStep, inspectHistory } from '../../src/history/inspect.ts';
import type { History } from '../../src/history/model.ts';
import { parseHistory } from '../../src/history/parse.ts';
import { type HistoryReport, toJson, toMarkdown, toTerminal } from '../../src/history/report.ts';

const data = path.join(import.meta.dirname, '../data/history');
const read = (name: string): History => parseHistory(readFileSync(path.join(data, name), 'utf8'));

/** Entries oldest first: text, hours since the first, size. */
function history(...entries: readonly (readonly [string, number | null, string?])[]): History {
  const at = (hours: number): string => new Date(Date.UTC(2025, 0, 1) + hours * 3600_000).toISOString().replace('.000Z', 'Z');
  return parseHistory(
    JSON.stringify(
      [...entries]
        .reverse()
        .map(([CreatedBy, hours, Size = '1MB']) => ({ CreatedBy, Size, ...(hours !== null && { CreatedAt: at(hours) }) })),
    ),
  );
}

describe('which layers are new', () => {
  test('the first layer after a jump in time is the first miss', () => {
    const image = history(
      ['', 0],
      ['RUN /bin/sh -c a # buildkit', 100],
      ['ENV A=1', 200],
      ['COPY . . # buildkit', 200],
      ['RUN /bin/sh -c b # buildkit', 200.2],
    );
    const found = inspectHistory(image);
    expect(found.shown[found.firstNew!]).toBe('COPY . .');
    expect(found.clusters.map((c) => c.entries.length)).toEqual([1, 1, 2]);
  });

  test('one build made them all', () => {
    expect(inspectHistory(history(['RUN a', 1], ['RUN b', 1.1]))).toMatchObject({ firstNew: null, clusters: [{ entries: [1, 0] }] });
  });

  test.each([
    ['no times', history(['RUN a', null], ['RUN b', null])],
    ['times that fall', history(['RUN a', 100], ['RUN b', 1], ['RUN c', 50])],
    ['one time for all', history(['RUN a', 5], ['RUN b', 5], ['RUN c', 5])],
  ])('%s: nothing is claimed, and it is said', (_, image) => {
    const found = inspectHistory(image);
    expect([found.firstNew, found.clusters]).toEqual([null, []]);
    expect(found.notes).toHaveLength(1);
  });

  test('the pasted table: the copy came a day after the install', () => {
    const found = inspectHistory(read('squeezed.txt'));
    expect(found.shown[found.firstNew!]).toBe('COPY dir:5ae1 in /app');
    expect(found.large).toEqual([expect.objectContaining({ entry: 1, size: 1.2e9, advice: expect.stringContaining('.dockerignore') })]);
  });
});

test('the age of a step', () => {
  const image = history(['RUN /bin/sh -c apt-get update \\\n  && apt-get install -y x # buildkit', 10], ['RUN b', 20]);
  const now = Date.UTC(2025, 0, 2);
  expect(ageOfStep(image, 'RUN', 'apt-get update   && apt-get install -y x', now)).toBe(14 * 3600);
  expect(ageOfStep(image, 'RUN', 'other', now)).toBeNull();
});

describe('secrets', () => {
  const image = read('buildkit.jsonl');
  const report: HistoryReport = { images: [{ name: 'x', history: image, inspection: inspectHistory(image) }], comparison: null, now: 0 };

  test('are pointed out with what replaces them', () => {
    const found = inspectHistory(image).secrets;
    expect(new Set(found.map((s) => `${s.kind} ${s.name}`))).toEqual(new Set(['arg NPM_TOKEN']));
    expect(found[0]!.advice).toContain('--mount=type=secret,id=npm_token,env=NPM_TOKEN');
  });

  test('and never printed', () => {
    for (const render of [toJson, toMarkdown, toTerminal]) expect(render(report)).not.toContain('canary');
    expect(toTerminal(report)).toContain('a secret in the build argument NPM_TOKEN');
  });

  test('values with blanks, in commands, in ENV, in what cannot be told apart', () => {
    const hostile = history(
      ['ENV DB_PASSWORD=canary one', 1],
      ['RUN |2 TOKEN=canary two X=a B=1 /bin/sh -c echo canary two # buildkit', 1],
      ['RUN |1 TOKEN=canary three make it # buildkit', 1],
      ['RUN /bin/sh -c curl -H "Authorization: Bearer canary4" https://x # buildkit', 1],
      ['RUN /bin/sh -c git clone https://me:canary5@host/x # buildkit', 1],
    );
    const two = inspectHistory(hostile);
    const side = { name: 'x', history: hostile, inspection: two };
    const text = toTerminal({
      images: [side, side],
      comparison: compareHistories(hostile, image),
      now: 0,
    });
    const shown = text + JSON.stringify(two.shown);
    for (const secret of ['canary one', 'canary4', 'canary5']) expect(shown).not.toContain(secret);
    expect(two.secrets.map((s) => s.kind)).toEqual(expect.arrayContaining(['env', 'command']));
  });
});

describe('two images', () => {
  test('a build argument', () => {
    const found = compareHistories(read('sha-before.jsonl'), read('sha-after.jsonl'));
    expect(found).toMatchObject({
      same: false,
      shared: 1,
      first: { kind: 'argument', before: 'ARG GIT_SHA=1a2b3c4', after: 'ARG GIT_SHA=5d6e7f8' },
      args: [{ name: 'GIT_SHA', before: '1a2b3c4', after: '5d6e7f8' }],
      env: [{ name: 'APP_VERSION', before: '1a2b3c4', after: '5d6e7f8' }],
    });
  });

  test.each([
    [
      'the same',
      [
        ['', 0],
        ['RUN a', 1],
      ],
      [
        ['', 0],
        ['RUN a', 1],
      ],
      null,
    ],
    [
      'another base',
      [
        ['', 0, '2MB'],
        ['RUN a', 1],
      ],
      [
        ['', 0, '3MB'],
        ['RUN a', 1],
      ],
      'base',
    ],
    [
      'another text',
      [
        ['', 0],
        ['RUN a', 1],
      ],
      [
        ['', 0],
        ['RUN b', 1],
      ],
      'text',
    ],
    [
      'an ENV',
      [
        ['', 0],
        ['ENV A=1', 1],
      ],
      [
        ['', 0],
        ['ENV A=2', 1],
      ],
      'environment',
    ],
    [
      'only the time',
      [
        ['', 0],
        ['COPY . .', 1],
      ],
      [
        ['', 0],
        ['COPY . .', 2],
      ],
      'content',
    ],
    [
      'one more',
      [['', 0]],
      [
        ['', 0],
        ['RUN b', 1],
      ],
      'added',
    ],
    [
      'one less',
      [
        ['', 0],
        ['RUN b', 1],
      ],
      [['', 0]],
      'removed',
    ],
    [
      'arguments in scope',
      [
        ['', 0],
        ['RUN |1 A=1 /bin/sh -c x', 1],
      ],
      [
        ['', 0],
        ['RUN |1 A=2 /bin/sh -c x', 1],
      ],
      'argument',
    ],
  ] as const)('%s', (_, a, b, kind) => {
    const found = compareHistories(history(...a), history(...b));
    expect(found.first?.kind ?? null).toBe(kind);
    expect(found.same).toBe(kind === null);
  });

  test('a secret that changed is shown as changed', () => {
    expect(compareHistories(history(['ARG API_TOKEN=canary1', 1]), history(['ARG API_TOKEN=canary2', 1]))).toMatchObject({
      first: { before: 'ARG API_TOKEN=***', after: 'ARG API_TOKEN=***' },
      args: [{ name: 'API_TOKEN', before: '***', after: '***' }],
    });
  });

  test('a layer made anew with the very same content was wasted work', () => {
    const config = (time: string): History =>
      parseHistory(
        JSON.stringify({
          history: [
            { created_by: 'ADD x /', created: '2025-01-01T00:00:00Z' },
            { created_by: 'COPY . .', created: time },
          ],
          rootfs: { diff_ids: ['sha256:a', 'sha256:b'] },
        }),
      );
    expect(compareHistories(config('2025-01-02T00:00:00Z'), config('2025-01-03T00:00:00Z'))).toMatchObject({
      same: true,
      remade: ['COPY . .'],
    });
  });

  test('hostile text reaches no terminal', () => {
    const image = history(['RUN \u001b[31mred\u202e', 1]);
    const side = { name: 'x\u001b[0m', history: image, inspection: inspectHistory(image) };
    expect(
      toTerminal({
        images: [side, side],
        comparison: compareHistories(image, history()),
        now: 0,
      }),
    ).not.toMatch(/\u001b|\u202e/);
  });
});
