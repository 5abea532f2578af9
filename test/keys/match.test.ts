/** A Dockerfile is recognised by the names that its steps have in a log, also where a terminal has cut them. */
import { expect, test } from 'vitest';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { buildGraph } from '../../src/graph/build.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { computeKeys } from '../../src/keys/compute.ts';
import { matchSteps, type StepMatch } from '../../src/keys/match.ts';

const DOCKERFILE = `FROM busybox:1.35
WORKDIR /app
RUN echo one two three four five six seven eight nine ten eleven twelve thirteen > /x
COPY . .
`;

function match(log: string, dockerfile: string): StepMatch | undefined {
  const reader = createLogReader();
  reader.push(Buffer.from(log));
  const keys = computeKeys({ dockerfile: parseDockerfile(dockerfile, 'Dockerfile'), buildArgs: {}, platforms: [], context: null });
  return matchSteps(buildGraph(reader.end().builds[0]!), keys);
}

const frame = (run: string): string => `[+] Building 5.1s (9/9) FINISHED                               docker:default
 => [internal] load build definition from Dockerfile                       0.0s
 => CACHED [1/4] FROM docker.io/library/busybox:1.35@sha256:${'5'.repeat(64)}  0.0s
 => CACHED [2/4] WORKDIR /app                                              0.0s
 => [3/4] RUN ${run}  3.2s
 => [4/4] COPY . .                                                         0.1s
`;
const plain = (run: string): string =>
  `#4 [2/4] WORKDIR /app\n#4 CACHED\n\n#5 [3/4] RUN ${run}\n#5 DONE 3.2s\n\n#6 [4/4] COPY . .\n#6 DONE 0.1s\n`;
const WHOLE = 'echo one two three four five six seven eight nine ten eleven twelve thirteen > /x';

test.each<[string, string, boolean]>([
  ['a whole name', plain(WHOLE), true],
  ['a name that a terminal cut', frame('echo one two three four five six seven eight nine ten eleve'), true],
  ['another line that was cut', frame('echo one two three four five six seven eight nine zero eleve'), false],
  ['a start that could be anything', frame('echo one'), false],
  ['a shorter line that nothing cut', plain('echo one two three four five six seven eight nine ten eleve'), false],
])('%s', (_, log, matches) => {
  expect(match(log, DOCKERFILE)?.matched).toBe(matches ? 3 : undefined);
});

test('a line of the Dockerfile that the log does not have', () => {
  expect(match(plain(WHOLE), DOCKERFILE.replace('COPY . .', 'COPY src src'))).toBeUndefined();
});
