import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * The indexes of the open folders are written from what lies in them: add a file, run `npx vitest run test/registry.test.ts -u`, commit.
 * No list is kept by hand, and nothing reads a folder at run time.
 */
const HELPERS = new Set(['index.ts', 'define.ts', 'signals.ts', 'explain.ts', 'computed.ts', 'install.ts', 'propose.ts']);

function members(folder: string): string[] {
  return readdirSync(path.join(import.meta.dirname, '..', folder))
    .filter((f) => f.endsWith('.ts') && !HELPERS.has(f))
    .map((f) => f.slice(0, -3))
    .sort();
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, c: string) => c.toUpperCase());
}

function eagerIndex(folder: string, type: string, constant: string): string {
  const names = members(folder);
  return [
    '// Written by test/registry.test.ts from the files of this folder: do not edit.',
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
  const names = members(folder).filter((f) => f !== 'types' && f !== 'findings');
  return [
    '// Written by test/registry.test.ts from the files of this folder: do not edit.',
    "import type { Reporter } from './types.ts';",
    '',
    'export const reporters: Readonly<Record<string, () => Promise<{ readonly default: Reporter }>>> = {',
    ...names.map((n) => `  ${n.includes('-') ? `'${n}'` : n}: () => import('./${n}.ts'),`),
    '};',
    '',
  ].join('\n');
}

describe('indexes are what their folders hold', () => {
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
    const { causes } = await import('../src/causes/index.ts');
    const cause = causes.find((c) => c.kind === name);
    expect(cause, `${name}.ts exports the cause ${name}`).toBeDefined();
    for (const key of ['what', 'known', 'fix'] as const) expect(cause!.docs[key].length).toBeGreaterThan(20);
  });
  it.each(members('src/advice'))('advice %s is named after its file', async (name) => {
    const { advice } = await import('../src/advice/index.ts');
    expect(advice.some((a) => a.id === name)).toBe(true);
  });
});
