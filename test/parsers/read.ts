import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { BuildEvent, Claim, LogParser } from '../../src/events.ts';
import { addEvent, type BuildLog, createBuildLog, type Vertex } from '../../src/graph/log.ts';
import { cleanLine } from '../../src/input/clean.ts';
import { cpuTime } from '../cpu-time.ts';

const DATA = path.join(import.meta.dirname, '../data/formats');

export function sample(name: string): string {
  return readFileSync(path.join(DATA, name), 'utf8');
}

/** Reads a text with one parser alone. */
export function read(parser: LogParser, text: string): BuildLog[] {
  return readLines(parser, text.split('\n').map(cleanLine)).builds;
}

export function readLines(parser: LogParser, lines: readonly string[]): { builds: BuildLog[]; events: BuildEvent[][]; claims: Claim[] } {
  const builds: BuildLog[] = [];
  const events: BuildEvent[][] = [];
  const reader = parser.open((dialect, line) => {
    const build = createBuildLog(dialect, line);
    const own: BuildEvent[] = [];
    builds.push(build);
    events.push(own);
    return (event) => {
      own.push(event);
      addEvent(build, event);
    };
  });
  const claims = lines.map((text, i) => reader.line({ text, number: i + 1 }));
  reader.end();
  return { builds, events, claims };
}

export function only<T>(list: readonly T[]): T {
  expect(list).toHaveLength(1);
  return list[0] as T;
}

/** What the log says of a vertex, without judgement. */
export function word(vertex: Vertex): string {
  const words = vertex.terminals.map((t) => t.word);
  if (words.includes('error')) return 'failed';
  if (words.includes('cached')) return 'cached';
  if (words.includes('canceled')) return 'canceled';
  return words.includes('done') ? 'done' : 'open';
}

/**
 * Everything a log says of a build, one line for each vertex, then its notes, warnings and end:
 * `#3 done RUN make after #2, 1.5 s, 2 of output, {exporting layers}`
 */
export function transcript(build: BuildLog): string[] {
  const vertices = [...build.vertices.values()].map((v) => {
    const seconds = v.terminals.findLast((t) => t.seconds !== undefined)?.seconds;
    const parts = [
      `${v.id} ${word(v)} ${v.names.join(' | ')}${v.inputs?.length ? ` after ${v.inputs.join(' ')}` : ''}`,
      ...(seconds === undefined ? [] : [`${seconds} s`]),
      ...(v.outputLines > 0 ? [`${v.outputLines} of output`] : []),
      ...(v.statuses.size > 0 ? [`{${[...v.statuses.keys()].join(', ')}}`] : []),
    ];
    return parts.join(', ');
  });
  const end = build.end && `end ${build.end.outcome}${build.end.message === undefined ? '' : `: ${build.end.message}`}`;
  return [
    ...vertices,
    ...build.notes.map((n) => `note ${n}`),
    ...build.warnings.map((w) => `warning ${w.vertex ?? 'of the build'}: ${w.text}`),
    ...(end === null ? [] : [end]),
  ];
}

/** Name and word of each instruction but FROM. Of equal names the last counts (ADD of a URL shows its fetch as well). */
export function steps(build: BuildLog): Record<string, string> {
  const found: Record<string, string> = {};
  for (const v of build.vertices.values()) {
    const name = v.names.at(-1) ?? '';
    if (
      /^(?:\[[^\]]*\d+\/\d+\]|Step [\d/]+ :|STEP [\d/]+:|[A-Z]{3,}) /.test(name) &&
      !/^(?:\[[^\]]*\] )?(?:S[Tt][A-Za-z]+ [\d/]+ ?: )?FROM /.test(name)
    )
      found[name] = word(v);
  }
  return found;
}

/** Pieces of logs in every format, to make up logs of. */
const PIECES = [
  '#1 [internal] load build definition from Dockerfile',
  '{',
  '}',
  '{"vertexes":[',
  '{"vertexes":[{"digest":"sha256:1","name":"[1/2] RUN a","started":"2024-01-01T00:00:00Z"',
  '{"logs":[{"vertex":"sha256:1","data":"aGk=","timestamp":"2024-01-01T00:00:00Z"}]}',
  '{"statuses":[{"id":"x","vertex":"sha256:1","current":1}]}',
  '{"warnings":[{"short":"eA==","sourceInfo":{"filename":"Dockerfile","data":"RlJPTSB4"}}]}',
  '[+] Building 1.2s (3/4)',
  '[+] Building 1.3s (4/4) FINISHED   docker:default',
  ' => CACHED [2/3] RUN a   0.0s',
  ' => => # output',
  ' => => transferring context: 2B  0.0s',
  ' => ERROR [3/3] RUN b   0.1s',
  '------',
  ' > [3/3] RUN b:',
  'ERROR: failed to build: failed to solve: process "/bin/sh -c b" did not complete successfully: exit code: 1',
  'Sending build context to Docker daemon  3.072kB',
  'Step 1/3 : FROM busybox',
  'Step 2/3 : RUN a',
  ' ---> Using cache',
  ' ---> Running in 12c033d394c1',
  ' ---> 8edb46c03b9b',
  'Removing intermediate container 12c033d394c1',
  '# Executing 2 build triggers...',
  'Step 1/1 : RUN b',
  "The command '/bin/sh -c b' returned a non-zero code: 1",
  'Successfully built 8edb46c03b9b',
  'STEP 1/3: FROM busybox',
  '[1/2] STEP 1/2: FROM busybox AS a',
  '[2/2] STEP 1/2: FROM a',
  '[1/2] STEP 2/2: COPY --from=0 x y',
  '[2/2] STEP 2/2: RUN b',
  `--> Using cache ${'ab'.repeat(32)}`,
  '--> abababababab',
  'COMMIT app',
  'Error: building at STEP "RUN b": while running runtime: exit status 1',
  "INFO[0003] Building stage 'busybox' [idx: '0', base-idx: '-1']",
  'INFO[0003] Using caching version of cmd: RUN a',
  'INFO[0004] No cached layer found for cmd RUN b',
  'INFO[0005] RUN a',
  'INFO[0006] Running: [/bin/sh -c b]',
  'INFO[0007] Pushing image to app',
  'INFO[0008] Pushed app@sha256:1',
  'error building image: error building stage: failed',
] as const;

/** A reader never throws, whatever it is given, and announces every vertex that it speaks of (`headers`: where its format does). */
export function expectRobust(parser: LogParser, texts: readonly string[], { headers = true } = {}): void {
  const check = (lines: readonly string[]): void => {
    const { builds, claims } = readLines(parser, lines);
    for (const claim of claims) expect(['structure', 'output', 'none']).toContain(claim);
    if (!headers) return;
    for (const build of builds) for (const v of build.vertices.values()) expect(v.names.length).toBeGreaterThan(0);
  };
  const line = fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary' }), fc.string());
  fc.assert(fc.property(fc.array(line, { maxLength: 60 }), check), { numRuns: 200 });
  for (const text of texts) {
    const lines = text.split('\n').map(cleanLine);
    const edit = fc.record({
      at: fc.nat(lines.length - 1),
      kind: fc.constantFrom('drop', 'double', 'cut', 'swap', 'insert'),
      by: fc.nat(200),
      line,
    });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 8 }), (edits) => {
        const mutated = [...lines];
        for (const { at: nth, kind, by, line } of edits) {
          const at = nth % Math.max(1, mutated.length);
          const old = mutated[at] ?? '';
          if (kind === 'drop') mutated.splice(at, 1);
          else if (kind === 'double') mutated.splice(at, 0, old);
          else if (kind === 'cut') mutated[at] = old.slice(0, by);
          else if (kind === 'swap') mutated.splice(at, 1, mutated[by % mutated.length] ?? '');
          else mutated.splice(at, 0, line);
        }
        check(mutated);
      }),
      { numRuns: 30 },
    );
  }
}

/** Time grows with the length of a line, not with its square. */
export function expectLinear(parser: LogParser, make: (n: number) => readonly string[]): void {
  const time = (n: number): number => {
    const lines = make(n);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 3; i++)
      best = Math.min(
        best,
        cpuTime(() => readLines(parser, lines)),
      );
    return best;
  };
  const small = Math.max(time(20_000), 1);
  expect(time(160_000) / small).toBeLessThan(40);
}
