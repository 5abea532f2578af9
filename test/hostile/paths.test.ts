/**
 * What a log, a checkout, a baseline or an archive names is not read or written elsewhere. The rule: what the user names on the command line is
 * read wherever it lies; what stands in the log is read only below the folder that the command runs in, or its repository. Links are followed
 * to where they lead, and that is what counts.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDockerbuild } from '../../src/evidence/dockerbuild-file.ts';
import { createRepository } from '../git/fixture.ts';
import { createLab, digest, plainLog, ROOT, tar } from './lab.ts';

const lab = createLab('paths');
const outside = path.join(lab.dir, 'outside');
afterAll(() => rmSync(lab.dir, { recursive: true, force: true }));

const CANARY = 'canary-of-another-project';
const dockerfile = `FROM busybox\n# cachewhy ignore=* reason="${CANARY}"\nCOPY . .\nRUN make\nRUN x\n`;
const steps = ['FROM docker.io/library/busybox', 'COPY . .', 'RUN make', 'RUN x'];
/** A log that shows the command which made it, as CI logs do. */
const logOf = (command: string): string => `$ ${command}\n${plainLog(steps)}`;

beforeAll(() => {
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'Dockerfile'), dockerfile);
  writeFileSync(path.join(outside, `${CANARY}.txt`), CANARY);
  writeFileSync(path.join(outside, 'package.json'), `{"name":"${CANARY}"}`);
});

describe('a log from elsewhere', () => {
  it.each([
    ['its Dockerfile', () => `docker build -f ${outside}/Dockerfile .`],
    ['its Dockerfile, by way of ..', () => 'docker build -f ../outside/Dockerfile .'],
    ['its context', () => `docker build ${outside}`],
    ['its context, by way of ..', () => 'docker build ../outside'],
    ['the folder it went to', () => `cd ${outside} && docker build .`],
    ['a named context', () => `docker build --build-context other=${outside} .`],
    ['a file of the system', () => 'docker build -f /etc/shadow .'],
    ['a device without an end', () => 'docker build -f /dev/zero .'],
  ])('names %s: it is not read, and nothing of it is shown or kept', (_, command) => {
    lab.write('Dockerfile', 'FROM busybox\nCOPY . .\nRUN make\nRUN x\n');
    const log = lab.write('elsewhere.log', logOf(command()));
    const base = path.join(lab.work, 'elsewhere.base');
    rmSync(base, { force: true });
    for (const format of ['json', 'terminal', 'markdown']) {
      const { stdout, stderr, status } = lab.run([log, '--format', format, '--save-baseline', base]);
      expect(stderr).toBe('');
      expect(status).toBeLessThan(2);
      expect(stdout).not.toContain(CANARY);
      expect(stdout).not.toContain('root:');
    }
    if (existsSync(base)) expect(execFileSync('gzip', ['-dc'], { input: readFileSync(base) }).toString('latin1')).not.toContain(CANARY);
    expect(lab.run([log, '--format', 'json']).stdout).toMatch(/outside of the folder this runs in/);
  });

  it('names what lies in the repository that the command runs in: it is read', () => {
    const folder = path.join(lab.work, 'clone');
    lab.write('clone/.git/HEAD', 'ref: refs/heads/main\n');
    lab.write('clone/docker/Dockerfile', 'FROM busybox\nCOPY . .\nRUN make\nRUN x\n');
    lab.write('clone/services/api/a.txt', 'a');
    const log = lab.write('clone/build.log', logOf('docker build -f ../../docker/Dockerfile ../..'));
    const { stdout } = lab.run([log, '--format', 'json'], { cwd: path.join(folder, 'services/api') });
    expect(stdout).toContain('"file": "docker/Dockerfile"');
    expect(stdout).not.toContain('outside of');
  });

  it('names something outside that the user names as well: it is read', () => {
    const log = lab.write('own.log', logOf(`docker build -f ${outside}/Dockerfile ${outside}`));
    const { stdout } = lab.run([log, '--format', 'json', '-C', outside]);
    expect(stdout).toContain('"file": "Dockerfile"');
    expect(stdout).not.toContain('outside of');
  });

  it('names a pipe that nobody writes to: nobody waits for it', () => {
    execFileSync('mkfifo', [path.join(lab.work, 'pipe')]);
    const log = lab.write('pipe.log', logOf('docker build -f pipe .'));
    expect(lab.run([log]).status).toBeLessThan(2);
    rmSync(path.join(lab.work, 'pipe'));
  });
});

describe('a checkout of other people', () => {
  const folder = path.join(lab.work, 'checkout');
  beforeAll(() => {
    lab.write('checkout/.git/HEAD', 'x');
    lab.write('checkout/Dockerfile', 'FROM node\nCOPY . .\nRUN npm ci\nRUN x\n');
    symlinkSync(path.join(outside, 'package.json'), path.join(folder, 'package.json'));
    symlinkSync(path.join(outside, 'package.json'), path.join(folder, 'package-lock.json'));
    symlinkSync(outside, path.join(folder, 'out'));
    symlinkSync(path.join(outside, 'report.html'), path.join(folder, 'report.html'));
    for (const name of ['.dockerignore', '.cachewhyrc']) execFileSync('mkfifo', [path.join(folder, name)]);
  });
  const log = (): string =>
    lab.write('checkout/build.log', plainLog(['FROM docker.io/library/node', 'COPY . .', 'RUN npm ci', 'RUN x'], 30));

  it('has manifests that are links to elsewhere: what is in them is not shown; pipes are not waited for', () => {
    for (const format of ['json', 'terminal']) {
      const { stdout, status } = lab.run([log(), '--format', format, '--build-command', 'docker build .'], { cwd: folder });
      expect(status).toBeLessThan(2);
      expect(stdout).not.toContain(CANARY);
    }
  });

  it.each(['report.html', 'out/report.html', 'out/new/../report.html'])(
    'has the link %s where a report goes: nothing is written',
    (name) => {
      const { stderr, status } = lab.run([log(), '--format', `html=${name}`], { cwd: folder });
      expect(status).toBe(2);
      expect(stderr).toMatch(/leads out of the project/);
      expect(existsSync(path.join(outside, 'report.html'))).toBe(false);
    },
  );

  it('has a link where a baseline goes: nothing is written', () => {
    const { stdout } = lab.run([log(), '--save-baseline', 'out/base'], { cwd: folder });
    expect(stdout).toMatch(/leads out of the project/);
    expect(existsSync(path.join(outside, 'base'))).toBe(false);
  });

  it('what the user names outside is written, devices too', () => {
    const target = path.join(outside, 'asked.json');
    expect(lab.run([log(), '--format', `json=${target}`], { cwd: folder }).stderr).toBe('');
    expect(statSync(target).size).toBeGreaterThan(100);
    const piped = spawnSync(
      'sh',
      ['-c', `'${process.execPath}' '${path.join(ROOT, 'bin/cachewhy.js')}' '${log()}' --format json=/dev/stdout | cat`],
      { cwd: folder },
    );
    expect(piped.stdout.toString('utf8')).toContain('"schemaVersion"');
  });

  it('has a link in place of the Dockerfile’s folder: a fix is not written through it', () => {
    const repository = createRepository();
    try {
      const text = 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nRUN npm run build\n';
      repository.write('docker/Dockerfile', text);
      repository.write('package.json', '{"name":"x"}');
      repository.write('package-lock.json', '{}');
      repository.commit('one');
      for (let i = 0; i < 5; i++) {
        repository.write('a.js', `${i}`);
        repository.commit(`edit ${i}`);
      }
      rmSync(path.join(repository.dir, 'docker'), { recursive: true });
      mkdirSync(path.join(outside, 'docker'));
      writeFileSync(path.join(outside, 'docker/Dockerfile'), text);
      symlinkSync(path.join(outside, 'docker'), path.join(repository.dir, 'docker'));
      const { stderr, status } = lab.run(['simulate', '-f', 'docker/Dockerfile', '--fix', '--apply'], { cwd: repository.dir });
      expect(status).toBe(2);
      expect(stderr).toMatch(/leads out of the repository/);
      expect(readFileSync(path.join(outside, 'docker/Dockerfile'), 'utf8')).toBe(text);
    } finally {
      repository.delete();
    }
  });
});

describe('an archive', () => {
  it('whose digests are paths is read from itself alone', () => {
    const config = Buffer.from(JSON.stringify({ Ref: 'x', FrontendAttrs: {} }));
    const manifest = (id: string): Buffer =>
      Buffer.from(
        JSON.stringify({ manifests: [{ digest: id }], config: { mediaType: 'application/vnd.buildkit.historyrecord.v0', digest: id } }),
      );
    for (const id of ['../../../etc/passwd', 'sha256:../../index.json', '/etc/passwd', 'sha256:', ':', '__proto__'])
      expect(readDockerbuild(tar([['index.json', manifest(id)]]))).toEqual([]);
    // One that names itself does not go round for ever.
    const own = manifest(digest('own'));
    expect(
      readDockerbuild(
        tar([
          ['index.json', own],
          [`blobs/${digest('own').replace(':', '/')}`, own],
          ['blobs/x', config],
        ]),
      ).length,
    ).toBeLessThan(20);
  });

  it('that unpacks to more than it may is none', () => {
    expect(readDockerbuild(gzipSync(Buffer.alloc(600 << 20), { level: 1 }))).toEqual([]);
  }, 60_000);

  it('with many manifests that all name one another ends', () => {
    const id = (i: number): string => digest(String(i));
    const all = Array.from({ length: 200 }, (_, i) => ({ digest: id(i) }));
    const files = all.map((m): [string, Buffer] => [
      `blobs/${m.digest.replace(':', '/')}`,
      Buffer.from(JSON.stringify({ manifests: all })),
    ]);
    const begin = process.cpuUsage();
    expect(readDockerbuild(tar([['index.json', Buffer.from(JSON.stringify({ manifests: all }))], ...files]))).toEqual([]);
    expect(process.cpuUsage(begin).user / 1e6).toBeLessThan(10);
  }, 120_000);
});
