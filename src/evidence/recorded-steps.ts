/** The cacheable steps of a record with their operations, and which step of one record another goes back to. */
import { isCacheableInstruction, parseVertexName, resolvePrefixes } from '../graph/names.ts';
import { maskText } from '../secrets.ts';
import type { BuildRecord, Operation } from './build-record.ts';
import { operationSignature } from './compare-operations.ts';

export interface RecordedStep {
  /** Of its vertex. */
  readonly digest: string;
  readonly stage: string | null;
  readonly platform: string | null;
  readonly position: number;
  readonly instruction: string;
  /** The instruction as the log shows it, secrets masked. */
  readonly text: string;
  readonly operation: Operation;
  /** Equal where text and settings are. */
  readonly signature: string;
}

/** Keyed by vertex digest; in the order of the Dockerfile within each stage. */
export function recordedSteps(record: BuildRecord): Map<string, RecordedStep> {
  const vertices = [...record.log.vertices.values()].filter((v) => v.digest !== undefined && v.names.length > 0);
  const names = resolvePrefixes(vertices.map((v) => parseVertexName(v.names.at(-1)!)));
  const steps: RecordedStep[] = [];
  for (const [i, vertex] of vertices.entries()) {
    const name = names[i]!;
    const operation = record.operations?.get(vertex.digest!);
    if (!operation || operation.kind === 'source' || !isCacheableInstruction(name.instruction)) continue;
    steps.push({
      digest: vertex.digest!,
      stage: name.stage,
      platform: name.platform,
      position: name.position ?? 0,
      instruction: name.instruction!,
      text: maskText(name.text),
      operation,
      signature: operationSignature(operation),
    });
  }
  steps.sort((a, b) => a.position - b.position);
  return new Map(steps.map((s) => [s.digest, s]));
}

export interface StepPairs {
  /** Digest of a later step → the earlier step that it goes back to. */
  readonly partner: ReadonlyMap<string, RecordedStep>;
  /** Digest of a later step without a partner → the earlier step of the same text elsewhere. */
  readonly elsewhere: ReadonlyMap<string, RecordedStep>;
}

/** Beyond this many steps in a stage only equal places are compared: a table of that size would take long. */
const MAX_TABLE = 2000;

export function alignSteps(before: readonly RecordedStep[], after: readonly RecordedStep[]): StepPairs {
  const partner = new Map<string, RecordedStep>();
  const earlier = groupByStage(before);
  const later = groupByStage(after);
  const used = new Set<string>();
  for (const [key, steps] of later) {
    const from = earlier.get(key) ? key : closest(steps, earlier, later);
    if (from === null) continue;
    used.add(from);
    alignStage(earlier.get(from)!, steps, partner);
  }
  const elsewhere = new Map<string, RecordedStep>();
  const taken = new Set([...partner.values()].map((s) => s.digest));
  for (const step of after) {
    if (partner.has(step.digest)) continue;
    const same =
      before.find((s) => s.signature === step.signature && !taken.has(s.digest)) ?? before.find((s) => s.signature === step.signature);
    if (same) elsewhere.set(step.digest, same);
  }
  return { partner, elsewhere };
}

function groupByStage(steps: readonly RecordedStep[]): Map<string, RecordedStep[]> {
  const groups = new Map<string, RecordedStep[]>();
  for (const step of steps) {
    const key = `${step.platform ?? ''} ${step.stage?.toLowerCase() ?? ''}`;
    const group = groups.get(key);
    if (group) group.push(step);
    else groups.set(key, [step]);
  }
  return groups;
}

/** A renamed stage: the earlier one that shares most of its steps, unless that name lives on. */
function closest(
  steps: readonly RecordedStep[],
  earlier: ReadonlyMap<string, RecordedStep[]>,
  later: ReadonlyMap<string, unknown>,
): string | null {
  const mine = new Set(steps.map((s) => s.signature));
  let best: string | null = null;
  let most = 0;
  for (const [key, group] of earlier) {
    const shared = later.has(key) ? 0 : group.filter((s) => mine.has(s.signature)).length;
    if (shared > most) {
      most = shared;
      best = key;
    }
  }
  return best;
}

/** The longest common subsequence by signature; between two matches, steps of the same instruction go together in order: they were edited. */
function alignStage(before: readonly RecordedStep[], after: readonly RecordedStep[], partner: Map<string, RecordedStep>): void {
  const matches = before.length * after.length > MAX_TABLE * MAX_TABLE ? samePlaces(before, after) : commonSteps(before, after);
  const kept = new Set(after.map((s) => s.signature));
  const known = new Set(before.map((s) => s.signature));
  let i = 0;
  let j = 0;
  for (const [a, b] of [...matches, [before.length, after.length] as const]) {
    const left = before.slice(i, a).filter((s) => !kept.has(s.signature));
    for (const step of after.slice(j, b)) {
      // A step whose text stood elsewhere was moved, not edited.
      if (known.has(step.signature)) continue;
      const at = left.findIndex((s) => s.instruction === step.instruction);
      if (at === -1) continue;
      partner.set(step.digest, left[at]!);
      left.splice(0, at + 1);
    }
    if (a < before.length && b < after.length) partner.set(after[b]!.digest, before[a]!);
    i = a + 1;
    j = b + 1;
  }
}

function samePlaces(before: readonly RecordedStep[], after: readonly RecordedStep[]): (readonly [number, number])[] {
  return after.flatMap((s, i) => (before[i]?.signature === s.signature ? [[i, i] as const] : []));
}

function commonSteps(before: readonly RecordedStep[], after: readonly RecordedStep[]): (readonly [number, number])[] {
  const width = after.length + 1;
  const length = new Uint16Array((before.length + 1) * width);
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      length[i * width + j] =
        before[i]!.signature === after[j]!.signature
          ? length[(i + 1) * width + j + 1]! + 1
          : Math.max(length[(i + 1) * width + j]!, length[i * width + j + 1]!);
  const matches: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (before[i]!.signature === after[j]!.signature) matches.push([i++, j++]);
    else if (length[(i + 1) * width + j]! >= length[i * width + j + 1]!) i++;
    else j++;
  }
  return matches;
}
