/** The memory of the simulated builder: which keys it still has a result for. */
import type { Memory } from './model.ts';

/** A step of one build, as the memory sees it. */
export interface Use {
  readonly key: number;
  /** Key of the step it stands on; -1 for none. A layer cannot be dropped while one stands on it. */
  readonly base: number;
  /** Was its result needed, or only its key? A hit below which all are hits is never loaded. */
  readonly loaded: boolean;
  readonly bytes: number;
}

export interface Cache {
  has(key: number): boolean;
  /** Takes in what a build made and used, and lets go what does not fit. */
  finish(uses: readonly Use[]): void;
}

export function createCache(memory: Memory): Cache {
  if (memory.kind === 'size') return createSizedCache(memory.bytes);
  let keys = new Set<number>();
  return {
    has: (key) => keys.has(key),
    finish(uses) {
      if (memory.kind === 'previous') keys = new Set();
      for (const u of uses) keys.add(u.key);
    },
  };
}

interface Entry {
  readonly key: number;
  readonly base: number;
  readonly bytes: number;
  lastUsed: number;
  uses: number;
  /** Layers that stand on it. */
  children: number;
}

/**
 * BuildKit's garbage collection (cache/manager.go: prune, sortDeleteRecords): only layers that no other stands on are candidates; one by one, the
 * one that was used longest ago and least often goes, until what is left fits.
 */
function createSizedCache(limit: number): Cache {
  const entries = new Map<number, Entry>();
  let total = 0;
  let now = 0;

  const collect = (): void => {
    while (total > limit) {
      const victim = chooseVictim([...entries.values()].filter((e) => e.children === 0));
      if (!victim) return;
      entries.delete(victim.key);
      total -= victim.bytes;
      const base = entries.get(victim.base);
      if (base) base.children--;
    }
  };

  return {
    has: (key) => entries.has(key),
    finish(uses) {
      now++;
      for (const u of uses) {
        let e = entries.get(u.key);
        if (!e) {
          e = { key: u.key, base: u.base, bytes: u.bytes, lastUsed: now, uses: 0, children: 0 };
          entries.set(u.key, e);
          total += u.bytes;
          const base = entries.get(u.base);
          if (base) base.children++;
        } else if (!u.loaded) continue;
        e.lastUsed = now;
        e.uses++;
      }
      collect();
    },
  };
}

/** Least of the sum of two ranks: that of the last use and that of the number of uses, each from 0 to 1. */
function chooseVictim(list: readonly Entry[]): Entry | undefined {
  const rank = (values: readonly number[]): Map<number, number> => {
    const distinct = [...new Set(values)].sort((a, b) => a - b);
    return new Map(distinct.map((v, i) => [v, (i + 1) / distinct.length]));
  };
  const used = rank(list.map((e) => e.lastUsed));
  const count = rank(list.map((e) => e.uses));
  let victim: Entry | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const e of list) {
    const score = (used.get(e.lastUsed) ?? 0) + (count.get(e.uses) ?? 0);
    if (score >= least) continue;
    least = score;
    victim = e;
  }
  return victim;
}
