/**
 * The records of one call of bake or compose, one for each target, as the one build that they were: a step that several targets share is one
 * vertex, shown under each target's name (`[web build 2/4] RUN …`), as in the log that buildx prints (docker/buildx util/progress/multiwriter.go).
 */
import type { BuildLog, Vertex } from '../graph/log.ts';
import { createBuildLog } from '../graph/log.ts';

export interface TargetLog {
  readonly target: string;
  readonly log: BuildLog;
}

export interface MergedLogs {
  readonly log: BuildLog;
  /** The build of each target alone, its vertices under their numbers in the merged log and without the target's name. */
  readonly parts: readonly BuildLog[];
}

export function mergeLogs(targets: readonly TargetLog[]): MergedLogs {
  const first = targets[0]!.log;
  const merged = createBuildLog(first.dialect, first.line);
  merged.builder = first.builder;
  const ids = new Map<string, string>();
  const idOf = (index: number, vertex: Vertex): string => {
    const key = vertex.digest ?? `${index} ${vertex.id}`;
    let id = ids.get(key);
    if (id === undefined) {
      id = `#${ids.size + 1}`;
      ids.set(key, id);
    }
    return id;
  };
  const parts = targets.map(({ target, log }, index) => {
    const part: BuildLog = {
      ...createBuildLog(log.dialect, log.line),
      builder: log.builder,
      end: log.end,
      dockerfiles: log.dockerfiles,
      warnings: log.warnings,
    };
    const inputs = (vertex: Vertex): readonly string[] | undefined =>
      vertex.inputs?.map((input) => {
        const known = log.vertices.get(input);
        return known ? idOf(index, known) : input;
      });
    for (const vertex of log.vertices.values()) {
      const id = idOf(index, vertex);
      const mapped = inputs(vertex);
      const own: Vertex = { ...vertex, id, ...(mapped && { inputs: mapped }) };
      part.vertices.set(id, own);
      addShared(
        merged,
        own,
        vertex.names.map((n) => withTarget(n, target)),
      );
    }
    for (const { vertex, text } of log.warnings) {
      const known = vertex === null ? undefined : log.vertices.get(vertex);
      merged.warnings.push({ vertex: known ? idOf(index, known) : null, text });
    }
    return part;
  });
  for (const { log } of targets) {
    merged.notes.push(...log.notes.filter((n) => !merged.notes.includes(n)));
    merged.end = worse(merged.end, log.end);
  }
  return { log: merged, parts };
}

function withTarget(name: string, target: string): string {
  return name.startsWith('[') ? `[${target} ${name.slice(1).trimStart()}` : `[${target}] ${name}`;
}

function addShared(merged: BuildLog, vertex: Vertex, names: string[]): void {
  const known = merged.vertices.get(vertex.id);
  if (!known) {
    merged.vertices.set(vertex.id, { ...vertex, names: [...names] });
    return;
  }
  const all = [...known.names, ...names.filter((n) => !known.names.includes(n))];
  // Where it ran for one target and was there for the other, it ran.
  const better = ran(vertex) && !ran(known) ? vertex : known;
  merged.vertices.set(vertex.id, { ...better, names: all });
}

function ran(vertex: Vertex): boolean {
  return vertex.intervals.some((i) => !i.cached && (i.completed ?? i.started) > i.started);
}

type End = BuildLog['end'];

/** One target that failed fails the call; its time is the longest. */
function worse(a: End, b: End): End {
  if (!a || !b) return a ?? b;
  const rank = { succeeded: 0, canceled: 1, failed: 2 } as const;
  const end = rank[b.outcome] > rank[a.outcome] ? b : a;
  const seconds = Math.max(a.seconds ?? 0, b.seconds ?? 0);
  return { ...end, ...(seconds > 0 && { seconds }) };
}
