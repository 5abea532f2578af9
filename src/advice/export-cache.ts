import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'export-cache',
  title: 'Give a builder that forgets a memory',
  forBuild({ signals, command }) {
    if (!command || command.cacheTo.length > 0) return undefined;
    const from = command.cacheFrom.map((c) => c.attrs.ref ?? c.attrs.scope ?? c.attrs.src ?? c.type);
    if (from.length > 0)
      return {
        summary: `Export what you import: no \`--cache-to\` of this build keeps ${from.join(', ')} up to date; the branch that all others read should have one`,
        saves: [],
        because: ['the command line has --cache-from and no --cache-to', 'right where another job exports it'],
      };
    if (!signals.freshBuilder || !signals.nothingReused || signals.importers.length > 0) return undefined;
    return {
      summary:
        'Keep the cache between runs: `--cache-to type=registry,ref=REGISTRY/app:cache,mode=max` and `--cache-from type=registry,ref=REGISTRY/app:cache`, or a builder that stays',
      saves: [],
      because: ['the builder was started for this build (`booting buildkit`)', 'the command line imports and exports no cache'],
    };
  },
};
export default advice;
