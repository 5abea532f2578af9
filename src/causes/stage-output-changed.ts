import { stepInputs } from '../graph/cascade.ts';
import { fromReferences } from '../graph/names.ts';
import { isHit } from '../graph/step.ts';
import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'stage-output-changed',
  title: 'Another stage came out different',
  docs: {
    what: '`COPY --from` and `--mount=from=` take the content of another stage or image into their key: if those files are the same bytes, the step is reused although the stage ran (the cut-off).',
    known:
      'Certain where the stage is known to have produced other files. From a log: possible when a COPY --from is the first miss while the stage it reads was reused.',
    fix: 'Make the stage reproducible (no time stamps, no build paths), and copy only what is needed.',
    example: '    COPY --from=build /app/dist ./dist   # reused when dist/ is byte for byte the same',
  },
  suspect(view, { graph }) {
    const refs = fromReferences(` ${view.step.parsed.text}`);
    const stage = refs[0];
    if (stage === undefined) return undefined;
    // A stage that was reused is what it was.
    const name = /^\d+$/.test(stage) ? `stage-${stage}` : stage.toLowerCase();
    const reused = stepInputs(view.step, graph.steps).some((s) => s.parsed.stage?.toLowerCase() === name && isHit(s));
    return {
      kind: 'stage-output-changed',
      confidence: 'possible',
      weight: reused ? 0.3 : 0.7,
      summary: `What it reads from ${stage} is not what it read before`,
      because: [`${view.step.id} reads files from ${stage} and is the first step that missed`],
      stage,
    };
  },
};
export default cause;
