/** Error lines repeat what was given: an argument, a file's name, what a file holds. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createLab, plainLog } from './lab.ts';
import { HOSTILE_LINES } from './names.ts';
import { expectPlain } from './readers.ts';

const lab = createLab('errors');
afterAll(() => rmSync(lab.dir, { recursive: true, force: true }));
const log = lab.write('a.log', plainLog(['RUN x']));

const spoken = HOSTILE_LINES.join(' ');
const COMMANDS: readonly (readonly string[])[] = [
  [spoken],
  ['diagnose', spoken],
  [`--${spoken}`],
  [`-${spoken}`],
  [spoken, '--help'],
  ['--help', spoken],
  ['explain', spoken],
  ['explain', spoken, '--help'],
  ['completion', spoken],
  ['plugin', spoken],
  ['last', spoken],
  ['last', `./${spoken}.dockerbuild`],
  ['last', '--builder', spoken],
  ['last', '--against', `./${spoken}`, log],
  ['diff', spoken, spoken],
  ['diff', `oci://${spoken}`, `oci://${spoken}`],
  ['history', spoken],
  ['history', `-${spoken}`],
  ['history', '--history', spoken],
  ['run', spoken],
  ['run', '--', spoken],
  ['run', '--', `./${spoken}`],
  ['run', 'docker', spoken],
  ['predict', '--', spoken],
  ['predict', '--', 'docker', 'build', '-f', spoken, '.'],
  ['predict', '--', 'docker', 'build', spoken],
  ['simulate', '--repo', spoken],
  ['simulate', '--ref', spoken],
  ['simulate', '--memory', spoken],
  ['simulate', '--run-size', spoken],
  ['simulate', '--log', spoken],
  ['simulate', '--against', spoken],
  ['simulate', '--commits', spoken],
  [log, '--format', spoken],
  [log, '--format', `json=/nowhere/${spoken}`],
  [log, '-f', spoken],
  [log, '-C', spoken],
  [log, '-b', spoken],
  [log, '-b', `oci://${spoken}`],
  [log, '--save-baseline', `/nowhere/${spoken}`],
  [log, '--build-command', spoken],
  [log, '--build-command', `docker build -f ${spoken}`],
  [log, '--history', spoken],
  [log, '--fail-on', spoken],
  [log, '--protect', spoken],
  [log, '--min-hit-rate', spoken],
  [log, '--currency', spoken, '--price-per-minute', '1'],
  [log, '--log-level', spoken],
];

describe('one or two lines of plain text, and no stack', () => {
  it.each(COMMANDS.map((args) => [args.map((a) => (a === log ? 'LOG' : a.replace(spoken, '…'))).join(' '), args] as const))(
    '%s',
    (_, args) => {
      for (const env of [{}, { GITHUB_ACTIONS: 'true' }]) {
        const { stdout, stderr } = lab.run(args, { env });
        expectPlain(stderr);
        if (!Object.hasOwn(env, 'GITHUB_ACTIONS')) expectPlain(stdout);
        expect(stderr).not.toMatch(/\n\s+at |fault of cachewhy/);
        expect(stderr.split('\n').length).toBeLessThanOrEqual(4);
      }
    },
  );

  it.each([
    ['cachewhy.config.json', JSON.stringify({ [spoken]: 1 })],
    ['cachewhy.config.json', JSON.stringify({ minHitRate: spoken })],
    ['cachewhy.config.json', JSON.stringify({ format: [spoken] })],
    ['cachewhy.config.json', JSON.stringify({ currency: spoken })],
    ['cachewhy.config.json', `{${spoken}`],
    ['package.json', JSON.stringify({ cachewhy: { [spoken]: 1 } })],
    ['.cachewhyrc', JSON.stringify({ __proto__x: 1, constructor: 2 })],
    ['.cachewhyrc', '{"__proto__": {"minHitRate": 2}}'],
  ])('%s: %s', (name, text) => {
    const folder = path.join('config', String(Math.random()));
    lab.write(path.join(folder, name), text);
    lab.write(path.join(folder, '.git/HEAD'), 'x');
    const { stderr, stdout } = lab.run([log], { cwd: path.join(lab.work, folder) });
    expectPlain(stderr);
    expectPlain(stdout);
  });

  it('a folder with such a name', () => {
    lab.write(`${spoken.replaceAll('/', '').slice(0, 60)}/Dockerfile`, 'FROM x\n');
    const cwd = path.join(lab.work, spoken.replaceAll('/', '').slice(0, 60));
    for (const args of [[log], ['simulate'], ['predict', '--', 'docker', 'build', '.']]) {
      const { stdout, stderr } = lab.run(args, { cwd });
      expectPlain(stdout);
      expectPlain(stderr);
    }
  });
});
