import type { Cause } from './define.ts';

const cause: Cause = {
  kind: 'cache-import-failed',
  title: 'The cache import gave nothing',
  docs: {
    what: '`--cache-from` named a cache that could not be read: the reference does not exist, access was denied, or it was never exported. The build goes on without it.',
    known: 'Likely when the log shows `importing cache manifest from … ERROR` and the steps ran; certain as to the failure itself.',
    fix: 'Make the references of --cache-from and --cache-to the same, log in before the build, and export on the branch that all others read.',
    example:
      '    #4 importing cache manifest from registry.example/app:buildcache\n    #4 ERROR: failed to configure registry cache importer: …: not found',
  },
  suspect(view, { signals }) {
    const failed = signals.importers.filter((i) => i.error !== null);
    if (failed.length === 0) return undefined;
    const first = failed[0]!;
    const other = signals.importers.some((i) => i.ok);
    // With hits in the same chain the local cache did serve: the import then explains little.
    const weak = view.above.some((s) => s.status === 'reused' && s.parsed.instruction !== 'WORKDIR');
    return {
      kind: 'cache-import-failed',
      confidence: weak || other ? 'possible' : 'likely',
      weight: weak ? 0.35 : 0.97,
      summary: `The cache ${first.ref} could not be imported: ${reason(first.error ?? '')}`,
      because: [`${first.step}: ${first.error}`, ...(signals.nothingReused ? ['no step of this build was reused'] : [])],
      source: first.ref,
    };
  },
};
export default cause;

function reason(error: string): string {
  if (/not found|404|manifest unknown/i.test(error)) return 'it does not exist';
  if (/401|403|denied|unauthori[sz]ed|insufficient_scope/i.test(error)) return 'access was denied';
  if (/429|timeout|timed out|deadline|5\d\d /i.test(error)) return 'its server did not answer';
  return 'see the error';
}
