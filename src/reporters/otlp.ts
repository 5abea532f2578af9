import type { BuildReport } from '../model.ts';
import { oneLine } from '../text.ts';
import { VERSION } from '../version.ts';
import { fingerprint } from './findings.ts';
import type { Reporter } from './types.ts';

type Value = { stringValue: string } | { intValue: string } | { doubleValue: number } | { boolValue: boolean };
interface Attribute {
  readonly key: string;
  readonly value: Value;
}

/** One OTLP/JSON document: a trace for each build, a span for each vertex (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
const reporter: Reporter = {
  id: 'otlp',
  title: 'OpenTelemetry spans and metrics (OTLP/JSON)',
  extension: 'json',
  render(report) {
    const resource = { attributes: [text('service.name', 'cachewhy'), text('service.version', VERSION)] };
    const scope = { name: 'cachewhy', version: VERSION };
    const document = {
      resourceSpans: [{ resource, scopeSpans: [{ scope, spans: report.builds.flatMap((b, i) => spansOf(b, i)) }] }],
      resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: metricsOf(report.builds) }] }],
    };
    return `${JSON.stringify(document, null, 2)}\n`;
  },
};
export default reporter;

function spansOf(b: BuildReport, index: number): object[] {
  const seed = `${index}\n${b.headline}\n${b.steps.map((s) => s.name).join('\n')}`;
  const traceId = `${fingerprint(seed)}${fingerprint(`${seed}\ntrace`)}`;
  const root = fingerprint(`${seed}\nroot`);
  // Logs know seconds since the build's start, rarely the day: spans are laid from the epoch on.
  const nanos = (seconds: number): string => String(Math.round(seconds * 1e9));
  const begins = startTimes(b);
  const end = Math.max(b.seconds ?? 0, 0, ...b.steps.map((s) => (begins.get(s.id) ?? 0) + (s.seconds ?? 0)));
  const spans: object[] = [
    {
      traceId,
      spanId: root,
      name: 'docker build',
      kind: 1,
      startTimeUnixNano: '0',
      endTimeUnixNano: nanos(end),
      attributes: [
        text('cachewhy.outcome', b.outcome),
        text('cachewhy.headline', oneLine(b.headline)),
        number('cachewhy.hit_ratio', b.summary.hitRate),
      ],
      status: { code: b.outcome === 'succeeded' ? 1 : 2 },
    },
  ];
  const causes = new Map(b.misses.map((m) => [m.step, m.causes[0]]));
  for (const s of b.steps) {
    const start = begins.get(s.id) ?? 0;
    const cause = causes.get(s.id);
    const attributes = [
      text('cachewhy.status', s.status),
      text('cachewhy.role', s.role),
      { key: 'cachewhy.cacheable', value: { boolValue: s.cacheable } },
    ];
    if (cause)
      attributes.push(
        text('cachewhy.cause', cause.kind),
        text('cachewhy.confidence', cause.confidence),
        text('cachewhy.summary', oneLine(cause.summary)),
      );
    spans.push({
      traceId,
      spanId: fingerprint(`${seed}\n${s.id}`),
      parentSpanId: root,
      name: oneLine(s.name).slice(0, 1000),
      kind: 1,
      startTimeUnixNano: nanos(start),
      endTimeUnixNano: nanos(start + (s.seconds ?? 0)),
      attributes,
      status: { code: s.status === 'failed' ? 2 : 0 },
    });
  }
  return spans;
}

/** When each step began: as the log tells, else as early as its inputs allow. */
export function startTimes(b: BuildReport): Map<string, number> {
  const byId = new Map(b.steps.map((s) => [s.id, s]));
  const starts = new Map<string, number>();
  for (const s of b.steps) if (s.startedAt !== undefined) starts.set(s.id, Math.max(0, s.startedAt));
  const settle = (id: string, path: Set<string>): number => {
    const known = starts.get(id);
    if (known !== undefined) return known;
    const s = byId.get(id);
    if (!s || path.has(id) || path.size > 2000) return 0;
    path.add(id);
    const start = Math.max(0, ...s.inputs.map((i) => settle(i, path) + (byId.get(i)?.seconds ?? 0)));
    path.delete(id);
    starts.set(id, start);
    return start;
  };
  for (const s of b.steps) settle(s.id, new Set());
  return starts;
}

function metricsOf(builds: readonly BuildReport[]): object[] {
  const gauge = (name: string, unit: string, value: (b: BuildReport) => number): object => ({
    name,
    unit,
    gauge: {
      dataPoints: builds.map((b, i) => ({
        asDouble: value(b),
        timeUnixNano: '0',
        attributes: [text('build', String(i + 1)), text('outcome', b.outcome)],
      })),
    },
  });
  return [
    gauge('cachewhy.hit_ratio', '1', (b) => b.summary.hitRate),
    gauge('cachewhy.rebuilt', 's', (b) => b.summary.rebuiltSeconds),
    gauge('cachewhy.avoidable', 's', (b) => b.summary.avoidableSeconds),
  ];
}

function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: value } };
}
function number(key: string, value: number): Attribute {
  return { key, value: { doubleValue: value } };
}
