import { isBroadCopy } from '../causes/signals.ts';
import type { Advice } from './define.ts';
import { isManifest } from './install.ts';

/** What a build outside docker leaves: jars, bundles, binaries. */
const ARTEFACT =
  /^(?:(?:[^/]+\/)?(?:target|build|dist|out|bin|publish|release)\/.+|(?:.+\/)?[^/]+\.(?:jar|war|ear|whl|so|exe|dll|tgz|tar\.gz|zip|nupkg))$/;
/** Stamped anew by each build. */
const STAMP =
  /(?:^|\/)(?:build-?info|version|git-?info|revision|commit|buildinfo)\.(?:json|txt|properties|py|go|ts|js|env)$|(?:^|\/)(?:BUILD|REVISION|COMMIT|VERSION_SHA)$/i;

const advice: Advice = {
  id: 'reproducible-artefact',
  title: 'Make what is built outside come out the same',
  forMiss(view, causes) {
    const top = causes[0];
    if (top?.kind !== 'context-files-changed' || top.confidence !== 'certain' || !top.paths?.length || top.morePaths) return undefined;
    if (top.paths.some((p) => p.change === 'removed' || p.change === 'metadata')) return undefined;
    const paths = top.paths.map((p) => p.path);
    if (paths.some(isManifest)) return undefined;
    const stamped = paths.every((p) => STAMP.test(p));
    if (!stamped && !paths.every((p) => ARTEFACT.test(p))) return undefined;
    const shown = paths.slice(0, 3).join(', ') + (paths.length > 3 ? ', …' : '');
    if (stamped)
      return {
        summary: `Keep ${shown} out of ${isBroadCopy(view.step) ? 'the broad copy' : 'this copy'}: copy it in the last step, or pass it as a label (\`--label\`), which is in no cache key`,
        saves: null,
        because: [`only ${shown} changed, which every build stamps anew`],
        proof: 'no patch is offered, it is not proven safe: a step may read it',
      };
    return {
      summary: `Build ${shown} inside a stage, or make its build reproducible (fixed time stamps: SOURCE_DATE_EPOCH, \`-trimpath\`, \`project.build.outputTimestamp\`)`,
      saves: [],
      because: [`only ${shown} changed: what a build outside docker makes, and no source that this step reads`],
      proof: 'if its sources changed, this rebuild was needed',
    };
  },
};
export default advice;
