/** A project in a folder of its own: what fixes are proposed for it, and what git makes of their patches. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { takeSnapshot } from '../../src/context/snapshot.ts';
import { proposeFixes } from '../../src/fix/propose.ts';
import type { FixInput, Proposals } from '../../src/fix/types.ts';

export type Files = Readonly<Record<string, string>>;

export interface Checkout {
  propose(more?: Partial<FixInput>): Proposals;
  /** Applies a patch with git. */
  apply(patch: string): void;
  /** Text of a file; null where there is none. */
  read(name: string): string | null;
}

export function checkout(files: Files): Checkout {
  const root = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-fix-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  }
  const read = (name: string): string | null => (existsSync(path.join(root, name)) ? readFileSync(path.join(root, name), 'utf8') : null);
  return {
    propose: (more = {}) =>
      proposeFixes({
        dockerfile: read('Dockerfile') ?? '',
        ignore: read('.dockerignore') ?? '',
        ignoreExists: read('.dockerignore') !== null,
        listing: takeSnapshot({ root, dockerfile: path.join(root, 'Dockerfile') }).listing,
        readFile: read,
        ...more,
      }),
    // Out of any repository, so that no setting of one has a say.
    apply: (patch) =>
      void execFileSync('git', ['apply', '-p1', '--whitespace=nowarn', '-'], {
        cwd: root,
        input: patch,
        env: { ...process.env, GIT_DIR: path.join(root, 'none'), GIT_CEILING_DIRECTORIES: path.dirname(root) },
        stdio: ['pipe', 'ignore', 'inherit'],
      }),
    read,
  };
}
