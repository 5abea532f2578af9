import { createReadStream, readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { createLogReader, diagnose, readLogStream } from '../../src/index.ts';

const file = path.join(import.meta.dirname, '..', '..', 'sample-logs', 'docker28-bake-shared-stage', 'build.log');

it('a stream gives what the bytes give', async () => {
  const reader = createLogReader();
  reader.push(readFileSync(file));
  const expected = reader.end().builds.map((b) => diagnose(b).report);
  const { builds } = await readLogStream(createReadStream(file, { highWaterMark: 37 }));
  expect(builds.map((b) => diagnose(b).report)).toEqual(expected);
});

it('a stream that breaks rejects', async () => {
  const broken = new Readable({
    read() {
      this.destroy(new Error('gone'));
    },
  });
  await expect(readLogStream(broken)).rejects.toThrow('gone');
});
