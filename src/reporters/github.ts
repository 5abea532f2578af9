import { oneLine, plural } from '../text.ts';
import { findMisses } from './findings.ts';
import type { Reporter } from './types.ts';

/** GitHub shows ten warnings and ten errors of a step; the rest is dropped without a word. */
const MAX = 10;

const reporter: Reporter = {
  id: 'github',
  title: 'GitHub Actions annotations',
  extension: 'txt',
  render(report) {
    const misses = findMisses(report);
    const lines = misses
      .slice(0, misses.length > MAX ? MAX - 1 : MAX)
      .map(
        (m) =>
          `::${m.level === 'note' ? 'notice' : m.level} file=${property(m.file)},line=${m.line},endLine=${m.endLine},title=${property(m.title)}::${data(m.message)}`,
      );
    if (misses.length > MAX)
      lines.push(
        `::notice title=${property('Cache misses')}::${data(`and ${plural(misses.length - MAX + 1, 'more first miss', 'more first misses')}`)}`,
      );
    for (const b of report.budgets ?? [])
      if (!b.ok) lines.push(`::error title=${property('Cache budget broken')}::${data(oneLine(b.summary))}`);
    return lines.length > 0 ? `${lines.join('\n')}\n` : '';
  },
};
export default reporter;

/** https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
function property(text: string): string {
  return data(oneLine(text)).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
