/** First misses as findings with a place, for the formats that annotate files. First misses only: a cascade has no cause of its own. */
import type { BuildReport, CauseReport, MissReport, Report } from '../model.ts';
import { duration, oneLine, plural } from '../text.ts';

export interface FoundMiss {
  readonly build: BuildReport;
  readonly miss: MissReport;
  readonly cause: CauseReport;
  /** From the root of the repository, as far as that is known. */
  readonly file: string;
  readonly line: number;
  readonly endLine: number;
  /** One line: what missed, why, what it cost. */
  readonly message: string;
  readonly title: string;
  readonly level: 'error' | 'warning' | 'note';
  /** Stable over builds while step and cause are the same. */
  readonly id: string;
}

export function findMisses(report: Report): FoundMiss[] {
  const found: FoundMiss[] = [];
  for (const build of report.builds)
    for (const miss of build.misses) {
      const cause = miss.causes[0]!;
      const cost = miss.seconds + miss.cascadeSeconds;
      const below = miss.cascade.length > 0 ? `, ${plural(miss.cascade.length, 'step')} below it ran as well` : '';
      const sure = cause.confidence === 'certain' ? '' : ` (${cause.confidence})`;
      const fix = miss.advice[0] ? ` Fix: ${miss.advice[0].summary}.` : '';
      found.push({
        build,
        miss,
        cause,
        file: miss.source?.path ?? miss.source?.file ?? 'Dockerfile',
        line: miss.source?.line ?? 1,
        endLine: miss.source?.endLine ?? miss.source?.line ?? 1,
        title: `Cache miss: ${oneLine(cause.kind)}`,
        message: oneLine(`${miss.name}: ${cause.summary}${sure}. ${duration(cost)}${below}.${fix}`),
        level: miss.verdict === 'waste' ? 'warning' : 'note',
        id: fingerprint(`${cause.kind}\n${miss.name.replace(/^\[[^\]]*\] /, '')}\n${miss.source?.file ?? ''}`),
      });
    }
  return found;
}

/** 64 bits of FNV-1a: enough to tell findings apart, and no secret. */
export function fingerprint(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash ^= BigInt(text.charCodeAt(i));
    hash = (hash * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(16).padStart(16, '0');
}
