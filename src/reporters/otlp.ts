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

/**
 * One OTLP/JSON document: a trace for each build, a span for each vertex, and metrics (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
 * It stands on one line, which is how a collector's file receiver reads it; its two halves may be posted to /v1/traces and /v1/metrics as they are.
 */
const reporter: Reporter = {
  id: 'otlp',
  title: 'OpenTelemetry spans and metrics (OTLP/JSON)',
  extension: 'json',
  render(report, view) {
    const now = view.now ?? Date.now();
    const resource = { attributes: [text('service.name', 'cachewhy'), text('service.version', VERSION)] };
    const scope = { name: 'cachewhy', version: VERSION };
    const document = {
      resourceSpans: [{ resource, scopeSpans: [{ scope, spans: report.builds.flatMap((b, i) => spansOf(b, i, startOf(b, now))) }] }],
      resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: metricsOf(report.builds, now) }] }],
    };
    return `${JSON.stringify(document)}\n`;
  },
};
export default reporter;

/** Milliseconds. A log that knows no day is taken to have ended just now. */
function startOf(b: BuildReport, now: number): number {
  const known = b.startedAt === undefined ? Number.NaN : Date.parse(b.startedAt);
  return Number.isNaN(known) ? now - lengthOf(b, startTimes(b)) * 1000 : known;
}

/** Seconds from the build's start to the end of its last step. */
function lengthOf(b: BuildReport, begins: ReadonlyMap<string, number>): number {
  return b.steps.reduce((end, s) => Math.max(end, (begins.get(s.id) ?? 0) + (s.seconds ?? 0)), Math.max(b.seconds ?? 0, 0));
}

/** @param start of the build, milliseconds since the epoch */
function spansOf(b: BuildReport, index: number, start: number): object[] {
  const seed = `${start}\n${index}\n${b.headline}\n${b.steps.map((s) => s.name).join('\n')}`;
  const traceId = `${fingerprint(seed)}${fingerprint(`${seed}\ntrace`)}`;
  const root = fingerprint(`${seed}\nroot`);
  const nanos = (seconds: number): string => String(BigInt(Math.round(start * 1000)) * 1000n + BigInt(Math.round(seconds * 1e9)));
  const begins = startTimes(b);
  const spans: object[] = [
    {
      traceId,
      spanId: root,
      name: 'docker build',
      kind: 1,
      startTimeUnixNano: nanos(0),
      endTimeUnixNano: nanos(lengthOf(b, begins)),
      attributes: [
        text('cachewhy.outcome', b.outcome),
        text('cachewhy.headline', oneLine(b.headline)),
        number('cachewhy.hit_ratio', b.summary.hitRate),
        number('cachewhy.rebuilt_seconds', b.summary.rebuiltSeconds),
        number('cachewhy.avoidable_seconds', b.summary.avoidableSeconds),
        ...(b.money
          ? [number('cachewhy.avoidable_per_month', b.money.avoidablePerMonth), text('cachewhy.currency', b.money.currency)]
          : []),
      ],
      status: { code: b.outcome === 'succeeded' ? 1 : 2 },
    },
  ];
  const causes = new Map(b.misses.map((m) => [m.step, m.causes[0]]));
  for (const s of b.steps) {
    const begin = begins.get(s.id) ?? 0;
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
      name: oneLine(s.name).slice(0, 1000) || s.id,
      kind: 1,
      startTimeUnixNano: nanos(begin),
      endTimeUnixNano: nanos(begin + (s.seconds ?? 0)),
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

function metricsOf(builds: readonly BuildReport[], now: number): object[] {
  const time = (b: BuildReport): string => String(BigInt(Math.round((startOf(b, now) + (b.seconds ?? 0) * 1000) * 1000)) * 1000n);
  const gauge = (name: string, unit: string, value: (b: BuildReport) => number): object => ({
    name,
    unit,
    gauge: {
      dataPoints: builds.map((b, i) => ({
        asDouble: value(b),
        timeUnixNano: time(b),
        attributes: [text('build', String(i + 1)), text('outcome', b.outcome)],
      })),
    },
  });
  return [
    gauge('cachewhy.hit_ratio', '1', (b) => b.summary.hitRate),
    gauge('cachewhy.rebuilt', 's', (b) => b.summary.rebuiltSeconds),
    gauge('cachewhy.avoidable', 's', (b) => b.summary.avoidableSeconds),
    ...(builds.some((b) => b.money) ? [gauge('cachewhy.avoidable_per_month', '{currency}', (b) => b.money?.avoidablePerMonth ?? 0)] : []),
  ];
}

function text(key: string, value: string): Attribute {
  return { key, value: { stringValue: value } };
}
function number(key: string, value: number): Attribute {
  return { key, value: { doubleValue: value } };
}
