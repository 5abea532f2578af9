// As much of Vitest as the tests use, to run one of them again and again without collecting anew. Its expect is Vitest's own.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const chai = await import(require.resolve('chai'));
const { JestAsymmetricMatchers, JestChaiExpect, JestExtend } = await import(
  createRequire(require.resolve('vitest')).resolve('@vitest/expect')
);
for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
const { expect } = chai;

let file = '';
let tests = [];
let suite = null;
const finished = [];

chai.use((_, { addMethod, flag }) => {
  addMethod(chai.Assertion.prototype, 'toMatchFileSnapshot', async function toMatchFileSnapshot(name) {
    expect(flag(this, 'object')).toBe(readFileSync(path.resolve(path.dirname(file), name), 'utf8'));
  });
});

const hooks = () => ({ beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] });

/** @returns the tests that `load` declares */
export function collect(of, load) {
  file = of;
  tests = [];
  suite = { name: '', parent: null, begun: false, ...hooks() };
  load();
  return tests;
}

/** Rejects where the test fails. */
export async function run(test, of) {
  file = of;
  const suites = [];
  for (let s = test.suite; s; s = s.parent) suites.unshift(s);
  for (const s of suites) {
    if (!s.begun) for (const hook of s.beforeAll) await hook();
    s.begun = true;
  }
  for (const s of suites) for (const hook of s.beforeEach) await hook();
  try {
    await test.body({});
  } finally {
    for (const s of suites.reverse()) for (const hook of s.afterEach) await hook();
    while (finished.length > 0) await finished.pop()();
  }
}

export async function end(all) {
  const ended = new Set();
  for (const test of all)
    for (let s = test.suite; s; s = s.parent) {
      if (s.begun && !ended.has(s)) for (const hook of s.afterAll) await hook();
      ended.add(s);
    }
}

function describe(name, body) {
  const outer = suite;
  suite = { name: `${outer.name} ${name}`, parent: outer, begun: false, ...hooks() };
  try {
    body();
  } finally {
    suite = outer;
  }
}
function test(name, ...rest) {
  const body = rest.find((r) => typeof r === 'function');
  if (body) tests.push({ name: `${suite.name} ${name}`.trim(), body, suite });
}
const each = (declare) => (rows) => (name, body) =>
  rows.forEach((row, i) => {
    declare(`${name} ${i}`, () => body(...(Array.isArray(row) ? row : [row])));
  });
const skip = Object.assign(() => undefined, { each: () => () => undefined });
for (const declare of [describe, test])
  Object.assign(declare, { each: each(declare), skip, skipIf: (no) => (no ? skip : declare), runIf: (yes) => (yes ? declare : skip) });

const hook = (kind) => (body) => suite[kind].push(body);
const unknown = () => {
  throw new Error('not known here');
};
export const vitest = {
  describe,
  test,
  it: test,
  expect,
  beforeAll: hook('beforeAll'),
  afterAll: hook('afterAll'),
  beforeEach: hook('beforeEach'),
  afterEach: hook('afterEach'),
  onTestFinished: (body) => finished.push(body),
  inject: unknown,
  vi: { useFakeTimers: unknown, useRealTimers: unknown, fn: unknown, spyOn: unknown },
};
