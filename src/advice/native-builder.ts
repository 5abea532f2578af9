import { isMiss, type Step } from '../graph/step.ts';
import { clip } from '../text.ts';
import type { Advice } from './define.ts';

/** An emulated RUN is many times slower than its twin: less than this is no reason for another builder. */
const TIMES = 3;
const LEAST_SECONDS = 20;

const advice: Advice = {
  id: 'native-builder',
  title: 'Build each platform on a machine of its own kind',
  forBuild({ graph }) {
    const groups = new Map<string, Step[]>();
    for (const s of graph.steps.values()) {
      if (s.parsed.instruction !== 'RUN' || !isMiss(s) || s.status !== 'rebuilt' || s.parsed.platform === null || s.seconds === null)
        continue;
      // `[linux/amd64->arm64 build 2/3]` is cross-compiled on the builder's own platform.
      const key = `${s.parsed.target ?? ''}\0${s.parsed.stage ?? ''}\0${s.parsed.text}`;
      groups.set(key, [...(groups.get(key) ?? []), s]);
    }
    const slow: { step: Step; twin: Step }[] = [];
    for (const steps of groups.values()) {
      const twin = steps.reduce((a, b) => ((a.seconds ?? 0) <= (b.seconds ?? 0) ? a : b));
      for (const step of steps)
        if (step.parsed.platform !== twin.parsed.platform && (step.seconds ?? 0) >= TIMES * Math.max(twin.seconds ?? 0, 0.5))
          slow.push({ step, twin });
    }
    const lost = slow.reduce((sum, { step, twin }) => sum + (step.seconds ?? 0) - (twin.seconds ?? 0), 0);
    if (lost < LEAST_SECONDS) return undefined;
    const worst = slow.reduce((a, b) => ((a.step.seconds ?? 0) >= (b.step.seconds ?? 0) ? a : b));
    const platforms = [...new Set(slow.map(({ step }) => step.parsed.platform))].join(', ');
    const times = Math.round((worst.step.seconds ?? 0) / Math.max(worst.twin.seconds ?? 0, 0.1));
    return {
      summary: `Build ${platforms} on native builders (\`docker buildx create --append\`), or cross-compile in a stage with \`FROM --platform=$BUILDPLATFORM\``,
      saves: slow.map(({ step }) => step),
      parts: new Map(slow.map(({ step, twin }) => [step, 1 - (twin.seconds ?? 0) / (step.seconds ?? 1)])),
      because: [
        `${worst.step.id} \`${clip(worst.step.parsed.text)}\` took ${worst.step.seconds?.toFixed(1)} s for ${worst.step.parsed.platform} and ${worst.twin.seconds?.toFixed(1)} s for ${worst.twin.parsed.platform}: ${times} times as long`,
      ],
      proof: 'inferred from the times: the log does not say which platform is emulated',
    };
  },
};
export default advice;
