/** Inside docker: the plugin, and the line after a build. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { type Lab, openLab, topCause } from './lab.ts';
import { nodeNaive } from './projects.ts';

const engine = inject('engine');
const hasScript = spawnSync('script', ['--version']).status === 0;

function openDocker(): { lab: Lab; env: Record<string, string>; config: string } {
  const lab = openLab(engine!, nodeNaive);
  const config = path.join(lab.env.HOME!, 'docker');
  if (existsSync(lab.env.DOCKER_CONFIG!)) cpSync(lab.env.DOCKER_CONFIG!, config, { recursive: true, dereference: true });
  return { lab, env: { DOCKER_CONFIG: config }, config: path.join(config, 'config.json') };
}

describe.skipIf(!engine)('docker cachewhy', () => {
  test('is there after one command, and gone after another, and config.json is as before', () => {
    const { lab, env, config } = openDocker();
    const before = existsSync(config) ? readFileSync(config, 'utf8') : null;
    expect(lab.cachewhy(['plugin', 'install', '--hook'], { env }).status).toBe(0);
    expect(lab.docker(['cachewhy', '--version'], { env }).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(lab.docker(['--help'], { env }).stdout).toMatch(/cachewhy\*\s+Say why a build missed its cache/);
    const run = lab.docker(['cachewhy', 'run', '--format', 'json=../report.json', '--', 'docker', 'build', '-q', '-t', lab.image, '.'], {
      env,
    });
    expect(run.status, run.stderr).toBe(0);
    expect(lab.report('../report.json').outcome).toBe('succeeded');
    expect(lab.cachewhy(['plugin', 'remove'], { env }).status).toBe(0);
    expect(lab.docker(['cachewhy', 'last'], { env }).stderr).toMatch(/unknown command|not a docker command/);
    if (before !== null) expect(JSON.parse(readFileSync(config, 'utf8'))).toEqual(JSON.parse(before));
  });

  test.skipIf(!hasScript)('says in a line after a build on a terminal what missed, and why', () => {
    const { lab, env } = openDocker();
    const build = (): string =>
      lab.shell(`script -qec 'docker build -t ${lab.image} .' /dev/null`, { env: { ...env, TERM: 'xterm' } }).stdout;
    expect(build()).not.toContain('cachewhy last');
    expect(lab.cachewhy(['plugin', 'install', '--hook'], { env }).status).toBe(0);
    build();
    lab.write({ 'src/app.js': 'console.log("other")\n' });
    const shown = build();
    expect(shown).toContain("What's next:");
    expect(shown).toMatch(/Cache: \[3\/5\] COPY \. \. missed and dragged 2 steps along .*: src\/app\.js changed/);
    expect(shown).toContain('docker cachewhy last');
    expect(build()).not.toContain('Cache:');
  });
});

test.skipIf(!engine)('builds that were made without us are not taken for the one before', () => {
  const lab = openLab(engine!, { Dockerfile: 'FROM TOOLS\nCOPY a.txt /a\nRUN cat /a\n', 'a.txt': 'a\n', 'b.txt': 'b\n' });
  const build = ['docker', 'build', '-q', '-t', lab.image, '.'];
  lab.run(build);
  lab.write({ Dockerfile: 'FROM TOOLS\nCOPY b.txt /b\nCOPY a.txt /a\nRUN cat /a\n' });
  lab.docker(build.slice(1));
  lab.write({ 'a.txt': 'other\n' });
  expect(topCause(lab.run(build), 'COPY a.txt')).toMatchObject({
    kind: 'context-files-changed',
    confidence: 'likely',
    paths: [{ path: 'a.txt', change: 'modified' }],
  });
  lab.write({ 'a.txt': 'third\n' });
  expect(topCause(lab.run(build), 'COPY a.txt')).toMatchObject({ kind: 'context-files-changed', confidence: 'certain' });
});
