import type { Log, ReportingDescriptor, Result } from 'sarif';
import { causes } from '../causes/index.ts';
import { VERSION } from '../version.ts';
import { findMisses } from './findings.ts';
import type { Reporter } from './types.ts';

/** GitHub shows 5,000 results of a file. */
const MAX_RESULTS = 5000;

const reporter: Reporter = {
  id: 'sarif',
  title: 'SARIF 2.1.0',
  extension: 'sarif',
  render(report) {
    const misses = findMisses(report).slice(0, MAX_RESULTS);
    const used = new Set<string>(misses.map((m) => m.cause.kind));
    const rules: ReportingDescriptor[] = causes
      .filter((c) => used.has(c.kind))
      .map((c) => ({
        id: c.kind,
        name: c.kind.replace(/(?:^|-)(\w)/g, (_, l: string) => l.toUpperCase()),
        shortDescription: { text: c.title },
        fullDescription: { text: c.docs.what },
        help: { text: c.docs.fix },
      }));
    const results: Result[] = misses.map((m) => ({
      ruleId: m.cause.kind,
      level: m.level,
      message: { text: m.message },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: m.file.split('/').map(encodeURIComponent).join('/') },
            region: { startLine: m.line, endLine: m.endLine },
          },
        },
      ],
      partialFingerprints: { 'cachewhy/v1': m.id },
      properties: { confidence: m.cause.confidence, seconds: m.miss.seconds, cascadeSeconds: m.miss.cascadeSeconds },
    }));
    const log = {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'cachewhy', version: VERSION, semanticVersion: VERSION, rules } },
          columnKind: 'utf16CodeUnits',
          results,
        },
      ],
    } satisfies Log;
    return `${JSON.stringify(log, null, 2)}\n`;
  },
};
export default reporter;
