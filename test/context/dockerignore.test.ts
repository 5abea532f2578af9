import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileIgnore, compilePatternList, type FolderState, type IgnoreRules } from '../../src/context/dockerignore.ts';
import { cpuTime } from '../cpu-time.ts';

interface Verdicts {
  readonly file: string;
  readonly paths: readonly string[];
  readonly ignored?: readonly boolean[];
  readonly error?: string;
}

const data = path.join(import.meta.dirname, '../data/context');

/** What moby/patternmatcher itself says of 3,000 hostile ignore files with 10 paths each. */
const oracle = JSON.parse(gunzipSync(fs.readFileSync(path.join(data, 'dockerignore-oracle.json.gz'))).toString()) as Verdicts[];

/** The verdict of a walk from the root, as the client that sends a context does it. */
function judgePath(rules: IgnoreRules, file: string): boolean {
  let state: FolderState | undefined;
  let ignored = false;
  for (let slash = file.indexOf('/'); ; slash = file.indexOf('/', slash + 1)) {
    const folder = slash < 0 ? file : file.slice(0, slash);
    ({ ignored, state } = rules.judge(folder, state));
    if (slash < 0) return ignored;
    if (ignored && !rules.mayHoldExceptions(folder)) return true;
  }
}

describe("moby's own matcher", () => {
  it('is agreed with on every verdict and every refusal', () => {
    const wrong: unknown[] = [];
    for (const { file, paths, ignored, error } of oracle) {
      const rules = compileIgnore(file);
      const verdicts = paths.map((it) => rules.ignores(it));
      const refused = rules.error?.message ?? (verdicts.includes('bad') ? 'syntax error in pattern' : undefined);
      if (refused !== error || (!error && !verdicts.every((it, i) => it === ignored?.[i])))
        wrong.push({ file, error, refused, verdicts, ignored });
    }
    expect(oracle).toHaveLength(3000);
    expect(wrong).toEqual([]);
  });
});

describe('where people go wrong', () => {
  it.each<[ignore: string, file: string, ignored: boolean]>([
    ['*.log', 'a.log', true],
    ['*.log', 'x/a.log', false],
    ['**/*.log', 'x/a.log', true],
    ['**/*.log\n!keep.log', 'keep.log', false],
    ['**/*.log\n!keep.log', 'x/keep.log', true],
    ['node_modules', 'node_modules/a/b.js', true],
    ['node_modules', 'packages/x/node_modules', false],
    ['/foo', 'foo', true],
    ['foo/', 'foo', true],
    ['./foo', 'foo', true],
    ['  foo  ', 'foo', true],
    ['a/**/b', 'a/b', true],
    ['a/**/b', 'a/x/y/b/c', true],
    ['a/**/b', 'z/a/b', false],
    ['.', 'a', false],
    ['foo/**', 'foo', false],
    ['foo/**', 'foo/a', true],
    ['*\n!src', 'src/deep/a.ts', false],
    ['*\n! src', 'src/a.ts', false],
    ['a/../b', 'b', true],
    ['#x', '#x', false],
    [' #x', '#x', true],
    ['{a,b}', 'a', false],
    ['+(a)', 'a', false],
    ['a\r\nb\r\n', 'a', true],
    ['\ufeffa', 'a', true],
    ['FOO', 'foo', false],
    ['a|b', 'a', false],
    ['a|b/*', 'axyz', true],
    ['a{2}*', 'aa', true],
    ['[^b]*', 'a', true],
    ['\\*', '*', true],
    ['?', 'é', true],
    ['?', '😀', true],
  ])('%j on %j: %j', (ignore, file, ignored) => {
    expect(compileIgnore(ignore).ignores(file)).toBe(ignored);
  });

  it('refuses what Docker refuses, and says where', () => {
    expect(compileIgnore('a\n\n[').error).toEqual({ message: 'syntax error in pattern', line: 3, pattern: '[' });
    expect(compileIgnore('!').error).toEqual({ message: 'illegal exclusion pattern: "!"', line: 1, pattern: '!' });
    expect(compileIgnore(`# ${'x'.repeat(70_000)}`).error?.message).toBe('line too long');
    expect(compileIgnore('[').ignores('anything')).toBe(false);
    expect(compileIgnore('x*{2}').ignores('x')).toBe('bad');
  });
});

describe('the walk', () => {
  it('keeps out what a pattern named, although an exception for its folder follows', () => {
    const rules = compileIgnore('a/b\n!a');
    expect(rules.ignores('a/b')).toBe(false);
    expect(judgePath(rules, 'a/b')).toBe(true);
  });

  it('opens an ignored folder only for an exception that may lie in it', () => {
    expect(compileIgnore('node_modules').mayHoldExceptions('node_modules')).toBe(false);
    const rules = compileIgnore('*\n!src/app/**');
    expect(rules.mayHoldExceptions('src')).toBe(true);
    expect(rules.mayHoldExceptions('src/app')).toBe(true);
    expect(rules.mayHoldExceptions('docs')).toBe(false);
    expect(compileIgnore('*\n!**/README.md').mayHoldExceptions('docs')).toBe(true);
  });

  it('agrees with the plain verdict where there are no exceptions', () => {
    for (const { file, paths, error } of oracle) {
      if (error || file.includes('!')) continue;
      const rules = compileIgnore(file);
      for (const it of paths) expect(judgePath(rules, it), `${JSON.stringify(file)} on ${it}`).toBe(rules.ignores(it));
    }
  });
});

describe('any input', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '/',
    '*',
    '**',
    '?',
    '[',
    ']',
    '^',
    '-',
    '\\',
    '!',
    '.',
    '..',
    '|',
    '{',
    '}',
    '2',
    '(',
    ')',
    '$',
    ' ',
    '\n',
    'é',
    '😀',
  );
  const text = fc.array(piece, { maxLength: 30 }).map((it) => it.join(''));

  it('never throws', () => {
    fc.assert(
      fc.property(text, text, (ignore, file) => {
        const rules = compileIgnore(ignore);
        expect([true, false, 'bad']).toContain(rules.ignores(file));
        judgePath(rules, file.replace(/^\/+|\/+$/g, '') || 'a');
        compilePatternList([ignore]);
      }),
      { numRuns: 2000 },
    );
  });

  it('ends soon, whatever the pattern', () => {
    const patterns = [
      '*a'.repeat(40),
      '**/'.repeat(40),
      '[^b]*'.repeat(100),
      'a{1000}'.repeat(50),
      'a|b*'.repeat(1000),
      '?*'.repeat(200),
      '\\pL*\\d{3}',
    ];
    const spent = cpuTime(() => {
      for (const pattern of patterns) compileIgnore(`${pattern}z*`).ignores('a'.repeat(4000));
    });
    expect(spent).toBeLessThan(5000);
  });
});
