/**
 * Edits between two builds and what an engine then did: each line was built on Docker 28.5, before and after, and its verdicts were read from the
 * second build's progress. They are what the key model must say without an engine.
 */
import { chmodSync, mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';

export interface Edit {
  readonly name: string;
  /** Dockerfiles. `STAMP` stands for anything that no other build has. */
  readonly dockerfile: string;
  readonly edited: string;
  /** A letter for each step of the build after, in the order of the Dockerfile: see `Seen`. */
  readonly seen: string;
  /** Options of the command, before and after. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** What is done to the context between the builds. */
  readonly files?: (folder: string) => void;
}

/**
 * h: reused. M: run. c: reused because a stage that ran again came out the same, which no model can know beforehand. u: reused because the builder
 * did not notice a change (buildkit compares what it has of the context with modes of files, but not of folders).
 */
export type Seen = 'h' | 'M' | 'c' | 'u';

interface More {
  readonly before?: readonly string[];
  readonly after?: readonly string[];
  readonly files?: (folder: string) => void;
}
type Row = readonly [name: string, before: string, after: string, seen: string, more?: More];

/** The context of all of them. */
export const CONTEXT: Readonly<Record<string, string>> = { c: '1\n', c2: '1\n', e: '2\n', 'd/c': '1\n', '.dockerignore': '*.ign\n' };

function rows(list: readonly Row[], wrap: (middle: string) => string): Edit[] {
  return list.map(([name, before, after, seen, more]) => ({
    name,
    dockerfile: wrap(before),
    edited: wrap(after),
    seen,
    before: [],
    after: [],
    ...more,
  }));
}

/** What stands above a COPY, a WORKDIR, and a RUN with a COPY below. */
const SETTINGS: readonly Row[] = [
  ['env value', 'ENV A=1', 'ENV A=2', 'hhhMMM'],
  ['env quoted', 'ENV A=1', 'ENV A="1"', 'hhhhhh'],
  ['env split', 'ENV A=1 B=2', 'ENV A=1\nENV B=2', 'hhhhhh'],
  ['env old form', 'ENV A 1', 'ENV A=1', 'hhhhhh'],
  ['env order', 'ENV A=1\nENV B=2', 'ENV B=2\nENV A=1', 'hhhMMM'],
  ['env set twice', 'ENV Z=2\nENV Z=1', 'ENV Z=1', 'hhhhhh'],
  ['env twice order', 'ENV A=1\nENV Z=1', 'ENV Z=0\nENV A=1\nENV Z=1', 'hhhhhh'],
  ['arg to env', 'ARG Z=1', 'ENV Z=1', 'hhhhhh'],
  ['arg default', 'ARG A=1', 'ARG A=2', 'hhhMMM'],
  ['arg noval rename', 'ARG A', 'ARG B', 'hhhhhh'],
  ['arg rename', 'ARG A=1', 'ARG B=1', 'hhhMMM'],
  ['build-arg', 'ARG A', 'ARG A', 'hhhMMM', { before: ['--build-arg', 'A=1'], after: ['--build-arg', 'A=2'] }],
  ['build-arg undeclared', '', '', 'hhhhhh', { before: ['--build-arg', 'NOPE=1'], after: ['--build-arg', 'NOPE=2'] }],
  ['build-arg equal to default', 'ARG A=1', 'ARG A=1', 'hhhhhh', { after: ['--build-arg', 'A=1'] }],
  ['proxy undeclared', '', '', 'hhhhhh', { after: ['--build-arg', 'HTTP_PROXY=http://x'] }],
  ['proxy declared', 'ARG HTTP_PROXY', 'ARG HTTP_PROXY', 'hhhMMM', { after: ['--build-arg', 'HTTP_PROXY=http://x'] }],
  [
    'label',
    'LABEL a=1',
    'LABEL a=2\nEXPOSE 80\nSTOPSIGNAL SIGINT\nVOLUME /v\nHEALTHCHECK NONE\nONBUILD RUN x\nCMD y\nENTRYPOINT z\n# comment',
    'hhhhhh',
  ],
  ['user', 'USER 1000', 'USER 1001', 'hhMMMM'],
  ['user 0 to root', 'USER 0', 'USER root', 'hhhMMM'],
  ['user none to root', '', 'USER root', 'hhMMMM'],
  ['user group', 'USER 1000', 'USER 1000:1000', 'hhMMMM'],
  ['shell', '', 'SHELL ["/bin/sh","-ec"]', 'hhhMMM'],
  ['shell default made explicit', '', 'SHELL ["/bin/sh", "-c"]', 'hhhhhh'],
  ['epoch', '', '', 'hhMMMM', { before: ['--build-arg', 'SOURCE_DATE_EPOCH=1000'], after: ['--build-arg', 'SOURCE_DATE_EPOCH=2000'] }],
  [
    'epoch declared',
    'ARG SOURCE_DATE_EPOCH',
    'ARG SOURCE_DATE_EPOCH',
    'hhMMMM',
    { before: ['--build-arg', 'SOURCE_DATE_EPOCH=1000'], after: ['--build-arg', 'SOURCE_DATE_EPOCH=2000'] },
  ],
  ['add-host name', '', '', 'MMMMMM', { before: ['--add-host', 'a:1.1.1.1'], after: ['--add-host', 'b:1.1.1.1'] }],
  ['add-host ip', '', '', 'hhhhhh', { before: ['--add-host', 'a:1.1.1.1'], after: ['--add-host', 'a:2.2.2.2'] }],
  [
    'ulimit order',
    '',
    '',
    'hhhhhh',
    { before: ['--ulimit', 'nofile=1024', '--ulimit', 'core=0'], after: ['--ulimit', 'core=0:0', '--ulimit', 'nofile=1024:1024'] },
  ],
  ['ulimit', '', '', 'MMMMMM', { after: ['--ulimit', 'nofile=1024'] }],
  ['shm-size units', '', '', 'hhhhhh', { before: ['--shm-size', '64m'], after: ['--shm-size', '65536k'] }],
  ['shm-size', '', '', 'MMMMMM', { after: ['--shm-size', '32m'] }],
  ['network', '', '', 'MMMMMM', { after: ['--network', 'none'] }],
  ['network default', '', '', 'hhhhhh', { after: ['--network', 'default'] }],
  ['cgroup-parent', '', '', 'MMMMMM', { after: ['--cgroup-parent', '/cw'] }],
  ['hostname', '', '', 'MMMMMM', { after: ['--build-arg', 'BUILDKIT_SANDBOX_HOSTNAME=h'] }],
  ['platform', '', '', 'hhhhhh', { after: ['--platform', 'linux/amd64'] }],
  ['workdir slash', 'WORKDIR /w', 'WORKDIR /w/', 'hhhhhhh'],
  ['workdir relative', 'WORKDIR /w\nWORKDIR x', 'WORKDIR /w\nWORKDIR /w/x', 'hhhhhhhh'],
  ['workdir root', '', 'WORKDIR /', 'hhhhhh'],
  ['workdir env', 'ENV D=/d\nWORKDIR $D', 'ENV D=/d\nWORKDIR /d', 'hhhhhhh'],
  ['workdir inserted', '', 'WORKDIR /ins', 'hMMMMMM'],
];

/** A RUN. */
const RUNS: readonly Row[] = [
  ['run reflow', 'RUN true a && \\\n    true b', 'RUN true a && \\\n# c\n    true b   ', 'hhh'],
  ['run blanks', 'RUN true a  b', 'RUN true a b', 'hMM'],
  ['run case', 'RUN true a', 'run true a', 'hhh'],
  ['run json blanks', 'RUN ["true", "a"]', 'RUN [ "true","a" ]', 'hhh'],
  ['run json is shell', 'RUN true a', 'RUN ["/bin/sh", "-c", "true a"]', 'hhh'],
  ['heredoc name', 'RUN <<EOF\ntrue a\nEOF', 'RUN <<E2\ntrue a\nE2', 'hhh'],
  ['heredoc name complex', 'RUN cat <<EOF | true\na\nEOF', 'RUN cat <<E2 | true\na\nE2', 'hMM'],
  ['heredoc to plain', 'RUN <<EOF\ntrue a\nEOF', 'RUN true a', 'hMM'],
  ['heredoc body', 'RUN <<EOF\ntrue a\nEOF', 'RUN <<EOF\ntrue b\nEOF', 'hMM'],
  ['heredoc script name', 'RUN <<EOF\n#!/bin/true\nEOF', 'RUN <<E2\n#!/bin/true\nE2', 'hMM'],
  [
    'mount order',
    'RUN --mount=type=tmpfs,target=/a --mount=type=tmpfs,target=/b true',
    'RUN --mount=type=tmpfs,target=/b --mount=type=tmpfs,target=/a true',
    'hhh',
  ],
  ['cache id', 'RUN --mount=type=cache,target=/c,id=a true', 'RUN --mount=type=cache,target=/c,id=b,sharing=locked true', 'hhh'],
  ['cache default id', 'RUN --mount=type=cache,target=/c true', 'RUN --mount=type=cache,target=/c,id=b true', 'hMM'],
  ['cache default id written', 'RUN --mount=type=cache,target=/c true', 'RUN --mount=type=cache,target=/c,id=/c true', 'hhh'],
  ['cache default locked', 'RUN --mount=type=cache,target=/c,sharing=locked true', 'RUN --mount=type=cache,target=/c,id=q true', 'hhh'],
  ['cache target', 'RUN --mount=type=cache,target=/c,id=a true', 'RUN --mount=type=cache,target=/d,id=a true', 'hMM'],
  ['cache uid', 'RUN --mount=type=cache,target=/c,id=a true', 'RUN --mount=type=cache,target=/c,id=a,uid=5 true', 'hMM'],
  [
    'cache uid 0',
    'RUN --mount=type=cache,target=/c,id=a,uid=0 true',
    'RUN --mount=type=cache,target=/c,id=a,uid=0,gid=0,mode=0755 true',
    'hhh',
  ],
  ['secret id', 'RUN --mount=type=secret,id=a true', 'RUN --mount=type=secret,id=b true', 'hMM'],
  ['secret required', 'RUN --mount=type=secret,id=a true', 'RUN --mount=type=secret,id=a,required=false true', 'hhh'],
  ['secret mode default', 'RUN --mount=type=secret,id=a true', 'RUN --mount=type=secret,id=a,mode=0400 true', 'hhh'],
  ['secret env', 'RUN --mount=type=secret,id=a,env=A true', 'RUN --mount=type=secret,id=a,env=B true', 'hMM'],
  ['secret target default', 'RUN --mount=type=secret,id=a true', 'RUN --mount=type=secret,id=a,target=/run/secrets/a true', 'hhh'],
  ['ssh default', 'RUN --mount=type=ssh true', 'RUN --mount=type=ssh,id=default true', 'hMM'],
  ['tmpfs size', 'RUN --mount=type=tmpfs,target=/t,size=1m true', 'RUN --mount=type=tmpfs,target=/t,size=1024k true', 'hhh'],
  ['bind source', 'RUN --mount=type=bind,source=c,target=/m true', 'RUN --mount=type=bind,source=d/c,target=/m true', 'hhh'],
  ['bind rw', 'RUN --mount=type=bind,source=c,target=/m true', 'RUN --mount=type=bind,source=c,target=/m,rw true', 'hMM'],
  [
    'bind other file',
    'RUN --mount=type=bind,source=c,target=/m true',
    'RUN --mount=type=bind,source=c,target=/m true',
    'hhh',
    { files: (d) => writeFileSync(`${d}/other`, 'x') },
  ],
  [
    'bind root other file',
    'RUN --mount=type=bind,target=/m true',
    'RUN --mount=type=bind,target=/m true',
    'hMM',
    { files: (d) => writeFileSync(`${d}/other`, 'x') },
  ],
  ['mount var', 'ARG T=/t\nRUN --mount=type=tmpfs,target=$T true', 'ARG T=/t\nRUN --mount=type=tmpfs,target=/t true', 'hhh'],
  ['run network none', 'RUN true', 'RUN --network=none true', 'hMM'],
  ['run network default', 'RUN true', 'RUN --network=default true', 'hhh'],
];

/** COPY and ADD. */
const COPIES: readonly Row[] = [
  ['copy dot slash', 'COPY c /x', 'COPY ./c /x', 'hhhh'],
  ['copy dest slash', 'COPY c /x', 'COPY c /x/', 'hhMM'],
  ['copy dest relative', 'COPY c x', 'COPY c /w/x', 'hhhh'],
  ['copy dot', 'COPY . .', 'COPY ./ ./', 'hhhh'],
  ['copy dir slash', 'COPY d /x', 'COPY d/ /x', 'hhhh'],
  ['copy same name elsewhere', 'COPY c /x', 'COPY d/c /x', 'hhhh'],
  ['copy other name same content', 'COPY c /x', 'COPY c2 /x', 'hhMM'],
  ['copy order', 'COPY c e /x/', 'COPY e c /x/', 'hhMM'],
  ['copy wildcard to name', 'COPY c* /x/', 'COPY c c2 /x/', 'hhMM'],
  ['copy json', 'COPY c /x', 'COPY ["c", "/x"]', 'hhhh'],
  ['copy to add', 'COPY c /x', 'ADD c /x', 'hhMM'],
  ['copy chown', 'COPY c /x', 'COPY --chown=1 c /x', 'hhMM'],
  ['copy chown root', 'COPY --chown=0:0 c /x', 'COPY --chown=root:root c /x', 'hhhh'],
  ['copy chown group', 'COPY --chown=0 c /x', 'COPY --chown=0:0 c /x', 'hhMM'],
  ['copy chmod', 'COPY --chmod=755 c /x', 'COPY --chmod=0755 c /x', 'hhhh'],
  ['copy chmod other', 'COPY --chmod=755 c /x', 'COPY --chmod=700 c /x', 'hhMM'],
  ['copy var', 'ARG V=c\nCOPY $V /x', 'COPY c /x', 'hhhM'],
  ['copy heredoc name', 'COPY <<EOF /x\na\nEOF', 'COPY <<E2 /x\na\nE2', 'hhMM'],
  ['copy heredoc body', 'COPY <<EOF /x\na\nEOF', 'COPY <<EOF /x\nb\nEOF', 'hhMM'],
  ['copy heredoc quoted', 'COPY <<EOF /x\na\nEOF', 'COPY <<"EOF" /x\na\nEOF', 'hhhh'],
  ['copy heredoc var', 'ARG V=1\nCOPY <<EOF /x\n$V\nEOF', 'ARG V=1\nCOPY <<EOF /x\n$V\nEOF', 'hhMM', { after: ['--build-arg', 'V=2'] }],
  ['copy dup lines', 'COPY c /x', 'COPY c /x\nCOPY c /x', 'hhhMM'],
];

/** Files of the context, under `COPY . /all/`, `COPY d /d` and `COPY c /c`. */
const FILES: readonly (readonly [string, (folder: string) => void, string])[] = [
  ['touch', (dir) => utimesSync(`${dir}/c`, 1, 1), 'hhhhhh'],
  ['chmod', (dir) => chmodSync(`${dir}/c`, 0o600), 'hhMMMM'],
  ['content', (dir) => writeFileSync(`${dir}/d/c`, 'changed'), 'hhMMMM'],
  ['new', (dir) => writeFileSync(`${dir}/new`, ''), 'hhMMMM'],
  ['rename', (dir) => renameSync(`${dir}/e`, `${dir}/e9`), 'hhMMMM'],
  ['empty dir', (dir) => mkdirSync(`${dir}/d/empty`), 'hhMMMM'],
  ['dir mode', (dir) => chmodSync(`${dir}/d`, 0o700), 'hhuuuu'],
  ['symlink', (dir) => symlinkSync('c', `${dir}/lnk`), 'hhMMMM'],
  ['ignored', (dir) => writeFileSync(`${dir}/x.ign`, 'x'), 'hhhhhh'],
  ['dockerignore', (dir) => writeFileSync(`${dir}/.dockerignore`, '*.ign\n*.other\n'), 'hhMMMM'],
];

interface Parts {
  readonly build?: string;
  readonly from?: string;
  readonly read?: string;
}

function stages({ build = 'RUN true build', from = 'FROM busybox:1.35', read = 'COPY --from=build /out /o' }: Parts = {}): string {
  return `FROM busybox:1.35 AS build
RUN true STAMP
COPY c /in
${build}
RUN mkdir -p /out && echo fixed > /out/f && touch -d @0 /out /out/f
${from}
RUN true fin STAMP
${read}
RUN true end
`;
}

const OTHER = 'RUN true other';
const BIND = 'RUN --mount=from=build,source=/out,target=/o true';

const STAGES: readonly Row[] = [
  ['a stage that comes out the same', stages(), stages({ build: OTHER }), 'hhMMhcc'],
  ['a bind of a stage that comes out the same', stages({ read: BIND }), stages({ build: OTHER, read: BIND }), 'hhMMhcc'],
  ['from a stage that ran', stages({ from: 'FROM build' }), stages({ from: 'FROM build', build: OTHER }), 'hhMMMMM'],
  ['another name for a stage', stages(), stages({ read: 'COPY --from=bld /out /o' }).replace('AS build', 'AS bld'), 'hhhhhhh'],
  ['a stage by its number', stages(), stages({ read: 'COPY --from=0 /out /o' }), 'hhhhhhh'],
  ['a slash at a folder of a stage', stages(), stages({ read: 'COPY --from=build /out/ /o' }), 'hhhhhhh'],
  [
    'no slash before a file of a stage',
    stages({ read: 'COPY --from=build /out/f /o' }),
    stages({ read: 'COPY --from=build out/f /o' }),
    'hhhhhhh',
  ],
  ['a stage that nobody needs', stages(), stages({ from: 'FROM busybox:1.35 AS unused\nRUN false\nFROM busybox:1.35' }), 'hhhhhhh'],
  [
    'onbuild',
    'FROM busybox:1.35 AS b\nRUN true STAMP\nONBUILD RUN true on\nFROM b\nRUN true x\n',
    'FROM busybox:1.35 AS b\nRUN true STAMP\nONBUILD RUN true on2\nFROM b\nRUN true x\n',
    'hMM',
  ],
  [
    'arg in base stage',
    'FROM busybox:1.35 AS b\nRUN true STAMP\nARG A=1\nFROM b\nRUN true x\n',
    'FROM busybox:1.35 AS b\nRUN true STAMP\nARG A=2\nFROM b\nRUN true x\n',
    'hM',
  ],
  [
    'env shadows arg',
    'FROM busybox:1.35\nRUN true STAMP\nENV A=1\nARG A=2\nRUN true x $A\n',
    'FROM busybox:1.35\nRUN true STAMP\nENV A=1\nARG A=3\nRUN true x $A\n',
    'hM',
  ],
  [
    'global arg redeclared',
    'ARG G=1\nFROM busybox:1.35\nRUN true STAMP\nARG G\nRUN true x\n',
    'ARG G=2\nFROM busybox:1.35\nRUN true STAMP\nARG G\nRUN true x\n',
    'hM',
  ],
  [
    'global arg alone',
    'ARG G=1\nFROM busybox:1.35\nRUN true STAMP\nRUN true x\n',
    'ARG G=2\nFROM busybox:1.35\nRUN true STAMP\nRUN true x\n',
    'hh',
  ],
  ['other tag same image', 'FROM busybox:1.35\nRUN true STAMP\nRUN true x\n', 'FROM busybox\nRUN true STAMP\nRUN true x\n', 'hh'],
  ['other base', 'FROM busybox:1.35\nRUN true STAMP\nCOPY c /c\n', 'FROM debian:bookworm-slim\nRUN true STAMP\nCOPY c /c\n', 'MM'],
  [
    'swap',
    'FROM busybox:1.35\nRUN true STAMP\nCOPY c /c\nRUN true x\nCOPY e /e\n',
    'FROM busybox:1.35\nRUN true STAMP\nRUN true x\nCOPY c /c\nCOPY e /e\n',
    'hMMM',
  ],
  [
    'removed',
    'FROM busybox:1.35\nRUN true STAMP\nCOPY c /c\nRUN true x\nCOPY e /e\n',
    'FROM busybox:1.35\nRUN true STAMP\nCOPY c /c\nCOPY e /e\n',
    'hhM',
  ],
];

const files = 'COPY . /all/\nCOPY d /d\nCOPY c /c';

export const EDITS: readonly Edit[] = [
  ...rows(SETTINGS, (it) => `FROM busybox:1.35\nRUN true STAMP\n${it}\nCOPY c /c\nWORKDIR /w1\nRUN true r1\nCOPY c /c2\nRUN true r2\n`),
  ...rows(RUNS, (it) => `FROM busybox:1.35\nRUN true STAMP\n${it}\nRUN true after\n`),
  ...rows(
    [...COPIES, ...FILES.map(([name, change, seen]): Row => [`files: ${name}`, files, files, seen, { files: change }])],
    (it) => `FROM busybox:1.35\nRUN true STAMP\nWORKDIR /w\n${it}\nRUN true after\n`,
  ),
  ...rows(STAGES, (it) => it),
];
