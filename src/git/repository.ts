/** Finds the repository around a folder and lists the commits of a history, without touching the work tree. */

import { UserError } from '../errors.ts';
import { oneLine } from '../text.ts';
import { gitMessage, runGit, tryGit } from './run.ts';

export interface Repository {
  /** Folder in which git is run. */
  readonly dir: string;
  /** Absolute path of the git folder. */
  readonly gitDir: string;
  /** Where `dir` lies in the work tree: '' at its root, else 'services/api' without a slash at the end. */
  readonly prefix: string;
  readonly bare: boolean;
  /** Part of the history is missing here: the oldest commit that can be seen is not the first. */
  readonly shallow: boolean;
  /** Hex digits of an object id: 40 for SHA-1, 64 for SHA-256. */
  readonly oidLength: 40 | 64;
}

export interface Commit {
  readonly oid: string;
  readonly tree: string;
  /** Seconds since the epoch, the committer's. */
  readonly time: number;
  /** First line of the message, with control characters replaced. */
  readonly subject: string;
}

export interface CommitQuery {
  /** A branch, tag, commit or range (`main`, `v1..HEAD`). */
  readonly ref: string;
  /** At most so many commits, counted from the newest. */
  readonly limit?: number;
  /** As `git log --since`: `2026-01-01`, `3 weeks ago`. */
  readonly since?: string;
  /** All parents instead of the first: the order is then git's topological one. */
  readonly allParents?: boolean;
}

export async function openRepository(dir: string): Promise<Repository> {
  const probe = await tryGit(dir, ['rev-parse', '--is-bare-repository', '--is-shallow-repository', '--absolute-git-dir', '--show-prefix']);
  if (probe.status !== 0) {
    if (/dubious ownership/.test(probe.stderr))
      throw new UserError(
        `git refuses ${oneLine(dir)}: ${gitMessage(probe.stderr)}`,
        'run git config --global --add safe.directory with that folder, if you trust it',
      );
    throw new UserError(`${oneLine(dir)} is not in a git repository`, 'run this in a clone of the project, or name one with --repo DIR');
  }
  const [bare, shallow, gitDir = '', prefix = ''] = probe.stdout.toString('utf8').split('\n');
  const oidLength = (await tryGit(dir, ['rev-parse', '--show-object-format'])).stdout.toString('utf8').trim() === 'sha256' ? 64 : 40;
  return { dir, gitDir, prefix: prefix.replace(/\/$/, ''), bare: bare === 'true', shallow: shallow === 'true', oidLength };
}

/** The commits of a query, oldest first. Merges count as one commit each: the first parent is followed. */
export async function listCommits(repo: Repository, query: CommitQuery): Promise<Commit[]> {
  if (query.ref.startsWith('-')) throw new UserError(`${oneLine(query.ref)} is no name of a commit`, 'name a branch, a tag or a commit');
  const args = ['log', '-z', '--format=%H %T %ct %s', '--encoding=UTF-8', '--no-show-signature', '--no-color', '--no-patch'];
  args.push(...(query.allParents ? ['--topo-order'] : ['--first-parent']));
  if (query.limit !== undefined) args.push(`--max-count=${query.limit}`);
  if (query.since !== undefined) args.push(`--since=${query.since}`);
  args.push('--end-of-options', query.ref, '--');
  const result = await tryGit(repo.dir, args);
  if (result.status !== 0) throw logError(result.stderr, query.ref);
  const commits: Commit[] = [];
  for (const record of result.stdout.toString('utf8').split('\0')) {
    const commit = parseCommit(record);
    if (commit) commits.push(commit);
  }
  return commits.reverse();
}

/** `31e68637… 9913cbf0… 1780000000 Fix the cart` */
function parseCommit(record: string): Commit | null {
  const match = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (\d+) ?/.exec(record.trimStart());
  if (!match) return null;
  return {
    oid: match[1] ?? '',
    tree: match[2] ?? '',
    // A hand-made commit may lie beyond what a Date can tell.
    time: Math.min(Number(match[3]), 8.64e12),
    subject: oneLine(record.trimStart().slice(match[0].length)),
  };
}

function logError(stderr: string, ref: string): UserError {
  if (/does not have any commits|bad default revision/.test(stderr))
    return new UserError('this repository has no commits yet', 'commit something first');
  if (/bad revision|unknown revision|ambiguous argument|Not a valid object|bad object/i.test(stderr))
    return new UserError(
      `${oneLine(ref)} is not known in this repository${/HEAD/.test(ref) ? ' (it has no commits, or HEAD points nowhere)' : ''}`,
      'name a branch, a tag or a commit with --ref; in a shallow clone, fetch it first',
    );
  return new UserError(`git log failed: ${gitMessage(stderr)}`, 'check the repository with git fsck');
}

/** Resolves a name to a commit id, or null. */
export async function resolveCommit(repo: Repository, ref: string): Promise<string | null> {
  const result = await tryGit(repo.dir, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${ref}^{commit}`]);
  return result.status === 0 ? result.stdout.toString('utf8').trim() : null;
}

/** Root of the work tree; null in a bare repository. */
export async function workTreeRoot(repo: Repository): Promise<string | null> {
  if (repo.bare) return null;
  return (await runGit(repo.dir, ['rev-parse', '--show-toplevel'])).toString('utf8').replace(/\n$/, '');
}
