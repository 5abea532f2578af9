/** Several targets in one build: bake, compose; and commands that build more than once. */
import { describe, expect, inject, test } from 'vitest';
import { type Files, missOf, openLab, rolesOf, stepsOf, topCause } from './lab.ts';

const engine = inject('engine');

const SHARED: Files = {
  Dockerfile: `FROM TOOLS AS base
COPY shared.txt /shared
RUN echo base

FROM base AS web
COPY web.txt /web
RUN echo web

FROM base AS api
COPY api.txt /api
RUN echo api
`,
  'shared.txt': 'shared\n',
  'web.txt': 'web\n',
  'api.txt': 'api\n',
  '.dockerignore': 'Dockerfile\n',
};

const BAKE =
  'group "default" { targets = ["web", "api"] }\ntarget "web" {\n  target = "web"\n  tags = ["IMAGE-web"]\n}\ntarget "api" {\n  target = "api"\n  tags = ["IMAGE-api"]\n}\n';
const COMPOSE =
  'services:\n  web: {build: {context: ., target: web}, image: IMAGE-web}\n  api: {build: {context: ., target: api}, image: IMAGE-api}\n';

describe.skipIf(!engine)('several targets', () => {
  test.each([
    ['bake', ['docker', 'buildx', 'bake']],
    ['compose', ['docker', 'compose', 'build']],
  ])('%s: a stage that two targets share is one', (_tool, argv) => {
    const lab = openLab(engine!, SHARED);
    lab.write({ 'docker-bake.hcl': BAKE.replaceAll('IMAGE', lab.image), 'compose.yaml': COMPOSE.replaceAll('IMAGE', lab.image) });
    const command = argv[1] === 'buildx' ? [...argv, '-f', 'docker-bake.hcl'] : argv;
    lab.run(command);
    expect(lab.run(command).misses).toEqual([]);

    lab.write({ 'api.txt': 'other\n' });
    const one = lab.run(command);
    expect(topCause(one, 'COPY api.txt')).toMatchObject({
      kind: 'context-files-changed',
      confidence: 'certain',
      paths: [{ path: 'api.txt' }],
    });
    expect(stepsOf(one, 'rebuilt')).toHaveLength(2);

    lab.write({ 'shared.txt': 'other\n' });
    const both = lab.run(command);
    expect(both.misses).toHaveLength(1);
    expect(topCause(both, 'COPY shared.txt')).toMatchObject({ kind: 'context-files-changed', paths: [{ path: 'shared.txt' }] });
    expect(rolesOf(both, 'cascade')).toHaveLength(5);

    const last = lab.last();
    expect(last.misses).toHaveLength(1);
    expect(missOf(last, 'COPY shared.txt').cascade).toHaveLength(5);
  });

  test('a script that builds twice gives a report of each', () => {
    const lab = openLab(engine!, SHARED);
    const script = `docker build -q -t ${lab.image}-web --target web . && docker build -q -t ${lab.image}-api --target api .`;
    expect(lab.runAll(['sh', '-c', script]).builds).toHaveLength(2);
    lab.write({ 'api.txt': 'other\n' });
    const second = lab.runAll(['sh', '-c', script]);
    expect(second.builds.map((b) => b.misses.length)).toEqual([0, 1]);
    expect(second.builds[1]!.misses[0]!.causes[0]).toMatchObject({
      kind: 'context-files-changed',
      confidence: 'certain',
      paths: [{ path: 'api.txt' }],
    });
  });

  test('another target: what was never built is said to be', () => {
    const lab = openLab(engine!, SHARED);
    lab.run(['docker', 'build', '-t', lab.image, '--target', 'web', '.']);
    const report = lab.run(['docker', 'build', '-t', lab.image, '--target', 'api', '.']);
    expect(
      missOf(report, 'COPY api.txt')
        .causes.slice(0, 3)
        .map((c) => c.kind),
    ).toContain('not-built-before');
    expect(stepsOf(report, 'reused')).toHaveLength(2);
  });
});
