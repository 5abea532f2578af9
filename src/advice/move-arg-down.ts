import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'move-arg-down',
  title: 'Declare volatile arguments below the slow steps',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'build-arg-changed' && top?.kind !== 'env-changed') return undefined;
    if (!top.name || top.name === 'SOURCE_DATE_EPOCH' || top.confidence === 'possible') return undefined;
    const word = top.kind === 'build-arg-changed' ? 'ARG' : 'ENV';
    const uses = (text: string): boolean =>
      text.includes(`$${top.name}`) ||
      text.includes(`\${${top.name}`) ||
      (typeof top.after === 'string' && top.after.length > 3 && text.includes(top.after));
    // Steps show their text with values filled in: those that hold the value need the argument, the others only pay for it.
    const all = [view.step, ...view.miss.cascade];
    const first = all.findIndex((s) => uses(s.parsed.text));
    const saved = first < 0 ? all : all.slice(0, first);
    if (saved.length === 0) return undefined;
    return {
      summary: `Move \`${word} ${top.name}\` down to the first line that uses it, or put its value into a label (\`--label\`): labels are in no cache key`,
      saves: saved,
      because: [`${saved.length} step${saved.length === 1 ? '' : 's'} ran again that ${saved.length === 1 ? 'does' : 'do'} not use it`],
    };
  },
};
export default advice;
