/** Secrets planted everywhere a build may hold one, and the search for them. Each holds `canary` and two digits of its own. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** `old` in the build before, `new` in this one: what changed is compared and reported. */
export type When = 'old' | 'new';

/** Secret by the name of their variable alone: their form is that of a word. */
const named =
  (id: string) =>
  (when: When): string =>
    `canary${id}${when}`;
/** Secret by their form, whatever their name. */
const GITHUB =
  (id: string) =>
  (when: When): string =>
    `ghp_canary${id}${when}AAAABBBBCCCC1111dddd`;
const NPM =
  (id: string) =>
  (when: When): string =>
    `npm_canary${id}${when}aaaabbbbcccc1111dddd`;
const JWT =
  (id: string) =>
  (when: When): string =>
    `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.canary${id}${when}signature`;

export const BUILD_ARGS = { NPM_TOKEN: named('01'), PLAIN_NAME: GITHUB('02'), DB_PASSWORD: named('03') } as const;
export const CACHE_PARAMETERS = {
  secret_access_key: named('04'),
  token: named('05'),
  session_token: named('06'),
} as const;

/** The command line of the build. */
export function buildCommand(when: When): string {
  const args = Object.entries(BUILD_ARGS).map(([name, value]) => `--build-arg ${name}=${value(when)}`);
  const cache = Object.entries(CACHE_PARAMETERS)
    .map(([name, value]) => `${name}=${value(when)}`)
    .join(',');
  return [
    'docker buildx build --progress=plain',
    ...args,
    `--cache-from type=s3,region=eu,bucket=b,${cache}`,
    `--cache-to type=gha,mode=max,token=${named('07')(when)}`,
    `--cache-to "type=azblob,name=c,account_url=https://x.blob.core.windows.net/?sv=1&sig=${named('08')(when)},secret_access_key=${named('09')(when)}"`,
    `--build-context src=https://oauth2:${named('10')(when)}@git.example.com/team/src.git`,
    `--label api.token=${named('11')(when)} --annotation password=${named('12')(when)}`,
    '--secret id=npm,env=NPM_SECRET --secret id=file,src=../secret.txt --ssh default',
    '-t registry.example.com/team/app:1 .',
  ].join(' ');
}

/** Variables of a CI job: none of them is any business of ours. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  NPM_SECRET: 'canary13env',
  GITHUB_TOKEN: GITHUB('14')('new'),
  ACTIONS_RUNTIME_TOKEN: JWT('15')('new'),
  CI_JOB_TOKEN: 'canary16env',
  CI_REPOSITORY_URL: 'https://gitlab-ci-token:canary17env@gitlab.example.com/team/app.git',
  HTTP_PROXY: 'http://user:canary18env@127.0.0.1:9',
  HTTPS_PROXY: 'http://user:canary18env@127.0.0.1:9',
  OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer canary19env',
  AWS_SECRET_ACCESS_KEY: 'canary20env',
  DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { 'registry.example.com': { auth: Buffer.from('me:canary21env').toString('base64') } } }),
};

/** docker's own configuration. */
export const DOCKER_CONFIG: string = JSON.stringify({
  auths: {
    'registry.example.com': { auth: Buffer.from('me:canary22cfg').toString('base64'), identitytoken: 'canary23cfg' },
    '127.0.0.1:1': { username: 'me', password: 'canary24cfg' },
  },
  proxies: { default: { httpProxy: 'http://user:canary25cfg@proxy.example.com' } },
});

export const SECRET_FILE = 'canary26file\n';

export function dockerfile(when: When): string {
  return `# syntax=docker/dockerfile:1
ARG REGISTRY_PASSWORD=${named('27')(when)}
FROM busybox:1.35 AS base
ARG NPM_TOKEN=${named('28')(when)}
ARG PLAIN_NAME=${NPM('29')(when)}
ENV API_KEY=${named('30')(when)} OTHER=${GITHUB('31')(when)}
ENV SECRET_KEY ${named('32')(when)}
ENV CLIENT_SECRET="${named('33')(when)} with blanks"
ENV JWT_OF=${JWT('34')(when)}
LABEL deploy.token=${named('35')(when)} "com.example.password"="${named('36')(when)}"
WORKDIR /app
ADD https://user:${named('37')(when)}@files.example.com/a.tar.gz /a.tar.gz
ADD https://files.example.com/b.tar.gz?access_token=${named('38')(when)}&sig=${named('39')(when)} /b.tar.gz
ADD https://x-access-token:${GITHUB('40')(when)}@github.com/team/repo.git#main /repo
RUN curl -fsS -H "Authorization: Bearer ${named('41')(when)}" https://api.example.com/x -o x
RUN curl -u user:${named('42')(when)} https://api.example.com/y && wget --password=${named('43')(when)} https://api.example.com/z
RUN export AWS_SECRET_ACCESS_KEY=${named('44')(when)} && aws s3 cp s3://b/x .
RUN echo "//registry.npmjs.org/:_authToken=${named('45')(when)}" > .npmrc && npm ci
RUN <<EOF
set -e
export DEPLOY_TOKEN=${named('46')(when)}
git clone https://oauth2:${named('47')(when)}@git.example.com/a.git
EOF
COPY <<EOF /etc/app.conf
password = "${named('48')(when)}"
api_key: ${named('49')(when)}
EOF
RUN --mount=type=secret,id=npm --mount=type=secret,id=file,target=/x npm ci
COPY . .
RUN mysql -h db -psql${named('50')(when)} -e 'select 1' && docker login -u me -p ${named('51')(when)} registry.example.com
ENV PRIVATE_KEY="-----BEGIN PRIVATE KEY-----${named('52')(when)}-----END PRIVATE KEY-----"
RUN echo done
`;
}

/** Steps of the Dockerfile as BuildKit names them. */
export function stepNames(when: When): string[] {
  const names: string[] = [];
  const lines = dockerfile(when).split('\n');
  for (let i = 0; i < lines.length; i++) {
    const heredoc = /<<(EOF)/.exec(lines[i]!);
    let text = lines[i]!;
    if (heredoc) {
      const end = lines.indexOf('EOF', i + 1);
      // A RUN shows its script on one line, with its line ends written out; a COPY its first line alone.
      if (text.startsWith('RUN')) text = `RUN <<EOF (set -e...)`;
      i = end;
    }
    if (/^(?:WORKDIR|ADD|RUN|COPY) /.test(text)) names.push(text);
  }
  return names;
}

export function plainLog(when: When, options: { readonly failed?: boolean; readonly command?: boolean } = {}): string {
  const names = stepNames(when);
  const of = names.length + 1;
  const out = options.command === false ? [] : [`$ ${buildCommand(when)}`];
  out.push(
    '#0 building with "default" instance using docker driver',
    '',
    '#1 [internal] load build definition from Dockerfile',
    '#1 transferring dockerfile: 1.5kB done',
    '#1 DONE 0.0s',
    '',
    `#2 importing cache manifest from type=s3,secret_access_key=${named('53')(when)}`,
    `#2 ERROR: failed to configure s3 cache importer: denied for https://user:${named('54')(when)}@s3.example.com`,
    '',
    `#3 [base  1/${of}] FROM docker.io/library/busybox:1.35`,
    '#3 DONE 0.0s',
    '',
  );
  names.forEach((name, i) => {
    const id = i + 4;
    out.push(`#${id} [base ${String(i + 2).padStart(2)}/${of}] ${name}`);
    if (name.startsWith('RUN'))
      out.push(`#${id} 0.123 Authorization: Bearer ${named('55')(when)}`, `#${id} WARN: token=${named('56')(when)}`);
    const last = i === names.length - 1;
    if (options.failed && last)
      out.push(`#${id} ERROR: process "/bin/sh -c curl -u me:${named('57')(when)} https://x" did not complete successfully: exit code: 1`);
    else out.push(`#${id} ${i < 1 ? 'CACHED' : 'DONE 1.2s'}`);
    out.push('');
  });
  if (options.failed)
    out.push(
      '------',
      ` > [base ${of}/${of}] RUN echo done:`,
      `0.321 export DB_PASSWORD=${named('58')(when)}`,
      '------',
      'Dockerfile:50',
      '--------------------',
      `  49 |     ENV API_KEY=${named('59')(when)}`,
      '  50 | >>> RUN echo done',
      '--------------------',
      `ERROR: failed to solve: process "/bin/sh -c curl https://me:${named('60')(when)}@x" did not complete successfully: exit code: 1`,
    );
  else
    out.push(`#40 exporting to image`, '#40 DONE 0.1s', '', `#41 exporting cache to type=gha,token=${named('61')(when)}`, '#41 DONE 0.1s');
  return `${out.join('\n')}\n`;
}

export function classicLog(when: When): string {
  const steps = dockerfile(when)
    .split('\n')
    .filter((l) => /^(?:FROM|ARG|ENV|LABEL|WORKDIR|ADD|RUN curl|RUN export|RUN echo|RUN mysql|COPY \. )/.test(l));
  const out = [
    `+ ${buildCommand(when).replace('buildx build --progress=plain', 'build')}`,
    'Sending build context to Docker daemon  7.68kB',
  ];
  steps.forEach((step, i) => {
    out.push(`Step ${i + 1}/${steps.length} : ${step}`);
    if (i > 0) out.push(i < 3 ? ' ---> Using cache' : ` ---> Running in 32974bbdfb9f`, ...(i < 3 ? [] : [`token=${named('62')(when)}`]));
    out.push(` ---> ${(0xabcdef000000 + i).toString(16)}`);
  });
  out.push('Successfully built c697c36519e5');
  return `${out.join('\n')}\n`;
}

export function buildahLog(when: When): string {
  const steps = dockerfile(when)
    .split('\n')
    .filter((l) => /^(?:FROM|ARG|ENV|LABEL|WORKDIR|ADD|RUN curl|RUN export|RUN echo|RUN mysql|COPY \. )/.test(l));
  const out = [`$ podman build --build-arg NPM_TOKEN=${named('63')(when)} -t app .`];
  steps.forEach((step, i) => {
    out.push(`STEP ${i + 1}/${steps.length}: ${step}`);
    if (i > 0)
      out.push(
        i < 3 ? '--> Using cache 6f2a1c0b9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a' : `password: ${named('64')(when)}`,
      );
    out.push(`--> ${(0xabcdef000000 + i).toString(16)}`);
  });
  out.push('COMMIT app', '--> c697c36519e5', 'Successfully tagged localhost/app:latest');
  return `${out.join('\n')}\n`;
}

export function rawjsonLog(when: When): string {
  const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;
  const at = (s: number): string => new Date(1_750_000_000_000 + s * 1000).toISOString();
  return stepNames(when)
    .map((name, i, all) => {
      const of = all.length + 1;
      const vertex = {
        digest: digest(i + 2),
        inputs: i === 0 ? [] : [digest(i + 1)],
        name: `[base ${i + 2}/${of}] ${name}`,
        started: at(i),
        completed: at(i + 1),
      };
      const error =
        i === all.length - 1 ? { error: `process "/bin/sh -c TOKEN=${named('65')(when)} x" did not complete: exit code: 1` } : {};
      return JSON.stringify({
        vertexes: [{ ...vertex, ...error }],
        logs: [
          { vertex: vertex.digest, stream: 1, data: Buffer.from(`password=${named('66')(when)}\n`).toString('base64'), timestamp: at(i) },
        ],
        warnings: [
          { vertex: vertex.digest, level: 1, short: Buffer.from(`SecretsUsedInArgOrEnv: token=${named('67')(when)}`).toString('base64') },
        ],
      });
    })
    .join('\n')
    .concat('\n');
}

/** `docker history --no-trunc --format '{{json .}}'` */
export function historyLines(when: When): string {
  const entry = (createdBy: string, size: string): string =>
    JSON.stringify({
      Comment: 'buildkit.dockerfile.v0',
      CreatedAt: '2026-01-02T03:04:05Z',
      CreatedBy: createdBy,
      CreatedSince: '1 day',
      ID: '<missing>',
      Size: size,
    });
  return [
    entry(`RUN |2 NPM_TOKEN=${named('68')(when)} PLAIN=${GITHUB('69')(when)} /bin/sh -c npm ci # buildkit`, '12MB'),
    entry(`ENV DB_PASSWORD=${named('70')(when)}`, '0B'),
    entry(`/bin/sh -c #(nop)  ENV API_KEY=${named('71')(when)}`, '0B'),
    entry(`|1 TOKEN=${named('72')(when)} /bin/sh -c curl -H "Authorization: Bearer ${named('73')(when)}" https://x`, '1MB'),
    entry(`LABEL deploy.token=${named('74')(when)}`, '0B'),
    entry(`ADD https://user:${named('75')(when)}@files.example.com/a.tar.gz /a # buildkit`, '1MB'),
    entry('CMD ["sh"]', '0B'),
    entry('ADD busybox.tar.xz / # buildkit', '4MB'),
  ].join('\n');
}

/** Wrappers of CI systems and what they tell of themselves. */
export function ciLog(when: When): string {
  const stamp = (i: number): string => `2026-11-21T08:00:${String(i % 60).padStart(2, '0')}.1234567Z `;
  const lines = [
    '##[group]Run docker/build-push-action@v6',
    'with:',
    `  build-args: NPM_TOKEN=${named('76')(when)}`,
    `  github-token: ${GITHUB('77')(when)}`,
    '##[endgroup]',
    `[command]/usr/bin/${buildCommand(when)}`,
    ...plainLog(when, { command: false }).split('\n'),
  ];
  return `${lines.map((line, i) => stamp(i) + line).join('\n')}\n`;
}

/** All that a commit says and holds. */
export const COMMIT = `Use the new token ${GITHUB('78')('new')}\n\nexport DEPLOY_TOKEN=${named('79')('new')}\n`;

const WORD = 'canary';
/** `canary` in base64 at each of the three places where a byte may stand in it, without the letters that its neighbours share. */
const ENCODED = (
  [
    [0, 0, 8],
    [1, 2, 9],
    [2, 3, 11],
  ] as const
).map(([shift, from, to]) =>
  Buffer.from('\0'.repeat(shift) + WORD)
    .toString('base64')
    .slice(from, to),
);
const FORMS: readonly RegExp[] = [
  /canary\d\d/gi,
  new RegExp(ENCODED.join('|'), 'g'),
  new RegExp(Buffer.from(WORD).toString('hex'), 'gi'),
  // Every letter written as an escape.
  /\\u0063\\u0061\\u006e|%63%61%6e|&#(?:x63|99);&#(?:x61|97);/gi,
];

/** What is found of them, with what stands around. */
export function findCanaries(bytes: string | Buffer): string[] {
  const text = (typeof bytes === 'string' ? Buffer.from(bytes) : bytes).toString('latin1');
  const wide = text.includes('\0') ? text.replaceAll('\0', '') : text;
  return FORMS.flatMap((form) => [...wide.matchAll(form)].map((m) => wide.slice(Math.max(0, m.index - 60), m.index + 40)));
}

/** The same of every file below a folder, unpacked where it is packed, and of the files' names. */
export function findInFolder(folder: string, skip: (file: string) => boolean = () => false): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
    const file = path.join(folder, name);
    if (skip(file) || !statSync(file).isFile()) return findCanaries(name);
    const bytes = readFileSync(file);
    const unpacked = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    return [...findCanaries(name), ...findCanaries(unpacked).map((found) => `${name}: ${found}`)];
  });
}
