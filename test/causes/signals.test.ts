import { expect, it } from 'vitest';
import { readSignals, type Signals, viewMiss } from '../../src/causes/signals.ts';
import { buildGraph } from '../../src/graph/build.ts';
import type { Step, StepGraph } from '../../src/graph/step.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { plainLog } from './log.ts';

function graphOf(steps: readonly string[]): StepGraph {
  const reader = createLogReader();
  reader.push(Buffer.from(plainLog(steps)));
  return buildGraph(reader.end().builds[0]!);
}

/** Everything that a build tells at once, empty sets left out. */
function told(steps: readonly string[]): Record<string, unknown> {
  const signals: Signals = readSignals(graphOf(steps));
  const plain = { ...signals, sameResults: [...signals.sameResults].map((s: Step) => s.id) };
  const entries = Object.entries(plain).map(([k, v]) => [k, v instanceof Set || v instanceof Map ? [...v] : v] as const);
  return Object.fromEntries(entries.filter(([, v]) => v !== false && v !== null && !(Array.isArray(v) && v.length === 0)));
}

it.each<[what: string, log: readonly string[], told: Record<string, unknown>]>([
  ['a build that was reused', ['CACHED [1/2] FROM x', 'CACHED [2/2] RUN a'], { builtHereBefore: true }],
  ['only a WORKDIR was reused', ['DONE [1/3] FROM x', 'CACHED [2/3] WORKDIR /a', 'DONE [3/3] RUN a'], {}],
  ['nothing was reused', ['DONE [1/2] FROM x', 'DONE [2/2] RUN a'], { nothingReused: true, newStages: ['#2'] }],
  ['nothing ran either', ['CACHED [1/1] FROM x'], {}],
  ['one step was reused, one ran', ['DONE [1/3] FROM x', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN a'], { builtHereBefore: true }],
  [
    'a builder that was started, a Dockerfile that was not sent',
    [
      'DONE [internal] booting buildkit',
      'DONE [internal] load build definition from Dockerfile | transferring dockerfile: 45B done',
      'DONE [1/2] FROM x',
      'CACHED [2/2] RUN a',
    ],
    { freshBuilder: true, dockerfileUnchanged: true, builtHereBefore: true },
  ],
  [
    'a Dockerfile that was sent, a context that was not',
    [
      'DONE [internal] load build definition from Dockerfile | resolving 2B | transferring dockerfile: 46B done',
      'DONE [internal] load .dockerignore | transferring dockerfile: 2B done',
      'CACHED [1/2] FROM x',
      'CACHED [2/2] RUN a',
    ],
    { builtHereBefore: true },
  ],
  [
    'imports',
    [
      'DONE importing cache manifest from r/a:cache',
      'ERROR importing cache manifest from r/b:cache !! not found',
      'CACHED importing cache manifest from r/c',
      'CACHED [1/1] RUN a',
    ],
    {
      builtHereBefore: true,
      importers: [
        { ref: 'r/a:cache', ok: true, error: null, step: '#1' },
        { ref: 'r/b:cache', ok: false, error: 'not found', step: '#2' },
        { ref: 'r/c', ok: false, error: null, step: '#3' },
      ],
    },
  ],
  [
    'only WORKDIRs on bases were reused, in two stages',
    [
      'CACHED [a 1/3] FROM x',
      'CACHED [a 2/3] WORKDIR /a',
      'DONE [a 3/3] RUN a',
      'CACHED [b 1/3] FROM y',
      'CACHED [b 2/3] WORKDIR /b',
      'DONE [b 3/3] RUN b',
    ],
    { nothingReused: undefined, noCacheFingerprint: 'workdir' },
  ],
  [
    'only the WORKDIR on the base was reused, in one chain',
    ['CACHED [1/4] FROM x', 'CACHED [2/4] WORKDIR /a', 'DONE [3/4] RUN a', 'DONE [4/4] RUN b'],
    { noCacheFingerprint: 'one-chain' },
  ],
  [
    'only the bases were there',
    ['CACHED [a 1/2] FROM x', 'DONE [a 2/2] RUN a', 'CACHED [b 1/2] FROM y', 'DONE [b 2/2] RUN b'],
    { nothingReused: true, noCacheFingerprint: 'bases', newStages: ['#2', '#4'] },
  ],
  [
    'one of the bases was there',
    ['CACHED [a 1/2] FROM x', 'DONE [a 2/2] RUN a', 'DONE [b 1/2] FROM y', 'DONE [b 2/2] RUN b'],
    { nothingReused: true, newStages: ['#2', '#4'] },
  ],
  ['one step alone tells nothing of a flag', ['CACHED [1/2] FROM x', 'DONE [2/2] RUN a'], { nothingReused: true, newStages: ['#2'] }],
  [
    'two equal steps on one base, of which one was reused',
    ['CACHED [deps 1/2] FROM x', 'CACHED [deps 2/2] COPY a b', 'DONE [build 2/3] COPY a b', 'CACHED [build 3/3] RUN y'],
    { builtHereBefore: true, filteredStages: [['build', '[deps 2/2] COPY a b']], sameResults: ['#3'] },
  ],
  [
    'two equal steps on two bases',
    [
      'CACHED [deps 1/2] FROM x',
      'CACHED [deps 2/2] COPY a b',
      'CACHED [build 1/3] FROM y',
      'DONE [build 2/3] COPY a b',
      'CACHED [build 3/3] RUN y',
    ],
    { builtHereBefore: true, sameResults: ['#4'] },
  ],
  [
    'two equal steps for two platforms',
    [
      'CACHED [linux/amd64 1/2] FROM x',
      'CACHED [linux/amd64 2/2] COPY a b',
      'CACHED [linux/arm64 1/2] FROM x',
      'DONE [linux/arm64 2/2] COPY a b',
    ],
    { builtHereBefore: true },
  ],
  [
    'a stage all of whose steps ran while what reads it was reused',
    [
      'CACHED [build 1/3] FROM x',
      'DONE [build 2/3] RUN a',
      'DONE [build 3/3] RUN b',
      'CACHED [final 1/2] FROM y',
      'CACHED [final 2/2] COPY --from=build /b /b',
    ],
    { builtHereBefore: true, forcedStages: ['build'], sameResults: ['#3'] },
  ],
])('%s', (_, log, want) => {
  expect(told(log)).toEqual(JSON.parse(JSON.stringify(want)));
});

/** How a first miss stands: `on its base` and so on. */
function view(steps: readonly string[], name: string): Record<string, unknown> {
  const graph = graphOf(steps);
  const miss = graph.misses.find((m) => m.root.name.includes(name))!;
  const { base, baseState, onBase, opensStage, firstRun, sameResult, above, installs } = viewMiss(miss, graph);
  const ids = (list: readonly Step[]): string => list.map((s) => s.id).join(' ');
  return { base: base?.id ?? null, baseState, onBase, opensStage, firstRun, sameResult, above: ids(above), installs: ids(installs) };
}

it.each<[what: string, log: readonly string[], name: string, seen: Record<string, unknown>]>([
  [
    'the first RUN on a base that was downloaded',
    ['DONE [1/2] FROM x | extracting sha256:0123456789ab', 'DONE [2/2] RUN a'],
    'RUN a',
    { base: '#1', baseState: 'pulled', onBase: true, opensStage: true, firstRun: true, sameResult: false, above: '', installs: '' },
  ],
  [
    'a RUN below another and a COPY, above an install',
    ['CACHED [1/5] FROM x', 'CACHED [2/5] RUN a', 'CACHED [3/5] COPY a .', 'DONE [4/5] RUN b', 'DONE [5/5] RUN npm ci'],
    'RUN b',
    {
      base: '#1',
      baseState: 'known',
      onBase: false,
      opensStage: false,
      firstRun: false,
      sameResult: false,
      above: '#3 #2',
      installs: '#5',
    },
  ],
  [
    'the first step of a stage on another stage',
    ['DONE [a 1/2] FROM x', 'CACHED [a 2/2] RUN a', 'DONE [b 1/2] COPY a .', 'CACHED [b 2/2] RUN c'],
    'COPY a',
    { base: '#1', baseState: 'new', onBase: false, opensStage: true, firstRun: false, sameResult: true, above: '#2', installs: '' },
  ],
  [
    'on scratch, reading a stage',
    ['CACHED [build 1/2] FROM x', 'CACHED [build 2/2] RUN a', 'DONE [out 1/1] COPY --from=build / /'],
    'COPY --from',
    { base: null, baseState: 'unknown', onBase: true, opensStage: true, firstRun: false, sameResult: false, above: '#2', installs: '' },
  ],
])('%s', (_, log, name, seen) => {
  expect(view(log, name)).toEqual(seen);
});

it.each([
  'npm ci',
  'yarn',
  'pnpm install --frozen-lockfile',
  'pip install -r requirements.txt',
  'pip3 install x',
  'go mod download',
  'cargo build --release',
  './mvnw package',
  'bundle install',
  'apt-get update && apt-get install -y git',
  'apk add git',
])('RUN %s is an install', (command) => {
  expect(view(['CACHED [1/3] FROM x', 'DONE [2/3] COPY a .', `DONE [3/3] RUN ${command}`], 'COPY a').installs).toBe('#3');
  expect(view(['CACHED [1/3] FROM x', 'DONE [2/3] COPY a .', `DONE [3/3] RUN x${command}`], 'COPY a').installs).toBe(
    command.startsWith('apt') || command.startsWith('.') ? '#3' : '',
  );
});
