import { isMiss } from '../graph/step.ts';
import type { Advice } from './define.ts';
import { packageManagerOf } from './install.ts';

/** Commands that need tools which no running program needs. */
const COMPILES =
  /\b(?:npm|pnpm|yarn|bun) (?:run )?build\b|\bgo build\b|\bcargo build\b|\b(?:mvn|mvnw)\b[^;&|]{0,1000}\bpackage\b|\b(?:gradle|gradlew)\b[^;&|]{0,1000}\b(?:build|bootJar|assemble)\b|\bdotnet publish\b|\btsc\b|\b(?:apt-get|apk)\b[^;&|]{0,1000}\b(?:build-essential|build-base|gcc|g\+\+)\b/;

const advice: Advice = {
  id: 'split-stage',
  title: 'Build in one stage, ship from another',
  forBuild({ graph, dockerfileKnown }) {
    if (!dockerfileKnown) return undefined;
    const steps = [...graph.steps.values()];
    const stages = new Set(steps.filter((s) => s.parsed.position !== null).map((s) => `${s.parsed.target ?? ''} ${s.parsed.stage ?? ''}`));
    const bases = steps.filter((s) => s.parsed.instruction === 'FROM');
    // One stage is all there is: what compiles is what ships.
    if (stages.size !== 1 || bases.length !== 1 || steps.some((s) => /--from=/.test(s.parsed.text))) return undefined;
    const compiles = steps.find((s) => s.parsed.instruction === 'RUN' && COMPILES.test(s.parsed.text));
    if (!compiles || !isMiss(compiles) || !steps.some((s) => packageManagerOf(s))) return undefined;
    return {
      summary: 'Build in a stage of its own and `COPY --from` only the result into the image that ships',
      saves: [],
      because: [
        `${compiles.id} compiles in the stage that ships: sources, compilers and development packages are in the image`,
        'a change that leaves the result as it was then ends at COPY --from: all below it is reused',
      ],
      proof: 'no patch is offered: which files the program needs when it runs is not known',
    };
  },
};
export default advice;
