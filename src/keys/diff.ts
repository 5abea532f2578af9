/** Two builds' ingredients, compared. What differs in a step's own ingredients is why it missed; nothing here is guessed. */
import { diffListings } from '../context/diff.ts';
import type { ContextListing } from '../context/types.ts';
import type { PathChange } from '../model.ts';
import type { BuildKeys, Read, ScopeEntry, StepKeys } from './model.ts';

export type Difference =
  | { readonly kind: 'edited'; readonly before: string; readonly after: string }
  | { readonly kind: 'added'; readonly after: string }
  /** The same line stood elsewhere, or the line above it is gone. */
  | { readonly kind: 'moved'; readonly before: string; readonly after: string; readonly removed: string | null }
  | {
      readonly kind: 'arg' | 'env';
      readonly name: string;
      readonly before: string | null;
      readonly after: string | null;
      readonly reordered?: boolean;
    }
  | { readonly kind: 'flag'; readonly name: string; readonly before: string | null; readonly after: string | null }
  /** USER, SHELL, WORKDIR above it, or another ingredient that a line above sets. */
  | { readonly kind: 'setting'; readonly name: string; readonly before: string | null; readonly after: string | null }
  | { readonly kind: 'platform'; readonly before: string | null; readonly after: string | null }
  | { readonly kind: 'files'; readonly context: string | null; readonly paths: readonly PathChange[] }
  | { readonly kind: 'image'; readonly image: string; readonly before: string | null; readonly after: string | null };

export interface Compared {
  /** The step of the build before that it was compared with; null where it is new. */
  readonly before: StepKeys | null;
  /** Differences of its own, strongest first; empty where nothing of its own differs. */
  readonly differences: readonly Difference[];
  /** A part of the key could not be compared because one side is unknown. */
  readonly unknown: readonly string[];
}

/** What a build's images came to: reference → digest, null where the log shows none. */
export type ImageDigests = Readonly<Record<string, string | null>>;

export interface BuildState {
  readonly keys: BuildKeys;
  readonly listing: ContextListing | null;
  readonly named?: Readonly<Record<string, ContextListing | null>>;
  readonly images: ImageDigests;
}

/** Compares each step of `after` with the step of `before` that it goes back to. Keyed by step id of `after`. */
export function diffBuilds(before: BuildState, after: BuildState): Map<string, Compared> {
  const result = new Map<string, Compared>();
  const stageOf = pairStages(before.keys, after.keys);
  for (const stage of after.keys.stages) {
    const mine = after.keys.steps.filter((s) => s.stageIndex === stage.index);
    if (mine.length === 0) continue;
    const earlier = stageOf.get(stage.index);
    const theirs = earlier === undefined ? [] : before.keys.steps.filter((s) => s.stageIndex === earlier);
    const pairs = align(theirs, mine);
    for (const [i, step] of mine.entries()) {
      const partner = pairs.get(step.id) ?? null;
      result.set(step.id, compareStep(partner, step, i === 0, mine[i - 1] ?? null, theirs, pairs, before, after));
    }
  }
  return result;
}

/** Stages by name; unnamed ones by their index, then by what is left. */
function pairStages(before: BuildKeys, after: BuildKeys): Map<number, number> {
  const pairs = new Map<number, number>();
  const taken = new Set<number>();
  const pair = (a: number, b: number | undefined): void => {
    if (b === undefined || taken.has(b) || pairs.has(a)) return;
    pairs.set(a, b);
    taken.add(b);
  };
  for (const s of after.stages)
    if (s.name !== null) pair(s.index, before.stages.find((o) => o.name?.toLowerCase() === s.name?.toLowerCase())?.index);
  for (const s of after.stages)
    if (s.name === null) pair(s.index, before.stages.find((o) => o.index === s.index && o.name === null)?.index);
  // A renamed stage, or one that moved: the last goes with the last, others with their place.
  const lastAfter = after.stages.at(-1);
  const lastBefore = before.stages.at(-1);
  if (lastAfter && lastBefore) pair(lastAfter.index, lastBefore.index);
  for (const s of after.stages) pair(s.index, before.stages.find((o) => o.index === s.index)?.index);
  return pairs;
}

function signature(s: StepKeys): string {
  return `${s.instruction} ${s.text.replace(/^\S+\s*/, '').replace(/\s+/g, ' ')}`;
}

/** Longest common subsequence by text; lines between two matches that were edited go together by instruction. */
function align(before: readonly StepKeys[], after: readonly StepKeys[]): Map<string, StepKeys> {
  const pairs = new Map<string, StepKeys>();
  const a = before.map(signature);
  const b = after.map(signature);
  const length: number[][] = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      length[i]![j] = a[i] === b[j] ? length[i + 1]![j + 1]! + 1 : Math.max(length[i + 1]![j]!, length[i]![j + 1]!);
  let i = 0;
  let j = 0;
  let gapA: StepKeys[] = [];
  let gapB: StepKeys[] = [];
  const close = (): void => {
    // What was edited in place: the same instruction, in order, where its old text is not used elsewhere.
    for (const step of gapB) {
      const at = gapA.findIndex((s) => s.instruction === step.instruction && !b.includes(signature(s)) && !a.includes(signature(step)));
      if (at < 0) continue;
      pairs.set(step.id, gapA[at]!);
      gapA.splice(0, at + 1);
    }
    gapA = [];
    gapB = [];
  };
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      close();
      pairs.set(after[j]!.id, before[i]!);
      i++;
      j++;
    } else if (j >= b.length || (i < a.length && length[i + 1]![j]! >= length[i]![j + 1]!)) gapA.push(before[i++]!);
    else gapB.push(after[j++]!);
  }
  close();
  return pairs;
}

function compareStep(
  partner: StepKeys | null,
  step: StepKeys,
  first: boolean,
  above: StepKeys | null,
  theirs: readonly StepKeys[],
  pairs: ReadonlyMap<string, StepKeys>,
  before: BuildState,
  after: BuildState,
): Compared {
  const differences: Difference[] = [];
  const unknown: string[] = [];
  const elsewhere = theirs.find((s) => signature(s) === signature(step)) ?? null;
  if (partner === null) {
    if (elsewhere) differences.push({ kind: 'moved', before: elsewhere.text, after: step.text, removed: null });
    else differences.push({ kind: 'added', after: step.text });
    return { before: elsewhere, differences, unknown };
  }
  if (signature(partner) !== signature(step)) differences.push({ kind: 'edited', before: partner.text, after: step.text });
  const stage = after.keys.stages[step.stageIndex];
  const oldStage = before.keys.stages[partner.stageIndex];
  const oldFirst = theirs[0] === partner;
  if (first && oldFirst) compareBase(stage?.image ?? null, oldStage?.image ?? null, before, after, differences, unknown);
  else {
    const expected = above ? pairs.get(above.id) : undefined;
    const oldAbove = theirs[theirs.indexOf(partner) - 1] ?? null;
    if (differences.length === 0 && (above === null ? oldAbove !== null : expected !== undefined && expected !== oldAbove))
      differences.push({
        kind: 'moved',
        before: partner.text,
        after: step.text,
        removed: oldAbove && !after.keys.steps.some((s) => signature(s) === signature(oldAbove)) ? oldAbove.text : null,
      });
  }
  if (differences[0]?.kind !== 'edited') compareOwn(partner, step, differences);
  compareEnv(partner.env, step.env, differences, unknown);
  compareReads(partner, step, before, after, differences, unknown);
  return { before: partner, differences, unknown };
}

function compareBase(
  image: string | null,
  old: string | null,
  before: BuildState,
  after: BuildState,
  differences: Difference[],
  unknown: string[],
): void {
  if (image === null && old === null) return;
  if (image !== old) {
    const digest = (name: string | null, images: ImageDigests): string | null => (name === null ? null : (images[name] ?? null));
    const was = digest(old, before.images);
    const is = digest(image, after.images);
    // Another name for the very same image changes nothing.
    if (was !== null && was === is) return;
    differences.push({ kind: 'image', image: image ?? old ?? '', before: old, after: image });
    return;
  }
  const was = before.images[image ?? ''] ?? null;
  const is = after.images[image ?? ''] ?? null;
  if (was === null || is === null) unknown.push(`the digest of ${image}`);
  else if (was !== is) differences.push({ kind: 'image', image: image ?? '', before: was, after: is });
}

/** Names of ingredients that a line above sets, not the line itself. */
const SETTINGS: ReadonlySet<string> = new Set(['shell', 'user', 'workdir']);

function compareOwn(before: StepKeys, after: StepKeys, differences: Difference[]): void {
  for (const name of new Set([...Object.keys(before.own), ...Object.keys(after.own)])) {
    const was = before.own[name] ?? null;
    const is = after.own[name] ?? null;
    if (was === is) continue;
    if (name.startsWith('flag:')) differences.push({ kind: 'flag', name: name.slice(5), before: was, after: is });
    else if (name === 'platform') differences.push({ kind: 'platform', before: was, after: is });
    else if (name === 'epoch') differences.push({ kind: 'arg', name: 'SOURCE_DATE_EPOCH', before: was, after: is });
    else if (SETTINGS.has(name) || name === 'dest' || name === 'path') differences.push({ kind: 'setting', name, before: was, after: is });
    else
      differences.push({
        kind: 'edited',
        before: name === 'text' ? (was ?? '') : `${before.text} (${name} ${was})`,
        after: name === 'text' ? (is ?? '') : `${after.text} (${name} ${is})`,
      });
  }
}

function compareEnv(before: readonly ScopeEntry[], after: readonly ScopeEntry[], differences: Difference[], unknown: string[]): void {
  const was = new Map(before.map((e) => [e.name, e]));
  const is = new Map(after.map((e) => [e.name, e]));
  let found = false;
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    const a = was.get(name);
    const b = is.get(name);
    if (a && b && (a.value === null || b.value === null)) {
      if (a.value !== b.value || a.value === null) unknown.push(`the value of ${name}`);
      continue;
    }
    if (a?.value === b?.value && a !== undefined && b !== undefined) continue;
    found = true;
    differences.push({ kind: (b ?? a)!.kind, name, before: a ? a.value : null, after: b ? b.value : null });
  }
  const order = (list: readonly ScopeEntry[]): string => list.map((e) => e.name).join(' ');
  if (!found && was.size === is.size && order(before) !== order(after)) {
    const moved = after.find((e, i) => before[i]?.name !== e.name);
    if (moved) differences.push({ kind: moved.kind, name: moved.name, before: moved.value, after: moved.value, reordered: true });
  }
}

function compareReads(
  partner: StepKeys,
  step: StepKeys,
  before: BuildState,
  after: BuildState,
  differences: Difference[],
  unknown: string[],
): void {
  for (const [i, read] of step.reads.entries()) {
    const old = partner.reads[i];
    if (old === undefined || old.kind !== read.kind) continue;
    compareRead(old, read, before, after, differences, unknown);
  }
}

function compareRead(old: Read, read: Read, before: BuildState, after: BuildState, differences: Difference[], unknown: string[]): void {
  if ((read.kind === 'context' && old.kind === 'context') || (read.kind === 'named' && old.kind === 'named')) {
    if (read.digest === null || old.digest === null) {
      unknown.push('the files that it reads');
      return;
    }
    if (read.digest === old.digest) return;
    const was = read.kind === 'named' ? (before.named?.[read.context] ?? null) : before.listing;
    const is = read.kind === 'named' ? (after.named?.[read.context] ?? null) : after.listing;
    const paths = was && is ? diffListings(was, is, read.selection) : [];
    differences.push({ kind: 'files', context: read.kind === 'named' ? read.context : null, paths });
  } else if (read.kind === 'inline' && old.kind === 'inline' && read.digest !== old.digest && !differences.some((d) => d.kind === 'edited'))
    differences.push({ kind: 'edited', before: '(the here-document before)', after: '(the here-document now)' });
  else if (read.kind === 'image' && old.kind === 'image') {
    const was = before.images[old.image] ?? null;
    const is = after.images[read.image] ?? null;
    if (was !== null && is !== null && was !== is) differences.push({ kind: 'image', image: read.image, before: was, after: is });
  }
}
