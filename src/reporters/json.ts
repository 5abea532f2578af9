import type { Reporter } from './types.ts';

const reporter: Reporter = {
  id: 'json',
  title: 'JSON report (schema/report.schema.json)',
  extension: 'json',
  render(report) {
    return `${JSON.stringify(report, null, 2)}\n`;
  },
};
export default reporter;
