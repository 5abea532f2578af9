import type { Advice } from './define.ts';

const advice: Advice = {
  id: 'fix-cache-import',
  title: 'Import a cache that exists',
  forBuild({ signals, command }) {
    const failed = signals.importers.find((i) => i.error !== null);
    if (!failed) return undefined;
    const refs = (command?.cacheTo ?? []).map((c) => c.attrs.ref).filter((r) => r !== undefined);
    const other = refs.find((r) => r !== failed.ref);
    if (other !== undefined && !refs.includes(failed.ref))
      return {
        summary: `Import what you export: --cache-from reads \`${failed.ref}\`, --cache-to writes \`${other}\``,
        saves: [],
        because: [`${failed.step}: ${failed.error}`, `the command line exports to ${other}`],
      };
    if (/401|403|denied|unauthori[sz]ed|insufficient_scope/i.test(failed.error ?? ''))
      return {
        summary: `Log in to the registry of \`${failed.ref}\` before the build`,
        saves: [],
        because: [`${failed.step}: ${failed.error}`],
      };
    if (/not found|404/i.test(failed.error ?? ''))
      return {
        summary: `Export the cache that you import: \`--cache-to type=registry,ref=${failed.ref},mode=max\` on the branch that all others read`,
        saves: [],
        because: [`${failed.step}: ${failed.error}`, 'on a first run this is normal'],
      };
    return undefined;
  },
};
export default advice;
