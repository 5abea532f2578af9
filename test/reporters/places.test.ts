/** Annotations name files as their reader looks for them: from the root of the repository, wherever the build ran and whatever its context was. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';

const cli = path.join(import.meta.dirname, '..', '..', 'bin', 'cachewhy.js');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-places-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

const LOG = `#1 [1/2] FROM docker.io/library/busybox
#1 CACHED

#2 [2/2] RUN make
#2 DONE 3.0s

#3 exporting to image
#3 DONE 0.0s
`;

it.each([
  // the Dockerfile, from where, the arguments, the context's name for it, the annotation's
  ['Dockerfile', '.', [], 'Dockerfile', 'Dockerfile'],
  ['services/api/Dockerfile', '.', ['-C', 'services/api'], 'Dockerfile', 'services/api/Dockerfile'],
  ['services/api/Dockerfile', 'services/api', [], 'Dockerfile', 'services/api/Dockerfile'],
  ['docker/api.Dockerfile', '.', ['-f', 'docker/api.Dockerfile'], 'docker/api.Dockerfile', 'docker/api.Dockerfile'],
  ['docker/api.Dockerfile', 'docker', ['-f', 'api.Dockerfile', '-C', '..'], 'docker/api.Dockerfile', 'docker/api.Dockerfile'],
  ['docker/api.Dockerfile', 'app', ['-f', '../docker/api.Dockerfile'], 'api.Dockerfile', 'docker/api.Dockerfile'],
])('%s, seen from %s with %j', (dockerfile, from, args, called, annotated) => {
  for (const repository of [true, false]) {
    const root = mkdtempSync(path.join(tmp, 'project-'));
    for (const folder of [path.dirname(dockerfile), from]) mkdirSync(path.join(root, folder), { recursive: true });
    writeFileSync(path.join(root, dockerfile), 'FROM busybox\nRUN make\n');
    if (repository) execFileSync('git', ['init', '-q', root]);
    const report = (format: string): string =>
      spawnSync(process.execPath, [cli, '--no-passthrough', '--no-remember', '--format', format, ...args], {
        cwd: path.join(root, from),
        input: LOG,
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: tmp },
      }).stdout;
    expect(JSON.parse(report('json')).builds[0].misses[0].source.file).toBe(called);
    // Without a repository the folder that it ran in is all there is; what lies outside of it keeps its name.
    const below = path.relative(from, dockerfile);
    expect(report('github')).toContain(`file=${repository ? annotated : below.startsWith('..') ? called : below},line=2,`);
  }
});
