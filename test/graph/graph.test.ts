import { describe, expect, it } from 'vitest';
import { buildGraph } from '../../src/graph/build.ts';
import type { StepGraph } from '../../src/graph/step.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { plainLog } from '../causes/log.ts';
import { sample } from '../parsers/read.ts';

function graphOf(log: string): StepGraph {
  const reader = createLogReader();
  reader.push(Buffer.from(log));
  return buildGraph(reader.end().builds[0]!);
}

/** Each step as it went: `#3 rebuilt first-miss 1.5 s on #2`; then the build's outcome. */
function told(steps: readonly string[]): string[] {
  const graph = graphOf(plainLog(steps));
  const lines = [...graph.steps.values()]
    .filter((s) => s.parsed.instruction !== null)
    .map((s) => {
      const seconds = s.seconds === null ? '' : ` ${s.seconds} s`;
      const extra = [s.pulled && 'pulled', s.rebased && 'rebased', s.duplicateOf !== null && `again ${s.duplicateOf}`].filter(Boolean);
      return `${s.id} ${s.status} ${s.role}${seconds}${s.inputs.length > 0 ? ` on ${s.inputs.join(' ')}` : ''}${extra.map((e) => `, ${e}`).join('')}`;
    });
  return [...lines, graph.outcome];
}

const LAYER = 'extracting sha256:0123456789ab 0.1s done';

describe('from a log to its steps', () => {
  it.each<[what: string, log: readonly string[], told: readonly string[]]>([
    [
      'hits, a first miss, its cascade',
      ['CACHED [1/4] FROM x', 'CACHED [2/4] COPY a .', 'DONE=2.5 [3/4] RUN a', 'DONE=0.5 [4/4] RUN b', 'DONE exporting to image'],
      [
        '#1 internal none 0 s',
        '#2 reused reused 0 s on #1',
        '#3 rebuilt first-miss 2.5 s on #2',
        '#4 rebuilt cascade 0.5 s on #3',
        'succeeded',
      ],
    ],
    [
      'a hit whose layers came down, and a step that printed',
      [
        `DONE [1/3] FROM x | ${LAYER}`,
        `DONE [2/3] RUN a | ${LAYER}`,
        `DONE [3/3] RUN b | ${LAYER} | 0.1 printed`,
        'DONE exporting to image',
      ],
      ['#1 internal none 1 s, pulled', '#2 reused reused 1 s on #1, pulled', '#3 rebuilt first-miss 1 s on #2, pulled', 'succeeded'],
    ],
    [
      'a miss whose result was the same: what reads it is cut off',
      ['CACHED [1/4] FROM x', 'DONE [2/4] COPY a .', 'CACHED [3/4] RUN a', 'DONE [4/4] COPY b .', 'DONE exporting to image'],
      [
        '#1 internal none 0 s',
        '#2 rebuilt first-miss 1 s on #1',
        '#3 reused cut-off 0 s on #2',
        '#4 rebuilt first-miss 1 s on #3',
        'succeeded',
      ],
    ],
    [
      'a failure, and what it kept from running',
      [
        'CACHED [a 1/2] FROM x',
        'ERROR [a 2/2] RUN a !! exit code: 1',
        'CACHED [b 1/3] FROM y',
        'CANCELED [b 2/3] RUN b | 1.5 printed',
        'CANCELED [b 3/3] RUN c',
      ],
      [
        '#1 internal none 0 s',
        '#2 failed first-miss on #1',
        '#3 internal none 0 s',
        '#4 canceled first-miss 1.5 s on #3',
        '#5 canceled none on #4',
        'failed',
      ],
    ],
    [
      'a step whose key could not be made',
      ['CACHED [1/2] FROM x', 'ERROR [2/2] COPY a . !! failed to calculate checksum of ref x: "/a": not found'],
      ['#1 internal none 0 s', '#2 failed first-miss on #1', 'failed'],
    ],
    [
      'hits that were only assumed, for the key of a step below them could not be made',
      [
        'CACHED [1/4] FROM x',
        'CACHED [2/4] RUN a',
        `CACHED [3/4] RUN b | ${LAYER}`,
        'ERROR [4/4] COPY a . !! failed to calculate checksum of ref x: "/a": not found',
      ],
      ['#1 internal none 0 s', '#2 skipped none 0 s on #1', '#3 reused reused 0 s on #2, pulled', '#4 failed first-miss on #3', 'failed'],
    ],
    [
      'hits that are proven by a step that ran on them',
      [
        'CACHED [a 1/3] FROM x',
        'CACHED [a 2/3] RUN a',
        'DONE [a 3/3] RUN b',
        'CACHED [b 1/3] FROM y',
        'CACHED [b 2/3] RUN c',
        'ERROR [b 3/3] RUN d !! exit code: 1',
      ],
      [
        '#1 internal none 0 s',
        '#2 reused reused 0 s on #1',
        '#3 rebuilt first-miss 1 s on #2',
        '#4 internal none 0 s',
        '#5 reused reused 0 s on #4',
        '#6 failed first-miss on #5',
        'failed',
      ],
    ],
    [
      'COPY --link on the store that knows no links, and without a miss above it',
      [
        'CACHED [a 1/3] FROM x',
        'DONE [a 2/3] RUN a',
        'DONE=0.0 [a 3/3] COPY --link a /a',
        'CACHED [b 1/2] FROM y',
        'DONE=0.0 [b 2/2] COPY --link b /b',
        'DONE exporting to image | writing image sha256:0123456789ab done',
      ],
      [
        '#1 internal none 0 s',
        '#2 rebuilt first-miss 1 s on #1',
        '#3 rebuilt cascade 0 s on #2',
        '#4 internal none 0 s',
        '#5 rebuilt first-miss 0 s on #4',
        'succeeded',
      ],
    ],
    [
      'COPY --link of no length below a miss, and one that was cached and merged',
      [
        'CACHED [1/4] FROM x',
        'DONE [2/4] RUN a',
        'DONE=0.1 [3/4] COPY --chown=1:1 --link=true a /a',
        'CACHED [4/4] COPY --link b /b | merging 0.0s done',
        'DONE exporting to image',
      ],
      [
        '#1 internal none 0 s',
        '#2 rebuilt first-miss 1 s on #1',
        '#3 reused cut-off 0.1 s on #2, rebased',
        '#4 reused cut-off 0 s on #3, rebased',
        'succeeded',
      ],
    ],
    [
      'a build that was cancelled',
      ['CACHED [1/2] FROM x', 'CANCELED [2/2] RUN a | 0.5 printed'],
      ['#1 internal none 0 s', '#2 canceled first-miss 0.5 s on #1', 'canceled'],
    ],
    [
      'a log that was cut off',
      ['CACHED [1/2] FROM x', 'OPEN [2/2] RUN a | 0.5 printed'],
      ['#1 internal none 0 s', '#2 canceled first-miss 0.5 s on #1', 'incomplete'],
    ],
    [
      'a step without an end, in a build that was exported after it',
      ['CACHED [1/2] FROM x', 'OPEN [2/2] RUN a | 0.5 printed', 'DONE exporting to image'],
      ['#1 internal none 0 s', '#2 rebuilt first-miss 0.5 s on #1', 'succeeded'],
    ],
    [
      'an export, and a step without an end after it',
      ['CACHED [1/2] FROM x', 'CACHED [2/2] RUN a', 'DONE exporting to image', 'OPEN [b 1/1] RUN b'],
      ['#1 internal none 0 s', '#2 reused reused 0 s on #1', '#4 rebuilt first-miss', 'incomplete'],
    ],
    [
      'a build without an output, from its definition to its last step',
      ['DONE [internal] load build definition from Dockerfile', 'CACHED [1/2] FROM x', 'DONE [2/2] RUN a'],
      ['#2 internal none 0 s', '#3 rebuilt first-miss 1 s on #2', 'succeeded'],
    ],
    [
      'a build without an output whose last step is not there',
      ['DONE [internal] load build definition from Dockerfile', 'CACHED [1/3] FROM x', 'DONE [2/3] RUN a'],
      ['#2 internal none 0 s', '#3 rebuilt first-miss 1 s on #2', 'incomplete'],
    ],
    [
      'ADD of a URL, which is shown as the fetch and as the copy',
      [
        'CACHED [1/2] FROM x',
        'DONE [2/2] ADD https://example.com/a /a',
        'CACHED [2/2] ADD https://example.com/a /a',
        'DONE exporting to image',
      ],
      ['#1 internal none 0 s', '#2 internal none 1 s on #1', '#3 reused reused 0 s on #2 #1', 'succeeded'],
    ],
    [
      'a step that two targets evaluate, of which one ran',
      ['CACHED [api 1/2] FROM x', 'DONE [api 2/2] RUN a', 'CACHED [api 2/2] RUN a', 'DONE exporting to image'],
      ['#1 internal none 0 s', '#2 rebuilt first-miss 1 s on #1', '#3 internal none 0 s on #1, again #2', 'succeeded'],
    ],
    [
      'COPY --link put on a base that is new',
      [
        'CACHED [1/4] FROM x',
        'DONE [2/4] RUN a',
        'DONE=0.0 [3/4] COPY --link a /a | merging 0.0s done',
        'DONE=3.0 [4/4] COPY --link b /b',
        'DONE exporting to image',
      ],
      [
        '#1 internal none 0 s',
        '#2 rebuilt first-miss 1 s on #1',
        '#3 reused cut-off 0 s on #2, rebased',
        '#4 rebuilt first-miss 3 s on #3',
        'succeeded',
      ],
    ],
    [
      'stages that read each other by name, by number and by a mount',
      [
        'CACHED [deps 1/2] FROM x',
        'DONE [deps 2/2] RUN a',
        'CACHED [stage-1 1/2] FROM y',
        'DONE [stage-1 2/2] COPY --from=deps /a /a',
        'CACHED [final 1/4] FROM z',
        'DONE [final 2/4] RUN --mount=type=bind,from=deps,target=/d b',
        'DONE [final 3/4] COPY --from=1 /b /b',
        'DONE [final 4/4] COPY --from=nginx:1.27 /c /c',
        'DONE exporting to image',
      ],
      [
        '#1 internal none 0 s',
        '#2 rebuilt first-miss 1 s on #1',
        '#3 internal none 0 s',
        '#4 rebuilt cascade 1 s on #3 #2',
        '#5 internal none 0 s',
        '#6 rebuilt cascade 1 s on #5 #2',
        '#7 rebuilt cascade 1 s on #6 #4',
        '#8 rebuilt cascade 1 s on #7',
        'succeeded',
      ],
    ],
    [
      'a stage on another stage',
      [
        'CACHED [base 1/2] FROM x',
        'CACHED [base 2/2] RUN a',
        'DONE [build 1/2] RUN b',
        'DONE [build 2/2] RUN c',
        'DONE exporting to image',
      ],
      [
        '#1 internal none 0 s',
        '#2 reused reused 0 s on #1',
        '#3 rebuilt first-miss 1 s on #2',
        '#4 rebuilt cascade 1 s on #3',
        'succeeded',
      ],
    ],
    [
      'two platforms, each on its own base',
      [
        'CACHED [linux/amd64 1/2] FROM x',
        'CACHED [linux/arm64 1/2] FROM x',
        'CACHED [linux/amd64 2/2] RUN a',
        'DONE [linux/arm64 2/2] RUN a',
        'DONE exporting to image',
      ],
      ['#1 internal none 0 s', '#2 internal none 0 s', '#3 reused reused 0 s on #1', '#4 rebuilt first-miss 1 s on #2', 'succeeded'],
    ],
  ])('%s', (_, log, want) => {
    expect(told(log)).toEqual(want);
  });

  it('knows how long the build took from its own words, its real times, or the stamps of the CI', () => {
    expect(graphOf(sample('docker28/src-edit.tty.final.txt')).seconds).toBe(0.6);
    expect(graphOf(sample('docker28/src-edit.history-rawjson.log')).seconds).toBeCloseTo(0.76, 2);
    expect(graphOf(sample('docker28/src-edit.plain.log')).seconds).toBeNull();
    const lines = plainLog(['CACHED [1/2] FROM x', 'DONE [2/2] RUN a']).split('\n');
    const stamped = lines.map((l, i) => `2026-01-02T03:04:0${i}.0000000Z ${l}`).join('\n');
    expect(graphOf(stamped).seconds).toBe(4);
  });

  it.each([
    ['docker28/src-edit.plain.log', 'docker28/src-edit.history-rawjson.log'],
    ['bk032/multi-src.plain.log', 'bk032/multi-src.history-rawjson.log'],
    ['bk032/copy-link.plain.log', 'bk032/copy-link.history-rawjson.log'],
    ['docker28/add-http-warm.plain.log', 'docker28/add-http-warm.history-rawjson.log'],
  ])('%s: what its names suggest is what the record of the builder states', (plain, record) => {
    const links = (graph: StepGraph): string[] =>
      [...graph.steps.values()]
        .filter((s) => s.cacheable)
        .map((s) => {
          const on = s.inputs.map((id) => graph.steps.get(id)).filter((i) => i?.cacheable);
          return `${s.name} ${s.status} ${s.role} on ${on
            .map((i) => i?.name)
            .sort()
            .join(', ')}`;
        })
        .sort();
    expect(links(graphOf(sample(plain)))).toEqual(links(graphOf(sample(record))));
  });
});
