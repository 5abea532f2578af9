/** Secrets in real builds: what the engine records of them is masked in every report, and never kept. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { reporters } from '../../src/reporters/index.ts';
import { ENVIRONMENT, findCanaries, findInFolder, type When } from '../secrets/canaries.ts';
import { type Ended, type Lab, openLab } from './lab.ts';

const engine = inject('engine');
const FORMATS = Object.keys(reporters);

function dockerfile(when: When): string {
  return `FROM TOOLS
ARG NPM_TOKEN=canary01${when}
ARG PLAIN
ENV API_KEY=canary02${when} DEPLOY=ghp_canary03${when}AAAABBBBCCCC1111dddd
LABEL deploy.token=canary04${when}
WORKDIR /app
RUN echo "//registry.npmjs.org/:_authToken=canary05${when}" > .npmrc && echo $NPM_TOKEN $PLAIN > /dev/null
RUN --mount=type=secret,id=npm --mount=type=secret,id=file true
RUN <<EOF
export DEPLOY_TOKEN=canary06${when}
true
EOF
COPY . .
RUN echo https://user:canary07${when}@files.example.com && echo Authorization: Bearer canary08${when}
`;
}

function argv(lab: Lab, when: When): string[] {
  return [
    'docker',
    'build',
    '--progress=plain',
    '-t',
    lab.image,
    '--build-arg',
    `NPM_TOKEN=canary09${when}`,
    '--build-arg',
    `PLAIN=glpat-canary10${when}AAAA1111`,
    '--secret',
    'id=npm,env=NPM_SECRET',
    '--secret',
    'id=file,src=../secret.txt',
    '--label',
    `api.token=canary11${when}`,
    '.',
  ]; // prettier-ignore
}

function expectClean(done: Ended, title: string): void {
  expect(findCanaries(done.stdout), `${title}: standard output`).toEqual([]);
  expect(findCanaries(done.stderr), `${title}: standard error`).toEqual([]);
}

describe.skipIf(!engine)('secrets in builds', () => {
  const open = (): { lab: Lab; out: string; env: Record<string, string>; kept: () => string[] } => {
    const lab = openLab(engine!, { Dockerfile: dockerfile('old'), 'a.txt': 'one', '.env': 'TOKEN=canary12old\n' });
    const home = lab.env.HOME!;
    const out = path.join(home, 'out');
    mkdirSync(out);
    writeFileSync(path.join(home, 'secret.txt'), 'canary26file\n');
    const { HTTP_PROXY: _, HTTPS_PROXY: __, ...env } = ENVIRONMENT;
    return { lab, out, env, kept: () => [...findInFolder(out), ...findInFolder(lab.env.CACHEWHY_CACHE!)] };
  };
  const all = (out: string, name: string): string[] => FORMATS.flatMap((f) => ['--format', `${f}=${path.join(out, `${name}.${f}`)}`]);

  test('run, last and predict, in every format, before and after all of them changed', () => {
    const { lab, out, env, kept } = open();
    for (const when of ['old', 'new'] as const) {
      lab.write({ Dockerfile: dockerfile(when), 'a.txt': when });
      // The build's own words are its own; what we add goes to files, and to standard error once quiet.
      const words = argv(lab, when);
      const loud = lab.cachewhy(['run', ...all(out, `run-${when}`), '--save-baseline', path.join(out, `${when}.gz`), '--', ...words], {
        env,
      });
      expect(loud.status, loud.stderr).toBe(0);
      const quiet = lab.cachewhy(['run', '--log-level', 'trace', '--', ...words.map((w) => (w === '--progress=plain' ? '-q' : w))], {
        env,
      });
      expect(quiet.status, quiet.stderr).toBe(0);
      expectClean(quiet, `run -q ${when}`);
      for (const format of ['terminal', 'json']) expectClean(lab.cachewhy(['last', '--format', format], { env }), `last ${format}`);
      expectClean(lab.cachewhy(['last', '--log-level', 'trace', ...all(out, `last-${when}`)], { env }), 'last');
      expect(kept()).toEqual([]);
    }
    const predicted = lab.cachewhy(['predict', '--format', 'json', '--', ...argv(lab, 'old')], { env });
    expectClean(predicted, 'predict');
    expectClean(lab.cachewhy(['predict', '--', ...argv(lab, 'old')], { env }), 'predict');
    expectClean(lab.cachewhy(['diff', path.join(out, 'old.gz'), path.join(out, 'new.gz')], { env }), 'diff');
    const changed = lab.report('../out/run-new.json');
    const text = JSON.stringify(changed);
    expect(changed.misses.length).toBeGreaterThan(0);
    expect(text).toMatch(/NPM_TOKEN|API_KEY|_authToken/);
    expect(text).toContain('***');
    expect(kept()).toEqual([]);
  });

  test('a pipe, and the history of the image', () => {
    const { lab, env, kept } = open();
    const line = argv(lab, 'old')
      .map((w) => `'${w}'`)
      .join(' ');
    for (const format of ['terminal', 'json', 'html', 'markdown', 'sarif'])
      expectClean(
        lab.shell(`${line} 2>&1 | $CACHEWHY --no-passthrough --build-command "${argv(lab, 'old').join(' ')}" --format ${format}`, { env }),
        format,
      );
    for (const format of ['terminal', 'json']) {
      const done = lab.cachewhy(['history', '--format', format, lab.image], { env });
      expect(done.status, done.stderr).toBe(0);
      expectClean(done, `history ${format}`);
    }
    expect(kept()).toEqual([]);
  });

  test('a build that fails with a secret in its error', () => {
    const { lab, out, env, kept } = open();
    lab.write({ Dockerfile: `${dockerfile('old')}RUN echo token=canary13old && DB_PASSWORD=canary14old sh -c 'exit 3'\n` });
    const done = lab.cachewhy(['run', ...all(out, 'failed'), '--', ...argv(lab, 'old')], { env });
    expect(done.status).not.toBe(0);
    for (const format of ['terminal', 'json']) expectClean(lab.cachewhy(['last', '--format', format], { env }), 'last of a failed build');
    expect(kept()).toEqual([]);
  });

  test('bake and compose files', () => {
    const { lab, out, env, kept } = open();
    lab.write({
      'docker-bake.hcl': `target "app" {\n  context = "."\n  args = { NPM_TOKEN = "canary15old", PLAIN = "ghp_canary16oldAAAABBBBCCCC1111dddd" }\n  labels = { "api.token" = "canary17old" }\n  tags = ["${lab.image}"]\n  secret = ["id=npm,env=NPM_SECRET"]\n}\n`,
    });
    const bake = lab.cachewhy(
      ['run', ...all(out, 'bake'), '--', 'docker', 'buildx', 'bake', '--progress=quiet', '--set', 'app.args.NPM_TOKEN=canary18old', 'app'],
      { env },
    );
    expect(bake.status, bake.stderr).toBe(0);
    expectClean(bake, 'bake');
    expectClean(lab.cachewhy(['last', '--format', 'json'], { env }), 'last of bake');
    expect(kept()).toEqual([]);
  });
});
