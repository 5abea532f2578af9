import { duration, escapeXml, oneLine } from '../text.ts';
import { findMisses } from './findings.ts';
import type { Reporter } from './types.ts';

/** A suite for each build, a case for each cacheable step; a first miss that a fix would avoid is a failure. */
const reporter: Reporter = {
  id: 'junit',
  title: 'JUnit XML',
  extension: 'xml',
  render(report) {
    const misses = findMisses(report);
    const suites = report.builds.map((b, i) => {
      const own = new Map(misses.filter((m) => m.build === b).map((m) => [m.miss.step, m]));
      const steps = b.steps.filter((s) => s.cacheable);
      const failures = [...own.values()].filter((m) => m.level === 'warning').length;
      const skipped = steps.filter((s) => s.status === 'skipped').length;
      const cases = steps.map((s) => {
        const m = own.get(s.id);
        const open = `    <testcase classname="${escapeXml(oneLine(s.stage || s.target || '').trim() || 'Dockerfile')}" name="${escapeXml(oneLine(`${s.id} ${s.name}`))}" time="${(s.seconds ?? 0).toFixed(3)}"`;
        if (m?.level === 'warning')
          return `${open}>\n      <failure type="${escapeXml(m.cause.kind)}" message="${escapeXml(m.message)}">${escapeXml(m.cause.because.map(oneLine).join('; '))}</failure>\n    </testcase>`;
        if (s.status === 'skipped') return `${open}>\n      <skipped/>\n    </testcase>`;
        return m ? `${open}>\n      <system-out>${escapeXml(m.message)}</system-out>\n    </testcase>` : `${open}/>`;
      });
      return `  <testsuite name="${escapeXml(`build ${i + 1}`)}" tests="${steps.length}" failures="${failures}" errors="0" skipped="${skipped}" time="${b.summary.rebuiltSeconds.toFixed(3)}">\n    <properties>\n      <property name="headline" value="${escapeXml(oneLine(b.headline))}"/>\n      <property name="rebuilt" value="${escapeXml(duration(b.summary.rebuiltSeconds))}"/>\n    </properties>\n${cases.join('\n')}\n  </testsuite>`;
    });
    return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="cachewhy">\n${suites.join('\n')}\n</testsuites>\n`;
  },
};
export default reporter;
