/** What two images' histories prove about each other: "works here, not in CI". Pure. */
import { looksLikeSecret, MASK } from '../secrets.ts';
import { argsOfHistory } from './args.ts';
import { inspectHistory } from './inspect.ts';
import type { History, HistoryEntry } from './model.ts';
import { environmentOf } from './parse.ts';

export interface ValueChange {
  readonly name: string;
  /** Null: not set. `***` on both sides: a secret that changed. */
  readonly before: string | null;
  readonly after: string | null;
}

export interface FirstDifference {
  /** base: the image both stand on. text: the instruction. argument: only argument values. content: the same text, other files or a new run. */
  readonly kind: 'base' | 'text' | 'argument' | 'environment' | 'content' | 'added' | 'removed';
  /** Masked; null where that image has no such entry. */
  readonly before: string | null;
  readonly after: string | null;
  readonly proven: readonly string[];
  readonly notProven: readonly string[];
}

export interface HistoryComparison {
  readonly same: boolean;
  /** Entries from the base up that are equal in text, arguments, time and size. */
  readonly shared: number;
  readonly first: FirstDifference | null;
  readonly args: readonly ValueChange[];
  readonly env: readonly ValueChange[];
  /** Steps of equal text that were made anew in the second image although their content is the same (only where digests are known). */
  readonly remade: readonly string[];
  readonly notes: readonly string[];
}

interface Side {
  readonly entry: HistoryEntry;
  readonly shown: string;
}

export function compareHistories(before: History, after: History): HistoryComparison {
  const a = sides(before);
  const b = sides(after);
  let shared = 0;
  while (shared < a.length && shared < b.length && isSame(a[shared]!.entry, b[shared]!.entry)) shared++;
  const args = changes(argsOfHistory(before), argsOfHistory(after));
  const env = changes(Object.fromEntries(environmentOf(before)), Object.fromEntries(environmentOf(after)));
  const same = shared === a.length && shared === b.length;
  const remade = b.flatMap(({ entry, shown }, i) => {
    const old = a[i]?.entry;
    return old?.diffId != null && old.diffId === entry.diffId && old.createdAt !== entry.createdAt ? [shown] : [];
  });
  const notes = [...new Set([...before.notes, ...after.notes])];
  return { same, shared, first: same ? null : describe(a, b, shared, args, env), args, env, remade, notes };
}

/** From the base up. */
function sides(history: History): Side[] {
  const { shown } = inspectHistory(history);
  return history.entries.map((entry, i) => ({ entry, shown: shown[i]! })).reverse();
}

const isLayer = (entry: HistoryEntry): boolean => entry.instruction === null || /^(?:RUN|COPY|ADD|WORKDIR)$/.test(entry.instruction);

function isSame(a: HistoryEntry, b: HistoryEntry): boolean {
  if (!sameText(a, b) || !sameArguments(a, b)) return false;
  // Entries without files carry the time of a neighbour.
  return !isLayer(a) || sameContent(a, b);
}

function sameText(a: HistoryEntry, b: HistoryEntry): boolean {
  if (a.args === null || b.args === null) return a.createdBy === b.createdBy;
  return a.instruction === b.instruction && a.text === b.text && (a.instruction !== null || a.createdBy === b.createdBy);
}

function sameArguments(a: HistoryEntry, b: HistoryEntry): boolean {
  return JSON.stringify(a.args) === JSON.stringify(b.args);
}

function sameContent(a: HistoryEntry, b: HistoryEntry): boolean {
  if (a.diffId !== null && b.diffId !== null) return a.diffId === b.diffId;
  return a.size === b.size && (a.createdAt === b.createdAt || a.createdAt === null || b.createdAt === null);
}

function changes(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): ValueChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name) => {
    const [old, now] = [before[name] ?? null, after[name] ?? null];
    if (old === now) return [];
    const secret = looksLikeSecret(name, old ?? undefined) || looksLikeSecret(name, now ?? undefined);
    const show = (value: string | null): string | null => (value !== null && secret ? MASK : value);
    return [{ name, before: show(old), after: show(now) }];
  });
}

function describe(
  a: readonly Side[],
  b: readonly Side[],
  at: number,
  args: readonly ValueChange[],
  env: readonly ValueChange[],
): FirstDifference {
  const old = a[at];
  const now = b[at];
  if (!old || !now) {
    const more = now ?? old!;
    return {
      kind: now ? 'added' : 'removed',
      before: old?.shown ?? null,
      after: now?.shown ?? null,
      proven: [`all that is below is the same; ${now ? 'the second' : 'the first'} image goes on with \`${more.shown}\``],
      notProven: [],
    };
  }
  return { before: old.shown, after: now.shown, ...judge(old, now, at, args, env) };
}

function judge(
  old: Side,
  now: Side,
  at: number,
  args: readonly ValueChange[],
  env: readonly ValueChange[],
): Pick<FirstDifference, 'kind' | 'proven' | 'notProven'> {
  const base = old.entry.instruction === null || now.entry.instruction === null || (at === 0 && !sameText(old.entry, now.entry));
  if (base)
    return {
      kind: 'base',
      proven: ['the images stand on different base layers: the base image is another one, or its tag moved'],
      notProven: ['whether anything above it would differ too'],
    };
  if (!sameText(old.entry, now.entry)) {
    const variable =
      old.entry.instruction === now.entry.instruction && (now.entry.instruction === 'ARG' || now.entry.instruction === 'ENV');
    const named = variable ? (now.entry.instruction === 'ARG' ? args : env).map((change) => change.name) : [];
    return {
      kind: variable ? (now.entry.instruction === 'ARG' ? 'argument' : 'environment') : 'text',
      proven: [
        variable && named.length > 0
          ? `${now.entry.instruction} ${named.join(', ')} differs, so every RUN below it has another cache key`
          : 'the instruction is another one, so its cache key is',
      ],
      notProven: ['whether files differ as well'],
    };
  }
  if (!sameArguments(old.entry, now.entry))
    return {
      kind: 'argument',
      proven: [
        `the arguments in scope of this RUN differ (${args.map((change) => change.name).join(', ') || 'order or set'}), so its cache key does`,
      ],
      notProven: ['whether files differ as well'],
    };
  const newer = (now.entry.createdAt ?? 0) !== (old.entry.createdAt ?? 0);
  return {
    kind: 'content',
    proven: [
      newer
        ? 'the instruction is the same, but its layers were made at different times: it ran for each image, none reused the other’s'
        : 'the instruction is the same, but its layers differ in size',
    ],
    notProven: [
      now.entry.instruction === 'COPY' || now.entry.instruction === 'ADD'
        ? 'which file differs: compare the contexts, or baselines of the two builds (cachewhy diff)'
        : 'why it ran: the history does not show files, flags, secrets or what a cache held',
    ],
  };
}
