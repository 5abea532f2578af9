/**
 * Caches from elsewhere — exported, imported, missing — and what else only the containerd store can do. Its engine is pruned meanwhile: it must be
 * one of the suite's own, and nothing else may build on it.
 */
import { describe, expect, inject, test } from 'vitest';
import type { BuildReport } from '../../src/model.ts';
import { type Files, type Lab, openLab, stepsOf, topCause } from './lab.ts';

const engine = inject('engine');
const containerd = process.env.CACHEWHY_E2E_CONTAINERD_HOST ? inject('containerd') : null;
const registry = inject('registry');

const STAGES: Files = {
  Dockerfile: `FROM TOOLS AS build
COPY src.txt /src
RUN cat /src > /out
RUN echo built

FROM TOOLS
COPY --from=build /out /out
RUN echo final
`,
  'src.txt': 'one\n',
  '.dockerignore': 'Dockerfile\n',
};

function prune(lab: Lab): void {
  expect(lab.docker(['builder', 'prune', '-af']).status).toBe(0);
}

describe.skipIf(!containerd)('an exported cache on an empty builder', () => {
  test.skipIf(!registry)('registry, mode=max: every step is a hit, pulled where a change needs it', () => {
    const lab = openLab(containerd!, STAGES);
    const ref = `${registry}/cachewhy-e2e/${lab.image}:max`;
    const build = (...more: string[]): string[] => ['docker', 'buildx', 'build', '-t', lab.image, ...more, '.'];
    lab.run(build('--cache-to', `type=registry,ref=${ref},mode=max`));
    prune(lab);
    const same = lab.run(build('--cache-from', `type=registry,ref=${ref}`));
    expect(stepsOf(same, 'rebuilt')).toEqual([]);
    prune(lab);
    lab.write({ Dockerfile: STAGES.Dockerfile!.replace('echo built', 'echo rebuilt') });
    const changed = lab.run(build('--cache-from', `type=registry,ref=${ref}`));
    expect(changed.misses.map((m) => m.name)).toEqual(['[build 4/4] RUN echo rebuilt']);
    expect(changed.misses[0]!.causes[0]).toMatchObject({ kind: 'instruction-changed' });
  });

  test.skipIf(!registry)('registry, mode=min: stages above the last are not in it', () => {
    const lab = openLab(containerd!, STAGES);
    const ref = `${registry}/cachewhy-e2e/${lab.image}:min`;
    const build = (...more: string[]): string[] => ['docker', 'buildx', 'build', '-t', lab.image, ...more, '.'];
    lab.run(build('--cache-to', `type=registry,ref=${ref},mode=min`));
    prune(lab);
    lab.write({ Dockerfile: STAGES.Dockerfile!.replace('COPY --from=build /out /out', 'COPY --from=build /out /other') });
    const report = lab.run(build('--cache-from', `type=registry,ref=${ref}`, '--cache-to', `type=registry,ref=${ref},mode=min`));
    expect(report.misses.length).toBeGreaterThan(0);
    const kinds = report.misses.flatMap((m) => m.causes.slice(0, 2).map((c) => c.kind));
    expect(kinds).toContain('cache-import-partial');
  });

  // The images that keys are made of are looked up where the cache lies: the base must be there.
  test.skipIf(!registry).each(['max', 'min'])('mode=%s: predict says beforehand what the builder then does', (mode) => {
    const lab = openLab(containerd!);
    const ref = `${registry}/cachewhy-e2e/${lab.image}`;
    lab.write({ ...STAGES, Dockerfile: STAGES.Dockerfile!.replaceAll('FROM TOOLS', `FROM ${ref}:base`) });
    lab.docker(['tag', lab.base, `${ref}:base`]);
    expect(lab.docker(['push', `${ref}:base`]).status).toBe(0);
    const build = (...more: string[]): string[] => ['docker', 'buildx', 'build', '-t', lab.image, ...more, '.'];
    prune(lab);
    expect(lab.docker(build('--cache-to', `type=registry,ref=${ref}:${mode},mode=${mode}`).slice(1)).status).toBe(0);
    const importing = build('--cache-from', `type=registry,ref=${ref}:${mode}`);
    const check = (): BuildReport => {
      prune(lab);
      const foretold = lab.cachewhy(['predict', '--cold', '--format', 'json=../foretold.json', '--', ...importing]);
      expect(foretold.status, foretold.stderr).toBe(0);
      const report = lab.report('../foretold.json');
      const built = lab.run(importing);
      expect(stepsOf(report, 'rebuilt')).toEqual(stepsOf(built, 'rebuilt'));
      expect(stepsOf(report, 'reused')).toEqual(stepsOf(built, 'reused'));
      return report;
    };
    expect(check().summary.reused).toBe(5);
    lab.write({ Dockerfile: STAGES.Dockerfile!.replaceAll('FROM TOOLS', `FROM ${ref}:base`).replace('echo final', 'echo the end') });
    expect(check().summary.rebuilt).toBe(1);
    lab.write({ 'src.txt': 'two\n' });
    expect(check().summary.rebuilt).toBeGreaterThan(3);
  });

  test('local: a cache that is not there', () => {
    const lab = openLab(containerd!, STAGES);
    const build = ['docker', 'buildx', 'build', '-t', lab.image, '--cache-to', 'type=local,dest=../cache-dir', '.'];
    lab.run(build);
    prune(lab);
    const hit = lab.run(['docker', 'buildx', 'build', '-t', lab.image, '--cache-from', 'type=local,src=../cache-dir', '.']);
    expect(stepsOf(hit, 'reused').length).toBeGreaterThan(0);
  });

  test.skipIf(!registry)('a reference that is missing: the import failed, the build did not', () => {
    const lab = openLab(containerd!, STAGES);
    const report = lab.run([
      'docker',
      'buildx',
      'build',
      '-t',
      lab.image,
      '--cache-from',
      `type=registry,ref=${registry}/cachewhy-e2e/none:none`,
      '.',
    ]);
    expect(report.outcome).toBe('succeeded');
    expect(report.misses[0]!.causes.map((c) => c.kind)).toContain('cache-import-failed');
  });
});

describe.skipIf(!containerd)('the containerd store', () => {
  test('several platforms', () => {
    const lab = openLab(containerd!, {
      Dockerfile: `FROM --platform=$BUILDPLATFORM TOOLS AS build
COPY src.txt /src
RUN cat /src > /out

FROM scratch
COPY --from=build /out /out
COPY conf.txt /conf
`,
      'src.txt': 'one\n',
      'conf.txt': 'one\n',
      '.dockerignore': 'Dockerfile\n',
    });
    const build = ['docker', 'buildx', 'build', '-t', lab.image, '--platform', 'linux/amd64,linux/arm64', '.'];
    lab.run(build);
    expect(lab.run(build).misses).toEqual([]);
    // On scratch nothing is new to the builder but the file itself.
    lab.write({ 'conf.txt': `${lab.image}\n` });
    const report = lab.run(build);
    expect(report.misses.length).toBeGreaterThan(0);
    for (const m of report.misses)
      expect(m.causes[0]).toMatchObject({ kind: 'context-files-changed', confidence: 'certain', paths: [{ path: 'conf.txt' }] });
    lab.write({ 'src.txt': 'two\n' });
    expect(topCause(lab.run(build), 'COPY src.txt')).toMatchObject({ kind: 'context-files-changed', paths: [{ path: 'src.txt' }] });
  });
});

describe.skipIf(!engine)('the docker driver', () => {
  test.skipIf(!registry)('inline: the image carries the cache of its last stage', () => {
    const lab = openLab(engine!, STAGES);
    const ref = `${registry}/cachewhy-e2e/${lab.image}:inline`;
    const done = lab.cachewhy(['run', '--', 'docker', 'buildx', 'build', '-q', '-t', ref, '--cache-to', 'type=inline', '--push', '.']);
    expect(done.status, done.stderr).toBe(0);
    const again = lab.run(['docker', 'buildx', 'build', '-t', ref, '--cache-from', ref, '.']);
    expect(stepsOf(again, 'rebuilt')).toEqual([]);
    lab.docker(['rmi', '-f', ref]);
  });

  test.skipIf(engine?.store !== 'graph')('an export that the driver cannot do: docker says so, and its status stays', () => {
    const lab = openLab(engine!, STAGES);
    const argv = ['buildx', 'build', '-t', lab.image, '--cache-to', 'type=local,dest=../out', '.'];
    const plain = lab.docker(argv);
    const wrapped = lab.cachewhy(['run', '--', 'docker', ...argv]);
    expect(wrapped.status).toBe(plain.status);
    expect(wrapped.stderr).toContain('Cache export is not supported for the docker driver');
  });
});
