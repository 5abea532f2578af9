/** Sizes and times as histories write them. */

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  p: 1e15,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
  ti: 1024 ** 4,
  pi: 1024 ** 5,
};

/** `1.43kB`, `0B`, `1.2 GB`, `1433`, 1433 → bytes; null for anything else. */
export function readSize(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) && value >= 0 ? value : null;
  if (typeof value !== 'string') return null;
  const match = /^(\d{1,15}(?:\.\d{1,9})?) ?([kmgtp]?i?)(?:b|bytes)?$/i.exec(value.trim());
  const unit = match && UNITS[match[2]!.toLowerCase()];
  return match && unit !== undefined && unit !== null ? Math.round(Number(match[1]) * unit) : null;
}

/** The last millisecond that a Date can tell. */
const MAX_TIME = 8.64e15;

/** `2026-11-20T23:36:39Z`, `2024-01-15 10:22:01 +0000 UTC`, seconds since 1970 → milliseconds since 1970. `2 weeks ago` is no time. */
export function readTime(value: unknown): number | null {
  if (typeof value === 'number') return value > 0 && value < MAX_TIME ? (value > 1e11 ? value : value * 1000) : null;
  if (typeof value !== 'string') return null;
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?\s?(Z|[+-]\d\d:?\d\d)?(?:\s+[A-Z]{1,5})?$/.exec(value.trim());
  if (!match) return null;
  const zone = match[4] === undefined ? 'Z' : match[4] === 'Z' ? 'Z' : `${match[4].slice(0, 3)}:${match[4].slice(-2)}`;
  const time = Date.parse(`${match[1]}T${match[2]}${(match[3] ?? '').slice(0, 4)}${zone}`);
  return Number.isNaN(time) ? null : time;
}
