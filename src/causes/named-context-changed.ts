import { fromReferences } from '../graph/names.ts';
import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'named-context-changed',
  title: 'An additional build context changed',
  docs: {
    what: '`--build-context name=…` gives COPY --from=name another source of files, and FROM name another base.',
    known: 'Certain where the files of the build before are known; possible where the log shows that the step reads a named context.',
    fix: 'As for the build context: copy only what is needed, ignore what is not.',
    example: '    docker build --build-context shared=../shared .',
  },
  suspect(view, { graph, command }) {
    const refs = fromReferences(` ${view.step.parsed.text}`);
    if (refs.length === 0) return undefined;
    const contexts = new Set(Object.keys(command?.namedContexts ?? {}));
    for (const s of graph.steps.values()) {
      const name = /^\[context ([^\]\s]+)\]/.exec(s.name)?.[1];
      if (name) contexts.add(name);
    }
    const context = refs.find((r) => contexts.has(r));
    if (context === undefined) return undefined;
    return {
      kind: 'named-context-changed',
      confidence: view.above.some((s) => s.status === 'reused') || view.baseState === 'known' ? 'likely' : 'possible',
      weight: 0.9,
      summary: `Files of the named context ${context} changed`,
      because: [`${view.step.id} reads the named context ${context} and is the first step that missed`],
      context,
    };
  },
};
export default cause;
