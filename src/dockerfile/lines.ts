/**
 * From a Dockerfile's bytes to its logical lines: directives, comments, continuations.
 * https://github.com/moby/buildkit/blob/master/frontend/dockerfile/parser/parser.go
 */
import { trimStart } from './blanks.ts';
import type { Directives, Problem } from './model.ts';

/** Physical lines with their line ends, byte-order mark taken off. */
export function splitLines(text: string): string[] {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  const lines = body.split('\n').map((line) => `${line}\n`);
  const last = lines.pop()!.slice(0, -1);
  if (last !== '') lines.push(last);
  return lines;
}

export function trimNewline(line: string): string {
  let end = line.length;
  while (end > 0 && (line[end - 1] === '\n' || line[end - 1] === '\r')) end--;
  return line.slice(0, end);
}

function isComment(line: string): boolean {
  return trimStart(line).startsWith('#');
}

/** `# syntax=docker/dockerfile:1` with the `#` taken off */
const DIRECTIVE = /^([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S(?:.*\S)?)\s*$/;

/** The directives at the head of the file; they end with the first line that is none. */
export function readDirectives(lines: readonly string[], problems: Problem[]): Directives {
  const found = new Map<string, string>();
  for (const [index, raw] of lines.entries()) {
    const line = trimNewline(raw);
    if (index === 0 && line.startsWith('#!')) continue;
    const match = isComment(line) ? DIRECTIVE.exec(trimStart(trimStart(line).slice(1))) : null;
    const name = match?.[1]?.toLowerCase();
    if (!match || !name || !['syntax', 'escape', 'check'].includes(name)) break;
    if (found.has(name)) {
      problems.push({ line: index + 1, message: `only one ${name} directive can be used` });
      break;
    }
    // the frontend image is looked for in lines that begin with the # itself
    if (name !== 'syntax' || line.startsWith('#')) found.set(name, match[2]!);
    if (name === 'escape' && match[2] !== '\\' && match[2] !== '`')
      problems.push({ line: index + 1, message: `the escape directive takes \` or \\, not ${match[2]}` });
  }
  return {
    syntax: found.get('syntax')?.split(' ')[0] ?? null,
    escape: found.get('escape') === '`' ? '`' : '\\',
    check: found.get('check') ?? null,
  };
}

export interface LogicalLine {
  /** Joined; blanks at its end still there. */
  readonly text: string;
  /** Index of the physical line after it. */
  readonly next: number;
}

/** The logical line that starts at a physical one; null where that one is empty or a comment. */
export function joinLines(lines: readonly string[], from: number, escape: Directives['escape']): LogicalLine | null {
  const head = trimStart(trimNewline(lines[from]!));
  if (head === '' || head.startsWith('#')) return null;
  let [text, continues] = cutContinuation(head, escape);
  let next = from + 1;
  while (continues && next < lines.length) {
    const line = trimNewline(lines[next]!);
    next++;
    if (trimStart(line) === '' || isComment(line)) continue;
    let part: string;
    [part, continues] = cutContinuation(line, escape);
    text += part;
  }
  return { text, next };
}

/** An escape at the end continues the line, unless another escape stands before it. */
function cutContinuation(line: string, escape: string): [text: string, continues: boolean] {
  let end = line.length;
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) end--;
  if (line[end - 1] !== escape || line[end - 2] === escape) return [line, false];
  return [line.slice(0, end - 1), true];
}
