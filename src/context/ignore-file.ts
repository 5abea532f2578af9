/** Which ignore file applies to a build, and what is in it. */
import path from 'node:path';
import { readBounded } from '../machine/plain-file.ts';
import { compileIgnore, type IgnoreRules } from './dockerignore.ts';
import { problemKind, reason } from './scan.ts';
import type { ContextProblem } from './types.ts';

/** Larger than any that somebody wrote. */
const MAX_BYTES = 8 * 1024 * 1024;

export interface IgnoreFile {
  /** Absolute path of the file that applies; null when there is none. */
  readonly file: string | null;
  /** Its text; '' when there is none. */
  readonly text: string;
  readonly rules: IgnoreRules;
  /** What is wrong with it. A build would fail. */
  readonly problem?: ContextProblem;
}

/**
 * `<Dockerfile>.dockerignore` beside the Dockerfile, else `.dockerignore` in the context's root.
 * @param dockerfile its path; undefined when it is no file (standard input), or for a named context.
 */
export function findIgnoreFile(root: string, dockerfile: string | undefined): IgnoreFile {
  const candidates = [...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]), path.join(root, '.dockerignore')];
  for (const file of candidates) {
    let text: string;
    try {
      text = readBounded(file, MAX_BYTES).toString('utf8');
    } catch (error) {
      if (problemKind(error) === 'vanished' || reason(error) === 'EISDIR') continue; // builders pass over a folder of that name
      const problem = { path: path.basename(file), kind: 'ignore-file', message: `cannot be read: ${reason(error)}` } as const;
      return { file, text: '', rules: compileIgnore(''), problem };
    }
    return describeIgnore(file, text);
  }
  return { file: null, text: '', rules: compileIgnore('') };
}

/** The rules of an ignore file's text, from wherever it comes. */
export function describeIgnore(file: string | null, text: string): IgnoreFile {
  const rules = compileIgnore(text);
  const late = rules.patterns.find((it) => it.match('x') === 'bad');
  if (!rules.error && !late) return { file, text, rules };
  const { message, line } = rules.error ?? { message: 'syntax error in pattern', line: late!.line };
  const problem = { path: path.basename(file ?? '.dockerignore'), kind: 'ignore-file', message: `line ${line}: ${message}` } as const;
  return { file, text, rules, problem };
}
