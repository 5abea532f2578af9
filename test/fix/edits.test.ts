/** Edits of one line: only that line changes. */
import { expect, test } from 'vitest';
import { addCacheMounts } from '../../src/fix/cache-mount.ts';
import { pinBases } from '../../src/fix/pin-base.ts';

const DIGEST = `sha256:${'6'.repeat(64)}`;

test.each<[string, string, string]>([
  ['a tag', 'FROM node:20\nRUN make\n', `FROM node:20@${DIGEST}\nRUN make\n`],
  [
    'a name, a platform, other cases',
    'from --platform=$BUILDPLATFORM node:20 as build\n',
    `from --platform=$BUILDPLATFORM node:20@${DIGEST} as build\n`,
  ],
  ['line ends of Windows', 'FROM node:20\r\nRUN make\r\n', `FROM node:20@${DIGEST}\r\nRUN make\r\n`],
  ['each place', 'FROM node:20 AS a\nFROM node:20\n', `FROM node:20@${DIGEST} AS a\nFROM node:20@${DIGEST}\n`],
  ['pinned already', `FROM node:20@${DIGEST}\n`, `FROM node:20@${DIGEST}\n`],
  ['another image', 'FROM node:20-slim\n', 'FROM node:20-slim\n'],
  ['a variable', 'ARG TAG=20\nFROM node:$TAG\n', 'ARG TAG=20\nFROM node:$TAG\n'],
])('pins %s', (_, before, after) => {
  expect(pinBases(before, { 'node:20': DIGEST })).toBe(after);
});

test.each<[string, string, string]>([
  ['npm', 'RUN npm ci', 'RUN --mount=type=cache,target=/root/.npm npm ci'],
  ['several lines', 'run npm ci \\\n  && npm test', 'run --mount=type=cache,target=/root/.npm npm ci \\\n  && npm test'],
  ['pip', 'RUN pip install -r requirements.txt', 'RUN --mount=type=cache,target=/root/.cache/pip pip install -r requirements.txt'],
])('gives %s a cache mount', (_, before, after) => {
  const text = (run: string): string => `FROM debian:12\nWORKDIR /app\nCOPY . .\n${run}\nCMD ["x"]\n`;
  expect(addCacheMounts(text(before))).toEqual({ text: text(after), refused: [] });
});

test.each<[string, string, string | null]>([
  [
    'without its cache',
    'FROM a\nRUN pip install --no-cache-dir -r requirements.txt\n',
    'line 2: it does without its cache, or throws it away',
  ],
  ['its cache thrown away', 'FROM a\nRUN npm ci && npm cache clean --force\n', 'line 2: it does without its cache, or throws it away'],
  ['another user', 'FROM a\nUSER node\nRUN npm ci\n', 'line 3: it runs as node, whose cache is elsewhere'],
  ['a user of the stage below', 'FROM a AS base\nUSER node\nFROM base\nRUN npm ci\n', 'line 4: the stage that it starts from sets a USER'],
  ['a cache elsewhere', 'FROM a\nENV npm_config_cache=/c NPM_CACHE_DIR=/c\nRUN npm ci\n', 'line 3: ENV says where caches are'],
  [
    'what later steps read',
    'FROM a\nRUN go mod download\nRUN go build\n',
    'line 2: each RUN that reads /go/pkg/mod needs the same mount, and which do is not known',
  ],
  ['a mount that is there', 'FROM a\nRUN --mount=type=cache,target=/root/.npm npm ci\n', null],
  ['no install', 'FROM a\nRUN make\n', null],
])('no cache mount: %s', (_, dockerfile, reason) => {
  const { text, refused } = addCacheMounts(dockerfile);
  expect(text).toBe(dockerfile);
  if (reason === null) expect(refused).toEqual([]);
  else expect(refused[0]).toBe(reason);
});
