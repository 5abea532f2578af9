import { isBroadCopy } from '../causes/signals.ts';
import { readsContext } from '../graph/names.ts';
import type { Step } from '../graph/step.ts';
import type { Advice } from './define.ts';
import { isManifest, packageManagerOf } from './install.ts';

const advice: Advice = {
  id: 'copy-manifests-first',
  title: 'Copy the manifests, install, then copy the rest',
  forMiss(view, causes) {
    const { step } = view;
    if (!readsContext(step.parsed) || step.parsed.instruction === 'RUN') return undefined;
    const top = causes[0];
    if (top?.kind !== 'context-files-changed') return undefined;
    const manager = view.miss.cascade.map((s) => packageManagerOf(s)).find((m) => m !== undefined);
    if (!manager || !(isBroadCopy(step) || copiesMore(step))) return undefined;
    // A manifest that changed makes the install necessary work.
    if (top.paths?.some((p) => isManifest(p.path))) return undefined;
    const installs = view.miss.cascade.filter((s) => packageManagerOf(s) !== undefined);
    const cargo = manager.name === 'Cargo';
    return {
      summary: `Copy ${manager.manifests.join(' and ')} alone, run the ${manager.name} install, and only then \`${step.parsed.text}\`: a source edit no longer repeats it`,
      saves: cargo || manager.name === 'Maven' || manager.name === 'Gradle' ? [] : installs,
      because: [
        `${installs.map((s) => s.id).join(', ')} stands below ${step.id}, which copies ${isBroadCopy(step) ? 'the whole context' : 'more than its manifests'}`,
      ],
      ...(cargo || manager.name === 'Maven' || manager.name === 'Gradle'
        ? { proof: `${manager.name} compiles in the same step: split fetching and compiling to save the fetch` }
        : {}),
    };
  },
};
export default advice;

function copiesMore(step: Step): boolean {
  const sources = step.parsed.text
    .split(/\s+/)
    .slice(1, -1)
    .filter((w) => !w.startsWith('--'));
  return sources.some((s) => !isManifest(s.replace(/\*+/g, '')) && !/[*?]/.test(s)) && sources.some((s) => /^\.?\/?[\w-]+\/?$/.test(s));
}
