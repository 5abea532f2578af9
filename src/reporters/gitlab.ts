import { findMisses } from './findings.ts';
import type { Reporter } from './types.ts';

const SEVERITY = { error: 'critical', warning: 'minor', note: 'info' } as const;

/** https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format */
const reporter: Reporter = {
  id: 'gitlab',
  title: 'GitLab Code Quality',
  extension: 'json',
  render(report) {
    const seen = new Map<string, number>();
    const issues = findMisses(report).map((m) => {
      const n = seen.get(m.id) ?? 0;
      seen.set(m.id, n + 1);
      return {
        description: m.message,
        check_name: m.cause.kind,
        fingerprint: n === 0 ? m.id : `${m.id}-${n}`,
        severity: SEVERITY[m.level],
        location: { path: m.file, lines: { begin: m.line, end: m.endLine } },
      };
    });
    return `${JSON.stringify(issues, null, 2)}\n`;
  },
};
export default reporter;
