/** Small histories of real git repositories: what each commit would have rebuilt, and why. */
import { afterAll, expect, test } from 'vitest';
import { improve, replayAgainst } from '../../src/simulate/improve.ts';
import type { SimulatedCommit } from '../../src/simulate/model.ts';
import type { SimulateOptions } from '../../src/simulate/options.ts';
import { runSimulation } from '../../src/simulate/simulate.ts';
import { createRepository, type TestRepository } from '../git/fixture.ts';

/** Files that a commit writes; null removes one. */
type Files = Readonly<Record<string, string | null>>;

const repositories: TestRepository[] = [];
afterAll(() => {
  for (const r of repositories) r.delete();
});

function repository(...commits: readonly Files[]): TestRepository {
  const r = createRepository();
  repositories.push(r);
  for (const [i, files] of commits.entries()) {
    for (const [name, text] of Object.entries(files)) text === null ? r.remove(name) : r.write(name, text);
    r.commit(`c${i}`);
  }
  return r;
}

function options(r: TestRepository, more: Partial<SimulateOptions> = {}): SimulateOptions {
  return {
    repo: r.dir,
    ref: 'HEAD',
    allParents: false,
    context: '.',
    buildArgs: {},
    changingArgs: [],
    platforms: [],
    logs: [],
    memory: { kind: 'everything' },
    runBytes: 100e6,
    copyBytes: 10e6,
    identical: [],
    baseDays: null,
    mergeOp: false,
    submodules: false,
    withGit: false,
    cold: false,
    ...more,
  };
}

async function replay(r: TestRepository, more: Partial<SimulateOptions> = {}): Promise<readonly SimulatedCommit[]> {
  const run = await runSimulation(options(r, more));
  run.close();
  return run.simulation.commits;
}

/** `c1: COPY, RUN make (context-files-changed a.c)` */
function told(commits: readonly SimulatedCommit[]): string[] {
  return commits.map((c) => {
    if (c.status !== 'built') return `${c.subject}: ${c.status}: ${c.problem}`;
    const causes = c.misses.map((m) => [m.cause.kind, ...(m.cause.paths ?? []).map((p) => p.path), m.cause.name ?? ''].join(' ').trim());
    const steps = c.rebuilt.map((s) => s.replace(/^\[[^\]]*\] /, ''));
    return `${c.subject}: ${steps.join(', ') || '-'}${causes.length > 0 ? ` (${causes.join('; ')})` : ''}`;
  });
}

const NAIVE = 'FROM busybox\nCOPY . /src\nRUN make\n';
const SORTED = 'FROM busybox\nCOPY deps /deps\nRUN install\nCOPY src /src\nRUN make\n';
const STAGES = 'FROM busybox AS build\nCOPY src /src\nRUN make\nFROM busybox\nRUN setup\nCOPY --from=build /out /out\nRUN check\n';

test.each<[string, readonly Files[], Partial<SimulateOptions>, readonly string[]]>([
  [
    'what a COPY reads, and what it does not',
    [{ Dockerfile: SORTED, deps: '1', 'src/a.c': '1' }, { 'src/a.c': '2' }, { deps: '2' }, { 'README.md': 'x' }],
    { cold: true },
    [
      'c0: COPY deps /deps, RUN install, COPY src /src, RUN make (cold-cache)',
      'c1: COPY src /src, RUN make (context-files-changed src/a.c)',
      'c2: COPY deps /deps, RUN install, COPY src /src, RUN make (context-files-changed deps)',
      'c3: -',
    ],
  ],
  [
    'a change that is taken back is in the cache, unless only the build before is',
    [{ Dockerfile: NAIVE, a: '1' }, { a: '2' }, { a: '1' }],
    { commits: 2 },
    ['c1: COPY . /src, RUN make (context-files-changed a)', 'c2: -'],
  ],
  [
    'a memory of one build',
    [{ Dockerfile: NAIVE, a: '1' }, { a: '2' }, { a: '1' }],
    { commits: 2, memory: { kind: 'previous' } },
    ['c1: COPY . /src, RUN make (context-files-changed a)', 'c2: COPY . /src, RUN make (context-files-changed a)'],
  ],
  [
    'a memory that holds one RUN: the older one goes, the COPY below it stays',
    [{ Dockerfile: NAIVE, a: '1' }, { a: '2' }, { a: '1' }],
    { commits: 2, memory: { kind: 'size', bytes: 150e6 } },
    ['c1: COPY . /src, RUN make (context-files-changed a)', 'c2: RUN make (cold-cache)'],
  ],
  [
    'edits of the Dockerfile',
    [
      { Dockerfile: 'FROM busybox\nARG V=1\nRUN one\nRUN two\n' },
      { Dockerfile: 'FROM busybox\nARG V=1\nRUN one\nRUN three\n' },
      { Dockerfile: 'FROM busybox\nARG V=2\nRUN one\nRUN three\n' },
      { Dockerfile: 'FROM busybox\nARG V=2\nRUN zero\nRUN one\nRUN three\n' },
    ],
    { commits: 3 },
    [
      'c1: RUN three (instruction-changed)',
      'c2: RUN one, RUN three (build-arg-changed V)',
      'c3: RUN zero, RUN one, RUN three (instruction-added)',
    ],
  ],
  [
    'the ignore file: what it lets through',
    [
      { Dockerfile: NAIVE, '.dockerignore': '.dockerignore\nDockerfile\nnotes\n', a: '1', notes: '1' },
      { notes: '2' },
      { '.dockerignore': '.dockerignore\nDockerfile\n' },
      { '.dockerignore': '.dockerignore\nDockerfile\nnotes\n', a: '2' },
    ],
    { commits: 3 },
    ['c1: -', 'c2: COPY . /src, RUN make (context-files-changed notes)', 'c3: COPY . /src, RUN make (context-files-changed a notes)'],
  ],
  [
    'what cannot be built',
    [
      { Dockerfile: SORTED, deps: '1', 'src/a.c': '1' },
      { Dockerfile: null },
      { Dockerfile: SORTED, deps: null },
      { Dockerfile: SORTED, deps: '1' },
    ],
    { commits: 3 },
    ['c1: unbuildable: the Dockerfile is not there', 'c2: failed: deps is not in the context', 'c3: -'],
  ],
  [
    'a stage that nothing settles is taken to come out otherwise',
    [{ Dockerfile: STAGES, 'src/a.c': '1' }, { 'src/a.c': '2' }],
    { commits: 1 },
    ['c1: COPY src /src, RUN make, COPY --from=build /out /out, RUN check (context-files-changed src/a.c)'],
  ],
  [
    'a stage that comes out the same',
    [{ Dockerfile: STAGES, 'src/a.c': '1' }, { 'src/a.c': '2' }],
    { commits: 1, identical: ['build'] },
    ['c1: COPY src /src, RUN make (context-files-changed src/a.c)'],
  ],
  [
    'COPY --link stands on nothing where the store can merge',
    [{ Dockerfile: 'FROM busybox\nCOPY a /a\nCOPY --link b /b\n', a: '1', b: '1' }, { a: '2' }],
    { commits: 1, mergeOp: true },
    ['c1: COPY a /a (context-files-changed a)'],
  ],
  [
    'COPY --link is a COPY where it cannot',
    [{ Dockerfile: 'FROM busybox\nCOPY a /a\nCOPY --link b /b\n', a: '1', b: '1' }, { a: '2' }],
    { commits: 1 },
    ['c1: COPY a /a, COPY --link b /b (context-files-changed a)'],
  ],
  [
    'an argument that is another in each build',
    [{ Dockerfile: 'FROM busybox\nRUN one\nARG SHA\nRUN two\n' }, { a: '1' }],
    { commits: 1, changingArgs: ['SHA'] },
    ['c1: RUN two (build-arg-changed SHA)'],
  ],
  [
    'a checkout with .git',
    [{ Dockerfile: 'FROM busybox\nCOPY . /src\n', a: '1' }, {}],
    { commits: 1, withGit: true },
    ['c1: COPY . /src (context-files-changed .git)'],
  ],
  [
    'a target, and a context that is a folder',
    [
      { 'app/Dockerfile': 'FROM busybox AS one\nCOPY a /a\nFROM busybox AS two\nCOPY b /b\n', 'app/a': '1', 'app/b': '1', a: '1' },
      { 'app/b': '2', a: '2' },
      { 'app/a': '2' },
    ],
    { commits: 2, context: 'app', target: 'one' },
    ['c1: -', 'c2: COPY a /a (context-files-changed a)'],
  ],
])('%s', async (_title, commits, more, expected) => {
  expect(told(await replay(repository(...commits), more))).toEqual(expected);
});

test('what only a build can tell is marked', async () => {
  const r = repository({ Dockerfile: STAGES, 'src/a.c': '1' }, { 'src/a.c': '2' });
  const [commit] = await replay(r, { commits: 1 });
  expect(commit!.uncertain.map((s) => s.replace(/^\[[^\]]*\] /, ''))).toEqual(['COPY --from=build /out /out', 'RUN check']);
});

test('another Dockerfile over the same commits', async () => {
  const r = repository({ Dockerfile: NAIVE, deps: '1', 'src/a.c': '1' }, { 'src/a.c': '2' }, { 'src/a.c': '3' });
  r.write('Dockerfile.new', SORTED);
  const run = await runSimulation(options(r, { commits: 2 }));
  const { variant } = await replayAgainst(run, `${r.dir}/Dockerfile.new`);
  run.close();
  expect(run.simulation.summary).toMatchObject({ commits: 2, rebuilt: 4 });
  // The first build finds nothing of the new Dockerfile but what the commit before left: it was built with it as well.
  expect(variant).toMatchObject({ worse: 0, summary: { rebuilt: 4, reused: 4 } });
});

test('a fix is proposed where it saves steps, and not where it saves none', async () => {
  const dockerfile = 'FROM node:22\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n';
  const base: Files = {
    Dockerfile: dockerfile,
    '.dockerignore': 'node_modules\n.git\n',
    'package.json': '{}',
    'package-lock.json': '{}',
    'src/a.js': '1',
  };
  const sources = repository(base, { 'src/a.js': '2' }, { 'src/a.js': '3' });
  const run = await runSimulation(options(sources, { commits: 2 }));
  const { fixes } = await improve(run);
  run.close();
  const [best] = fixes;
  expect(best).toMatchObject({ id: 'copy-manifests-first', better: 2, worse: 0 });
  expect(best!.patch).toContain('+COPY package.json package-lock.json ./\n');
  expect(run.simulation.summary.rebuilt - best!.summary.rebuilt).toBe(2);

  const locks = repository(base, { 'package-lock.json': '{"a":1}' }, { 'package-lock.json': '{"a":2}' });
  const other = await runSimulation(options(locks, { commits: 2 }));
  const refused = await improve(other);
  other.close();
  expect(refused.fixes.map((f) => f.id)).not.toContain('copy-manifests-first');
  expect(refused.refused).toContainEqual(
    expect.objectContaining({ id: 'copy-manifests-first', reason: 'it saves nothing over these commits' }),
  );
});

test.each<[string, Partial<SimulateOptions>, RegExp]>([
  ['no such reference', { ref: 'nope' }, /nope is not known in this repository/],
  ['nothing so new', { since: '2100-01-01' }, /^no commits since 2100-01-01 in HEAD$/],
  ['a file outside', { dockerfile: '../Dockerfile' }, /^the Dockerfile \.\.\/Dockerfile is not in the repository$/],
  ['no Dockerfile at all', { dockerfile: 'other' }, /^none of 1 commits can be built: the Dockerfile is not there$/],
])('refuses: %s', async (_, more, message) => {
  await expect(replay(repository({ Dockerfile: NAIVE, a: '1' }), more)).rejects.toThrow(message);
});
