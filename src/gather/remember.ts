import type { Baseline, BaselineStep } from '../baseline/model.ts';
import { appendPast, toPastBuild } from '../baseline/trend.ts';
import type { BuildState } from '../keys/diff.ts';
import type { StepMatch } from '../keys/match.ts';
import type { BuildReport } from '../model.ts';

/** What the next build is held against. */
export function makeBaseline(
  report: BuildReport,
  match: StepMatch,
  now: BuildState,
  salt: string,
  previous: Baseline | null,
  commandKnown: boolean,
): Baseline {
  const steps: Record<string, BaselineStep> = {};
  const reports = new Map(report.steps.map((s) => [s.id, s]));
  const byIdentity = new Map<string, BaselineStep>();
  for (const [id, k] of match.steps) {
    const s = reports.get(id);
    if (!s) continue;
    const before = previous?.steps[k.id];
    // A reused step keeps what it cost when it last ran.
    const seconds = s.status === 'reused' && before && before.seconds !== null && before.seconds > 0 ? before.seconds : s.seconds;
    const entry: BaselineStep = { name: k.name, status: s.status, seconds };
    steps[k.id] = entry;
    byIdentity.set(k.identity, entry);
  }
  for (const k of now.keys.steps) {
    const shared = byIdentity.get(k.identity);
    if (shared) steps[k.id] ??= { ...shared, name: k.name };
  }
  const at = new Date().toISOString();
  const revision = process.env.GITHUB_SHA ?? process.env.CI_COMMIT_SHA ?? process.env.BUILDKITE_COMMIT ?? process.env.GIT_COMMIT;
  const past = appendPast(previous?.past ?? [], toPastBuild(report, at, revision?.slice(0, 64)));
  return {
    savedAt: at,
    salt,
    outcome: report.outcome,
    keys: now.keys,
    listing: now.listing,
    named: now.named ?? {},
    images: now.images,
    steps,
    commandKnown,
    past,
    ...(report.command !== undefined && { command: report.command }),
  };
}
