import { oneLine } from '../text.ts';
import { findMisses } from './findings.ts';
import type { Reporter } from './types.ts';

/** https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands */
const reporter: Reporter = {
  id: 'azure',
  title: 'Azure DevOps logging commands',
  extension: 'txt',
  render(report) {
    const lines = findMisses(report).map(
      (m) =>
        `##vso[task.logissue type=warning;sourcepath=${property(m.file)};linenumber=${m.line};code=${property(m.cause.kind)}]${data(m.message)}`,
    );
    for (const b of report.budgets ?? []) if (!b.ok) lines.push(`##vso[task.logissue type=error;code=budget]${data(oneLine(b.summary))}`);
    return lines.length > 0 ? `${lines.join('\n')}\n` : '';
  },
};
export default reporter;

function data(text: string): string {
  return oneLine(text).replaceAll('%', '%AZP25');
}
function property(text: string): string {
  return data(text).replaceAll(';', '%3B').replaceAll(']', '%5D');
}
