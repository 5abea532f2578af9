/**
 * Misses that a project accepts, said where they happen: a comment in the Dockerfile above the instruction.
 *
 *   # cachewhy ignore=context-files-changed reason="the sources change in every build, and compiling them is the point"
 *   COPY . .
 */
import type { BuildReport, MissReport } from '../model.ts';

export interface Acceptance {
  /** First line of the instruction that follows, 1-based; null where none does. */
  readonly line: number | null;
  /** Kinds of cause; `*` for any. */
  readonly kinds: readonly string[];
  readonly reason: string | null;
  /** Line of the comment. */
  readonly at: number;
}

const COMMENT = /^[ \t]*#[ \t]*cachewhy[: \t]([\s\S]*)$/i;
const PAIR = /(?<![a-z])([a-z]+)=(?:"([^"]*)"|'([^']*)'|(\S+))/gi;

/** Reads the comments of a Dockerfile's text. What is no such comment is left alone; one that says nothing is a note. */
export function readAcceptances(dockerfile: string): { readonly acceptances: readonly Acceptance[]; readonly notes: readonly string[] } {
  const lines = dockerfile.split('\n').map((line) => line.replace(/\r$/, ''));
  const acceptances: Acceptance[] = [];
  const notes: string[] = [];
  for (const [i, line] of lines.entries()) {
    const comment = COMMENT.exec(line);
    if (!comment) continue;
    const fields = new Map([...comment[1]!.slice(0, 1000).matchAll(PAIR)].map((m) => [m[1]!.toLowerCase(), m[2] ?? m[3] ?? m[4] ?? '']));
    const kinds = (fields.get('ignore') ?? '')
      .split(',')
      .map((kind) => kind.trim())
      .filter((kind) => kind !== '');
    if (kinds.length === 0) {
      notes.push(
        `line ${i + 1} of the Dockerfile accepts nothing: write # cachewhy ignore=KIND reason="…" (KIND is a kind of cause, or *)`,
      );
      continue;
    }
    const reason = fields.get('reason') ?? '';
    if (reason === '') notes.push(`line ${i + 1} of the Dockerfile accepts a miss without a reason: add reason="…"`);
    acceptances.push({ line: nextInstruction(lines, i + 1), kinds, reason: reason === '' ? null : reason, at: i + 1 });
  }
  return { acceptances, notes };
}

function nextInstruction(lines: readonly string[], from: number): number | null {
  for (let i = from; i < lines.length; i++) {
    const line = lines[i]!.trim();
    if (line !== '' && !line.startsWith('#')) return i + 1;
  }
  return null;
}

/**
 * The acceptance of a miss, where there is one: the comment stands above its instruction and names its first cause.
 * A miss without a known line is never accepted.
 */
function findAcceptance(miss: MissReport, build: BuildReport, acceptances: readonly Acceptance[]): Acceptance | null {
  const source = miss.source ?? build.steps.find((step) => step.id === miss.step)?.source;
  if (!source) return null;
  const kind = miss.causes[0]?.kind;
  return (
    acceptances.find(
      (a) =>
        a.line !== null &&
        a.line >= source.line &&
        a.line <= source.endLine &&
        (a.kinds.includes('*') || (kind !== undefined && a.kinds.includes(kind))),
    ) ?? null
  );
}

/** The build with its accepted misses marked. They stay in the report; budgets leave them out. */
export function markAccepted(build: BuildReport, acceptances: readonly Acceptance[]): BuildReport {
  if (acceptances.length === 0) return build;
  const misses = build.misses.map((miss) => {
    const found = findAcceptance(miss, build, acceptances);
    return found ? { ...miss, accepted: { reason: found.reason, line: found.at } } : miss;
  });
  return { ...build, misses };
}
