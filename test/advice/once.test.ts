import { expect, test } from 'vitest';
import { parseCommandLine } from '../../src/command/parse.ts';
import { diagnose } from '../../src/diagnose.ts';
import { createLogReader } from '../../src/input/reader.ts';

const LOG = `#0 building with "default" instance using docker driver

#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#2 [a 1/2] FROM docker.io/library/busybox:1.35
#2 CACHED

#3 [a 2/2] RUN make a
#3 DONE 2.0s

#4 [b 2/2] RUN make b
#4 DONE 3.0s

#5 [stage-2 1/2] COPY --from=a /a /a
#5 DONE 0.1s

#6 [stage-2 2/2] COPY --from=b /b /b
#6 DONE 0.1s

#7 exporting to image
#7 DONE 0.0s
`;

test('what mends several misses is said at the worst of them, with all that it saves', () => {
  const reader = createLogReader();
  reader.push(Buffer.from(LOG));
  const command = parseCommandLine('docker build --no-cache .')[0]!;
  const { report } = diagnose(reader.end().builds[0]!, { command });
  expect(report.misses.map((m) => m.name)).toEqual(['[b 2/2] RUN make b', '[a 2/2] RUN make a']);
  expect(report.misses.map((m) => m.causes[0]!.kind)).toEqual(['no-cache-flag', 'no-cache-flag']);
  expect(report.misses.map((m) => m.advice.map((a) => [a.id, a.savesSeconds]))).toEqual([[['drop-no-cache', 5.2]], []]);
  expect(report.misses.map((m) => m.verdict)).toEqual(['waste', 'waste']);
  expect(report.summary.avoidableSeconds).toBe(5.2);
});
