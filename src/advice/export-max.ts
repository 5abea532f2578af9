import { isMiss } from '../graph/step.ts';
import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'export-max',
  title: 'Export all stages',
  forBuild({ graph, command }) {
    const lacking = command?.cacheTo.find((c) => c.attrs.mode !== 'max');
    if (!lacking || command!.cacheTo.some((c) => c.attrs.mode === 'max')) return undefined;
    const steps = [...graph.steps.values()].filter((s) => s.cacheable && s.parsed.stage !== null);
    const last = steps.at(-1)?.parsed.stage;
    const early = steps.find((s) => s.parsed.stage !== last && s.parsed.instruction === 'RUN' && isMiss(s));
    if (!early) return undefined;
    const typo = Object.keys(lacking.attrs).find((key) => key !== 'mode' && /^mo/i.test(key));
    const inline = lacking.type === 'inline';
    return {
      summary: inline
        ? 'Export a cache of its own with `mode=max`: an inline cache holds the last stage only'
        : `Add \`mode=max\` to \`--cache-to type=${lacking.type},…\`: without it only the last stage is exported`,
      saves: [],
      because: [
        `${early.id} of stage ${early.parsed.stage} ran, and its result will not be exported`,
        ...(typo === undefined ? [] : [`\`${typo}=\` is no option of it, and is ignored without a word`]),
      ],
    };
  },
};
export default advice;
