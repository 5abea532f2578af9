import { isBroadCopy } from '../causes/signals.ts';
import { isMiss } from '../graph/step.ts';
import type { Advice } from './define.ts';
import { isManifest, packageManagerOf } from './install.ts';

/** Folders that steps of a compilation do not read, and that no ignore file may keep out without a look: they may be wanted elsewhere. */
const ASIDE =
  /^(?:tests?|__tests__|spec|e2e|examples?|samples?|benchmarks?|bench|scripts|deploy|k8s|kubernetes|helm|charts?|terraform|infra|ci|\.ci|design)\//;

const advice: Advice = {
  id: 'narrow-copy',
  title: 'Copy only what the steps below read',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'context-files-changed' || top.confidence !== 'certain' || !top.paths?.length || top.morePaths) return undefined;
    if (!isBroadCopy(view.step)) return undefined;
    const paths = top.paths.map((p) => p.path);
    if (!paths.every((p) => ASIDE.test(p)) || paths.some(isManifest)) return undefined;
    const folders = [...new Set(paths.map((p) => p.split('/')[0]!))];
    const below = view.miss.cascade.filter(isMiss);
    const names = new RegExp(`\\b(?:${folders.map((f) => f.replace(/[.]/g, '\\.')).join('|')})\\b`);
    const reader = below.find(
      (s) =>
        names.test(s.parsed.text) ||
        (s.parsed.instruction === 'RUN' && !packageManagerOf(s) && /\b(?:test|lint|check)\b/.test(s.parsed.text)),
    );
    if (reader) return undefined;
    const list = folders.map((f) => `\`${f}\``).join(', ');
    return {
      summary: `Copy what the image needs instead of everything (\`COPY src ./src\`), or add ${list} to .dockerignore`,
      saves: [view.step, ...below],
      because: [`only files of ${list} changed, and no step below names ${folders.length === 1 ? 'it' : 'them'}`],
      proof: 'no patch is offered, it is not proven safe: a step may read them without naming them',
    };
  },
};
export default advice;
