import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { unifiedDiff } from '../../src/fix/diff.ts';

const dir = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-diff-'));
execFileSync('git', ['init', '-q', dir]);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function applied(before: string | null, patch: string): string {
  const file = path.join(dir, 'sub.txt');
  rmSync(file, { force: true });
  if (before !== null) writeFileSync(file, before);
  writeFileSync(path.join(dir, 'p.diff'), patch);
  execFileSync('git', ['apply', '-p1', '--whitespace=nowarn', '--unidiff-zero', 'p.diff'], { cwd: dir, stdio: 'pipe' });
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

describe('a unified diff', () => {
  it('is empty where nothing differs', () => {
    expect(unifiedDiff('f', 'a\n', 'a\n')).toBe('');
  });

  it('looks as people know it', () => {
    expect(unifiedDiff('Dockerfile', 'FROM a\nCOPY . .\nRUN x\n', 'FROM a\nCOPY p .\nRUN x\nCOPY . .\n')).toBe(
      '--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,3 +1,4 @@\n FROM a\n-COPY . .\n+COPY p .\n RUN x\n+COPY . .\n',
    );
    expect(unifiedDiff('.dockerignore', null, 'docs')).toBe(
      '--- /dev/null\n+++ b/.dockerignore\n@@ -0,0 +1,1 @@\n+docs\n\\ No newline at end of file\n',
    );
  });

  it('gives the new text when git applies it', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '', ' d'), { maxLength: 30 }).map((l) => l.join('\n'));
    fc.assert(
      fc.property(text, text, fc.boolean(), (before, after, end) => {
        const was = end ? `${before}\n` : before;
        fc.pre(was !== after && was !== '' && after !== '');
        expect(applied(was, unifiedDiff('sub.txt', was, after))).toBe(after);
      }),
      { numRuns: 60 },
    );
  });
});
