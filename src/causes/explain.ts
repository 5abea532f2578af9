/** Ranks the causes of a first miss. */
import type { CauseKind, CauseReport } from '../model.ts';
import type { Facts, Finding } from './define.ts';
import { causes } from './index.ts';
import type { MissView } from './signals.ts';

const RANK = { certain: 0, likely: 1, possible: 2 } as const;
/** More candidates than this help nobody. */
const MAX_CAUSES = 5;

/**
 * @param view the first miss
 * @param computed causes found by comparing ingredients: they outrank everything but a flag that switched the cache off
 * @param ruledOut kinds that a comparison excludes
 * @param brief only what was computed counts: suspicions look at the whole log, and there are too many misses for that
 * @returns ranked causes, never empty
 */
export function explainMiss(
  view: MissView,
  facts: Facts,
  computed: readonly Finding[] = [],
  ruledOut: ReadonlySet<CauseKind> = new Set(),
  brief = false,
): CauseReport[] {
  const findings: Finding[] = [...computed];
  const decided = computed.some((c) => c.confidence === 'certain');
  for (const cause of brief ? [] : causes) {
    const found = cause.suspect?.(view, facts);
    if (!found || ruledOut.has(found.kind) || findings.some((f) => f.kind === found.kind)) continue;
    // Where ingredients were compared, suspicions add nothing but a flag that is proven.
    if (!decided || found.confidence === 'certain') findings.push(found);
  }
  findings.sort((a, b) => RANK[a.confidence] - RANK[b.confidence] || b.weight - a.weight);
  const shown = findings.slice(0, MAX_CAUSES).map(({ weight: _, ...report }): CauseReport => report);
  if (shown.length > 0) return shown;
  return [
    {
      kind: 'unexplained',
      confidence: 'possible',
      summary: brief ? 'It was not looked into' : 'Nothing in the log explains it',
      because: [
        `${view.step.id} ran, and ${brief ? 'the build has too many first misses to look into each' : 'no cause that a log can show fits'}`,
      ],
    },
  ];
}
