/** Does a file of the build context come into the image? Followed through COPY --from and stages that start from others. */
import { containsWildcards, matchPath } from '../context/go-path.ts';
import type { Dockerfile, Stage } from '../dockerfile/model.ts';
import { resolveDestination } from '../dockerfile/paths.ts';
import { readStage, relativeTo, type StageLine, unquote } from './stage.ts';

export interface ImagePaths {
  /** @returns true also where it cannot be told */
  reaches(path: string): boolean;
}

export function followImage(dockerfile: Dockerfile, target: string | undefined): ImagePaths {
  const stages = dockerfile.stages.map((stage) => ({ stage, lines: readStage(stage, dockerfile) }));
  const find = (name: string, before: number): number => {
    const named = dockerfile.stages.findLastIndex((s) => s.index < before && s.name?.toLowerCase() === name.toLowerCase());
    return named >= 0 ? named : /^\d+$/.test(name) && Number(name) < before ? Number(name) : -1;
  };
  const last = target === undefined ? dockerfile.stages.length - 1 : find(target, dockerfile.stages.length);
  const memo = new Map<string, boolean>();

  /** Would the stage have the file, and is what it has part of the image? Walks from the image back to where files come from. */
  const inStage = (index: number, path: string, wanted: string | null): boolean => {
    const entry = stages[index];
    if (!entry) return false;
    const key = `${index}\0${path}\0${wanted}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    memo.set(key, false);
    const result =
      entry.lines === null || fromParent(entry.stage, path, wanted) || entry.lines.some((l) => brings(entry.stage, l, path, wanted));
    memo.set(key, result);
    return result;
  };
  const fromParent = (stage: Stage, path: string, wanted: string | null): boolean => {
    const parent = find(stage.base, stage.index);
    return parent >= 0 && inStage(parent, path, wanted);
  };
  /** @param wanted what is copied on from the stage, absolute; null: all of it */
  const brings = (stage: Stage, line: StageLine, path: string, wanted: string | null): boolean => {
    if (line.copy) return line.copy.selection.sources.some((s) => lands(s, line.copy?.dest ?? '/', path, wanted));
    const from = line.instruction.flags.find((f) => f.name === 'from')?.value;
    if (line.instruction.keyword !== 'COPY' || from === undefined || from === null) return false;
    const source = find(from, stage.index);
    if (source < 0) return false;
    const words = (line.instruction.json ?? line.instruction.words).map(unquote);
    const dest = resolveDestination(line.workdir, words.at(-1) ?? '');
    // Where the copy itself lies outside of what is wanted, nothing of it is.
    if (wanted !== null && relativeTo(wanted, dest) === null && relativeTo(dest, wanted) === null) return false;
    return words.slice(0, -1).some((w) => inStage(source, path, containsWildcards(w) ? parentOf(w) : `/${w.replace(/^\/+/, '')}`));
  };
  return { reaches: (path) => last < 0 || inStage(last, path, null) };
}

function parentOf(pattern: string): string {
  const parts = `/${pattern.replace(/^\/+/, '')}`.split('/');
  return parts.slice(0, parts.findIndex(containsWildcards)).join('/') || '/';
}

/** Does a context file that a source selects come to lie in what is wanted? */
function lands(source: string, dest: string, path: string, wanted: string | null): boolean {
  const clean = source
    .replace(/^(?:\.?\/)+/, '')
    .replace(/^\.$/, '')
    .replace(/(?<!\/)\/+$/, '');
  let below: string | null;
  if (containsWildcards(clean)) {
    const depth = clean.split('/').length;
    const top = path.split('/').slice(0, depth).join('/');
    below = matchPath(clean, top, true) === true ? path.slice(top.lastIndexOf('/') + 1) : null;
  } else
    below =
      clean === ''
        ? path
        : path === clean
          ? (path.split('/').at(-1) ?? '')
          : path.startsWith(`${clean}/`)
            ? path.slice(clean.length + 1)
            : null;
  if (below === null) return false;
  if (wanted === null) return true;
  const full = `${dest.replace(/(?<!\/)\/+$/, '')}/${below}`;
  return (
    relativeTo(wanted, full) !== null || relativeTo(full, wanted) !== null || relativeTo(wanted, dest.replace(/(?<!\/)\/+$/, '')) !== null
  );
}
