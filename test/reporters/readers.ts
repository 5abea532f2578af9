/** A reader for each format, none of which is ours: what a report must satisfy to be taken where it goes. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { HtmlRenderer, Parser } from 'commonmark';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { expect } from 'vitest';
import type { Report } from '../../src/model.ts';
import { readOpenMetrics } from './open-metrics.ts';

/** What must never reach a terminal or a document: escape codes, control and bidirectional characters. */
export const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

const ajv = new Ajv({ allErrors: true, strict: false });
const isUri = (text: string, base?: string): boolean => {
  if (/[\s<>"{}|\\^`]/.test(text)) return false;
  try {
    return Boolean(new URL(text, base));
  } catch {
    return false;
  }
};
ajv.addFormat('uri', (text) => isUri(text));
ajv.addFormat('uri-reference', (text) => isUri(text, 'file:///'));
ajv.addFormat('date-time', (text) => !Number.isNaN(Date.parse(text)));

const validSarif = ajv.compile(
  JSON.parse(readFileSync(path.join(import.meta.dirname, '../data/reporters/sarif-schema-2.1.0.json'), 'utf8')) as object,
);

/** https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format */
const validCodeQuality = ajv.compile({
  type: 'array',
  items: {
    type: 'object',
    required: ['description', 'check_name', 'fingerprint', 'severity', 'location'],
    properties: {
      description: { type: 'string', minLength: 1 },
      check_name: { type: 'string', minLength: 1 },
      fingerprint: { type: 'string', pattern: '^[0-9a-f-]+$' },
      severity: { enum: ['info', 'minor', 'major', 'critical', 'blocker'] },
      location: {
        type: 'object',
        required: ['path', 'lines'],
        properties: {
          // Relative to the repository, without `./`.
          path: { type: 'string', minLength: 1, not: { pattern: '^(?:\\./|/)' } },
          lines: {
            type: 'object',
            required: ['begin'],
            properties: { begin: { type: 'integer', minimum: 1 }, end: { type: 'integer', minimum: 1 } },
          },
        },
      },
    },
  },
});

/** The fields of https://github.com/open-telemetry/opentelemetry-proto that we fill, in its JSON mapping: 64-bit numbers are strings, ids are hexadecimal. */
const attributes = {
  type: 'array',
  items: {
    type: 'object',
    required: ['key', 'value'],
    additionalProperties: false,
    properties: {
      key: { type: 'string', minLength: 1 },
      value: {
        type: 'object',
        minProperties: 1,
        maxProperties: 1,
        additionalProperties: false,
        properties: {
          stringValue: { type: 'string' },
          boolValue: { type: 'boolean' },
          doubleValue: { type: 'number' },
          intValue: { type: 'string', pattern: '^-?\\d+$' },
        },
      },
    },
  },
};
const nanos = { type: 'string', pattern: '^[1-9]\\d{17,18}$' };
const resource = { type: 'object', required: ['attributes'], additionalProperties: false, properties: { attributes } };
const scope = { type: 'object', required: ['name'], properties: { name: { type: 'string' }, version: { type: 'string' } } };
const validOtlp = ajv.compile({
  type: 'object',
  required: ['resourceSpans', 'resourceMetrics'],
  additionalProperties: false,
  properties: {
    resourceSpans: {
      type: 'array',
      items: {
        type: 'object',
        required: ['resource', 'scopeSpans'],
        additionalProperties: false,
        properties: {
          resource,
          scopeSpans: {
            type: 'array',
            items: {
              type: 'object',
              required: ['scope', 'spans'],
              additionalProperties: false,
              properties: {
                scope,
                spans: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['traceId', 'spanId', 'name', 'kind', 'startTimeUnixNano', 'endTimeUnixNano'],
                    additionalProperties: false,
                    properties: {
                      traceId: { type: 'string', pattern: '^(?!0{32})[0-9a-f]{32}$' },
                      spanId: { type: 'string', pattern: '^(?!0{16})[0-9a-f]{16}$' },
                      parentSpanId: { type: 'string', pattern: '^(?!0{16})[0-9a-f]{16}$' },
                      name: { type: 'string', minLength: 1 },
                      kind: { type: 'integer', minimum: 0, maximum: 5 },
                      startTimeUnixNano: nanos,
                      endTimeUnixNano: nanos,
                      attributes,
                      status: {
                        type: 'object',
                        additionalProperties: false,
                        properties: { code: { type: 'integer', minimum: 0, maximum: 2 }, message: { type: 'string' } },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
    resourceMetrics: {
      type: 'array',
      items: {
        type: 'object',
        required: ['resource', 'scopeMetrics'],
        additionalProperties: false,
        properties: {
          resource,
          scopeMetrics: {
            type: 'array',
            items: {
              type: 'object',
              required: ['scope', 'metrics'],
              additionalProperties: false,
              properties: {
                scope,
                metrics: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['name', 'unit', 'gauge'],
                    additionalProperties: false,
                    properties: {
                      name: { type: 'string', minLength: 1 },
                      description: { type: 'string' },
                      unit: { type: 'string' },
                      gauge: {
                        type: 'object',
                        required: ['dataPoints'],
                        additionalProperties: false,
                        properties: {
                          dataPoints: {
                            type: 'array',
                            items: {
                              type: 'object',
                              required: ['asDouble', 'timeUnixNano'],
                              additionalProperties: false,
                              properties: { asDouble: { type: 'number' }, timeUnixNano: nanos, attributes },
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
});

function expectValid(validate: typeof validSarif, text: string): unknown {
  const value: unknown = JSON.parse(text);
  expect(validate(value), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
  return value;
}

/** Throws where a text is not what its format asks for. */
export const READERS: Readonly<Record<string, (text: string, report: Report) => void>> = {
  json: (t, r) => expect(JSON.parse(t)).toEqual(JSON.parse(JSON.stringify(r))),
  terminal: (t) => {
    expect(t).not.toMatch(CONTROL);
  },
  'gitlab-section': (t) => {
    const section =
      /^\u001b\[0Ksection_start:\d+:cachewhy(?:\[collapsed=true\])?\r\u001b\[0K[^\n]+\n([\s\S]*)\u001b\[0Ksection_end:\d+:cachewhy\r\u001b\[0K\n$/.exec(
        t,
      );
    expect(section?.[1]).toBeDefined();
    expect(section![1]).not.toMatch(CONTROL);
  },
  markdown: readMarkdown,
  buildkite: readMarkdown,
  github: (t) => {
    for (const line of linesOf(t))
      expect(line).toMatch(/^::(?:notice|warning|error) (?:file=[^,:]+,line=\d+,endLine=\d+,)?title=[^:,]+::[^\r\n]+$/);
    for (const level of ['notice', 'warning', 'error'])
      expect(linesOf(t).filter((line) => line.startsWith(`::${level} `)).length).toBeLessThanOrEqual(10);
  },
  azure: (t) => {
    for (const line of linesOf(t))
      expect(line).toMatch(/^##vso\[task\.logissue type=(?:warning|error);(?:sourcepath=[^;\]]+;linenumber=\d+;)?code=[a-z-]+\][^\r\n]+$/);
  },
  gitlab: (t) => {
    const issues = expectValid(validCodeQuality, t) as { fingerprint: string }[];
    expect(new Set(issues.map((i) => i.fingerprint)).size).toBe(issues.length);
  },
  junit: readJunit,
  checkstyle: (t, r) => {
    const xml = readXml(t, ['file', 'error']) as {
      checkstyle: { file?: { '@_name': string; error: { '@_line': string; '@_severity': string; '@_message': string }[] }[] };
    };
    const errors = (xml.checkstyle.file ?? []).flatMap((f) => f.error);
    expect(errors).toHaveLength(r.builds.reduce((n, b) => n + b.misses.length, 0));
    for (const e of errors) {
      expect(Number(e['@_line'])).toBeGreaterThan(0);
      expect(['error', 'warning', 'info']).toContain(e['@_severity']);
      expect(e['@_message'].length).toBeGreaterThan(0);
    }
  },
  sarif: (t, r) => {
    const log = expectValid(validSarif, t) as {
      runs: { tool: { driver: { rules: { id: string }[] } }; results: { ruleId: string; ruleIndex?: number }[] }[];
    };
    const run = log.runs[0]!;
    expect(run.results).toHaveLength(r.builds.reduce((n, b) => n + b.misses.length, 0));
    for (const result of run.results) expect(run.tool.driver.rules.map((x) => x.id)).toContain(result.ruleId);
  },
  openmetrics: (t, r) => {
    const families = readOpenMetrics(t);
    const rates = families.get('cachewhy_hit_ratio')!.samples;
    expect(rates.map((s) => s.value)).toEqual(r.builds.map((b) => b.summary.hitRate));
  },
  otlp: (t) => {
    // A collector's file receiver takes a document a line.
    expect(t.trimEnd()).not.toContain('\n');
    const document = expectValid(validOtlp, t) as {
      resourceSpans: {
        scopeSpans: {
          spans: { traceId: string; spanId: string; parentSpanId?: string; startTimeUnixNano: string; endTimeUnixNano: string }[];
        }[];
      }[];
    };
    const spans = document.resourceSpans[0]!.scopeSpans[0]!.spans;
    const ids = new Set(spans.map((s) => s.traceId + s.spanId));
    expect(ids.size).toBe(spans.length);
    for (const s of spans) {
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

function linesOf(text: string): string[] {
  return text.split('\n').filter((l) => l !== '');
}

function readXml(text: string, lists: readonly string[]): unknown {
  expect(XMLValidator.validate(text)).toBe(true);
  return new XMLParser({ ignoreAttributes: false, isArray: (name) => lists.includes(name) }).parse(text);
}

interface Suite {
  readonly '@_tests': string;
  readonly '@_failures': string;
  readonly '@_errors': string;
  readonly '@_skipped': string;
  readonly testcase?: readonly {
    readonly '@_classname': string;
    readonly '@_name': string;
    readonly '@_time': string;
    readonly failure?: unknown;
    readonly error?: unknown;
    readonly skipped?: unknown;
  }[];
}

/** The counts that a suite gives are those of its cases, as Jenkins' and GitLab's readers hold them against each other. */
function readJunit(text: string, report: Report): void {
  const { testsuites } = readXml(text, ['testsuite', 'testcase']) as { testsuites: { testsuite: Suite[] } };
  expect(testsuites.testsuite).toHaveLength(report.builds.length);
  for (const [i, suite] of testsuites.testsuite.entries()) {
    const cases = suite.testcase ?? [];
    expect(Number(suite['@_tests'])).toBe(cases.length);
    expect(cases).toHaveLength(report.builds[i]!.steps.filter((s) => s.cacheable).length);
    expect(Number(suite['@_failures'])).toBe(cases.filter((c) => c.failure !== undefined).length);
    expect(Number(suite['@_errors'])).toBe(cases.filter((c) => c.error !== undefined).length);
    expect(Number(suite['@_skipped'])).toBe(cases.filter((c) => c.skipped !== undefined).length);
    for (const c of cases) {
      expect(c['@_classname'].length * c['@_name'].length).toBeGreaterThan(0);
      expect(Number(c['@_time'])).toBeGreaterThanOrEqual(0);
    }
    expect(new Set(cases.map((c) => `${c['@_classname']}\n${c['@_name']}`)).size).toBe(cases.length);
  }
}

function readMarkdown(text: string): void {
  expect(Buffer.byteLength(text)).toBeLessThan(64 * 1024);
  expect(text).not.toMatch(CONTROL);
  const html = new HtmlRenderer().render(new Parser().parse(text));
  // Only the folds that we open ourselves are markup, and what is opened is closed.
  const tags = html.match(/<\/?[a-zA-Z!][^>]*>/g) ?? [];
  for (const tag of tags)
    expect(tag).toMatch(/^<(?:\/?(?:h2|h3|p|ul|ol|li|strong|em|code|pre|blockquote|details|summary|br)\b[^<>]*|!-- cachewhy --)>$/);
  expect(tags.filter((t) => t.startsWith('<details')).length).toBe(tags.filter((t) => t.startsWith('</details')).length);
}
