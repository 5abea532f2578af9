import type { BuildReport } from '../model.ts';
import { oneLine } from '../text.ts';
import type { Reporter } from './types.ts';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly unit?: string;
  readonly values: (b: BuildReport) => readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

const one = (value: number): { value: number }[] => [{ value }];
const METRICS: readonly Metric[] = [
  {
    name: 'cachewhy_hit_ratio',
    help: 'Share of cacheable steps served by the cache',
    unit: 'ratio',
    values: (b) => one(b.summary.hitRate),
  },
  {
    name: 'cachewhy_steps',
    help: 'Cacheable steps by what happened to them',
    values: (b) =>
      (['reused', 'rebuilt', 'failed', 'canceled', 'skipped'] as const).map((status) => ({
        labels: { status },
        value: b.steps.filter((s) => s.cacheable && s.status === status).length,
      })),
  },
  { name: 'cachewhy_rebuilt_seconds', help: 'Time in steps that ran', unit: 'seconds', values: (b) => one(b.summary.rebuiltSeconds) },
  {
    name: 'cachewhy_avoidable_seconds',
    help: 'Time that a known fix would have saved',
    unit: 'seconds',
    values: (b) => one(b.summary.avoidableSeconds),
  },
  {
    name: 'cachewhy_first_misses',
    help: 'First misses by cause',
    values: (b) =>
      [...count(b.misses.map((m) => m.causes[0]?.kind ?? 'unexplained'))].map(([cause, value]) => ({ labels: { cause }, value })),
  },
  {
    name: 'cachewhy_build_seconds',
    help: 'Wall time of the build',
    unit: 'seconds',
    values: (b) => (b.seconds === null ? [] : one(b.seconds)),
  },
];

/** https://prometheus.io/docs/specs/om/open_metrics_spec/ */
const reporter: Reporter = {
  id: 'openmetrics',
  title: 'OpenMetrics (Prometheus, GitLab metrics report)',
  extension: 'txt',
  render(report) {
    const lines: string[] = [];
    for (const m of METRICS) {
      lines.push(`# TYPE ${m.name} gauge`);
      if (m.unit) lines.push(`# UNIT ${m.name} ${m.unit}`);
      lines.push(`# HELP ${m.name} ${m.help}`);
      for (const [i, b] of report.builds.entries())
        for (const { labels, value } of m.values(b)) {
          const all = { build: String(i + 1), outcome: b.outcome, ...labels };
          lines.push(
            `${m.name}{${Object.entries(all)
              .map(([k, v]) => `${k}="${escapeLabel(v)}"`)
              .join(',')}} ${value}`,
          );
        }
    }
    return `${lines.join('\n')}\n# EOF\n`;
  },
};
export default reporter;

function count(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of list) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

function escapeLabel(text: string): string {
  return oneLine(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
}
