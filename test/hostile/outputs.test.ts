/** Hostile names planted wherever people can put them, and every command in every format read as its reader would. */
import { chmodSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reporters } from '../../src/reporters/index.ts';
import { simulationReporters } from '../../src/simulate/reports/index.ts';
import { createRepository, type TestRepository } from '../git/fixture.ts';
import { readOpenMetrics } from '../reporters/open-metrics.ts';
import { READERS } from '../reporters/readers.ts';
import { createLab, dockerbuild, plainLog, rawLog } from './lab.ts';
import { ALL, HOSTILE, HOSTILE_LINES } from './names.ts';
import { expectHtml, expectJson, expectMarkdown, expectNoCommands, expectPlain } from './readers.ts';

const lab = createLab('outputs');
const repositories: TestRepository[] = [];
afterAll(() => {
  rmSync(lab.dir, { recursive: true, force: true });
  for (const repository of repositories) repository.delete();
});

const xml = (text: string): void => {
  expectNoCommands(text);
  expect(XMLValidator.validate(text)).toBe(true);
};
const json = (text: string): void => void expectJson(text);
/** The first and the last line are what the format is. */
const between = (text: string, last: number | undefined): void => expectPlain(`${text.split('\n').slice(1, last).join('\n')}\n`);
const commands = (format: string, text: string): void => {
  expectNoCommands(text, /^::(?:notice|warning|error) |^##vso\[task\.logissue /);
  READERS[format]!(text, { builds: [] } as never);
};

/** Reports on standard output. */
const CHECKS: Readonly<Record<string, (text: string) => void>> = {
  terminal: (text) => expectPlain(text),
  'gitlab-section': (text) => between(text, -2),
  json,
  sarif: json,
  gitlab: json,
  otlp: json,
  markdown: (text) => expectMarkdown(text),
  buildkite: (text) => expectMarkdown(text),
  html: expectHtml,
  junit: xml,
  checkstyle: xml,
  openmetrics: (text) => {
    expectNoCommands(text);
    readOpenMetrics(text);
  },
  github: (text) => commands('github', text),
  azure: (text) => commands('azure', text),
};

function check(format: string, text: string): void {
  expect(text).not.toBe('');
  CHECKS[format]!(text);
}

const FORMATS = Object.keys(reporters);
const STEPS = ['WORKDIR /app', ...HOSTILE.map((text) => `RUN ${text}`), `RUN ${ALL}`, 'COPY . .', 'RUN make'];

describe.each([
  ['a plain log', plainLog(STEPS)],
  ['a rawjson log', rawLog([...STEPS, ...HOSTILE_LINES.map((text) => `RUN ${text}`)])],
  [
    'builds in stages and targets with such names',
    plainLog(['RUN x', 'RUN y', 'RUN z'])
      .concat(HOSTILE.map((text, i) => `#${i + 50} [${text} build 1/1] RUN make\n#${i + 50} DONE 1.0s\n`).join('\n'))
      .concat(`#99 ERROR: ${ALL}\n------\n > [1/1] RUN x:\n${ALL}\n------\nERROR: failed to solve: ${ALL}\n`),
  ],
])('%s', (_, log) => {
  const file = lab.write(`${Math.random()}.log`, log);
  it.each(FORMATS)('%s', (format) => {
    const { stdout, stderr } = lab.run([file, '--format', format]);
    expect(stderr).toBe('');
    check(format, stdout);
  });
  it.each([40, 57, 80, 131])('a terminal of %d columns, where each line breaks elsewhere', (columns) => {
    check('terminal', lab.run([file], { env: { COLUMNS: String(columns) } }).stdout);
  });
  it('in colour', () => {
    expectPlain(lab.run([file], { env: { FORCE_COLOR: '1', NO_COLOR: '' } }).stdout, true);
  });
  it.each([
    ['GitHub Actions', { GITHUB_ACTIONS: 'true' }],
    ['Azure Pipelines', { TF_BUILD: 'True' }],
    ['GitLab CI', { GITLAB_CI: 'true' }],
    ['Buildkite', { BUILDKITE: 'true' }],
    ['TeamCity', { TEAMCITY_VERSION: '2025.1' }],
  ])('as %s has it without being asked', (_name, env) => {
    const { stdout, stderr } = lab.run([file], { env });
    expectPlain(stderr);
    const meant =
      /^::(?:notice|warning|error) (?:file=[^,:]+,line=\d+,endLine=\d+,)?title=Cache[^:,]*::|^##vso\[task\.logissue type=warning;|^\u001b\[0Ksection_/;
    expectNoCommands(stdout, meant);
  });
  it('the log of the program itself', () => {
    const { stderr } = lab.run([file, '--log-level', 'trace', '--format', 'json=/dev/null']);
    for (const line of stderr.split('\n').filter((l) => l !== '')) expectJson(line);
  });
  it('diff', () => {
    const other = lab.write('other.log', plainLog(['WORKDIR /app', ...HOSTILE.map((text) => `RUN ${text} changed`)]));
    for (const format of ['terminal', 'json', 'markdown']) {
      check(format, lab.run(['diff', file, other, '--format', format]).stdout);
      check(format, lab.run(['diff', other, file, '--format', format]).stdout);
    }
  });
});

describe('a context with such names', () => {
  const names = HOSTILE_LINES.filter((n) => !n.includes('/') && Buffer.byteLength(n) < 200);
  const argument = (i: number): string => `ARG A${i}=${JSON.stringify(HOSTILE[i]!.replaceAll('$', ''))}`;
  const dockerfile = (change: string): string =>
    `FROM busybox AS base\n${HOSTILE.map((_, i) => argument(i)).join('\n')}\n# cachewhy ignore=* reason="${ALL}"\nCOPY . /app\nRUN ${change}\nENV B="${change}"\nRUN make\n`;
  const log = (change: string, cached: boolean): string =>
    plainLog(['FROM docker.io/library/busybox', 'COPY . /app', `RUN ${change}`, 'RUN make']).replace(
      /DONE 1\.0s/g,
      cached ? 'CACHED' : 'DONE 1.0s',
    );
  /** As a log shows it and as a Dockerfile holds it. */
  const SPOKEN = HOSTILE.filter((text) => /^[\x20-\x7e]+$/.test(text) && !/['"`$]/.test(text)).join(' ');
  beforeAll(() => {
    for (const name of names) lab.write(`ctx/${name}`, 'one');
    symlinkSync(ALL.slice(0, 200), path.join(lab.work, 'ctx', 'link'));
  });

  it.each(FORMATS)('%s: what changed since the build before', (format) => {
    lab.write('ctx/Dockerfile', dockerfile('echo one'));
    const before = lab.write('before.log', log('echo one', false));
    const base = path.join(lab.work, `${format}.base`);
    const options = ['-C', 'ctx', '--build-command', `docker build --build-arg A1=${JSON.stringify(HOSTILE[0])} ctx`];
    expect(lab.run([before, ...options, '--save-baseline', base, '--no-remember']).stderr).toBe('');
    for (const name of names) lab.write(`ctx/${name}`, format);
    lab.write('ctx/Dockerfile', dockerfile(`echo ${SPOKEN}`));
    const after = lab.write('after.log', log(`echo ${SPOKEN}`, false));
    const { stdout } = lab.run([after, ...options, '--baseline', base, '--format', format]);
    check(format, stdout);
    if (format === 'json') expect(stdout).toContain('context-files-changed');
    const second = path.join(lab.work, `${format}.second`);
    lab.run([after, ...options, '--save-baseline', second, '--no-remember']);
    if (['terminal', 'json', 'markdown'].includes(format)) {
      const compared = lab.run(['diff', base, second, '--format', format]);
      expect(compared.stderr).toBe('');
      check(format, compared.stdout);
    }
    const predicted = lab.run(['predict', '-b', base, '--format', format, '--', 'docker', 'build', 'ctx']);
    expectPlain(predicted.stderr);
    check(format, predicted.stdout);
  });
});

describe('a history with such names', () => {
  const names = HOSTILE_LINES.filter((n) => !n.includes('/') && Buffer.byteLength(n) < 200);
  const repository = createRepository();
  repositories.push(repository);
  repository.write('Dockerfile', `FROM node AS build\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN echo ${HOSTILE[7]}\n`);
  repository.write('package.json', JSON.stringify({ name: ALL, scripts: { postinstall: 'true' }, workspaces: [ALL] }));
  repository.commit('begin');
  for (const [i, name] of names.entries()) {
    repository.write(name, 'x');
    repository.commit(HOSTILE[i % HOSTILE.length]!);
  }
  repository.write('Dockerfile', `FROM node\nCOPY . .\nNONSENSE ${ALL}\n`);
  repository.commit(ALL);
  repository.write('Dockerfile', `FROM node\nCOPY . .\nRUN npm ci\nRUN echo ${ALL}\n`);
  repository.commit('mended');
  repository.git('branch', '-q', '\u202e<b>branch');

  it.each(Object.keys(simulationReporters))('simulate: %s', (format) => {
    for (const more of [[], ['--fix'], ['--against', 'Dockerfile']]) {
      const { stdout, stderr, status } = lab.run(['simulate', '--ref', '\u202e<b>branch', '--format', format, ...more], {
        cwd: repository.dir,
      });
      expectPlain(stderr);
      expect(status).toBe(0);
      if (format === 'html') expectHtml(stdout);
      else check(format, stdout);
    }
  });
});

describe('an image history with such texts', () => {
  const entries = [...HOSTILE_LINES, ALL].map((text, i) =>
    JSON.stringify({
      CreatedAt: `2026-01-0${1 + (i % 3)}T00:00:00Z`,
      CreatedBy: `RUN |1 A=${text} /bin/sh -c ${text} # buildkit`,
      Size: '50MB',
      Comment: text,
      ID: text,
      CreatedSince: text,
    }),
  );
  it.each(['terminal', 'json', 'markdown'])('%s', (format) => {
    const one = lab.write('one.history', entries.join('\n'));
    const two = lab.write('two.history', entries.slice(3).reverse().join('\n'));
    const shown = lab.run(['history', '--history', one, '--format', format]);
    expect(shown.stderr).toBe('');
    check(format, shown.stdout);
    check(format, lab.run(['history', '--history', one, '--history', two, '--format', format]).stdout);
    const row = (id: string, created: string, by: string, size: string, comment: string): string =>
      `${id.padEnd(15)}${created.padEnd(16)}${by.padEnd(150)}${size.padEnd(10)}${comment}`;
    const rows = HOSTILE.map((text) => row('<missing>', '2 days ago', `RUN /bin/sh -c ${text} # buildkit`, '5MB', text));
    const table = lab.write('table.history', `${[row('IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'), ...rows].join('\n')}\n`);
    const pasted = lab.run(['history', '--history', table, '--format', format]);
    expect(pasted.stderr).toBe('');
    check(format, pasted.stdout);
  });
});

describe('records of builds with such names', () => {
  const record = (ref: string, at: number, change: string): Parameters<typeof dockerbuild>[0][number] => ({
    ref,
    at,
    names: [...HOSTILE_LINES.map((t) => `RUN ${t}`), `RUN ${change}`],
    dockerfile: `FROM scratch\n${HOSTILE_LINES.map((t) => `RUN ${t}`).join('\n')}\nRUN ${change}\n`,
    attrs: {
      target: '',
      [`build-arg:${HOSTILE[0]}`]: ALL,
      'build-arg:X': ALL + change,
      [`label:${ALL}`]: ALL,
      [`context:${HOSTILE[4]}`]: ALL,
    },
    context: `/nowhere/${ALL}`,
  });
  it.each(FORMATS)('last: %s', (format) => {
    const file = lab.write(
      'builds.dockerbuild',
      dockerbuild([record(`one${ALL}`, 1_790_000_000, 'one'), record(`two${ALL}`, 1_790_000_100, ALL)]),
    );
    const { stdout, stderr } = lab.run(['last', file, '--format', format]);
    expect(stderr).toBe('');
    check(format, stdout);
  });
  it('last, with the Dockerfile since then', () => {
    const { stdout } = lab.run(['last', path.join(lab.work, 'builds.dockerbuild')]);
    expect(stdout).toContain('The Dockerfile since then');
    expectPlain(stdout);
  });
});

describe('run', () => {
  it('says of a build with such names what is harmless', () => {
    const log = lab.write('child.log', plainLog(STEPS));
    // What the build itself prints is the build's: here on standard output, so that standard error is ours alone.
    const said = "printf '\\033[31mred\\n::error::spoken##vso[a.b]\\n' >&2";
    chmodSync(lab.write('bin/docker', `#!/bin/sh\nif [ "$1" = build ]; then cat '${log}'; else ${said}; exit 1; fi\n`), 0o755);
    const env = { PATH: `${path.join(lab.work, 'bin')}:${process.env.PATH}`, DOCKER_CONFIG: lab.dir };
    const { stdout, stderr } = lab.run(['run', '--', 'docker', 'build', '.'], { env });
    expect(stdout).toBe(readFileSync(log, 'utf8'));
    expect(stderr).toContain('missed');
    expectPlain(stderr);
    expectPlain(lab.run(['last'], { env }).stderr);
    expectPlain(lab.run(['history', 'image'], { env }).stderr);
    expectPlain(lab.run(['run', '--', 'sh', '-c', `exit 3 # ${ALL}`]).stderr);
  });
});
