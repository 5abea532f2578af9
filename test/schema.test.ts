import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../src/diagnose.ts';
import { createLogReader } from '../src/input/reader.ts';
import { VERSION } from '../src/version.ts';

const root = path.join(import.meta.dirname, '..');
const schema = JSON.parse(readFileSync(path.join(root, 'schema', 'report.schema.json'), 'utf8')) as object;
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

describe('the report of each sample is what the schema promises', () => {
  it.each(readdirSync(path.join(root, 'sample-logs')))('%s', (name) => {
    const reader = createLogReader();
    reader.push(readFileSync(path.join(root, 'sample-logs', name, 'build.log')));
    const builds = reader.end().builds.map((b) => diagnose(b).report);
    const report: unknown = JSON.parse(JSON.stringify({ schemaVersion: 1, generator: { name: 'cachewhy', version: VERSION }, builds }));
    validate(report);
    expect(validate.errors?.map((e) => `${e.instancePath} ${e.message}: ${JSON.stringify(e.params)}`) ?? []).toEqual([]);
  });

  it('refuses what is no report', () => {
    expect(validate({ schemaVersion: 1, builds: [{ dialect: 'nope' }] })).toBe(false);
    expect(validate({ schemaVersion: 2, builds: [] })).toBe(false);
  });
});
