import { describe, expect, it } from 'vitest';
import { fromReferences, isRemoteAdd, parseVertexName, readsContext, resolvePrefixes, type VertexName } from '../../src/graph/names.ts';

/** The parts of a name that are there: `step linux/amd64 web/build 2/3 RUN: RUN make` */
function told({ kind, platform, target, stage, position, of, instruction, text }: VertexName): string {
  const place = [target, stage].filter((w) => w !== null).join('/');
  const at = position === null ? '' : `${position}/${of}`;
  return `${[kind, platform, place, at, instruction].filter((w) => w !== null && w !== '').join(' ')}: ${text}`;
}

describe('the name of a vertex', () => {
  it.each([
    ['[2/3] RUN make', 'step 2/3 RUN: RUN make'],
    ['[build 2/3] COPY a b', 'step build 2/3 COPY: COPY a b'],
    ['[web build 10/12] RUN make', 'step web/build 10/12 RUN: RUN make'],
    ['[linux/arm64 build 2/3] RUN make', 'step linux/arm64 build 2/3 RUN: RUN make'],
    ['[web linux/amd64->arm64 build  2/20] RUN make', 'step linux/amd64->arm64 web/build 2/20 RUN: RUN make'],
    ['[linux/arm/v7 2/3] RUN make', 'step linux/arm/v7 2/3 RUN: RUN make'],
    ['[windows(10.0.17763)/amd64 2/3] RUN a', 'step windows(10.0.17763)/amd64 2/3 RUN: RUN a'],
    ['[1/3] FROM docker.io/library/node:20@sha256:abc', 'source 1/3 FROM: FROM docker.io/library/node:20@sha256:abc'],
    ['[2/3] run\tmake', 'step 2/3 RUN: run\tmake'],
    ['[2/3] ONBUILD RUN echo onb', 'step 2/3 RUN: ONBUILD RUN echo onb'],
    ['[2/3] LINK COPY --link a /a', 'step 2/3 COPY: LINK COPY --link a /a'],
    ['[2/3] COPY["a", "b"]', 'step 2/3 COPY: COPY["a", "b"]'],
    ['[2/3] merge stages', 'internal 2/3: merge stages'],
    ['[internal] load build definition from Dockerfile', 'source: [internal] load build definition from Dockerfile'],
    ['[web internal] load metadata for x', 'source: [web internal] load metadata for x'],
    ['[internal] settings cache mount permissions', 'internal: settings cache mount permissions'],
    ['[auth] library/node:pull token for registry-1.docker.io', 'internal: library/node:pull token for registry-1.docker.io'],
    ['[context shared] load from client', 'source: [context shared] load from client'],
    ['[web] exporting to image', 'export: exporting to image'],
    ['exporting to image', 'export: exporting to image'],
    ['pushing layers', 'export: pushing layers'],
    ['importing cache manifest from r/app:cache', 'import: importing cache manifest from r/app:cache'],
    ['[web] importing cache manifest from r/app:cache', 'import: importing cache manifest from r/app:cache'],
    ['docker-image://docker.io/docker/dockerfile:1', 'source: docker-image://docker.io/docker/dockerfile:1'],
    ['https://example.com/a.tgz', 'source: https://example.com/a.tgz'],
    ['resolve image config for docker-image://x', 'source: resolve image config for docker-image://x'],
    ['copy /context /', 'internal: copy /context /'],
    ['RUN make', 'step RUN: RUN make'],
    ['FROM golang:1.22', 'source FROM: FROM golang:1.22'],
    ['Step 3/9 : RUN npm ci', 'step 3/9 RUN: RUN npm ci'],
    ['STEP 3/6: RUN a', 'step 3/6 RUN: RUN a'],
    ['STEP 3: RUN a', 'step 3/null RUN: RUN a'],
    ['[2/2] STEP 3/6: COPY --from=0 a b', 'step stage-1 3/6 COPY: COPY --from=0 a b'],
  ])('%s', (name, parts) => {
    expect(told(parseVertexName(name))).toBe(parts);
  });

  it.each<[what: string, names: readonly string[], parts: readonly string[]]>([
    [
      'a stage where nothing else bears its name',
      ['[internal] load build context', '[web 2/3] RUN a', 'exporting to image'],
      ['source: [internal] load build context', 'step web 2/3 RUN: RUN a', 'export: exporting to image'],
    ],
    [
      'a target where an export bears its name',
      ['[web 2/3] RUN a', '[web build 1/2] RUN b', '[web] exporting to image', '[linux/amd64 2/3] RUN c'],
      ['step web 2/3 RUN: RUN a', 'step web/build 1/2 RUN: RUN b', 'export web: exporting to image', 'step linux/amd64 2/3 RUN: RUN c'],
    ],
    [
      'a target where another step bears it before a stage',
      ['[web build 1/2] RUN b', '[web 2/3] RUN a'],
      ['step web/build 1/2 RUN: RUN b', 'step web 2/3 RUN: RUN a'],
    ],
  ])('a word alone is %s', (_, names, parts) => {
    const resolved = resolvePrefixes(names.map(parseVertexName));
    expect(resolved.map(told)).toEqual(parts);
    const web = resolved.find((n) => n.text === 'RUN a')!;
    expect([web.target, web.stage]).toEqual(
      parts.some((p) => p.includes('web/') || p.startsWith('export web')) ? ['web', null] : [null, 'web'],
    );
  });

  it.each([
    ['COPY --from=build a b', ['build']],
    ['COPY --from="build" a b', ['build']],
    ['COPY --chown=1:1 --from=0 a b', ['0']],
    ['RUN --mount=type=bind,from=deps,target=/x --mount=from=tools true', ['deps', 'tools']],
    ['RUN --mount=type=cache,target=/x true', []],
    ['RUN echo --from-here', []],
    ['COPY a b', []],
  ])('%s reads from %j', (text, from) => {
    expect(fromReferences(` ${text}`)).toEqual(from);
  });

  it.each([
    ['COPY a b', true, false],
    ['ADD a.tgz /a', true, false],
    ['ADD https://example.com/a /a', false, true],
    ['ADD --checksum=sha256:1 https://example.com/a git@github.com:x/y.git /a', false, true],
    ['ONBUILD ADD git://example.com/a /a', false, true],
    ['ADD https://example.com/a b /a', true, false],
    ['ADD github.com/x/y /a', false, true],
    ['ADD /a', true, false],
    ['COPY https://example.com/a /a', true, false],
    ['COPY --from=build a b', false, false],
    ['COPY <<EOF /a', false, false],
    ['COPY --chown=1:1 <<EOF /a', false, false],
    ['RUN --mount=type=bind,target=/src make', true, false],
    ['RUN --mount=type=bind,from=deps,target=/src make', false, false],
    ['RUN --mount=type=cache,target=/c make', false, false],
    ['RUN make', false, false],
    ['WORKDIR /a', false, false],
  ])('%s: reads the build context: %s, fetches: %s', (text, reads, fetches) => {
    const name = parseVertexName(`[2/3] ${text}`);
    expect([readsContext(name), isRemoteAdd(name)]).toEqual([reads, fetches]);
  });
});
