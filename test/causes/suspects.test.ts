import { describe, expect, it } from 'vitest';
import { isBroadCopy, looksVolatile } from '../../src/causes/signals.ts';
import type { Step } from '../../src/graph/step.ts';
import type { CauseReport } from '../../src/model.ts';
import { causesOf, plainLog, report } from './log.ts';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;
const LAYER = 'extracting sha256:0123456789ab 0.1s done';

/** One first miss, the command line where there is one, and a cause as it is told. */
interface Row {
  readonly what: string;
  readonly log: readonly string[];
  readonly miss: string;
  readonly command?: string;
  readonly cause: CauseReport;
  /** It is the first that is told. */
  readonly first?: true;
}

const ROWS: readonly Row[] = [
  {
    what: 'a base image that was downloaded, under a project that was built here',
    log: [
      `DONE [a 1/3] FROM docker.io/library/node:20@${SHA} | ${LAYER}`,
      'DONE [a 2/3] RUN a',
      'CACHED [a 3/3] WORKDIR /a',
      'CACHED [b 1/2] FROM busybox',
      'CACHED [b 2/2] RUN b',
    ],
    miss: 'RUN a',
    first: true,
    cause: {
      kind: 'base-image-changed',
      confidence: 'likely',
      summary: 'docker.io/library/node:20 is new to this cache: another tag or digest than before, or used here for the first time',
      because: [
        '#1: FROM was downloaded and #2, the first step on it, ran',
        'whether its digest moved only the digest of the build before can tell',
      ],
      image: `docker.io/library/node:20@${SHA}`,
      before: null,
      after: SHA,
    },
  },
  {
    what: 'a base image that was not downloaded either, with --pull',
    log: ['DONE [1/2] FROM node:20', 'DONE [2/2] COPY a .'],
    miss: 'COPY a',
    command: 'docker build --pull .',
    cause: {
      kind: 'base-image-changed',
      confidence: 'likely',
      summary: 'node:20 is new to this cache: another tag or digest than before, or used here for the first time',
      because: [
        '#1: FROM was not served from the cache and #2, the first step on it, ran',
        'the command line has --pull, which asks the registry for the tag anew',
        'whether its digest moved only the digest of the build before can tell',
      ],
      image: 'node:20',
      before: null,
      after: null,
    },
  },
  {
    what: 'an argument of the command line that counts with each build',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] RUN b'],
    miss: 'RUN b',
    command: 'docker build --build-arg STAGE=prod --build-arg GIT_SHA=1a2b3c4d5e6f .',
    first: true,
    cause: {
      kind: 'build-arg-changed',
      confidence: 'likely',
      summary: 'Build argument GIT_SHA has another value',
      because: [
        'the command line passes GIT_SHA, whose value looks as if it differed from build to build',
        'a RUN has every ARG above it in its key, used or not',
      ],
      name: 'GIT_SHA',
      before: null,
      after: null,
    },
  },
  {
    what: 'a value in the text of a step that looks like a date',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] RUN echo "2026-11-21" > version'],
    miss: 'RUN echo',
    first: true,
    cause: {
      kind: 'build-arg-changed',
      confidence: 'possible',
      summary: 'A build argument in its scope has another value',
      because: ['its text holds "2026-11-21", which looks like a value that differs from build to build'],
      before: null,
      after: null,
    },
  },
  {
    what: 'an argument of the command line that looks steady',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN b'],
    miss: 'RUN b',
    command: 'docker build --build-arg MODE=prod .',
    cause: {
      kind: 'build-arg-changed',
      confidence: 'possible',
      summary: 'Build argument MODE has another value',
      because: [
        '#3 is a RUN and ran although everything above it was reused: an ARG above it that got another value looks just like this',
        'a build argument leaves no trace in a log unless the step uses it: the Dockerfile and the values of the build before would tell',
      ],
      name: 'MODE',
      before: null,
      after: null,
    },
  },
  {
    what: 'the time of the sources, in the key of a WORKDIR',
    log: ['CACHED [1/3] FROM node:20', 'DONE [2/3] WORKDIR /app', 'DONE [3/3] RUN b'],
    miss: 'WORKDIR',
    command: 'docker build --build-arg SOURCE_DATE_EPOCH=1700000000 .',
    first: true,
    cause: {
      kind: 'build-arg-changed',
      confidence: 'likely',
      summary: 'Build argument SOURCE_DATE_EPOCH has another value',
      because: ['the command line sets SOURCE_DATE_EPOCH, which is part of the key of every WORKDIR'],
      name: 'SOURCE_DATE_EPOCH',
      before: null,
      after: null,
    },
  },
  {
    what: 'a WORKDIR on a base that was there',
    log: ['CACHED [1/3] FROM node:20', 'DONE [2/3] WORKDIR /app', 'DONE [3/3] RUN b'],
    miss: 'WORKDIR',
    cause: {
      kind: 'build-arg-changed',
      confidence: 'possible',
      summary: 'Build argument SOURCE_DATE_EPOCH has another value',
      because: ['#2 is a WORKDIR and missed on a known base: its path, USER or SOURCE_DATE_EPOCH'],
      name: 'SOURCE_DATE_EPOCH',
      before: null,
      after: null,
    },
  },
  {
    what: 'every RUN of a build whose other steps were reused',
    log: [
      'CACHED [a 1/3] FROM node:20',
      'CACHED [a 2/3] COPY a .',
      'DONE [a 3/3] RUN a',
      'CACHED [b 1/3] FROM x',
      'CACHED [b 2/3] COPY b .',
      'DONE [b 3/3] RUN b',
    ],
    miss: 'RUN a',
    cause: {
      kind: 'build-flag-changed',
      confidence: 'possible',
      summary: 'A flag that is part of every RUN differs from the build before (--network, --add-host, --ulimit, …)',
      because: ['every RUN ran while steps that are no RUN were reused'],
      before: null,
      after: null,
    },
  },
  {
    what: 'a flag of the command line that is in every RUN',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] RUN b'],
    miss: 'RUN b',
    command: 'docker build --network host .',
    cause: {
      kind: 'build-flag-changed',
      confidence: 'possible',
      summary: '--network differs from the build before',
      because: ['the command line has --network, which is part of the key of every RUN'],
      before: null,
      after: 'host',
      name: 'network',
    },
  },
  ...(
    [
      ['registry.example/app:cache: not found', 'it does not exist'],
      ['failed to configure registry cache importer: unexpected status: 403 Forbidden', 'access was denied'],
      ['failed to do request: i/o timeout', 'its server did not answer'],
      ['the disk is full', 'see the error'],
    ] as const
  ).map(
    ([error, reason]): Row => ({
      what: `an import that failed: ${error}`,
      log: [`ERROR importing cache manifest from registry.example/app:cache !! ${error}`, 'DONE [1/2] FROM node:20', 'DONE [2/2] RUN a'],
      miss: 'RUN a',
      first: true,
      cause: {
        kind: 'cache-import-failed',
        confidence: 'likely',
        summary: `The cache registry.example/app:cache could not be imported: ${reason}`,
        because: [`#1: ${error}`, 'no step of this build was reused'],
        source: 'registry.example/app:cache',
      },
    }),
  ),
  {
    what: 'an import that failed, where the local cache served what stands above',
    log: [
      'ERROR importing cache manifest from r/app:cache !! not found',
      'CACHED [1/3] FROM node:20',
      'CACHED [2/3] RUN a',
      'DONE [3/3] WORKDIR /b',
    ],
    miss: 'WORKDIR',
    cause: {
      kind: 'cache-import-failed',
      confidence: 'possible',
      summary: 'The cache r/app:cache could not be imported: it does not exist',
      because: ['#1: not found'],
      source: 'r/app:cache',
    },
  },
  {
    what: 'an imported cache that holds the final stage only, as the command line makes it',
    log: [
      'DONE importing cache manifest from r/app:cache',
      'DONE [build 1/2] FROM node:20',
      'DONE [build 2/2] RUN make',
      'CACHED [final 1/2] FROM busybox',
      'CACHED [final 2/2] RUN a',
      'DONE [final 3/3] COPY --from=build /a /a',
    ],
    miss: 'RUN make',
    command: 'docker buildx build --cache-from r/app:cache --cache-to type=registry,ref=r/app:cache .',
    cause: {
      kind: 'cache-import-partial',
      confidence: 'likely',
      summary: 'The cache r/app:cache has no results of stage build',
      because: ['#1: a cache was imported, and all of stage build ran', 'the command line exports without mode=max'],
      source: 'r/app:cache',
    },
  },
  {
    what: 'an imported cache of unknown making',
    log: [
      'DONE importing cache manifest from r/app:cache',
      'DONE [build 1/2] FROM node:20',
      'DONE [build 2/2] RUN make',
      'CACHED [final 1/3] FROM busybox',
      'CACHED [final 2/3] RUN a',
      'DONE [final 3/3] COPY --from=build /a /a',
    ],
    miss: 'RUN make',
    cause: {
      kind: 'cache-import-partial',
      confidence: 'possible',
      summary: 'The cache r/app:cache has no results of stage build',
      because: ['#1: a cache was imported, and all of stage build ran', 'a cache exported without mode=max holds the final stage only'],
      source: 'r/app:cache',
    },
  },
  {
    what: 'a builder that was started for the build',
    log: ['DONE [internal] booting buildkit', `DONE [1/3] FROM node:20 | ${LAYER}`, 'DONE [2/3] COPY a .', 'DONE [3/3] RUN a'],
    miss: 'COPY a',
    command: 'docker build .',
    first: true,
    cause: {
      kind: 'cold-cache',
      confidence: 'likely',
      summary: 'The builder had nothing of this build: it is new, was pruned, or never built it',
      because: [
        'no step of this build was reused',
        'the builder was started for this build (`booting buildkit`)',
        '#2: the base image was downloaded',
        'the command line imports no cache',
      ],
    },
  },
  {
    what: 'a builder that knew the base image only',
    log: ['CACHED [1/3] FROM node:20', 'DONE [2/3] COPY a .', 'DONE [3/3] RUN a'],
    miss: 'COPY a',
    cause: {
      kind: 'cold-cache',
      confidence: 'possible',
      summary: 'This builder never built this before, or its results were pruned',
      because: ['no step of this build was reused', 'the log shows no cache import'],
    },
  },
  {
    what: 'one result that is gone, among others that are there',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] WORKDIR /b'],
    miss: 'WORKDIR',
    cause: {
      kind: 'cold-cache',
      confidence: 'possible',
      summary: 'The result of #3 was not in this cache: never made here, or collected',
      because: ['other steps of the build were reused, so the cache was there'],
    },
  },
  {
    what: 'a file that the build context does not hold',
    log: [
      'CACHED [1/3] FROM node:20',
      'CACHED [2/3] RUN a',
      'ERROR [3/3] COPY nope.txt . !! failed to calculate checksum of ref abc::def: "/nope.txt": not found',
    ],
    miss: 'COPY nope.txt',
    first: true,
    cause: {
      kind: 'context-files-changed',
      confidence: 'likely',
      summary: '"nope.txt" is not in the build context: it was removed or renamed, is ignored, or never was there',
      because: ['#3 failed with "/nope.txt: not found"'],
    },
  },
  {
    what: 'a copy of the whole context below what was reused',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] COPY . .'],
    miss: 'COPY . .',
    first: true,
    cause: {
      kind: 'context-files-changed',
      confidence: 'likely',
      summary: 'Some file in the build context changed (content, mode or names)',
      because: [
        '#3: a COPY of the build context ran although #2 above it was reused',
        'which file it was is not in a log: the context and a baseline of the build before would tell',
      ],
    },
  },
  {
    what: 'a copy of named files below what was reused',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] COPY package.json ./'],
    miss: 'COPY package.json',
    first: true,
    cause: {
      kind: 'context-files-changed',
      confidence: 'likely',
      summary: 'The files that it copies changed (content, mode or names)',
      because: [
        '#3: a COPY of the build context ran although #2 above it was reused',
        'which file it was is not in a log: the context and a baseline of the build before would tell',
      ],
    },
  },
  {
    what: 'a RUN that mounts the build context',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] RUN --mount=type=bind,target=/src make'],
    miss: 'RUN --mount',
    cause: {
      kind: 'context-files-changed',
      confidence: 'possible',
      summary: 'The files that it mounts from the build context changed (content, mode or names)',
      because: [
        '#3: a RUN with a bind mount of the build context ran although #2 above it was reused',
        'which file it was is not in a log: the context and a baseline of the build before would tell',
      ],
    },
  },
  {
    what: 'an ENV above a RUN',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN a'],
    miss: 'RUN a',
    cause: {
      kind: 'env-changed',
      confidence: 'possible',
      summary: 'An ENV above it changed',
      because: ['#3 is a RUN: an ENV line above it that changed leaves no other trace'],
      before: null,
      after: null,
    },
  },
  {
    what: 'a frontend that was downloaded, for a Dockerfile that was not sent again',
    log: [
      `DONE docker-image://docker.io/docker/dockerfile:1@${SHA} | ${LAYER}`,
      'DONE [internal] load build definition from Dockerfile | transferring dockerfile: 32B done',
      'CACHED [1/3] FROM node:20',
      'CACHED [2/3] COPY a .',
      'DONE [3/3] RUN a',
    ],
    miss: 'RUN a',
    cause: {
      kind: 'frontend-changed',
      confidence: 'possible',
      summary: 'The Dockerfile frontend is another version than before',
      because: ['#1: the frontend image was downloaded in this build'],
      before: null,
      after: `docker.io/docker/dockerfile:1@${SHA}`,
    },
  },
  {
    what: 'an edited RUN',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN a'],
    miss: 'RUN a',
    first: true,
    cause: {
      kind: 'instruction-changed',
      confidence: 'possible',
      summary: 'The RUN line was edited',
      because: [
        '#3 ran although everything above it was reused, and a RUN reads no files',
        'whether its text was edited only the Dockerfile of the build before can tell',
      ],
      before: null,
      after: 'RUN a',
    },
  },
  {
    what: 'a new RUN',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN a'],
    miss: 'RUN a',
    cause: {
      kind: 'instruction-added',
      confidence: 'possible',
      summary: 'The RUN line is new in this Dockerfile',
      because: [
        '#3 ran and what stands above it was reused: a new line looks just like this',
        'the Dockerfile of the build before would tell',
      ],
    },
  },
  {
    what: 'a copy of a folder above an install',
    log: ['CACHED [1/4] FROM node:20', 'CACHED [2/4] RUN a', 'DONE [3/4] COPY src src', 'DONE [4/4] RUN npm ci'],
    miss: 'COPY src',
    cause: {
      kind: 'instruction-moved',
      confidence: 'possible',
      summary: 'The COPY line was moved to another place',
      because: ['#3 ran and what stands above it was reused', 'the Dockerfile of the build before would tell'],
    },
  },
  {
    what: 'an additional context of the command line',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] COPY --from=shared /a .'],
    miss: 'COPY --from',
    command: 'docker build --build-context shared=../shared .',
    first: true,
    cause: {
      kind: 'named-context-changed',
      confidence: 'likely',
      summary: 'Files of the named context shared changed',
      because: ['#3 reads the named context shared and is the first step that missed'],
      context: 'shared',
    },
  },
  {
    what: 'an additional context that the log shows, on a new base',
    log: ['DONE [context shared] load from client', 'DONE [1/2] FROM node:20', 'DONE [2/2] COPY --from=shared /a .'],
    miss: 'COPY --from',
    cause: {
      kind: 'named-context-changed',
      confidence: 'possible',
      summary: 'Files of the named context shared changed',
      because: ['#3 reads the named context shared and is the first step that missed'],
      context: 'shared',
    },
  },
  {
    what: 'the cache switched off by the command line',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] WORKDIR /app', 'DONE [3/3] RUN a'],
    miss: 'RUN a',
    command: 'docker build --no-cache .',
    first: true,
    cause: {
      kind: 'no-cache-flag',
      confidence: 'certain',
      summary: 'The build was made with --no-cache',
      because: ['--no-cache stands in the command line'],
      stage: null,
    },
  },
  {
    what: 'the cache switched off for one stage by the command line',
    log: ['CACHED [build 1/2] FROM node:20', 'DONE [build 2/2] RUN a'],
    miss: 'RUN a',
    command: 'docker build --no-cache-filter=Build .',
    first: true,
    cause: {
      kind: 'no-cache-flag',
      confidence: 'certain',
      summary: 'The build was made with --no-cache-filter=Build',
      because: ['--no-cache-filter=Build stands in the command line'],
      stage: 'Build',
    },
  },
  {
    what: 'two equal steps, of which one was reused',
    log: [
      'CACHED [deps 1/3] FROM node:20',
      'CACHED [deps 2/3] COPY a b',
      'CACHED [deps 3/3] RUN x',
      'DONE [build 2/3] COPY a b',
      'DONE [build 3/3] RUN y',
    ],
    miss: 'COPY a b',
    first: true,
    cause: {
      kind: 'no-cache-flag',
      confidence: 'likely',
      summary: 'Stage build was built with --no-cache-filter',
      because: ['#4 ran although [deps 2/3] COPY a b, the same instruction on the same base, was reused: only a flag tells the two apart'],
      stage: 'build',
    },
  },
  {
    what: 'only WORKDIRs were reused, in three stages',
    log: ['a', 'b', 'c'].flatMap((s) => [`CACHED [${s} 1/3] FROM ${s}:1`, `CACHED [${s} 2/3] WORKDIR /app`, `DONE [${s} 3/3] RUN ${s}`]),
    miss: 'RUN a',
    first: true,
    cause: {
      kind: 'no-cache-flag',
      confidence: 'likely',
      summary: 'The build looks like one made with --no-cache',
      because: [
        'every RUN, COPY and ADD ran, yet a WORKDIR right on its base was reused: the flag does not reach WORKDIR',
        'a first build of this project on a builder that knew its bases looks the same: the command line would tell',
      ],
      stage: null,
    },
  },
  {
    what: 'a step that fails',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] COPY a .', 'ERROR [3/3] RUN a !! exit code: 1'],
    miss: 'RUN a',
    first: true,
    cause: {
      kind: 'not-built-before',
      confidence: 'possible',
      summary: 'A step that fails has no result to reuse: it runs until it succeeds once',
      because: ['#3 failed in this build'],
    },
  },
  {
    what: 'a step that may have been interrupted',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN a'],
    miss: 'RUN a',
    cause: {
      kind: 'not-built-before',
      confidence: 'possible',
      summary: 'It never finished here before: an earlier build failed, was stopped, or built another target',
      because: ['#3 ran although steps above it were reused: so does a step whose earlier run was stopped'],
    },
  },
  {
    what: 'ADD of a URL',
    log: ['CACHED [1/3] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] ADD https://example.com/a.tgz /a'],
    miss: 'ADD https',
    first: true,
    cause: {
      kind: 'remote-source-changed',
      confidence: 'likely',
      summary: 'https://example.com/a.tgz has other content than before',
      because: ['#3: the fetch is asked for in every build, and the copy of what came ran'],
      url: 'https://example.com/a.tgz',
    },
  },
  {
    what: 'a copy from a stage of which nothing is seen',
    log: ['CACHED [1/2] FROM node:20', 'CACHED [2/3] RUN a', 'DONE [3/3] COPY --from=nginx:1.27 /a /a'],
    miss: 'COPY --from',
    cause: {
      kind: 'stage-output-changed',
      confidence: 'possible',
      summary: 'What it reads from nginx:1.27 is not what it read before',
      because: ['#3 reads files from nginx:1.27 and is the first step that missed'],
      stage: 'nginx:1.27',
    },
  },
];

describe('suspicions from a log and a command line', () => {
  it.each(ROWS.map((r) => [`${r.cause.kind}: ${r.what}`, r] as const))('%s', (_, { log, miss, command, cause, first }) => {
    const found = causesOf(log, miss, command);
    expect(found.find((c) => c.kind === cause.kind)).toEqual(cause);
    if (first) expect(found[0]?.kind).toBe(cause.kind);
  });

  it.each<[what: string, kind: string, log: readonly string[], miss: string, command?: string]>([
    ['the base was there', 'base-image-changed', ['CACHED [1/2] FROM x', 'DONE [2/2] RUN a'], 'RUN a'],
    ['it is no first step on the base', 'base-image-changed', ['DONE [1/3] FROM x', 'CACHED [2/3] COPY a .', 'DONE [3/3] RUN a'], 'RUN a'],
    [
      'a COPY has no arguments in its key',
      'build-arg-changed',
      ['CACHED [1/2] FROM x', 'DONE [2/2] COPY a .'],
      'COPY a',
      'docker build --build-arg A=1a2b3c4d5e6f .',
    ],
    ['some RUN was reused', 'build-flag-changed', ['CACHED [1/3] FROM x', 'CACHED [2/3] RUN a', 'DONE [3/3] RUN b'], 'RUN b'],
    ['nothing was imported', 'cache-import-failed', ['CACHED [1/2] FROM x', 'DONE [2/2] RUN a'], 'RUN a'],
    [
      'the import succeeded',
      'cache-import-failed',
      ['DONE importing cache manifest from r', 'CACHED [1/2] FROM x', 'DONE [2/2] RUN a'],
      'RUN a',
    ],
    [
      'the cache is exported with mode=max',
      'cache-import-partial',
      [
        'DONE importing cache manifest from r',
        'DONE [a 1/2] FROM x',
        'DONE [a 2/2] RUN a',
        'CACHED [b 1/2] RUN b',
        'DONE [b 2/2] COPY --from=a / /',
      ],
      'RUN a',
      'docker buildx build --cache-to type=registry,ref=r,mode=max .',
    ],
    ['a step reads no context', 'context-files-changed', ['CACHED [1/2] FROM x', 'DONE [2/2] COPY --from=nginx /a /a'], 'COPY --from'],
    ['a COPY has no ENV in its key', 'env-changed', ['CACHED [1/2] FROM x', 'DONE [2/2] COPY a .'], 'COPY a'],
    [
      'the frontend was there',
      'frontend-changed',
      ['CACHED docker-image://docker/dockerfile:1', 'CACHED [1/2] FROM x', 'DONE [2/2] RUN a'],
      'RUN a',
    ],
    [
      'the Dockerfile was not sent again',
      'instruction-changed',
      [
        'DONE [internal] load build definition from Dockerfile | transferring dockerfile: 32B done',
        'CACHED [1/2] FROM x',
        'DONE [2/2] RUN a',
      ],
      'RUN a',
    ],
    [
      'the Dockerfile was not sent again',
      'instruction-added',
      [
        'DONE [internal] load build definition from Dockerfile | transferring dockerfile: 32B done',
        'CACHED [1/2] FROM x',
        'DONE [2/2] RUN a',
      ],
      'RUN a',
    ],
    [
      '--from names a stage',
      'named-context-changed',
      ['CACHED [a 1/1] FROM x', 'DONE [b 1/1] COPY --from=a / /'],
      'COPY --from',
      'docker build --build-context c=. .',
    ],
    [
      'the flag is for another stage',
      'no-cache-flag',
      ['CACHED [a 1/3] FROM x', 'CACHED [a 2/3] RUN a', 'DONE [a 3/3] RUN b'],
      'RUN b',
      'docker build --no-cache-filter=b .',
    ],
    ['it adds no URL', 'remote-source-changed', ['CACHED [1/2] FROM x', 'DONE [2/2] ADD a.tgz /a'], 'ADD a'],
    ['it copies from no stage', 'stage-output-changed', ['CACHED [1/2] FROM x', 'DONE [2/2] COPY a .'], 'COPY a'],
  ])('%s: no %s', (_, kind, log, miss, command) => {
    const found = causesOf(log, miss, command);
    expect(found.length).toBeGreaterThan(0);
    expect(found.map((c) => c.kind)).not.toContain(kind);
  });

  it.each([
    ['ENV', 'env-changed', 'ENV A above it changed', 'ENV A=1'],
    ['ARG', 'build-arg-changed', 'Build argument A has another value', 'ARG A=1'],
    ['LABEL', 'instruction-changed', 'The LABEL line above it was edited', 'LABEL a=b'],
  ])('the classic builder shows the %s that changed', (_, kind, summary, line) => {
    const log = [
      'Step 1/4 : FROM busybox',
      ' ---> 8edb46c03b9b',
      'Step 2/4 : RUN a',
      ' ---> Using cache',
      ' ---> 9f4a47ccddd0',
      `Step 3/4 : ${line}`,
      ' ---> Running in 12c033d394c1',
      ' ---> Removed intermediate container 12c033d394c1',
      ' ---> 9f4a47ccddd1',
      'Step 4/4 : RUN b',
      ' ---> Running in 12c033d394c2',
      ' ---> Removed intermediate container 12c033d394c2',
      ' ---> 9f4a47ccddd2',
      'Successfully built 9f4a47ccddd2',
    ].join('\n');
    expect(report(log).misses[0]?.causes[0]).toMatchObject({
      kind,
      confidence: 'likely',
      summary,
      because: [expect.stringContaining(`Step 3/4 : ${line} ran anew although what stands above it was reused`)],
    });
  });

  it('tells at most five causes, the likely before the possible', () => {
    for (const { log, miss, command } of ROWS) {
      const found = causesOf(log, miss, command);
      expect(found.length).toBeLessThanOrEqual(5);
      const rank = found.map((c) => ['certain', 'likely', 'possible'].indexOf(c.confidence));
      expect(rank).toEqual([...rank].sort());
      expect(new Set(found.map((c) => c.kind)).size).toBe(found.length);
    }
    expect(report(plainLog(['CACHED [1/1] FROM x'])).misses).toEqual([]);
  });
});

it.each([
  ['1a2b3c4', true],
  ['1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d', true],
  ['2026-11-21', true],
  ['20261121', true],
  ['2026-11-21T10:00:00Z', true],
  ['1700000000', true],
  ['build-42', true],
  ['PR17', true],
  ['v1.2.3-4-g1a2b3c4', true],
  ['1.2.3', false],
  ['production', false],
  ['1234567', false],
  ['deadbeef', false],
  ['20', false],
  ['build', false],
  ['1a2b3', false],
])('%s looks as if it differed from build to build: %s', (value, is) => {
  expect(looksVolatile(value)).toBe(is);
});

it.each([
  ['COPY . .', true],
  ['ADD ./ /app', true],
  ['COPY --chown=1:1 . /app', true],
  ['COPY * /app/', true],
  ['COPY src .', false],
  ['COPY package.json .', false],
  ['RUN tar -c . .', false],
])('%s copies the whole build context: %s', (text, is) => {
  const step = { parsed: { instruction: text.split(' ')[0], text } } as unknown as Step;
  expect(isBroadCopy(step)).toBe(is);
});
