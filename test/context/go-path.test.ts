import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanPath, containsWildcards, matchPath } from '../../src/context/go-path.ts';

describe('matchPath', () => {
  // the cases of Go's own test of path.Match
  it.each<[pattern: string, name: string, matches: boolean | undefined]>([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'abc', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^b-d]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['a[^a][^a][^a]b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', 'x', true],
    ['[x\\-]', 'z', false],
    ['[\\-x]', 'a', false],
    ['[]a]', ']', undefined],
    ['[-]', '-', undefined],
    ['[x-]', 'x', undefined],
    ['[-x]', 'a', undefined],
    ['\\', 'a', undefined],
    ['[a-b-c]', 'a', undefined],
    ['[', 'a', undefined],
    ['[^', 'a', undefined],
    ['[^bc', 'a', undefined],
    ['a[', 'a', undefined],
    ['a[', 'ab', undefined],
    ['a[', 'x', undefined],
    ['a/b[', 'x', undefined],
    ['*x', 'xxx', true],
  ])('%j on %j: %j', (pattern, name, matches) => {
    expect(matchPath(pattern, name, true)).toBe(matches);
  });

  it('may leave the rest of a pattern unchecked, as path/filepath does', () => {
    expect(matchPath('b*[', 'x', true)).toBeUndefined();
    expect(matchPath('b*[', 'x', false)).toBe(false);
  });

  it('never throws', () => {
    const text = fc.array(fc.constantFrom('a', '*', '?', '[', ']', '\\', '-', '^', '/', '😀'), { maxLength: 12 }).map((it) => it.join(''));
    fc.assert(fc.property(text, text, (pattern, name) => void matchPath(pattern, name, true)));
  });
});

it('cleanPath is path.Clean', () => {
  const text = fc.array(fc.constantFrom('a', '.', '..', '/', '//', 'b c'), { maxLength: 10 }).map((it) => it.join('/'));
  fc.assert(
    fc.property(text, (it) => {
      expect(cleanPath(it)).toBe(path.posix.normalize(it).replace(/(.)\/$/, '$1'));
    }),
  );
  expect(['', '/', '/..', 'a/../..', './a/'].map(cleanPath)).toEqual(['.', '/', '/', '..', 'a']);
});

it('a backslash hides a wildcard', () => {
  expect(['a*', 'a?', '[a', 'a\\*', 'a\\\\*', 'plain'].map(containsWildcards)).toEqual([true, true, true, false, true, false]);
});
