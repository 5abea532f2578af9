/** Real changes between real builds of several stacks, seen through `run`, a pipe and `last`; what happened is held against the engine's own record. */
import { describe, expect, inject, test } from 'vitest';
import type { BuildReport, CauseReport } from '../../src/model.ts';
import { expectTruth, type Files, type Lab, newestRef, openLab, rolesOf, stepsOf } from './lab.ts';
import { go, nodeNaive, nodeStages, php, python, rust } from './projects.ts';

const engine = inject('engine');

type Expected = readonly [step: string, kind: CauseReport['kind'], detail?: Partial<CauseReport> | readonly string[]];

interface Change {
  readonly title: string;
  readonly files: Files;
  /** Arguments of both builds, or of the first and the second. */
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly change?: (lab: Lab) => void;
  readonly status?: number;
  /** First misses: a part of their name, the first cause, and of it paths or fields. */
  readonly misses: readonly Expected[];
  readonly cascade?: number;
  readonly cutOffs?: readonly string[];
  /** Steps of a cascade that would have missed on their own. */
  readonly hidden?: readonly Expected[];
}

const edit = (file: string, text: string) => (lab: Lab) => lab.write({ [file]: text });

function replace(files: Files, from: string | RegExp, to: string): Files {
  const text = files.Dockerfile!.replace(from, to);
  if (text === files.Dockerfile) throw new Error(`nothing to replace: ${from}`);
  return { Dockerfile: text };
}

const CHANGES: readonly Change[] = [
  { title: 'nothing', files: nodeStages, misses: [] },
  {
    title: 'a source file, COPY . . above the install',
    files: nodeNaive,
    change: edit('src/app.js', 'console.log("other")\n'),
    misses: [['COPY . .', 'context-files-changed', ['src/app.js']]],
    cascade: 2,
  },
  {
    title: 'a source file, manifests first',
    files: nodeStages,
    change: edit('src/app.js', 'console.log("other")\n'),
    misses: [['[builder 5/6] COPY . .', 'context-files-changed', ['src/app.js']]],
    cascade: 3,
  },
  {
    title: 'a file that the build step does not read: the cascade is cut off',
    files: nodeStages,
    change: edit('docs/guide.md', 'Another guide\n'),
    misses: [['[builder 5/6] COPY . .', 'context-files-changed', ['docs/guide.md']]],
    cascade: 1,
    cutOffs: ['[runtime 4/5] COPY --from=builder /app/dist ./dist'],
  },
  {
    title: 'the lockfile, which two stages read',
    files: nodeStages,
    change: edit('package-lock.json', '{"lockfileVersion":3,"x":1}\n'),
    misses: [['COPY package.json package-lock.json ./', 'context-files-changed', ['package-lock.json']]],
    hidden: [['COPY . .', 'context-files-changed', ['package-lock.json']]],
  },
  { title: 'an ignored file', files: nodeStages, change: edit('debug.log', 'x\n'), misses: [] },
  {
    title: 'a new file, a removed one and a mode',
    files: nodeNaive,
    change: (lab) => {
      lab.write({ 'notes.txt': 'new\n', 'src/cart.js': null });
      lab.chmod('README.md', 0o755);
    },
    misses: [['COPY . .', 'context-files-changed', ['README.md', 'notes.txt', 'src/cart.js']]],
    cascade: 2,
  },
  {
    title: 'the time of every file and nothing else',
    files: nodeNaive,
    change: (lab) => lab.shell('find . -exec touch {} +'),
    misses: [],
  },
  {
    title: '.dockerignore, which COPY . . copies',
    files: nodeNaive,
    change: edit('.dockerignore', 'node_modules\ndist\n*.log\ncoverage\n'),
    misses: [['COPY . .', 'context-files-changed', ['.dockerignore']]],
    cascade: 2,
  },
  {
    title: 'a new symlink',
    files: { ...go, 'config/a.txt': 'a\n', 'config/b.txt': 'b\n' },
    change: (lab) => lab.link('current', 'config/b.txt'),
    misses: [['COPY . .', 'context-files-changed', ['current']]],
    cutOffs: ['[stage-1 1/1] COPY --from=build /out/app /app'],
  },
  {
    title: 'an ENV above COPY: only the Dockerfile in the context',
    files: nodeStages,
    change: (lab) => lab.write(replace(nodeStages, 'NODE_ENV=production', 'NODE_ENV=staging')),
    misses: [['[builder 5/6] COPY . .', 'context-files-changed', ['Dockerfile']]],
    cutOffs: ['[runtime 4/5] COPY --from=builder /app/dist ./dist'],
  },
  {
    title: 'an ENV above a RUN',
    files: python,
    change: (lab) => lab.write(replace(python, 'WORKDIR /srv', 'WORKDIR /srv\nENV MODE=fast')),
    misses: [['RUN --mount=type=cache', 'env-changed', { name: 'MODE', before: null, after: 'fast' }]],
  },
  {
    title: 'a build argument above everything',
    files: python,
    before: ['--build-arg', 'GIT_SHA=1a2b3c4'],
    after: ['--build-arg', 'GIT_SHA=5d6e7f8'],
    misses: [['RUN apt-get update', 'build-arg-changed', { name: 'GIT_SHA', before: '1a2b3c4', after: '5d6e7f8' }]],
  },
  {
    title: 'a build argument that only a label below uses',
    files: { ...python, ...replace(python, /ARG GIT_SHA=unknown\n([\s\S]*)LABEL/, '$1ARG GIT_SHA=unknown\nLABEL') },
    before: ['--build-arg', 'GIT_SHA=1a2b3c4'],
    after: ['--build-arg', 'GIT_SHA=5d6e7f8'],
    misses: [],
  },
  {
    title: 'the text of a RUN',
    files: python,
    change: (lab) => lab.write(replace(python, 'libpq-dev', 'libpq-dev gcc')),
    misses: [['RUN apt-get update', 'instruction-changed']],
    cascade: 5,
  },
  {
    title: 'a new RUN',
    files: python,
    change: (lab) => lab.write(replace(python, 'WORKDIR /srv', 'RUN echo hello\nWORKDIR /srv')),
    misses: [['RUN echo hello', 'instruction-added']],
  },
  {
    title: 'a COPY that moved up',
    files: python,
    change: (lab) =>
      lab.write(
        replace(replace(python, 'COPY app ./app\n', '') as Files, 'COPY requirements.txt .', 'COPY app ./app\nCOPY requirements.txt .'),
      ),
    misses: [['COPY app ./app', 'instruction-moved']],
  },
  {
    title: 'two of three parallel stages',
    files: php,
    change: (lab) => lab.write({ 'composer.lock': '{"packages":[1]}\n', 'web/app.css': 'body { color: red }\n' }),
    misses: [
      ['COPY composer.json composer.lock', 'context-files-changed', ['composer.lock']],
      ['COPY web ./web', 'context-files-changed', ['web/app.css']],
    ],
  },
  {
    title: 'unrelated causes in two stages',
    files: rust,
    change: (lab) => {
      lab.write(replace(rust, 'ca-certificates', 'ca-certificates tini'));
      lab.write({ 'Cargo.lock': 'version = 4\n' });
    },
    misses: [
      ['COPY Cargo.toml Cargo.lock', 'context-files-changed', ['Cargo.lock']],
      ['[runtime 2/3] RUN apt-get update', 'instruction-changed'],
    ],
  },
  {
    title: '--no-cache: a WORKDIR is reused all the same',
    files: php,
    after: ['--no-cache'],
    misses: [
      ['COPY composer.json', 'no-cache-flag'],
      ['COPY package.json', 'no-cache-flag'],
      ['RUN apt-get install', 'no-cache-flag'],
    ],
  },
  {
    title: '--no-cache-filter',
    files: nodeStages,
    after: ['--no-cache-filter', 'deps'],
    misses: [['COPY package.json package-lock.json', 'no-cache-flag', { stage: 'deps' }]],
    cutOffs: ['[runtime 3/5] COPY --from=deps /app/node_modules ./node_modules'],
  },
  {
    title: '--network',
    files: python,
    after: ['--network', 'none'],
    misses: [['RUN apt-get update', 'build-flag-changed', { name: 'network' }]],
  },
  {
    title: '--add-host: the name counts, the address does not',
    files: python,
    before: ['--add-host', 'db:10.0.0.1'],
    after: ['--add-host', 'db:10.0.0.2'],
    misses: [],
  },
  {
    title: 'another base image',
    files: python,
    change: (lab) => {
      lab.makeBase('other');
      lab.write({ Dockerfile: python.Dockerfile!.replace('FROM TOOLS', `FROM ${lab.image}:other`) });
    },
    misses: [['RUN apt-get update', 'base-image-changed']],
    cascade: 5,
  },
  {
    title: 'a label, a command, a comment',
    files: { ...go, '.dockerignore': 'Dockerfile\n.dockerignore\n' },
    change: (lab) => lab.write({ Dockerfile: `# a comment\n${go.Dockerfile}LABEL a=b\nCMD ["/app"]\n` }),
    misses: [],
  },
  {
    title: 'a RUN that now fails',
    files: php,
    change: (lab) => lab.write(replace(php, 'RUN composer install --no-dev', 'RUN composer install --no-dev && false')),
    status: 1,
    misses: [['RUN composer install', 'instruction-changed']],
  },
];

describe.skipIf(!engine)('what changed', () => {
  test.each(CHANGES.map((c) => [c.title, c] as const))('run and last: %s', (_title, change) => {
    const lab = openLab(engine!, change.files);
    const build = (args: readonly string[] = []): string[] => ['docker', 'build', '-t', lab.image, ...args, '.'];
    lab.run(build(change.before));
    change.change?.(lab);
    const report = lab.run(build(change.after ?? change.before), change.status ?? 0);
    expectChange(report, change);
    expectTruth(lab, report, newestRef(lab));
    const last = lab.last();
    expect(last.misses.map((m) => m.name)).toEqual(report.misses.map((m) => m.name));
    for (const [name, kind] of change.misses)
      expect(
        last.misses
          .find((m) => m.name.includes(name))
          ?.causes.slice(0, 2)
          .map((c) => c.kind),
      ).toContain(kind);
  });

  // The same through a pipe, a few of them: it does not know the command line, but everything else.
  const piped = CHANGES.filter((c) => /cut off|a new file|two of three|text of a RUN|lockfile|now fails/.test(c.title));
  test.each(piped.map((c) => [c.title, c] as const))('pipe: %s', (_title, change) => {
    const lab = openLab(engine!, change.files);
    const build = ['build', '--progress=plain', '-t', lab.image, '.'];
    lab.pipe(build);
    change.change?.(lab);
    const report = lab.pipe(build);
    expectChange(report, change);
  });
});

function expectChange(report: BuildReport, change: Change): void {
  expect(report.outcome).toBe((change.status ?? 0) === 0 ? 'succeeded' : 'failed');
  expect(report.misses.map((m) => m.name).sort(), 'first misses').toHaveLength(change.misses.length);
  for (const expected of change.misses) {
    const miss = report.misses.find((m) => m.name.includes(expected[0]));
    expect(miss, `${expected[0]} among ${report.misses.map((m) => m.name).join(' | ')}`).toBeDefined();
    expectCause(miss!.causes[0]!, expected);
  }
  for (const expected of change.hidden ?? []) expectCause(report.hidden.find((m) => m.name.includes(expected[0]))!.causes[0]!, expected);
  if (change.cascade !== undefined) expect(rolesOf(report, 'cascade')).toHaveLength(change.cascade);
  for (const name of change.cutOffs ?? []) expect(rolesOf(report, 'cut-off')).toContain(name);
  if (change.misses.length === 0) expect(stepsOf(report, 'rebuilt')).toEqual([]);
}

function expectCause(cause: CauseReport, [, kind, detail]: Expected): void {
  expect(cause).toMatchObject({ kind, confidence: 'certain' });
  if (Array.isArray(detail)) expect((cause.paths ?? []).map((p) => p.path).sort()).toEqual([...detail].sort());
  else if (detail) expect(cause).toMatchObject(detail);
}
