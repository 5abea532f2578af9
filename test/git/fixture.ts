/** Makes small repositories for tests, with real git and no trace of the user's settings. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export interface TestRepository {
  readonly dir: string;
  git(...args: string[]): string;
  /** Writes a file (`mode` 755 for an executable one), or a symlink where `link` is given. */
  write(file: string, text: string, mode?: number): void;
  link(file: string, target: string): void;
  remove(file: string): void;
  /** Commits everything and returns the commit's id. */
  commit(subject: string): string;
  delete(): void;
}

const ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.org',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.org',
};

export function createRepository(...initArgs: string[]): TestRepository {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-git-'));
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: dir, env: ENV, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  git('init', '-q', '-b', 'main', ...initArgs);
  const at = (file: string): string => {
    const full = path.join(dir, file);
    mkdirSync(path.dirname(full), { recursive: true });
    return full;
  };
  let commits = 0;
  return {
    dir,
    git,
    write(file, text, mode = 0o644) {
      writeFileSync(at(file), text);
      chmodSync(at(file), mode);
    },
    link(file, target) {
      rmSync(at(file), { force: true });
      symlinkSync(target, at(file));
    },
    remove(file) {
      rmSync(path.join(dir, file), { recursive: true, force: true });
    },
    commit(subject) {
      git('add', '-A');
      const date = `${1700000000 + 60 * commits++} +0000`;
      execFileSync('git', ['commit', '-q', '--allow-empty', '-m', subject], {
        cwd: dir,
        env: { ...ENV, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date },
      });
      return git('rev-parse', 'HEAD').trim();
    },
    delete() {
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
