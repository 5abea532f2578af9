/** What a step can read beside its base and the build context: mounts, named contexts, URLs, here-documents, secrets. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { missOf, openLab, stepsOf, topCause } from './lab.ts';

const engine = inject('engine');

describe.skipIf(!engine)('inputs of a step', () => {
  test('a bind mount: only what it selects counts', () => {
    const lab = openLab(engine!, {
      Dockerfile: 'FROM TOOLS\nRUN --mount=type=bind,source=conf,target=/conf cat /conf/app.ini\nRUN echo below\n',
      'conf/app.ini': 'a=1\n',
      'other.txt': 'other\n',
    });
    const build = ['docker', 'build', '-t', lab.image, '.'];
    lab.run(build);
    lab.write({ 'other.txt': 'changed\n' });
    expect(lab.run(build).misses).toEqual([]);
    lab.write({ 'conf/app.ini': 'a=2\n' });
    const report = lab.run(build);
    expect(topCause(report, 'RUN --mount=type=bind')).toMatchObject({
      kind: 'context-files-changed',
      confidence: 'certain',
      paths: [{ path: 'conf/app.ini', change: 'modified' }],
    });
    expect(missOf(report, 'RUN --mount=type=bind').cascade).toHaveLength(1);
  });

  test('a named context', () => {
    const lab = openLab(engine!, { Dockerfile: 'FROM TOOLS\nCOPY --from=lib l.txt /l\nCOPY a.txt /a\n', 'a.txt': 'a\n' });
    lab.write({ '../lib/l.txt': 'one\n', '../lib/other.txt': 'one\n' });
    const build = ['docker', 'build', '-t', lab.image, '--build-context', 'lib=../lib', '.'];
    lab.run(build);
    lab.write({ '../lib/other.txt': 'two\n' });
    expect(lab.run(build).misses).toEqual([]);
    lab.write({ '../lib/l.txt': 'two\n' });
    expect(topCause(lab.run(build), 'COPY --from=lib')).toMatchObject({
      kind: 'named-context-changed',
      confidence: 'certain',
      context: 'lib',
      paths: [{ path: 'l.txt', change: 'modified' }],
    });
  });

  // The engine must reach a server on this machine: the suite's own does, one in a virtual machine does not.
  test.skipIf(!inject('registry'))('a URL', async () => {
    const lab = openLab(engine!, { 'served/file.txt': 'one\n' });
    const server = await serve(path.join(lab.folder, 'served'));
    lab.write({ Dockerfile: `FROM TOOLS\nADD ${server}/file.txt /f\nRUN cat /f\n` });
    const build = ['docker', 'build', '-t', lab.image, '.'];
    lab.run(build);
    expect(lab.run(build).misses).toEqual([]);
    lab.write({ 'served/file.txt': 'two\n' });
    const report = lab.run(build);
    expect(topCause(report, 'ADD http')).toMatchObject({ kind: 'remote-source-changed', url: `${server}/file.txt` });
    expect(stepsOf(report, 'rebuilt')).toHaveLength(2);
  });

  test('here-documents: their text is the instruction', () => {
    const dockerfile = (copy: string, run: string): string =>
      `FROM TOOLS\nCOPY <<EOF /etc/app.ini\n${copy}\nEOF\nRUN <<EOF\necho ${run}\necho end\nEOF\n`;
    const lab = openLab(engine!, { Dockerfile: dockerfile('a=1', 'one'), '.dockerignore': 'Dockerfile\n' });
    const build = ['docker', 'build', '-t', lab.image, '.'];
    lab.run(build);
    lab.write({ Dockerfile: dockerfile('a=1', 'two') });
    expect(topCause(lab.run(build), 'RUN <<EOF')).toMatchObject({ kind: 'instruction-changed', confidence: 'certain' });
    lab.write({ Dockerfile: dockerfile('a=2', 'two') });
    const report = lab.run(build);
    expect(topCause(report, 'COPY <<EOF')).toMatchObject({ kind: 'instruction-changed', confidence: 'certain' });
    expect(lab.last().misses[0]!.causes[0]).toMatchObject({ kind: 'instruction-changed', confidence: 'certain' });
  });

  test('SOURCE_DATE_EPOCH is in the key of WORKDIR', () => {
    const lab = openLab(engine!, { Dockerfile: 'FROM TOOLS\nRUN echo first\nWORKDIR /w\nRUN echo below\n' });
    const build = (epoch: string): string[] => ['docker', 'build', '-t', lab.image, '--build-arg', `SOURCE_DATE_EPOCH=${epoch}`, '.'];
    lab.run(build('1000'));
    const report = lab.run(build('2000'));
    expect(topCause(report, 'WORKDIR /w')).toMatchObject({
      kind: 'build-arg-changed',
      name: 'SOURCE_DATE_EPOCH',
      before: '1000',
      after: '2000',
    });
    expect(lab.last().misses[0]!.causes[0]).toMatchObject({
      kind: 'build-arg-changed',
      name: 'SOURCE_DATE_EPOCH',
      before: '1000',
      after: '2000',
    });
  });

  test('a Dockerfile from standard input, a context from a pipe', () => {
    const lab = openLab(engine!, { 'a.txt': 'a\n' });
    const dockerfile = `FROM ${lab.base}\nRUN echo from a pipe\n`;
    const build = ['docker', 'build', '-t', lab.image, '-'];
    lab.runAll(build, { input: dockerfile });
    const second = lab.runAll(build, { input: dockerfile.replace('pipe', 'tube') });
    expect(second.builds[0]!.misses[0]!.causes[0]).toMatchObject({ kind: 'instruction-changed', confidence: 'certain' });
    lab.write({ Dockerfile: 'FROM TOOLS\nCOPY a.txt /a\n' });
    const tar = lab.shell(`tar -c . | $CACHEWHY run --format json -- docker build -t ${lab.image} -`);
    expect(tar.status, tar.stderr).toBe(0);
    expect(JSON.parse(tar.stdout).builds[0].summary.steps).toBe(1);
  });

  test('secrets: their values change nothing, and nothing keeps or shows them', () => {
    const lab = openLab(engine!, {
      Dockerfile: `FROM TOOLS
ARG API_TOKEN
ARG PLAIN=x
ENV DB_PASSWORD=canary-env-4711
RUN echo uses it
RUN --mount=type=secret,id=npm,env=NPM_TOKEN test -n "$NPM_TOKEN"
`,
      'npmrc.txt': 'canary-secret-4711\n',
    });
    const build = (token: string): string[] => [
      'docker',
      'build',
      '-t',
      lab.image,
      '--secret',
      'id=npm,src=npmrc.txt',
      '--build-arg',
      `API_TOKEN=${token}`,
      '--build-arg',
      `PLAIN=https://user:canary-url-4711@example.org/${token === 'canary-arg-1' ? 1 : 2}`,
      '.',
    ];
    const shown: string[] = [];
    const keep = (args: readonly string[]): string => {
      const done = lab.cachewhy(args);
      shown.push(done.stdout, done.stderr);
      expect(done.status, done.stderr).toBe(0);
      return done.stdout;
    };
    keep(['run', '--log-level', 'debug', '--', ...build('canary-arg-1'), '-q']);
    lab.write({ 'npmrc.txt': 'canary-other-4711\n' });
    keep(['run', '--', ...build('canary-arg-1'), '-q']);
    const changed = lab.run([...build('canary-arg-2'), '--progress=quiet']);
    shown.push(JSON.stringify(changed));
    expect(missOf(changed, 'RUN echo uses it').causes.map((c) => c.name)).toContain('API_TOKEN');
    keep(['last']);
    keep(['last', '--format', 'json']);
    for (const text of shown) expect(text).not.toMatch(/canary-(?!arg-[12]['"]?\s*\.?$)/);
    for (const file of filesUnder(lab.env.CACHEWHY_CACHE!)) expect(readFileSync(file).toString('latin1'), file).not.toContain('canary');
  });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => path.join(folder, String(name)))
    .filter((file) => statSync(file).isFile());
}

/** Serves a folder from a process of its own: the tests wait for docker without a turn of the event loop. */
async function serve(folder: string): Promise<string> {
  const code = `const http = require('node:http'), fs = require('node:fs'), path = require('node:path');
    http.createServer((q, r) => { try { r.setHeader('last-modified', new Date(0).toUTCString()); r.end(fs.readFileSync(path.join(process.argv[1], path.basename(q.url)))); } catch { r.statusCode = 404; r.end(); } })
      .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
  const child: ChildProcess = spawn(process.execPath, ['-e', code, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill());
  const port = await new Promise<string>((resolve) => child.stdout!.once('data', (d: Buffer) => resolve(d.toString().trim())));
  return `http://127.0.0.1:${port}`;
}
