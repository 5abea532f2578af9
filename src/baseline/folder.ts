/** Where baselines lie: in the user's cache folder, one file for each project. */
import { createHash } from 'node:crypto';
import { readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Project } from './model.ts';

const DAY = 24 * 3600 * 1000;
/** A project that was not built for so long starts anew. */
const MAX_AGE = 90 * DAY;
const MAX_FILES = 500;
/** These stay, however old they seem: a clock that was wrong for an hour makes all others old. */
const MIN_FILES = 50;

function realPath(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // What is gone still names its project.
    return path.resolve(file);
  }
}

/** Where the baseline of a project lies: one for each context, Dockerfile, target and platform. */
export function baselineFile(folder: string, project: Project): string {
  const key = JSON.stringify([realPath(project.context), realPath(project.dockerfile), project.target, [...project.platforms].sort()]);
  return path.join(folder, 'baselines', `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json.gz`);
}

/**
 * Removes baselines that were not written for 90 days beyond the newest 50, the oldest beyond 500, and what interrupted writes left. Never
 * throws.
 * @param now milliseconds since 1970
 */
export function pruneBaselines(folder: string, now: number = Date.now()): void {
  try {
    const where = path.join(folder, 'baselines');
    const files = readdirSync(where)
      .filter((name) => /^[0-9a-f]{32}\.json\.gz(?:\..*\.tmp)?$/.test(name))
      .map((name) => ({ file: path.join(where, name), temporary: name.endsWith('.tmp') }))
      .flatMap((entry) => {
        const time = modified(entry.file);
        return time === null ? [] : [{ ...entry, time }];
      })
      .sort((a, b) => b.time - a.time);
    let kept = 0;
    for (const { file, temporary, time } of files) {
      // A clock that jumped makes ages of nonsense: what lies in the future is kept.
      const age = now - time;
      if (temporary ? age > DAY : ++kept > (age > MAX_AGE ? MIN_FILES : MAX_FILES)) rmSync(file, { force: true });
    }
  } catch {
    // Tidying is no one's worry.
  }
}

function modified(file: string): number | null {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return null;
  }
}
