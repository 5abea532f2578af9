import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Report } from '../src/model.ts';

const cli = path.join(import.meta.dirname, '..', 'bin', 'cachewhy.js');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-compare-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

const log = (steps: readonly (readonly [string, string])[]): string =>
  `#1 [internal] load build context\n#1 DONE 0.0s\n\n${steps.map(([name, end], i) => `#${i + 2} ${name}\n#${i + 2} ${end}\n`).join('\n')}\n#99 exporting to image\n#99 DONE 0.1s\n`;

it('a stage that the build before had no need of is not new: it was never built', () => {
  const context = path.join(tmp, 'context');
  mkdirSync(context);
  writeFileSync(
    path.join(context, 'Dockerfile'),
    'FROM busybox AS base\nRUN make base\n\nFROM base AS test\nRUN make test\n\nFROM base AS prod\nRUN make prod\n',
  );
  const base = '[base 1/2] FROM docker.io/library/busybox';
  writeFileSync(
    path.join(tmp, 'first.log'),
    log([
      [base, 'CACHED'],
      ['[base 2/2] RUN make base', 'DONE 1.0s'],
      ['[test 1/1] RUN make test', 'DONE 1.0s'],
    ]),
  );
  writeFileSync(
    path.join(tmp, 'second.log'),
    log([
      [base, 'CACHED'],
      ['[base 2/2] RUN make base', 'CACHED'],
      ['[prod 1/1] RUN make prod', 'DONE 1.0s'],
    ]),
  );
  const run = (file: string, ...more: string[]): Report => {
    const done = spawnSync(process.execPath, [cli, path.join(tmp, file), '--format', 'json', '--no-remember', ...more], {
      cwd: context,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: tmp },
    });
    expect(done.stderr).toBe('');
    return JSON.parse(done.stdout) as Report;
  };
  const baseline = path.join(tmp, 'baseline');
  run('first.log', '--build-command', 'docker build --target test .', '--save-baseline', baseline);
  const { builds } = run('second.log', '--build-command', 'docker build --target prod .', '--baseline', baseline);
  expect(builds[0]!.misses).toHaveLength(1);
  expect(builds[0]!.misses[0]!.causes[0]).toMatchObject({ kind: 'not-built-before', confidence: 'certain' });
  expect(builds[0]!.misses[0]!.causes.map((c) => c.kind)).not.toContain('instruction-added');
});
