import { isRemoteAdd } from '../graph/names.ts';
import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'remote-source-changed',
  title: 'What ADD fetches changed',
  docs: {
    what: 'ADD of a URL or a git reference is asked for anew in each build; its content, not its time, is in the key.',
    known:
      'Likely when an ADD of a URL missed: nothing else moves without an edit. Certain where the content of the build before is known.',
    fix: 'Pin it: `ADD --checksum=sha256:… URL`, or a commit instead of a branch.',
    example: '    ADD https://example.com/tool-latest.tar.gz /opt/   # "latest" moves',
  },
  suspect(view, { signals }) {
    if (!isRemoteAdd(view.step.parsed)) return undefined;
    const url = view.step.parsed.text.split(/\s+/).find((w) => /:\/\/|^git@/.test(w)) ?? '';
    return {
      kind: 'remote-source-changed',
      confidence:
        signals.builtHereBefore || view.above.some((s) => s.status === 'reused') || view.baseState === 'known' ? 'likely' : 'possible',
      weight: 0.9,
      summary: `${url} has other content than before`,
      because: [`${view.step.id}: the fetch is asked for in every build, and the copy of what came ran`],
      url,
    };
  },
};
export default cause;
