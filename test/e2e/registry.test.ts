/** Baselines in a real registry. */
import { randomBytes } from 'node:crypto';
import { expect, inject, test } from 'vitest';
import { loadRemoteBaseline, saveRemoteBaseline } from '../../src/baseline/remote.ts';
import { baseline } from '../baseline/build.ts';
import { openLab, topCause } from './lab.ts';
import { nodeNaive } from './projects.ts';

const engine = inject('engine');
const host = inject('registry');
const repository = `oci://${host}/cachewhy-e2e/${randomBytes(4).toString('hex')}`;
const past = (at: string): { at: string; hitRate: number; rebuiltSeconds: number; missed: string[] } => ({
  at,
  hitRate: 1,
  rebuiltSeconds: 0,
  missed: [],
});

test.skipIf(!host)('push, pull, another branch, a missing tag', async () => {
  expect((await loadRemoteBaseline(`${repository}:none`)).note).toMatch(/has no baseline yet/);
  expect(await saveRemoteBaseline(`${repository}:main`, baseline())).toBeNull();
  expect(await loadRemoteBaseline(`${repository}:main`)).toEqual({ baseline: baseline(), note: null });
  expect((await loadRemoteBaseline(`${repository}:feature/x`)).note).toMatch(/compared with main/);
});

test.skipIf(!host)('ten runners at once leave a whole baseline', async () => {
  const names = Array.from({ length: 10 }, (_, i) => String(i + 1).padStart(2, '0'));
  const notes = await Promise.all(names.map((at) => saveRemoteBaseline(`${repository}:busy`, baseline({ command: at, past: [past(at)] }))));
  expect(notes.every((note) => note === null)).toBe(true);
  const { baseline: found, note } = await loadRemoteBaseline(`${repository}:busy`);
  expect(note).toBeNull();
  expect(names).toContain(found!.command);
});

test.skipIf(!host || !engine)('two runners share what one of them built', () => {
  const lab = openLab(engine!, nodeNaive);
  const where = `${repository}:shared`;
  const run = (home: string): ReturnType<typeof lab.cachewhy> =>
    lab.cachewhy(
      [
        'run',
        '--baseline',
        where,
        '--save-baseline',
        where,
        '--format',
        'json=../report.json',
        '--',
        'docker',
        'build',
        '-q',
        '-t',
        lab.image,
        '.',
      ],
      { env: { CACHEWHY_CACHE: `${lab.env.HOME}/${home}` } },
    );
  expect(run('one').status).toBe(0);
  lab.write({ 'src/app.js': 'console.log("other")\n' });
  expect(run('two').status).toBe(0);
  expect(topCause(lab.report('../report.json'), 'COPY . .')).toMatchObject({
    kind: 'context-files-changed',
    confidence: 'certain',
    paths: [{ path: 'src/app.js' }],
  });
});

test.skipIf(!engine)('a registry that is down costs the comparison, not the job', () => {
  const lab = openLab(engine!, nodeNaive);
  const where = 'oci://127.0.0.1:9/nobody/here:main';
  const done = lab.cachewhy(['run', '--baseline', where, '--save-baseline', where, '--', 'docker', 'build', '-q', '-t', lab.image, '.']);
  expect(done.status).toBe(0);
  expect(done.stderr).toContain('127.0.0.1:9');
  expect(done.stderr).not.toMatch(/\n\s+at /);
});
