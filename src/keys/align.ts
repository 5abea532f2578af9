/** Which step of a build goes back to which step of the build before: by stage, then by text, then by place. */
import type { BuildKeys, StageKeys, StepKeys } from './model.ts';

export interface Alignment {
  /** Step of the build before by id of the step now. */
  readonly partner: ReadonlyMap<string, StepKeys>;
  /** Steps before that no step now goes back to, by what they say: these moved or are gone. */
  readonly left: ReadonlyMap<string, StepKeys>;
  /** Stage before by stage now. */
  readonly stage: ReadonlyMap<StageKeys, StageKeys>;
}

/** Beyond this many comparisons lines are paired by their place alone. */
const MAX_CELLS = 4_000_000;

export function alignBuilds(before: BuildKeys, after: BuildKeys): Alignment {
  const stage = pairStages(before, after);
  const partner = new Map<string, StepKeys>();
  const earlier = groupSteps(before);
  const later = groupSteps(after);
  for (const [now, was] of stage)
    for (const [step, old] of alignSteps(earlier.get(was) ?? [], later.get(now) ?? [])) partner.set(step.id, old);
  const used = new Set(partner.values());
  const left = new Map<string, StepKeys>();
  for (const step of before.steps) if (!used.has(step) && !left.has(signature(step))) left.set(signature(step), step);
  return { partner, left, stage };
}

const signatures = new WeakMap<StepKeys, string>();

/** What a step says, blanks and the keyword's case aside. */
export function signature(step: StepKeys): string {
  let text = signatures.get(step);
  if (text === undefined) {
    text = `${step.instruction} ${step.text.replace(/^\S+\s*/, '').replace(/\s+/g, ' ')}`;
    signatures.set(step, text);
  }
  return text;
}

type Groups = ReadonlyMap<StageKeys, readonly StepKeys[]>;

const grouped = new WeakMap<BuildKeys, Groups>();

/** Steps by the stage that they are of; a stage is listed once for each platform. */
export function groupSteps(keys: BuildKeys): Groups {
  let groups = grouped.get(keys);
  if (!groups) {
    groups = createGroups(keys);
    grouped.set(keys, groups);
  }
  return groups;
}

function createGroups(keys: BuildKeys): Groups {
  const blocks = listBlocks(keys);
  const groups = new Map<StageKeys, StepKeys[]>();
  for (const step of keys.steps) {
    const stage = blocks[blockOf(step)]?.[step.stageIndex] ?? blocks.first?.[step.stageIndex];
    if (!stage) continue;
    const group = groups.get(stage);
    if (group) group.push(step);
    else groups.set(stage, [step]);
  }
  return groups;
}

/** `linux/arm64 0:3` → `linux/arm64`; '' where one platform is built. */
function blockOf(step: StepKeys): string {
  return step.id.slice(0, step.id.lastIndexOf(' ') + 1).trim();
}

/** The stages of each platform, under the name that the ids of its steps begin with. */
function listBlocks(keys: BuildKeys): Record<string, readonly StageKeys[]> {
  const size = Math.max(0, ...keys.stages.map((stage) => stage.index)) + 1;
  const names = [...new Set(keys.steps.map(blockOf))];
  const blocks: Record<string, readonly StageKeys[]> = {};
  for (let at = 0; at < keys.stages.length; at += size) {
    const stages = keys.stages.slice(at, at + size);
    blocks.first ??= stages;
    const name = names[at / size];
    if (name !== undefined) blocks[name] = stages;
  }
  return blocks;
}

function pairStages(before: BuildKeys, after: BuildKeys): Map<StageKeys, StageKeys> {
  const [was, is] = [listBlocks(before), listBlocks(after)];
  const names = Object.keys(is).filter((name) => name !== 'first');
  const earlier = groupSteps(before);
  const later = groupSteps(after);
  const pairs = new Map<StageKeys, StageKeys>();
  for (const name of names.length > 0 ? names : ['first']) {
    // another set of platforms: those that are the same, else the first
    const block = was[name] ?? was.first ?? [];
    for (const [now, old] of pairBlock(block, is[name] ?? [], earlier, later)) pairs.set(now, old);
  }
  return pairs;
}

/** Stages of one platform: by name; then those that say the most in common; then by their place. */
function pairBlock(before: readonly StageKeys[], after: readonly StageKeys[], earlier: Groups, later: Groups): Map<StageKeys, StageKeys> {
  const pairs = new Map<StageKeys, StageKeys>();
  const taken = new Set<StageKeys>();
  const pair = (now: StageKeys | undefined, old: StageKeys | undefined): void => {
    if (!now || !old || taken.has(old) || pairs.has(now)) return;
    pairs.set(now, old);
    taken.add(old);
  };
  for (const now of after)
    if (now.name !== null)
      pair(
        now,
        before.find((old) => old.name?.toLowerCase() === now.name!.toLowerCase()),
      );
  const scores: { now: StageKeys; old: StageKeys; score: number }[] = [];
  for (const now of after)
    for (const old of before) {
      if (pairs.has(now) || taken.has(old) || (now.name !== null && old.name !== null)) continue;
      const score = likeness(earlier.get(old) ?? [], later.get(now) ?? []);
      if (score > 0) scores.push({ now, old, score });
    }
  // a renamed stage is worth less than an unnamed one that stayed where it was
  for (const { now, old } of scores.sort((a, b) => b.score - a.score || distance(a) - distance(b))) pair(now, old);
  for (const now of after)
    pair(
      now,
      before.find((old) => old.index === now.index),
    );
  pair(after.at(-1), before.at(-1));
  for (const now of after)
    pair(
      now,
      before.find((old) => !taken.has(old) && (now.name === null) === (old.name === null)),
    );
  return pairs;
}

function distance({ now, old }: { now: StageKeys; old: StageKeys }): number {
  return Math.abs(now.index - old.index);
}

/** The part of all lines that both have: 0 to 1. */
function likeness(a: readonly StepKeys[], b: readonly StepKeys[]): number {
  if (a.length + b.length === 0) return 0;
  const there = new Map<string, number>();
  for (const step of a) there.set(signature(step), (there.get(signature(step)) ?? 0) + 1);
  let common = 0;
  for (const step of b) {
    const count = there.get(signature(step)) ?? 0;
    if (count === 0) continue;
    common++;
    there.set(signature(step), count - 1);
  }
  return (2 * common) / (a.length + b.length);
}

/** The longest row of equal lines; between them, lines of one kind that are the most alike. */
function alignSteps(before: readonly StepKeys[], after: readonly StepKeys[]): Map<StepKeys, StepKeys> {
  const pairs = new Map<StepKeys, StepKeys>();
  const a = before.map(signature);
  const b = after.map(signature);
  const anchors = commonRow(a, b);
  // lines that are in no row: one that both have stood elsewhere before
  const loneA = without(a, new Set(anchors.map(([x]) => x)));
  const loneB = without(b, new Set(anchors.map(([, y]) => y)));
  let [i, j] = [0, 0];
  for (const [x, y] of [...anchors, [a.length, b.length] as const]) {
    const gapA = before.slice(i, x).filter((_, at) => !loneB.has(a[i + at]!));
    const gapB = after.slice(j, y).filter((_, at) => !loneA.has(b[j + at]!));
    for (const [step, old] of pairGap(gapA, gapB)) pairs.set(step, old);
    if (x < a.length) pairs.set(after[y]!, before[x]!);
    [i, j] = [x + 1, y + 1];
  }
  return pairs;
}

function without(lines: readonly string[], places: ReadonlySet<number>): Set<string> {
  return new Set(lines.filter((_, at) => !places.has(at)));
}

/** Longest common subsequence, as pairs of indexes. */
function commonRow(a: readonly string[], b: readonly string[]): [number, number][] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const head = Array.from({ length: start }, (_, at): [number, number] => [at, at]);
  const tail = Array.from({ length: end }, (_, at): [number, number] => [a.length - end + at, b.length - end + at]);
  const middle = longestRow(a.slice(start, a.length - end), b.slice(start, b.length - end));
  return [...head, ...middle.map(([x, y]): [number, number] => [x + start, y + start]), ...tail];
}

function longestRow(a: readonly string[], b: readonly string[]): [number, number][] {
  if (a.length * b.length > MAX_CELLS) return [];
  const length = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i]![j] = a[i] === b[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!);
  const row: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) row.push([i++, j++]);
    else if (length[i + 1]![j]! >= length[i]![j + 1]!) i++;
    else j++;
  }
  return row;
}

/** Lines that were edited in place: of one kind, in order, as alike as can be. */
function pairGap(before: readonly StepKeys[], after: readonly StepKeys[]): [step: StepKeys, old: StepKeys][] {
  if (before.length * after.length > MAX_CELLS || before.length === 0 || after.length === 0) return [];
  const words = new Map([...before, ...after].map((step) => [step, new Set(signature(step).split(' '))]));
  const score = (old: StepKeys, step: StepKeys): number =>
    kindOf(old) === kindOf(step) ? 0.01 + overlap(words.get(old)!, words.get(step)!) : Number.NEGATIVE_INFINITY;
  const best = Array.from({ length: before.length + 1 }, () => new Float64Array(after.length + 1));
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      best[i]![j] = Math.max(best[i + 1]![j]!, best[i]![j + 1]!, best[i + 1]![j + 1]! + score(before[i]!, after[j]!));
  const pairs: [StepKeys, StepKeys][] = [];
  for (let i = 0, j = 0; i < before.length && j < after.length; ) {
    if (best[i]![j] === best[i + 1]![j + 1]! + score(before[i]!, after[j]!)) pairs.push([after[j++]!, before[i++]!]);
    else if (best[i]![j] === best[i + 1]![j]) i++;
    else j++;
  }
  return pairs;
}

/** COPY and ADD do the same work. */
function kindOf(step: StepKeys): string {
  return step.instruction === 'ADD' ? 'COPY' : step.instruction;
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let common = 0;
  for (const word of a) if (b.has(word)) common++;
  return common / (a.size + b.size - common);
}
