/** The flags of a command against what its log shows: the commonest reason that builds in CI are cold. */
import { expect, test } from 'vitest';
import { parseCommandLine } from '../../src/command/parse.ts';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';

const BUILDING = '#0 building with "ci" instance using docker-container driver\n\n';
const BOOTING = '#1 [internal] booting buildkit\n#1 pulling image moby/buildkit:buildx-stable-1 4.1s done\n#1 DONE 5.0s\n\n';
const IMPORT = '#5 importing cache manifest from example.org/app:cache\n#5 DONE 0.2s\n\n';
const STEPS = `#6 [build 1/3] FROM docker.io/library/node:22@sha256:${'a'.repeat(64)}
#6 DONE 4.0s

#7 [build 2/3] COPY . .
#7 DONE 0.1s

#8 [build 3/3] RUN npm ci
#8 DONE 30.1s

#9 [stage-1 2/2] COPY --from=build /app /app
#9 DONE 0.2s

#10 exporting to image
#10 DONE 1.0s
`;
const WARM = STEPS.replace('#8 DONE 30.1s', '#8 CACHED').replace('#7 DONE 0.1s', '#7 CACHED');
const REFUSED = `
#11 exporting cache to registry
#11 ERROR: error writing manifest blob: failed commit on ref "sha256:1": unexpected status from PUT request: 400 Bad Request
`;
const DENIED = '\n#11 exporting cache to registry\n#11 ERROR: failed to push example.org/app:cache: denied\n';

function advised(log: string, command: string): string[] {
  const reader = createLogReader();
  reader.push(Buffer.from(log));
  const { report } = diagnose(reader.end().builds[0]!, { command: parseCommandLine(command)[0] ?? null });
  const ids = ['export-cache', 'export-max', 'match-cache-refs', 'fix-cache-export'];
  return (report.advice ?? []).filter((a) => ids.includes(a.id)).map((a) => `${a.id}: ${a.summary}`);
}

const BUILD = 'docker buildx build';
const FROM = '--cache-from type=registry,ref=example.org/app:cache';
const TO = '--cache-to type=registry,ref=example.org/app:cache';

test.each<[string, string, string, RegExp | null]>([
  ['a builder that forgets', BUILDING + BOOTING + STEPS, `${BUILD} .`, /^export-cache: Keep the cache between runs/],
  ['a builder that stays', BUILDING + STEPS, `${BUILD} .`, null],
  [
    'an import that nothing feeds',
    BUILDING + IMPORT + STEPS,
    `${BUILD} ${FROM} .`,
    /^export-cache: Export what you import: .*example\.org\/app:cache/,
  ],
  ['mode=min', BUILDING + IMPORT + STEPS, `${BUILD} ${FROM} ${TO} .`, /^export-max: Add `mode=max`/],
  ['a misspelt mode', BUILDING + IMPORT + STEPS, `${BUILD} ${FROM} ${TO},mod=max .`, /^export-max/],
  ['mode=min, and nothing early ran', BUILDING + IMPORT + WARM, `${BUILD} ${FROM} ${TO} .`, null],
  ['inline', BUILDING + IMPORT + STEPS, `${BUILD} ${FROM} --cache-to type=inline .`, /^export-max: Export a cache of its own/],
  ['mode=max', BUILDING + IMPORT + STEPS, `${BUILD} ${FROM} ${TO},mode=max .`, null],
  [
    'another reference',
    BUILDING + IMPORT + STEPS,
    `${BUILD} ${FROM} --cache-to type=registry,ref=example.org/app:buildcache,mode=max .`,
    /^match-cache-refs: .*reads registry example\.org\/app:cache, --cache-to writes registry example\.org\/app:buildcache/,
  ],
  [
    'another scope',
    BUILDING + STEPS,
    `${BUILD} --cache-from type=gha --cache-to type=gha,scope=app,mode=max .`,
    /^match-cache-refs: .*gha buildkit.*gha app/,
  ],
  ['the default scope by name', BUILDING + STEPS, `${BUILD} --cache-from type=gha --cache-to type=gha,scope=buildkit,mode=max .`, null],
  [
    'a registry that takes images only',
    BUILDING + STEPS + REFUSED,
    `${BUILD} ${FROM} ${TO},mode=max .`,
    /^fix-cache-export: .*image-manifest=true/,
  ],
  ['an export that failed', BUILDING + STEPS + DENIED, `${BUILD} ${FROM} ${TO},mode=max .`, /^fix-cache-export: Mend the export/],
])('%s', (_title, log, command, expected) => {
  const found = advised(log, command);
  if (expected === null) expect(found).toEqual([]);
  else {
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  }
});
