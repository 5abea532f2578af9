/** All that a builder's records tell of one build: its command, the lines of its steps, and how it differs from the builds before it. */
import { newSalt } from '../baseline/store.ts';
import type { Finding } from '../causes/define.ts';
import { compareWithBaseline } from '../compare.ts';
import type { Comparison, Evidence } from '../diagnose.ts';
import { buildGraph, type KnownStep } from '../graph/build.ts';
import type { StepGraph } from '../graph/step.ts';
import type { BuildRecord } from './build-record.ts';
import { compareRecords } from './compare-records.ts';
import { baselineOfRecord, stateOfRecord } from './record-baseline.ts';
import { commandOfRecord, describeCommand } from './record-command.ts';

/** The builds before it of the same Dockerfile and target, newest first. */
export type Earlier = readonly BuildRecord[];

export function evidenceOfRecord(record: BuildRecord, earlier: Earlier): Evidence {
  const compare = compareWithEarlier(record, earlier);
  return {
    command: commandOfRecord(record),
    commandText: describeCommand(record),
    ...readDockerfile(record),
    ...(compare && { compare }),
  };
}

/** Lines of the Dockerfile and variables in scope by step id: from the recorded locations, else from the Dockerfile on record. */
function readDockerfile(record: BuildRecord): Pick<Evidence, 'known' | 'scopes'> {
  const known = new Map<string, KnownStep>();
  const recorded = stateOfRecord(record, buildGraph(record.log), '');
  for (const [id, keys] of recorded?.match.steps ?? []) known.set(id, { source: { ...keys.range, file: record.dockerfileName } });
  for (const vertex of record.log.vertices.values()) {
    const lines = vertex.digest === undefined ? undefined : record.operations?.get(vertex.digest)?.lines[0];
    if (lines) known.set(vertex.id, { source: { file: record.dockerfileName, line: lines.start, endLine: lines.end } });
  }
  return { known, ...(recorded && { scopes: new Map([...recorded.match.steps].map(([id, k]) => [id, k.env])) }) };
}

/**
 * What changed since the build before. The recorded definitions are exact; where one of the two builds failed and has none, the
 * Dockerfiles and arguments of both are compared. A step that failed or was cut off in the very last build has no result to reuse.
 */
export function compareWithEarlier(record: BuildRecord, earlier: Earlier): ((graph: StepGraph) => Comparison) | undefined {
  const latest = earlier[0];
  if (!latest) return undefined;
  const completed = earlier.find((r) => r.operations !== null);
  const byDefinition = completed && compareRecords(completed, record);
  const byText = byDefinition && completed === latest ? undefined : compareTexts(record, latest);
  const unfinished = latest.status === 'completed' ? undefined : compareUnfinished(record, latest);
  if (!byDefinition && !byText && !unfinished) return undefined;
  return (graph) => merge(merge(byText?.(graph), unfinished?.(graph)), byDefinition?.(graph));
}

/** Steps that the last build, which did not succeed, left without a result: told by the vertex's digest, which holds its definition. */
function compareUnfinished(record: BuildRecord, latest: BuildRecord): (graph: StepGraph) => Comparison {
  const byDigest = new Map([...latest.log.vertices.values()].map((v) => [v.digest, v]));
  const sameFile = latest.dockerfile !== null && latest.dockerfile.text === record.dockerfile?.text;
  const byName = new Map(sameFile ? [...latest.log.vertices.values()].map((v) => [v.names.at(-1), v]) : []);
  const how = latest.status === 'canceled' ? 'was cancelled' : 'failed';
  return (graph) => {
    const causes = new Map<string, readonly Finding[]>();
    for (const { root } of graph.misses) {
      const vertex = byDigest.get(root.vertex.digest) ?? byName.get(root.name);
      if (!vertex || vertex.terminals.some((t) => t.word === 'done')) continue;
      const reached = vertex.terminals.some((t) => t.word === 'error' || t.word === 'canceled');
      causes.set(root.id, [
        {
          kind: 'not-built-before',
          confidence: 'certain',
          weight: 0.9,
          summary: `It ${reached ? how : 'was not reached'} in the build before, so there was no result to reuse`,
          because: [`the build before on this builder ${how}, and this step of it has no result`, 'its definition is the same'],
        },
      ]);
    }
    return { causes, hidden: new Map(), suspectHits: [], notes: [] };
  };
}

function compareTexts(record: BuildRecord, before: BuildRecord): ((graph: StepGraph) => Comparison) | undefined {
  const salt = newSalt();
  const baseline = baselineOfRecord(before, salt);
  if (!baseline) return undefined;
  return (graph) => {
    const recorded = stateOfRecord(record, graph, salt);
    if (!recorded) return { causes: new Map(), hidden: new Map(), suspectHits: [], notes: [] };
    return compareWithBaseline(graph, recorded.match, recorded.state, baseline, commandOfRecord(record));
  };
}

/** The first where it is certain, else the second; each where the other says nothing. */
export function merge(first: Comparison | undefined, second: Comparison | undefined): Comparison {
  if (!first || !second) return first ?? second ?? { causes: new Map(), hidden: new Map(), suspectHits: [], notes: [] };
  const causes = new Map<string, readonly Finding[]>(second.causes);
  for (const [step, found] of first.causes) {
    const other = second.causes.get(step);
    // The builder recorded the flag itself: nothing else then says why there was no result.
    if (other?.some((f) => f.kind === 'no-cache-flag' && f.confidence === 'certain')) continue;
    if (!other || other.length === 0 || isCertain(found) || !isCertain(other)) causes.set(step, found.length > 0 ? found : (other ?? []));
  }
  return {
    causes,
    hidden: new Map([...second.hidden, ...first.hidden]),
    suspectHits: [...first.suspectHits, ...second.suspectHits],
    notes: [...first.notes, ...second.notes],
    ruledOut: new Map([...(second.ruledOut ?? []), ...(first.ruledOut ?? [])]),
  };
}

/**
 * Where builds were made since the baseline that it has not seen, only what the builder has on record is the build before. Of the baseline
 * the files are left, as something that has changed since then.
 * @param since when the baseline was made, RFC 3339
 */
export function mergeStale(baseline: Comparison, record: Comparison | undefined, since: string): Comparison {
  const causes = new Map<string, readonly Finding[]>(record?.causes ?? []);
  for (const [step, found] of baseline.causes) {
    const known = causes.get(step) ?? [];
    if (isCertain(known)) continue;
    const files = found.filter((f) => f.kind === 'context-files-changed' || f.kind === 'named-context-changed');
    const seen = files.map(
      (f): Finding => ({
        ...f,
        confidence: 'likely',
        because: [...f.because.map((b) => b.replaceAll('the build before', 'an earlier build')), note(since)],
      }),
    );
    if (seen.length > 0) causes.set(step, [...seen, ...known.filter((k) => !seen.some((f) => f.kind === k.kind))]);
  }
  const ruledOut = record?.ruledOut;
  return {
    causes,
    hidden: record?.hidden ?? new Map(),
    suspectHits: record?.suspectHits ?? [],
    notes: record?.notes ?? [],
    ...(ruledOut && { ruledOut }),
  };
}

function note(since: string): string {
  return `the files were last seen at ${since}, and there were builds since: not all of these need be new`;
}

function isCertain(found: readonly Finding[]): boolean {
  return found.some((f) => f.confidence === 'certain');
}
