/** Edits of a Dockerfile's lines: instructions move with the comments that stand right above them. */
import type { Dockerfile, Instruction } from '../dockerfile/model.ts';

/** Puts text in the place of an instruction, or before or after it; several edits of one place are applied in order. */
export interface Edit {
  readonly at: Instruction;
  readonly where: 'before' | 'after' | 'replace' | 'replace-with-comments';
  /** Whole lines, each with its end. */
  readonly text: string;
}

export function applyEdits(dockerfile: Dockerfile, edits: readonly Edit[]): string {
  const lines = sourceLines(dockerfile.text);
  // What is added ends its lines as the file does.
  const asWritten = (text: string): string => (lines[0]?.endsWith('\r\n') ? text.replace(/(?<!\r)\n/g, '\r\n') : text);
  const before = new Map<number, string>();
  const after = new Map<number, string>();
  const gone = new Set<number>();
  const add = (map: Map<number, string>, line: number, text: string): void => void map.set(line, (map.get(line) ?? '') + asWritten(text));
  for (const { at, where, text } of edits) {
    const first = where === 'replace-with-comments' || where === 'before' ? firstLine(lines, at) : at.range.line;
    if (where === 'after') add(after, at.range.endLine, text);
    else add(before, first, text);
    if (where === 'replace' || where === 'replace-with-comments') for (let n = first; n <= at.range.endLine; n++) gone.add(n);
  }
  let out = '';
  for (const [i, line] of lines.entries()) {
    const n = i + 1;
    out += before.get(n) ?? '';
    if (!gone.has(n)) out += line;
    const more = after.get(n);
    if (more !== undefined) out += (out === '' || out.endsWith('\n') ? '' : asWritten('\n')) + more;
  }
  return out;
}

/** The instruction as it stands, comments right above it included; always with a line end. */
export function blockOf(dockerfile: Dockerfile, instruction: Instruction): string {
  const lines = sourceLines(dockerfile.text);
  const text = lines.slice(firstLine(lines, instruction) - 1, instruction.range.endLine).join('');
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** Line (from 1) of the first of the comments that belong to an instruction, or its own. */
function firstLine(lines: readonly string[], { range }: Instruction): number {
  let line = range.line;
  while (line > 1 && /^\s*#/.test(lines[line - 2] ?? '') && !/^#\s*(?:syntax|escape|check)\s*=/i.test(lines[line - 2] ?? '')) line--;
  return line;
}

function sourceLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
