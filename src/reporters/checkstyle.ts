import { escapeXml } from '../text.ts';
import { findMisses } from './findings.ts';
import type { Reporter } from './types.ts';

const SEVERITY = { error: 'error', warning: 'warning', note: 'info' } as const;

/** What Jenkins' warnings plugin reads. */
const reporter: Reporter = {
  id: 'checkstyle',
  title: 'Checkstyle XML (Jenkins)',
  extension: 'xml',
  render(report) {
    const byFile = groupBy(findMisses(report));
    const files = [...byFile].map(
      ([file, misses]) =>
        `  <file name="${escapeXml(file)}">\n${misses.map((m) => `    <error line="${m.line}" severity="${SEVERITY[m.level]}" message="${escapeXml(m.message)}" source="cachewhy.${escapeXml(m.cause.kind)}"/>`).join('\n')}\n  </file>`,
    );
    return `<?xml version="1.0" encoding="UTF-8"?>\n<checkstyle version="10.0">\n${files.join('\n')}${files.length > 0 ? '\n' : ''}</checkstyle>\n`;
  },
};
export default reporter;

function groupBy(misses: ReturnType<typeof findMisses>): Map<string, ReturnType<typeof findMisses>> {
  const groups = new Map<string, ReturnType<typeof findMisses>>();
  for (const m of misses) groups.set(m.file, [...(groups.get(m.file) ?? []), m]);
  return groups;
}
