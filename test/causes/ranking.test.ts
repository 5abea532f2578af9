/** What one log by itself suggests: real builds, each with the one change that was made before it. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { diagnose } from '../../src/diagnose.ts';
import { readFileLog } from '../../src/input/source.ts';

const folder = path.join(import.meta.dirname, '..', 'data', 'ranking');

/** Log, a part of the first miss's name, what was changed. */
const TABLE: readonly (readonly [log: string, step: string, kind: string])[] = [
  // what the stage came to was there before: a variable sooner than an edit
  ['ruby-env', 'RUN apt-get', 'env-changed'],
  ['gr-env-added-top', 'RUN gradle dependencies', 'env-changed'],
  ['rs-env-base', 'RUN cargo build recipe', 'env-changed'],
  // the first RUN of all, right on its base
  ['dj-env', 'RUN adduser', 'env-changed'],
  // another target: stages of which all ran, on bases that are new
  ['dotnet-target', 'RUN dotnet publish', 'not-built-before'],
  ['dotnet-target', '[final 2/3] WORKDIR', 'not-built-before'],
  ['rs-target-builder', 'RUN apk add', 'not-built-before'],
  ['uv-target-switch', 'COPY tests', 'not-built-before'],
  // the first step on a base that is new, though it copies from a stage
  ['mono-base-second', 'COPY --from=web', 'base-image-changed'],
  // two stages share a base: the one that was loaded counts
  ['gr-stage-dup', 'WORKDIR /opt/srv', 'instruction-changed'],
  ['mono-from-swapped', 'COPY --from=api', 'instruction-moved'],
  ['hu-copy-added', 'COPY data/', 'instruction-added'],
  ['rs-workdir-inserted', 'WORKDIR /build', 'instruction-added'],
  ['elixir-epoch', 'WORKDIR /app', 'build-arg-changed'],
  // a WORKDIR below a forced step ran as well
  ['hu-nocache', 'RUN apk add', 'no-cache-flag'],
  ['hu-nocache', 'COPY nginx.conf', 'no-cache-flag'],
  // an imported cache that holds the last stage
  ['inl-conf', '[build 2/6] WORKDIR', 'cache-import-partial'],
  ['inl-conf', 'COPY nginx.conf', 'context-files-changed'],
  ['from-scratch-first', 'COPY a', 'context-files-changed'],
  ['ndc-lock', 'COPY package.json', 'context-files-changed'],
];

test.each(TABLE)('%s: %s, %s is among the first three', (log, step, kind) => {
  const { report } = diagnose(readFileLog(path.join(folder, `${log}.log`)).builds[0]!);
  const miss = report.misses.find((m) => m.name.includes(step));
  expect(miss?.causes.slice(0, 3).map((c) => c.kind)).toContain(kind);
});

test('nothing that one log suggests is certain, and nothing likely is wrong here', () => {
  for (const [log, step, kind] of TABLE) {
    const { report } = diagnose(readFileLog(path.join(folder, `${log}.log`)).builds[0]!);
    for (const cause of report.misses.find((m) => m.name.includes(step))!.causes) {
      expect(cause.confidence).not.toBe('certain');
      if (cause.confidence === 'likely' && cause.kind !== 'context-files-changed') expect([log, cause.kind]).toEqual([log, kind]);
    }
  }
});

test('a stage that reads another is not its parent', () => {
  const { report } = diagnose(readFileLog(path.join(folder, 'ru-base0.log')).builds[0]!);
  expect(report.misses.map((m) => m.name)).toEqual(['[chef 2/2] WORKDIR /app']);
});
