import markdown from './markdown.ts';
import type { Reporter } from './types.ts';

/** What `buildkite-agent annotate` takes: CommonMark without the drawing, which Buildkite shows as text. */
const reporter: Reporter = {
  id: 'buildkite',
  title: 'Buildkite annotation',
  extension: 'md',
  render(report, view) {
    return markdown
      .render(report, view)
      .replace(/<details><summary>The cascade<\/summary>\n\n```mermaid\n[\s\S]*?```\n\n<\/details>\n/g, '');
  },
};
export default reporter;
