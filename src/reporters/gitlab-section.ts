import terminal from './terminal.ts';
import type { Reporter } from './types.ts';

/** https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections */
const reporter: Reporter = {
  id: 'gitlab-section',
  title: 'The terminal report as a collapsible section of a GitLab job log',
  extension: 'txt',
  render(report, view) {
    const now = Math.floor(Date.now() / 1000);
    const title = report.builds.some((b) => b.misses.length > 0) ? 'Why the build cache missed' : 'Build cache';
    return `\u001b[0Ksection_start:${now}:cachewhy\r\u001b[0K${title}\n${terminal.render(report, view)}\u001b[0Ksection_end:${now}:cachewhy\r\u001b[0K\n`;
  },
};
export default reporter;
