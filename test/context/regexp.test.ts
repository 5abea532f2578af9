import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegexp } from '../../src/context/regexp-automaton.ts';

describe("Go's regular expressions", () => {
  it.each<[source: string, text: string, matches: boolean]>([
    ['^a[^/]*b$', 'axxb', true],
    ['^a[^/]*b$', 'ax/b', false],
    ['^(.*/)?x$', 'a/b/x', true],
    ['^(.*/)?x$', 'x', true],
    ['^a|b$', 'axx', true],
    ['^a|b$', 'xxb', true],
    ['^a|b$', 'xax', false],
    ['^a{2,3}$', 'aaa', true],
    ['^a{2,3}$', 'aaaa', false],
    ['^a{2,}$', 'a', false],
    ['^a{02}$', 'a{02}', true],
    ['^a{,2}$', 'a{,2}', true],
    ['^{2}a$', 'a', true],
    ['^[[:alpha:]]+$', 'abc', true],
    ['^[[:^alpha:]]$', '1', true],
    ['^[]a]$', ']', true],
    ['^[^]a]$', ']', false],
    ['^[a-]$', '-', true],
    ['^\\d\\W$', '1-', true],
    ['^\\x41\\x{42}\\103$', 'ABC', true],
    ['^\\Qa.b\\E.$', 'a.bc', true],
    ['^\\Qa.b\\E.$', 'axbc', false],
    ['^\\p{Greek}\\pL$', 'αb', true],
    ['^\\P{Greek}$', 'α', false],
    ['^\\p{^Greek}$', 'a', true],
    ['\\bfoo\\b', 'a foo b', true],
    ['\\bfoo\\b', 'afoob', false],
    ['\\Bo\\B', 'foob', true],
    ['^.$', '\n', false],
    ['^[^a]$', '\n', true],
    ['^.$', '😀', true],
    ['^$', '', true],
    ['x$|^', '', true],
    ['a\\z', 'ba', true],
  ])('%j on %j: %j', (source, text, matches) => {
    expect(compileRegexp(source)?.test(text)).toBe(matches);
  });

  it.each([
    '[',
    '[b-a]',
    'a{1001}',
    'a{2,1}',
    'a*{2}',
    'a|{2}',
    '\\',
    '\\y',
    '\\1',
    '\\é',
    '\\C',
    '\\p{Nonsense}',
    '[[:nonsense:]]',
    '(a',
    'a)',
  ])('%j is refused', (source) => {
    expect(compileRegexp(source)).toBeUndefined();
  });

  it('agrees with JavaScript where the two mean the same', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '/',
      '.',
      '[^/]*',
      '[ab]',
      '[^a]',
      '(.*/)?',
      'a{2}',
      'b{0,2}',
      '\\.',
      '\\d',
      '1',
      '^',
      '$',
      '|',
      '[^/]',
    );
    const source = fc.array(atom, { maxLength: 10 }).map((it) => `^${it.join('')}$`);
    const text = fc.array(fc.constantFrom('a', 'b', '/', '.', '1', 'aa', 'é'), { maxLength: 10 }).map((it) => it.join(''));
    fc.assert(
      fc.property(source, fc.array(text, { maxLength: 5 }), (expression, texts) => {
        const ours = compileRegexp(expression);
        for (const it of texts) expect(ours?.test(it)).toBe(new RegExp(expression).test(it));
      }),
      { numRuns: 2000 },
    );
  });
});
