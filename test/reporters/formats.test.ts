import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HtmlRenderer, Parser } from 'commonmark';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';
import type { Report } from '../../src/model.ts';
import { reporters } from '../../src/reporters/index.ts';

const root = path.join(import.meta.dirname, '..', '..', 'sample-logs');

function reportOf(log: Uint8Array): Report {
  const reader = createLogReader();
  reader.push(log);
  return { schemaVersion: 1, builds: reader.end().builds.map((b) => diagnose(b).report) };
}
const samples = readdirSync(root).map((name) => [name, reportOf(readFileSync(path.join(root, name, 'build.log')))] as const);

async function render(id: string, report: Report, columns = 100): Promise<string> {
  const { default: reporter } = await reporters[id]!();
  expect(reporter.id).toBe(id);
  return reporter.render(report, { color: false, columns });
}

/** Each output read by an independent reader of its format. */
const READERS: Readonly<Record<string, (text: string, report: Report) => void>> = {
  json: (t, r) => expect(JSON.parse(t)).toEqual(JSON.parse(JSON.stringify(r))),
  terminal: (t) => {
    expect(t).not.toMatch(CONTROL);
  },
  'gitlab-section': (t) => {
    const section =
      /^\u001b\[0Ksection_start:\d+:cachewhy\r\u001b\[0K[^\n]+\n([\s\S]*)\u001b\[0Ksection_end:\d+:cachewhy\r\u001b\[0K\n$/.exec(t);
    expect(section?.[1]).toBeDefined();
    expect(section![1]).not.toMatch(CONTROL);
  },
  markdown: markdown,
  buildkite: markdown,
  github: (t) => {
    for (const line of lines(t))
      expect(line).toMatch(/^::(?:notice|warning|error) (?:file=[^,:]*,line=\d+,endLine=\d+,)?title=[^:]*::[^\r\n]*$/);
    expect(lines(t).length).toBeLessThanOrEqual(20);
  },
  azure: (t) => {
    for (const line of lines(t)) expect(line).toMatch(/^##vso\[task\.logissue [^\]\r\n]*\][^\r\n]*$/);
  },
  gitlab: (t) => {
    const issues = JSON.parse(t) as {
      description: string;
      check_name: string;
      fingerprint: string;
      severity: string;
      location: { path: string; lines: { begin: number } };
    }[];
    expect(new Set(issues.map((i) => i.fingerprint)).size).toBe(issues.length);
    for (const i of issues) {
      expect(['info', 'minor', 'major', 'critical', 'blocker']).toContain(i.severity);
      expect(i.description.length * i.check_name.length * i.location.path.length * i.location.lines.begin).toBeGreaterThan(0);
    }
  },
  junit: (t, r) => {
    const xml = readXml(t) as { testsuites: { testsuite: { '@_tests': string }[] } };
    expect(xml.testsuites.testsuite.map((s) => Number(s['@_tests']))).toEqual(
      r.builds.map((b) => b.steps.filter((s) => s.cacheable).length),
    );
  },
  checkstyle: (t) => void readXml(t),
  sarif: (t, r) => {
    const log = JSON.parse(t) as {
      version: string;
      runs: {
        tool: { driver: { rules: { id: string }[] } };
        results: {
          ruleId: string;
          level: string;
          message: { text: string };
          locations: { physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number; endLine: number } } }[];
        }[];
      }[];
    };
    expect(log.version).toBe('2.1.0');
    const run = log.runs[0]!;
    expect(run.results).toHaveLength(r.builds.reduce((n, b) => n + b.misses.length, 0));
    for (const result of run.results) {
      expect(run.tool.driver.rules.map((x) => x.id)).toContain(result.ruleId);
      expect(['none', 'note', 'warning', 'error']).toContain(result.level);
      const { artifactLocation, region } = result.locations[0]!.physicalLocation;
      expect(() => new URL(artifactLocation.uri, 'file:///')).not.toThrow();
      expect(region.startLine).toBeGreaterThan(0);
      expect(region.endLine).toBeGreaterThanOrEqual(region.startLine);
    }
  },
  openmetrics: (t) => {
    expect(t.endsWith('# EOF\n')).toBe(true);
    const types = new Set<string>();
    const series = new Set<string>();
    for (const line of t.split('\n').slice(0, -2)) {
      const type = /^# TYPE (\S+) gauge$/.exec(line);
      if (type) types.add(type[1]!);
      if (line.startsWith('#')) continue;
      const sample = /^([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\}) (-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)$/.exec(line);
      expect(sample, line).not.toBeNull();
      expect(types).toContain(sample![1]);
      expect(series.has(sample![1]! + sample![2]!)).toBe(false);
      series.add(sample![1]! + sample![2]!);
    }
  },
  otlp: (t) => {
    const d = JSON.parse(t) as {
      resourceSpans: {
        scopeSpans: {
          spans: { traceId: string; spanId: string; parentSpanId?: string; startTimeUnixNano: string; endTimeUnixNano: string }[];
        }[];
      }[];
    };
    const spans = d.resourceSpans[0]!.scopeSpans[0]!.spans;
    const ids = new Set(spans.map((s) => s.traceId + s.spanId));
    expect(ids.size).toBe(spans.length);
    for (const s of spans) {
      expect(s.traceId).toMatch(/^[0-9a-f]{32}$/);
      expect(s.spanId).toMatch(/^[0-9a-f]{16}$/);
      expect(BigInt(s.endTimeUnixNano) >= BigInt(s.startTimeUnixNano)).toBe(true);
      if (s.parentSpanId) expect(ids).toContain(s.traceId + s.parentSpanId);
    }
  },
  html: (t) => {
    expect(Buffer.byteLength(t)).toBeLessThan(1 << 20);
    // Nothing is fetched: no element has a source, and the policy forbids it.
    expect(t).not.toMatch(/<[a-z]+(?:\s+[a-z-]+="[^"]*")*\s+(?:src|href)=/i);
    expect(t).toContain("default-src 'none'");
    expect(t.match(/<script/g)).toHaveLength(1);
    expect(t.match(/<\/script/g)).toHaveLength(1);
  },
};

/** What must never reach a terminal or a document: escape codes, control and bidirectional characters. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

function lines(text: string): string[] {
  return text.split('\n').filter((l) => l !== '');
}

function readXml(text: string): unknown {
  expect(XMLValidator.validate(text)).toBe(true);
  return new XMLParser({ ignoreAttributes: false, isArray: (name) => name === 'testsuite' || name === 'testcase' }).parse(text);
}

function markdown(text: string): void {
  expect(Buffer.byteLength(text)).toBeLessThan(64 * 1024);
  expect(text).not.toMatch(CONTROL);
  const html = new HtmlRenderer().render(new Parser().parse(text));
  // Only the folds that we open ourselves are markup.
  for (const tag of html.match(/<\/?[a-zA-Z!][^>]*>/g) ?? [])
    expect(tag).toMatch(/^<(?:\/?(?:h2|h3|p|ul|ol|li|strong|em|code|pre|blockquote|details|summary|br)\b[^<>]*|!-- cachewhy --)>$/);
}

describe.each(Object.keys(reporters))('%s', (id) => {
  it.each(samples)('%s', async (_, report) => {
    const text = await render(id, report);
    READERS[id]!(text, report);
  });

  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '\x1b[31mred\x1b[0m',
      ']]>',
      '--%3E',
      '</script><script>alert(1)</script>',
      '`code` | pipe',
      '\u202Ertl',
      'a\nb\r\nc',
      '::error::x',
      '##vso[task.complete]',
      '<img src=x onerror=alert(1)>',
      '[x](javascript:alert(1))',
      '"quoted"',
      '$(rm -rf /)',
      '\\u001b',
      '@everyone',
      '```mermaid',
    ),
  );
  it('whatever stands in names, files and messages', async () => {
    const [, sample] = samples.find(([name]) => name === 'node-naive-readme-edit')!;
    const { default: reporter } = await reporters[id]!();
    fc.assert(
      fc.property(hostile, hostile, hostile, (name, file, message) => {
        const b = sample.builds[0]!;
        const report: Report = {
          schemaVersion: 1,
          notes: [message || 'x'],
          builds: [
            {
              ...b,
              headline: `${message}.`,
              notes: [message],
              steps: b.steps.map((s) => ({ ...s, name: `${s.name} ${name}`, stage: name })),
              misses: b.misses.map((m) => ({
                ...m,
                name: `${m.name} ${name}`,
                source: { file: file || 'Dockerfile', line: 3, endLine: 3 },
                causes: m.causes.map((c) => ({
                  ...c,
                  summary: message,
                  because: [message],
                  paths: [{ path: file, change: 'modified' as const }],
                })),
                advice: m.advice.map((a) => ({ ...a, summary: message, patch: `--- a/x\n+++ b/x\n+${name}` })),
              })),
            },
          ],
        };
        READERS[id]!(reporter.render(report, { color: false, columns: 80 }), report);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the terminal report', () => {
  it.each([40, 80, 120])('fits %d columns', async (columns) => {
    for (const [, report] of samples)
      for (const line of (await render('terminal', report, columns)).split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

it('a build of 500 steps makes a page of less than a megabyte', async () => {
  const [, sample] = samples.find(([name]) => name === 'node-naive-readme-edit')!;
  const b = sample.builds[0]!;
  const step = b.steps.find((s) => s.cacheable)!;
  const steps = Array.from({ length: 500 }, (_, i) => ({
    ...step,
    id: `#${i}`,
    name: `[stage-${i % 20} ${i}/500] RUN ${'make something long '.repeat(8)}${i}`,
    stage: `stage-${i % 20}`,
    inputs: i > 0 ? [`#${i - 1}`] : [],
    seconds: 1,
  }));
  expect(Buffer.byteLength(await render('html', { schemaVersion: 1, builds: [{ ...b, steps }] }))).toBeLessThan(1 << 20);
});
