/**
 * Readers of what comes from outside, on damaged bytes: never a throw but a UserError, never a hang. See part.ts for how to look longer.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { packBaseline, unpackBaseline } from '../../src/baseline/pack.ts';
import { maskCommand, parseCommandLine } from '../../src/command/parse.ts';
import { compileIgnore } from '../../src/context/dockerignore.ts';
import { diagnose } from '../../src/diagnose.ts';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { readDockerbuild } from '../../src/evidence/dockerbuild-file.ts';
import { readAcceptances } from '../../src/gather/accept.ts';
import { parseHistory } from '../../src/history/parse.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { computeKeys } from '../../src/keys/compute.ts';
import { exactKeys } from '../../src/keys/exact.ts';
import { reporters } from '../../src/reporters/index.ts';
import { maskText } from '../../src/secrets.ts';
import { baseline } from '../baseline/build.ts';
import { damage, type Random } from './mutate.ts';
import { fuzz, pick, seed, timeout } from './part.ts';

const root = path.join(import.meta.dirname, '..', '..');
const logs = readdirSync(path.join(root, 'sample-logs')).map((name) => readFileSync(path.join(root, 'sample-logs', name, 'build.log')));

function readLog(data: Buffer, random: Random): ReturnType<typeof createLogReader> {
  const reader = createLogReader();
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + random(data.length);
    reader.push(data.subarray(at, end));
    at = end;
  }
  return reader;
}

describe(`damaged input (seed ${seed})`, () => {
  it(
    'logs of every format, to a report in every format',
    async () => {
      const loaded = await Promise.all(Object.values(reporters).map(async (load) => (await load()).default));
      await fuzz('logs', (random) => {
        const result = readLog(damage(pick(logs, random), pick(logs, random), random), random).end();
        const builds = result.builds.map((log) => diagnose(log).report);
        if (builds.length === 0) return;
        for (const b of builds) {
          expect(b.summary.reused + b.summary.rebuilt).toBeLessThanOrEqual(b.summary.steps);
          for (const m of b.misses) expect(m.causes.length).toBeGreaterThan(0);
        }
        const report = { schemaVersion: 1 as const, generator: { name: 'cachewhy', version: '0' }, builds };
        pick(loaded, random).render(report, { color: false, columns: 20 + random(200) });
      });
    },
    timeout,
  );

  const dockerfiles = ['node-naive', 'rust', 'php'].map((name) =>
    Buffer.from(
      `# syntax=docker/dockerfile:1\nARG V=1\nFROM ${name}:\${V:-2} AS a\nENV A=1 B="two words"\nRUN --mount=type=cache,target=/x <<EOF\necho $A\nEOF\nCOPY --chown=1:1 --from=a /x /y\nONBUILD RUN x\nSHELL ["/bin/sh", "-c"]\nADD https://example.org/a.tar.gz /b\nWORKDIR /w\nCMD ["x"]\n`,
    ),
  );
  it(
    'Dockerfiles, their keys and their records',
    () =>
      fuzz('Dockerfiles', (random) => {
        const dockerfile = parseDockerfile(damage(pick(dockerfiles, random), pick(logs, random), random).toString('utf8'), 'Dockerfile');
        const input = { dockerfile, platforms: random(2) === 0 ? [] : ['linux/amd64', 'linux/arm64'], buildArgs: { V: null } };
        computeKeys(input);
        exactKeys(input);
      }),
    timeout,
  );

  it(
    'ignore files, comments, command lines, secrets in texts',
    () =>
      fuzz('texts', (random) => {
        const text = damage(
          pick([...dockerfiles, Buffer.from('docker build --build-arg A=$(x) -f "a b" . && cd x\n')], random),
          pick(logs, random),
          random,
        );
        compileIgnore(text.toString('utf8').slice(0, 20_000));
        readAcceptances(text.toString('utf8'));
        parseCommandLine(text.toString('utf8'));
        maskCommand(text.toString('utf8'));
        maskText(text.toString('utf8'));
      }),
    timeout,
  );

  it(
    'baselines, histories, records',
    () => {
      const packed = packBaseline(baseline());
      const json = gunzipSync(packed);
      const history = readFileSync(path.join(root, 'test/data/corpus/py-arg-early-sha/current.history.json'));
      return fuzz('files', (random) => {
        unpackBaseline(random(2) === 0 ? damage(packed, json, random) : gzipSync(damage(json, history, random)), 'baseline');
        parseHistory(damage(history, pick(logs, random), random).toString('utf8'));
        readDockerbuild(damage(random(2) === 0 ? history : Buffer.alloc(10_240), history, random));
      });
    },
    timeout,
  );
});

describe('hostile shapes', () => {
  const rawjson = (vertexes: readonly object[]): Buffer =>
    Buffer.from(`${vertexes.map((v) => JSON.stringify({ vertexes: [v] })).join('\n')}\n`);
  const read = (data: Buffer): ReturnType<typeof diagnose>['report'] => {
    const reader = createLogReader();
    reader.push(data);
    return diagnose(reader.end().builds[0]!).report;
  };
  const vertex = (i: number, inputs: readonly number[]): object => ({
    digest: `sha256:${i}`,
    inputs: inputs.map((n) => `sha256:${n}`),
    name: `[${i + 1}/99] RUN step ${i}`,
    started: '2026-01-01T00:00:00Z',
    completed: '2026-01-01T00:00:01Z',
  });

  it('a chain of 9,999 steps', () => {
    const report = read(rawjson(Array.from({ length: 9_999 }, (_, i) => vertex(i, i > 0 ? [i - 1] : []))));
    expect(report.misses).toHaveLength(1);
    expect(report.misses[0]!.cascade).toHaveLength(9_998);
  });

  it('steps that stand on each other in a ring', () => {
    expect(read(rawjson(Array.from({ length: 50 }, (_, i) => vertex(i, [(i + 1) % 50])))).summary.steps).toBe(50);
  });

  it('each step on all before it', () => {
    const report = read(
      rawjson(
        Array.from({ length: 400 }, (_, i) =>
          vertex(
            i,
            Array.from({ length: i }, (_, k) => k),
          ),
        ),
      ),
    );
    expect(report.misses[0]!.cascade).toHaveLength(399);
  });

  it.each([
    ['one line of 20 MB', Buffer.alloc(20_000_000, 'a')],
    ['a million empty lines', Buffer.alloc(1_000_000, '\n')],
    ['a million brackets', Buffer.from(`#1 ${'['.repeat(1_000_000)}\n#1 DONE 0.1s\n`)],
    ['a million spaces', Buffer.from(`#1 [1/2]${' '.repeat(1_000_000)}RUN x\n#1 DONE 0.1s\n`)],
    [
      'a hundred thousand vertices',
      Buffer.from(Array.from({ length: 100_000 }, (_, i) => `#${i} [internal] x ${i}\n#${i} DONE 0.1s\n`).join('')),
    ],
    [
      'three thousand stages of a step',
      Buffer.from(Array.from({ length: 3000 }, (_, i) => `#${i} [s${i} 1/1] RUN x${i}\n#${i} DONE 0.1s\n`).join('')),
    ],
    [
      'three thousand steps of the classic builder',
      Buffer.from(
        Array.from({ length: 3000 }, (_, i) => `Step ${i + 1}/3000 : RUN x${i}\n ---> Running in abcdefabcdef\n ---> abcdefabcdef\n`).join(
          '',
        ),
      ),
    ],
    ['a record of twenty megabytes that does not end', Buffer.from(`{"vertexes":[${'a'.repeat(20_000_000)}`)],
    ['a hundred thousand names of one', Buffer.from(Array.from({ length: 100_000 }, (_, i) => `#7 [a ${i}/9] RUN ${i}\n`).join(''))],
  ])('%s', (_title, data) => {
    const reader = createLogReader();
    reader.push(data);
    for (const log of reader.end().builds) diagnose(log);
  });
});
