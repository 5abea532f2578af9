/** Limits that a build must keep, and how it kept them. Pure: a broken one ends in exit status 3. */

import { causes } from './causes/index.ts';
import { UserError } from './errors.ts';
import type { BudgetResult, BuildReport, Report } from './model.ts';
import type { DiagnosisOptions } from './options.ts';
import { duration, percent } from './text.ts';

type Limits = Pick<DiagnosisOptions, 'failOn' | 'minHitRate' | 'maxAvoidable' | 'maxRebuilt' | 'protect'>;

/** @throws UserError for a limit that makes no sense */
export function checkBudgets(report: Report, limits: Limits): BudgetResult[] {
  const results: BudgetResult[] = [];
  const each = (id: string, broken: (b: BuildReport) => string | null, held: string): void => {
    const faults = report.builds
      .map(withoutAccepted)
      .map(broken)
      .filter((f) => f !== null);
    results.push({ id, ok: faults.length === 0, summary: faults.length === 0 ? held : faults.slice(0, 5).join('; ') });
  };
  const { minHitRate, maxAvoidable, maxRebuilt } = limits;
  if (minHitRate !== undefined) {
    const least = share(minHitRate);
    each(
      'min-hit-rate',
      (b) => (b.summary.hitRate < least ? `the hit rate is ${percent(b.summary.hitRate)}, at least ${percent(least)} is asked for` : null),
      `the hit rate is at least ${percent(least)}`,
    );
  }
  if (maxAvoidable !== undefined)
    each(
      'max-avoidable',
      (b) =>
        b.summary.avoidableSeconds > positive(maxAvoidable, 'max-avoidable')
          ? `${duration(b.summary.avoidableSeconds)} were avoidable, ${duration(maxAvoidable)} are allowed`
          : null,
      `no more than ${duration(maxAvoidable)} were avoidable`,
    );
  if (maxRebuilt !== undefined)
    each(
      'max-rebuilt',
      (b) =>
        b.summary.rebuiltSeconds > positive(maxRebuilt, 'max-rebuilt')
          ? `steps that ran took ${duration(b.summary.rebuiltSeconds)}, ${duration(maxRebuilt)} are allowed`
          : null,
      `steps that ran took no more than ${duration(maxRebuilt)}`,
    );
  for (const what of limits.failOn) each(`fail-on ${what}`, failOn(what), `nothing of ${what} was found`);
  for (const place of limits.protect) each(`protect ${place}`, (b) => protectedMiss(b, place), `no miss in or above ${place}`);
  return results;
}

/** A miss that a comment in the Dockerfile accepts breaks no budget of misses; seconds and rates stay what they are. */
function withoutAccepted(b: BuildReport): BuildReport {
  const accepted = b.misses.filter((m) => m.accepted);
  if (accepted.length === 0) return b;
  const ids = new Set(accepted.flatMap((m) => [m.step, ...m.cascade]));
  const steps = b.steps.map((s) => (ids.has(s.id) ? { ...s, role: 'none' as const } : s));
  const trend = b.trend && { ...b.trend, fresh: b.trend.fresh.filter((f) => !ids.has(f.step)) };
  return { ...b, steps, misses: b.misses.filter((m) => !m.accepted), ...(trend && { trend }) };
}

function share(value: number): number {
  const rate = value > 1 ? value / 100 : value;
  if (!(rate >= 0 && rate <= 1))
    throw new UserError(`--min-hit-rate ${value} is no share`, 'give a number from 0 to 1, or a percentage up to 100');
  return rate;
}

function positive(value: number, name: string): number {
  if (!(value >= 0)) throw new UserError(`--${name} ${value} is no number of seconds`, 'give seconds, for example 30');
  return value;
}

function failOn(what: string): (b: BuildReport) => string | null {
  if (what === 'miss') return (b) => (b.misses[0] ? `${b.misses[0].name} missed` : null);
  if (what === 'waste') return (b) => b.misses.find((m) => m.verdict === 'waste')?.name.concat(' missed, and a fix would avoid it') ?? null;
  if (what === 'regression')
    return (b) => (b.trend?.fresh[0] ? `${b.trend.fresh[0].step} was reused in the build before and missed now` : null);
  if (!causes.some((c) => c.kind === what))
    throw new UserError(`--fail-on ${what} is no cause`, `use miss, waste, regression or one of ${causes.map((c) => c.kind).join(', ')}`);
  // A cause that is only possible fails no build.
  return (b) => {
    const miss = b.misses.find((m) => m.causes[0]?.kind === what && m.causes[0].confidence !== 'possible');
    return miss ? `${miss.name}: ${miss.causes[0]?.summary}` : null;
  };
}

/** A miss in the stage, or in the step or one that it stands on. */
function protectedMiss(b: BuildReport, place: string): string | null {
  const wanted = place.toLowerCase();
  const byId = new Map(b.steps.map((s) => [s.id, s]));
  const named = b.steps.filter(
    (s) => s.cacheable && (s.stage?.toLowerCase() === wanted || s.id === place || s.name.toLowerCase().includes(wanted)),
  );
  const missed = new Set(b.steps.filter((s) => s.role === 'first-miss' || s.role === 'cascade').map((s) => s.id));
  const seen = new Set<string>();
  const queue = named.map((s) => s.id);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (missed.has(id)) return `${byId.get(id)?.name} missed, and ${place} is protected`;
    queue.push(...(byId.get(id)?.inputs ?? []));
  }
  return null;
}

/** Adds what the waste costs, where a price is given. */
export function priceReport(report: Report, options: Pick<DiagnosisOptions, 'pricePerMinute' | 'buildsPerDay' | 'currency'>): Report {
  const { pricePerMinute, buildsPerDay = 1, currency = '$' } = options;
  if (pricePerMinute === undefined) return report;
  if (!(pricePerMinute >= 0 && buildsPerDay >= 0))
    throw new UserError(
      '--price-per-minute and --builds-per-day take numbers of at least 0',
      'for example --price-per-minute 0.008 --builds-per-day 40',
    );
  const month = (seconds: number): number => Math.round((seconds / 60) * pricePerMinute * buildsPerDay * 30 * 100) / 100;
  const priced = (a: NonNullable<BuildReport['advice']>[number]): typeof a =>
    a.savesSeconds ? { ...a, savesMoneyPerMonth: month(a.savesSeconds) } : a;
  const builds = report.builds.map((b) => ({
    ...b,
    money: { currency, perMinute: pricePerMinute, buildsPerDay, avoidablePerMonth: month(b.summary.avoidableSeconds) },
    misses: b.misses.map((m) => ({ ...m, advice: m.advice.map(priced) })),
  }));
  return { ...report, builds };
}
