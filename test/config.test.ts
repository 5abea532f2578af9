import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { checkConfig, readConfig } from '../src/config.ts';

const root = mkdtempSync(path.join(tmpdir(), 'config-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

/** A repository with these files, and a folder in it. */
function project(files: Readonly<Record<string, string>>): string {
  const folder = path.join(root, `p${++count}`);
  mkdirSync(path.join(folder, '.git'), { recursive: true });
  mkdirSync(path.join(folder, 'services', 'api'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return path.join(folder, 'services', 'api');
}

test.each([
  ['cachewhy.config.json', '{"minHitRate":0.8,"failOn":"waste"}'],
  ['.cachewhyrc', '{"min-hit-rate":0.8,"fail-on":["waste"]}'],
  ['.cachewhyrc.json', '\uFEFF{"$schema":"x","minHitRate":0.8,"failOn":["waste"]}'],
  ['package.json', '{"name":"x","cachewhy":{"minHitRate":0.8,"failOn":["waste"]}}'],
  ['services/cachewhy.config.json', '{"minHitRate":0.8,"failOn":["waste"]}'],
])('%s is found from a folder below', (name, text) => {
  const folder = project({ [name]: text });
  expect(readConfig(folder)).toEqual({ values: { minHitRate: 0.8, failOn: ['waste'] }, file: path.join(folder, '../..', name) });
});

test('the nearest wins, and nothing is looked for above the repository', () => {
  writeFileSync(path.join(root, 'cachewhy.config.json'), '{"minHitRate":0.1}');
  expect(readConfig(project({}))).toEqual({ values: {}, file: null });
  expect(readConfig(project({ '.cachewhyrc': '{"maxRebuilt":1}', 'services/api/.cachewhyrc': '{"maxRebuilt":2}' })).values).toEqual({
    maxRebuilt: 2,
  });
});

test('a package.json that only depends on us, or is broken, is none of ours', () => {
  expect(readConfig(project({ 'package.json': '{"devDependencies":{"cachewhy":"1"}}' })).file).toBeNull();
  expect(readConfig(project({ 'package.json': '{"cachewhy":' })).file).toBeNull();
});

test.each([
  ['[]', 'is no object', 'write {'],
  ['{', 'is no JSON', 'commas'],
  ['{"minHitRat":1}', 'unknown field "minHitRat"', 'known are failOn'],
  ['{"minHitRate":"high"}', '"minHitRate" in .* must be a number', 'it is "high"'],
  ['{"maxRebuilt":-1}', 'must be a number of at least 0', 'it is -1'],
  ['{"failOn":[1]}', 'a text or a list of texts', '[1]'],
  ['{"format":["html=/etc/passwd"]}', 'names of formats', 'html'],
  ['{"saveBaseline":"/etc/x"}', 'has no place in a project', 'give --save-baseline'],
  ['{"__proto__x":1}', 'unknown field', 'known'],
  ['{"constructor":1}', 'unknown field', 'known'],
])('%s is refused', (text, message, hint) => {
  const folder = project({ '.cachewhyrc': text });
  expect(() => readConfig(folder)).toThrow(
    expect.objectContaining({ name: 'UserError', message: expect.stringMatching(message), hint: expect.stringContaining(hint) }),
  );
});

test('all that may be set', () => {
  const all = {
    failOn: ['miss'],
    protect: ['deps'],
    minHitRate: 80,
    maxAvoidable: 1,
    maxRebuilt: 2,
    pricePerMinute: 0.008,
    buildsPerDay: 40,
    currency: '€',
    format: ['json'],
  };
  expect(checkConfig(all, 'x')).toEqual(all);
});
