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
    const compiles = COMPILING.has(manager.name);
    // Its manifests come first already: what runs below is the compilation, which the sources are for.
    if (compiles && view.above.some((s) => copiesManifest(s))) return undefined;
    return {
      summary: `Copy ${manager.manifests.join(' and ')} alone, run the ${manager.name} install, and only then \`${step.parsed.text}\`: a source edit no longer repeats it`,
      saves: compiles ? [] : installs,
      because: [
        `${installs.map((s) => s.id).join(', ')} stands below ${step.id}, which copies ${isBroadCopy(step) ? 'the whole context' : 'more than its manifests'}`,
      ],
      ...(compiles
        ? { proof: `${manager.name} compiles in the same step: only a run of its own for the fetch saves that, the compilation is needed` }
        : {}),
    };
  },
};
export default advice;

/** One command fetches and compiles. */
const COMPILING: ReadonlySet<string> = new Set(['Cargo', 'Maven', 'Gradle']);

function copiesManifest(step: Step): boolean {
  return /^(?:COPY|ADD)$/.test(step.parsed.instruction ?? '') && step.parsed.text.split(/\s+/).slice(1).some(isManifest);
}

function copiesMore(step: Step): boolean {
  const sources = step.parsed.text
    .split(/\s+/)
    .slice(1, -1)
    .filter((w) => !w.startsWith('--'));
  return sources.some((s) => !isManifest(s.replace(/\*+/g, '')) && !/[*?]/.test(s)) && sources.some((s) => /^\.?\/?[\w-]+\/?$/.test(s));
}
