/** Runs git: never a shell, never a prompt, never a pager; git's own words become the error. */

import { spawn } from 'node:child_process';
import { UserError } from '../errors.ts';
import { oneLine } from '../text.ts';

/** Environment for every git that we start. Locks are optional so that a build or an editor is never in the way, and text is the C locale's. */
export function gitEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0', GIT_TERMINAL_PROMPT: '0', GIT_PAGER: 'cat' };
}

export interface GitResult {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs one git command to its end. Rejects only when git cannot be started. */
export function tryGit(dir: string, args: readonly string[]): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const child = spawn('git', ['--no-pager', ...args], {
      cwd: dir,
      env: gitEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const out: Buffer[] = [];
    let err = '';
    child.stdout.on('data', (c: Buffer) => out.push(c));
    child.stderr.on('data', (c: Buffer) => {
      if (err.length < 4096) err += c.toString('utf8');
    });
    child.on('error', (e: NodeJS.ErrnoException) => reject(startError(e, dir)));
    child.on('close', (code) => resolve({ status: code ?? 128, stdout: Buffer.concat(out), stderr: err }));
  });
}

/** As tryGit, with a failure turned into a UserError. */
export async function runGit(dir: string, args: readonly string[]): Promise<Buffer> {
  const result = await tryGit(dir, args);
  if (result.status !== 0)
    throw new UserError(`git ${args[0] ?? ''} failed: ${gitMessage(result.stderr)}`, 'run the same command by hand to see more');
  return result.stdout;
}

/** The first line of git's complaint, without `fatal: `, safe to print. */
export function gitMessage(stderr: string): string {
  const line = stderr.split('\n').find((l) => l.trim() !== '') ?? 'no message';
  return oneLine(line.replace(/^(?:fatal|error): /, '').trim()).slice(0, 300);
}

function startError(error: NodeJS.ErrnoException, dir: string): Error {
  if (error.code !== 'ENOENT')
    return new UserError(`git could not be started: ${error.message}`, 'check that git works here: git --version');
  // Node reports a missing working folder in the same words as a missing program.
  return new UserError(`git was not found, or ${dir} is no folder`, 'install git, or name an existing folder');
}
