import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isOciReference, ownTag, parseOciReference, tagsToRead, toTag } from '../../src/oci/reference.ts';

test.each([
  ['oci://ghcr.io/team/app', { registry: 'ghcr.io', repository: 'team/app', tag: null, origin: 'https://ghcr.io' }],
  ['oci://ghcr.io/team/app:main', { registry: 'ghcr.io', repository: 'team/app', tag: 'main', origin: 'https://ghcr.io' }],
  [
    'oci://r.example.com:5000/a:feature/x',
    { registry: 'r.example.com:5000', repository: 'a', tag: 'feature/x', origin: 'https://r.example.com:5000' },
  ],
  ['oci://localhost:5000/a', { registry: 'localhost:5000', repository: 'a', tag: null, origin: 'http://localhost:5000' }],
  ['oci://127.0.0.1:5000/a/b_c/d', { registry: '127.0.0.1:5000', repository: 'a/b_c/d', tag: null, origin: 'http://127.0.0.1:5000' }],
  ['oci://[::1]:5000/a', { registry: '[::1]:5000', repository: 'a', tag: null, origin: 'http://[::1]:5000' }],
  ['oci+http://registry.lan/a', { registry: 'registry.lan', repository: 'a', tag: null, origin: 'http://registry.lan' }],
  ['oci://docker.io/me/app', { registry: 'docker.io', repository: 'me/app', tag: null, origin: 'https://registry-1.docker.io' }],
])('%s', (text, expected) => {
  expect(isOciReference(text)).toBe(true);
  expect(parseOciReference(text)).toEqual(expected);
});

test.each([
  'oci://',
  'oci://ghcr.io',
  'oci:///a',
  'oci://ghcr.io/',
  'oci://ghcr.io/A',
  'oci://ghcr.io/a:',
  'oci://user:pw@ghcr.io/a',
  'oci://ghcr.io/../a',
  'oci://ghcr.io/a?x',
  'https://ghcr.io/a',
  'file',
])('%s is refused with how to write it', (text) => {
  expect(() => parseOciReference(text)).toThrow(
    expect.objectContaining({ name: 'UserError', hint: expect.stringContaining('oci://registry/repository:tag') }),
  );
});

describe('branches as tags', () => {
  test.each([
    ['main', 'main'],
    ['v1.2_x', 'v1.2_x'],
    ['feature/x', expect.stringMatching(/^feature-x-[0-9a-f]{8}$/)],
    ['--', expect.stringMatching(/^branch-[0-9a-f]{8}$/)],
    ['ünï', expect.stringMatching(/^n--[0-9a-f]{8}$/)],
  ])('%s', (branch, tag) => {
    expect(toTag(branch)).toEqual(tag);
  });

  test('every branch gives a valid tag of its own', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), fc.string({ minLength: 1, unit: 'binary' }), (a, b) => {
        expect(toTag(a)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/);
        if (a !== b) expect(toTag(a)).not.toBe(toTag(b));
      }),
    );
  });

  const bare = parseOciReference('oci://ghcr.io/a');
  test.each([
    ['GitHub, push', { GITHUB_REF_NAME: 'main' }, 'main', ['main', 'master']],
    [
      'GitHub, pull request',
      { GITHUB_HEAD_REF: 'fix', GITHUB_REF_NAME: '12/merge', GITHUB_BASE_REF: 'develop' },
      'fix',
      ['fix', 'develop', 'main', 'master'],
    ],
    ['GitLab', { CI_COMMIT_REF_NAME: 'fix', CI_DEFAULT_BRANCH: 'trunk' }, 'fix', ['fix', 'trunk', 'main', 'master']],
    ['Jenkins', { BRANCH_NAME: 'PR-7', CHANGE_BRANCH: 'fix', CHANGE_TARGET: 'main' }, 'fix', ['fix', 'main', 'master']],
    [
      'Azure',
      { SYSTEM_PULLREQUEST_SOURCEBRANCH: 'refs/heads/fix', SYSTEM_PULLREQUEST_TARGETBRANCH: 'refs/heads/main' },
      'fix',
      ['fix', 'main', 'master'],
    ],
    ['no CI', {}, 'main', ['main', 'master']],
  ])('%s', (_, env, own, read) => {
    expect(ownTag(bare, env)).toBe(own);
    expect(tagsToRead(bare, env)).toEqual(read);
  });

  test('a tag that is given is the one that is written', () => {
    expect(ownTag(parseOciReference('oci://ghcr.io/a:x'), { GITHUB_REF_NAME: 'main' })).toBe('x');
  });
});
