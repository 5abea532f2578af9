import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import plain from '../../parsers/plain.ts';
import rawjson from '../../parsers/rawjson.ts';
import { expectLinear, expectRobust, only, read, readLines, sample, steps, word } from './read.ts';

const D1 = `sha256:${'1'.repeat(64)}`;
const D2 = `sha256:${'2'.repeat(64)}`;
const D3 = `sha256:${'3'.repeat(64)}`;
const T = (ms: number): string => new Date(Date.UTC(2024, 4, 1) + ms).toISOString().replace('Z', '123456Z');

function records(...messages: object[]): string {
  return messages.map((m) => JSON.stringify(m)).join('\n');
}

/** The JSON documents of a log in a list, and the text behind them. */
function split(text: string): { documents: unknown[]; rest: string[] } {
  const documents: unknown[] = [];
  const rest: string[] = [];
  let buffer = '';
  for (const line of text.split('\n')) {
    if (buffer === '' && !line.startsWith('{')) {
      rest.push(line);
      continue;
    }
    buffer += `${line}\n`;
    try {
      documents.push(JSON.parse(buffer));
      buffer = '';
    } catch {
      // Not whole yet.
    }
  }
  return { documents, rest };
}

describe('rawjson tells what plain tells', () => {
  it.each([
    ['docker28/src-edit.plain.log', 'docker28/src-edit.rawjson.log'],
    ['docker28/src-edit.plain.log', 'docker28/src-edit.history-rawjson.log'],
    ['docker26/src-edit.plain.log', 'docker26/src-edit.rawjson.log'],
    ['docker28/fail-run.plain.log', 'docker28/fail-run.rawjson.log'],
    ['bk032/multi-src.plain.log', 'bk032/multi-src.history-rawjson.log'],
    ['docker28/add-http-warm.plain.log', 'docker28/add-http-warm.history-rawjson.log'],
  ])('%s and %s', (shown, raw) => {
    const told = steps(only(read(rawjson, sample(raw))));
    const seen = steps(only(read(plain, sample(shown))));
    // Of the steps that were announced and never started plain shows nothing.
    for (const [name, w] of Object.entries(told)) if (w === 'open') delete told[name];
    expect(told).toEqual(seen);
    expect(Object.keys(seen).length).toBeGreaterThan(2);
  });
});

describe('rawjson', () => {
  it('keeps the graph: digests, exact inputs, real times', () => {
    const build = only(read(rawjson, sample('docker28/src-edit.history-rawjson.log')));
    const all = [...build.vertices.values()];
    const copy = all.find((v) => v.names[0] === '[5/7] COPY src ./src');
    const names = (ids: readonly string[] | undefined) => ids?.map((id) => build.vertices.get(id)?.names[0]);
    expect(names(copy?.inputs)).toEqual([
      '[4/7] RUN sleep 1; mkdir -p node_modules; cp package-lock.json node_modules/; echo "added 42 packages"',
      '[internal] load build context',
    ]);
    expect(copy?.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(copy?.intervals).toHaveLength(1);
    expect(copy?.intervals[0]).toMatchObject({ cached: false });
    const seconds = ((copy?.intervals[0]?.completed ?? 0) - (copy?.intervals[0]?.started ?? 0)) / 1000;
    expect(seconds).toBeCloseTo(0.021, 2);
    // In the order of their start, inputs before what stands on them.
    const order = all.map((v) => v.id);
    for (const v of all) for (const i of v.inputs ?? []) expect(order.indexOf(i)).toBeLessThan(order.indexOf(v.id));
    expect(order[0]).toBe('#1');
    expect(build.end).toEqual({ outcome: 'succeeded' });
  });

  it('orders the fetch of ADD before its copy', () => {
    const build = only(read(rawjson, sample('docker28/add-http-warm.history-rawjson.log')));
    const adds = [...build.vertices.values()].filter((v) => v.names[0]?.includes('ADD http'));
    expect(adds.map(word)).toEqual(['done', 'cached']);
    expect(adds[1]?.inputs).toContain(adds[0]?.id);
  });

  it('reads indented records of buildx 0.12 and 0.13, the Dockerfile in warnings, and the words at the end', () => {
    expect(only(read(rawjson, sample('docker26/lint.rawjson.log'))).line).toBe(1);
    const warned = only(
      read(
        rawjson,
        records({
          vertexes: [{ digest: D1, name: '[internal] load build definition from Dockerfile', started: T(0), completed: T(5) }],
          warnings: [
            {
              vertex: D1,
              short: Buffer.from("FromAsCasing: 'as' and 'FROM' do not match (line 1)").toString('base64'),
              sourceInfo: { filename: 'app.Dockerfile', data: Buffer.from('from x as y\n').toString('base64') },
            },
          ],
        }),
      ),
    );
    expect(warned.warnings).toEqual([{ vertex: '#1', text: "FromAsCasing: 'as' and 'FROM' do not match (line 1)" }]);
    expect(warned.dockerfiles).toEqual([{ file: 'app.Dockerfile', text: 'from x as y\n' }]);
    const failed = only(read(rawjson, sample('docker28/fail-run.rawjson.log')));
    expect(failed.end?.outcome).toBe('failed');
    expect(failed.end?.message).toContain('exit code: 3');
  });

  it('folds COPY --link: the group, its weak copy, its merge', () => {
    const build = only(read(rawjson, sample('bk032/copy-link.history-rawjson.log')));
    const members = [...build.vertices.values()].filter((v) => v.group);
    expect(members.map((v) => [v.names[0]?.slice(0, 22), v.group?.weak])).toEqual([
      ['[5/7] COPY --link src ', true],
      ['[5/7] LINK COPY --link', false],
    ]);
    expect(new Set(members.map((v) => v.group?.id)).size).toBe(1);
  });

  it('remembers that a step was cached when its layers are fetched later', () => {
    const build = only(
      read(
        rawjson,
        records(
          {
            vertexes: [
              { digest: D1, name: '[2/2] RUN a', inputs: [D2] },
              { digest: D2, name: '[1/2] FROM x' },
            ],
          },
          { vertexes: [{ digest: D1, name: '[2/2] RUN a', inputs: [D2], started: T(10), completed: T(10), cached: true }] },
          { vertexes: [{ digest: D1, name: '[2/2] RUN a', inputs: [D2], started: T(20) }] },
          { statuses: [{ id: D3, vertex: D1, current: 130, total: 130, timestamp: T(25), started: T(20), completed: T(24) }] },
          { vertexes: [{ digest: D1, name: '[2/2] RUN a', inputs: [D2], started: T(20), completed: T(30) }] },
        ),
      ),
    );
    const step = [...build.vertices.values()].find((v) => v.names[0] === '[2/2] RUN a');
    expect(step?.terminals.map((t) => t.word)).toEqual(['cached', 'done']);
    expect(step?.intervals.map((i) => i.cached)).toEqual([true, false]);
    expect(step?.pulled).toBe(true);
    expect(step?.pulledBytes).toBe(130);
  });

  it('merges the times that several targets tell of one vertex', () => {
    const message = (from: number) => ({ vertexes: [{ digest: D1, name: '[a 1/1] RUN x', started: T(from), completed: T(from + 1000) }] });
    const build = only(read(rawjson, records(message(0), message(1), message(0), message(2), message(5000))));
    expect(only([...build.vertices.values()]).intervals.map((i) => (i.completed ?? 0) - i.started)).toEqual([1002, 1000]);
  });

  it('counts output without parsing it', () => {
    const data = Buffer.from('x'.repeat(300)).toString('base64');
    const log = (at: number) => ({ vertex: D1, stream: 1, data, timestamp: T(at) });
    const build = only(
      read(
        rawjson,
        records({ vertexes: [{ digest: D1, name: '[2/2] RUN a', started: T(0) }] }, { logs: [log(500), log(900)] }, { logs: [log(1500)] }),
      ),
    );
    const step = only([...build.vertices.values()]);
    expect(step).toMatchObject({ outputLines: 3, lastOutputAt: 1.5 });
    // Started and never completed: the log is cut.
    expect(step.terminals).toEqual([]);
    expect(step.intervals).toEqual([{ started: expect.any(Number), cached: false }]);
    expect(build.end).toBeNull();
  });

  it('tells a vertex that was only announced apart from one that ran', () => {
    const build = only(read(rawjson, sample('docker28/fail-run.rawjson.log')));
    const never = [...build.vertices.values()].find((v) => v.names[0] === '[6/6] RUN echo never');
    expect(never).toMatchObject({ terminals: [], intervals: [] });
  });

  it('takes the outcome from the vertices where no last words stand', () => {
    const record = (more: object) =>
      records({
        vertexes: [
          { digest: D1, name: '[1/2] RUN a' },
          { digest: D1, name: '[1/2] RUN a', ...more },
        ],
      });
    const end = (more: object) => only(read(rawjson, record(more))).end?.outcome;
    expect(end({ started: T(0), completed: T(9), error: 'process "/bin/sh -c a" did not complete successfully: exit code: 1' })).toBe(
      'failed',
    );
    expect(end({ started: T(0), completed: T(9), error: 'context canceled' })).toBe('canceled');
    expect(end({ started: T(0), completed: T(9), cached: true })).toBe('succeeded');
    expect(end({ started: T(0) })).toBeUndefined();
    const importing = { digest: D2, name: 'importing cache manifest from reg/app', started: T(0), completed: T(1), error: 'not found' };
    expect(
      only(read(rawjson, records({ vertexes: [importing, { digest: D1, name: '[1/1] RUN a', started: T(2), completed: T(3) }] }))).end
        ?.outcome,
    ).toBe('succeeded');
  });

  it('tells several builds in one stream apart', () => {
    const live = sample('docker28/src-edit.rawjson.log');
    const record = sample('docker28/src-edit.history-rawjson.log');
    const failed = sample('docker28/fail-run.rawjson.log');
    expect(read(rawjson, `${live}\n${failed}\n${record}`).map((b) => b.end?.outcome)).toEqual(['succeeded', 'failed', 'succeeded']);
    expect(read(rawjson, `${record}\n${sample('bk032/multi-src.history-rawjson.log')}`)).toHaveLength(2);
  });

  it('claims only its own documents', () => {
    const claims = (lines: string[]) => readLines(rawjson, lines).claims;
    expect(claims(['{"stream":"Step 1/2 : FROM x"}', '{', '  "name": "app"', '}', '{}', 'text', '[{"vertexes":[]}]'])).toEqual(
      Array(7).fill('none'),
    );
    expect(claims(['{', '  "vertexes": [', '  ]', '}', 'text'])).toEqual(['none', 'structure', 'structure', 'structure', 'none']);
    expect(claims(['{"logs":[{"vertex":"a","data":""}]}', '{"statuses":[]}{"vertexes":[]}'])).toEqual(['structure', 'structure']);
  });

  it('reads what stands before the cut of a record, and what follows it', () => {
    const record = sample('bk032/multi-src.history-rawjson.log').trim();
    const cut = only(read(rawjson, record.slice(0, record.length >> 1)));
    expect(cut.vertices.size).toBeGreaterThan(8);
    expect(cut.notes.join()).toContain('cut short');
    const text = `${record.slice(0, 400)}\nERROR: failed to build: failed to solve: rpc error`;
    expect(only(read(rawjson, text)).end?.outcome).toBe('failed');
  });

  it('gives the same events in any layout of the documents', () => {
    for (const name of ['docker28/src-edit.rawjson.log', 'docker28/fail-run.rawjson.log', 'bk032/copy-link.history-rawjson.log']) {
      const { documents, rest } = split(sample(name));
      const events = (lines: readonly string[]) =>
        JSON.stringify(readLines(rawjson, lines).events.map((own) => own.map((e) => ('line' in e ? { ...e, line: 0 } : e))));
      const compact = documents.map((d) => JSON.stringify(d));
      const expected = events([...compact, ...rest]);
      for (const indent of [1, 2, '\t'])
        expect(events([...documents.flatMap((d) => JSON.stringify(d, null, indent).split('\n')), ...rest])).toBe(expected);
      expect(events([compact.join(''), ...rest])).toBe(expected);
      fc.assert(
        fc.property(fc.infiniteStream(fc.integer({ min: 1, max: 300 })), (lengths) => {
          const broken = compact.flatMap((text) => {
            const lines: string[] = [];
            for (let at = 0; at < text.length; ) {
              // The first key says whose the document is: it stays whole.
              const length = (at === 0 ? 14 : 0) + (lengths.next().value as number);
              lines.push(text.slice(at, at + length));
              at += length;
            }
            return lines;
          });
          expect(events([...broken, ...rest])).toBe(expected);
        }),
        { numRuns: 20 },
      );
    }
  });

  it('never throws, and takes time in proportion', () => {
    expectRobust(rawjson, [
      sample('docker28/fail-run.rawjson.log'),
      sample('docker26/src-edit.rawjson.log'),
      sample('docker28/src-edit.history-rawjson.log'),
    ]);
    expectRobust(rawjson, [
      '{"vertexes":[{"digest":1},null,{"digest":"a","name":5,"inputs":{},"started":7,"error":{},"progressGroup":[]}],"statuses":3,"logs":{}}',
    ]);
    expectLinear(rawjson, (n) => [`{"logs":[${'{"vertex":"a"'.repeat(n / 10)}`]);
    expectLinear(rawjson, (n) => [`{"vertexes":[${'['.repeat(n)}`, '{"vertexes":[]}']);
    expectLinear(rawjson, (n) => [`{"vertexes":["${'\\'.repeat(n)}`]);
    expectLinear(rawjson, (n) => [
      JSON.stringify({ vertexes: Array.from({ length: n / 20 }, (_, i) => ({ digest: `${i}`, name: `${i}`, inputs: [`${i + 1}`] })) }),
    ]);
  });
});
