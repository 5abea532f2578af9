import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsers } from '../parsers/index.ts';
import type { Advice } from '../src/advice/define.ts';
import type { Cause } from '../src/causes/define.ts';
import type { Reporter } from '../src/reporters/types.ts';

/**
 * The indexes of the open folders are written from what lies in them: add a file, run `npx vitest run test/registry.test.ts -u`, commit.
 * No list is kept by hand, and nothing reads a folder at run time.
 */
const ROOT = path.join(import.meta.dirname, '..');

/** The files of a folder that have a default export: all others help them. */
function members(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder))
    .filter((f) => f.endsWith('.ts') && /^export default /m.test(readFileSync(path.join(ROOT, folder, f), 'utf8')))
    .map((f) => f.slice(0, -3))
    .sort();
}

async function load<T>(folder: string, name: string): Promise<T> {
  return ((await import(/* @vite-ignore */ path.join(ROOT, folder, `${name}.ts`))) as { readonly default: T }).default;
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());
}

const HEAD = '// Written by test/registry.test.ts from the files of this folder: do not edit.';

function eagerIndex(folder: string, type: string, constant: string): string {
  const names = members(folder);
  return [
    HEAD,
    ...names.map((n) => `import ${camel(n)} from './${n}.ts';`),
    `import type { ${type} } from './define.ts';`,
    '',
    `export const ${constant}: readonly ${type}[] = [`,
    ...names.map((n) => `  ${camel(n)},`),
    '];',
    '',
  ].join('\n');
}

/** Loaded when asked for: a JSON report never pays for tables. */
function lazyIndex(folder: string): string {
  return [
    HEAD,
    "import type { Reporter } from './types.ts';",
    '',
    'export const reporters: Readonly<Record<string, () => Promise<{ readonly default: Reporter }>>> = {',
    ...members(folder).map((n) => `  ${n.includes('-') ? `'${n}'` : n}: () => import('./${n}.ts'),`),
    '};',
    '',
  ].join('\n');
}

describe('indexes are what their folders hold (`npx vitest run test/registry.test.ts -u` writes them)', () => {
  it('src/causes/index.ts', async () => {
    await expect(eagerIndex('src/causes', 'Cause', 'causes')).toMatchFileSnapshot('../src/causes/index.ts');
  });
  it('src/advice/index.ts', async () => {
    await expect(eagerIndex('src/advice', 'Advice', 'advice')).toMatchFileSnapshot('../src/advice/index.ts');
  });
  it('src/reporters/index.ts', async () => {
    await expect(lazyIndex('src/reporters')).toMatchFileSnapshot('../src/reporters/index.ts');
  });
});

describe('each member', () => {
  it.each(members('src/causes'))('cause %s is named after its file and documented', async (name) => {
    const cause = await load<Cause>('src/causes', name);
    expect(cause.kind, `the kind that src/causes/${name}.ts exports`).toBe(name);
    for (const key of ['what', 'known', 'fix'] as const)
      expect(cause.docs[key].length, `docs.${key}: a sentence at least`).toBeGreaterThan(20);
  });
  it.each(members('src/advice'))('advice %s is named after its file', async (name) => {
    expect((await load<Advice>('src/advice', name)).id, `the id that src/advice/${name}.ts exports`).toBe(name);
  });
  it.each(members('src/reporters'))('reporter %s is named after its file', async (name) => {
    expect((await load<Reporter>('src/reporters', name)).id, `the id that src/reporters/${name}.ts exports`).toBe(name);
  });
});

describe('schema/report.schema.json', () => {
  const { $defs } = JSON.parse(readFileSync(path.join(ROOT, 'schema', 'report.schema.json'), 'utf8'));
  it('knows each kind of cause', () => {
    expect([...$defs.cause.properties.kind.enum].sort(), 'the kinds in $defs.cause').toEqual(members('src/causes'));
  });
  it('knows each log format', () => {
    expect([...$defs.build.properties.dialect.enum].sort(), 'the dialects in $defs.build').toEqual(parsers.map((p) => p.id).sort());
  });
});
