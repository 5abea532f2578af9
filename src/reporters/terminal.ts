import type { Reporter } from './types.ts';

const reporter: Reporter = {
  id: 'terminal',
  title: 'for people',
  extension: 'txt',
  render(report) {
    return report.builds.map((b) => `${b.headline}\n`).join('');
  },
};
export default reporter;
