/** Rewrites of Dockerfiles as people write them: each patch applies, nothing else changes, and what is not safe is refused with its reason. */
import { describe, expect, test } from 'vitest';
import { checkout, type Files } from './checkout.ts';

const X = 'x\n';
const NPM: Files = { 'package.json': '{}', 'package-lock.json': '{}', 'src/app.js': X };
const npmWith = (manifest: object): Files => ({ ...NPM, 'package.json': JSON.stringify(manifest) });

interface Rewrite {
  readonly files: Files;
  readonly before: string;
  readonly after: string;
  /** Lines that the ignore file gets. */
  readonly ignored?: string;
}

const MANIFESTS: Readonly<Record<string, Rewrite>> = {
  'npm; the comment stays above its copy': {
    files: NPM,
    before: 'FROM node:20\nWORKDIR /app\n# all of it\nCOPY . .\nRUN npm ci\nRUN npm run build\n',
    after: 'FROM node:20\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci\n# all of it\nCOPY . .\nRUN npm run build\n',
    ignored: 'node_modules\n',
  },
  'line ends of Windows, no end of the last line': {
    files: NPM,
    before: 'FROM node:20\r\nWORKDIR /app\r\nCOPY . .\r\nRUN npm ci',
    after: 'FROM node:20\r\nWORKDIR /app\r\nCOPY package.json package-lock.json ./\r\nRUN npm ci\r\nCOPY . .\r\n',
    ignored: 'node_modules\n',
  },
  'owner, secret and settings; the build is split off': {
    files: { ...NPM, '.npmrc': X },
    before:
      'FROM node:20\nUSER node\nWORKDIR /home/node/app\nCOPY --chown=node:node . .\nRUN --mount=type=secret,id=npmrc npm ci --omit=dev && npm run build\n',
    after:
      'FROM node:20\nUSER node\nWORKDIR /home/node/app\nCOPY --chown=node:node package.json package-lock.json .npmrc ./\nRUN --mount=type=secret,id=npmrc npm ci --omit=dev\nCOPY --chown=node:node . .\nRUN --mount=type=secret,id=npmrc npm run build\n',
    ignored: 'node_modules\n',
  },
  'install scripts that are not run': {
    files: npmWith({ scripts: { postinstall: 'node scripts/setup.js' } }),
    before: 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci --ignore-scripts\n',
    after: 'FROM node:20\nWORKDIR /app\nCOPY package.json package-lock.json ./\nRUN npm ci --ignore-scripts\nCOPY . .\n',
    ignored: 'node_modules\n',
  },
  'an install script and the files that it needs': {
    files: { ...npmWith({ scripts: { postinstall: 'patch-package' } }), 'patches/a.patch': X },
    before: 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\n',
    after: 'FROM node:20\nWORKDIR /app\nCOPY package.json package-lock.json ./\nCOPY patches patches/\nRUN npm ci\nCOPY . .\n',
    ignored: 'node_modules\n',
  },
  'Yarn with workspaces': {
    files: {
      'package.json': '{"workspaces":["packages/*"]}',
      'yarn.lock': X,
      'packages/a/package.json': '{}',
      'packages/b/package.json': '{}',
      'packages/a/index.js': X,
    },
    before: 'FROM node:20\nWORKDIR /app\nCOPY . ./\nRUN corepack enable && yarn install --immutable\n',
    after:
      'FROM node:20\nWORKDIR /app\nCOPY package.json yarn.lock ./\nCOPY packages/a/package.json packages/a/\nCOPY packages/b/package.json packages/b/\nRUN corepack enable && yarn install --immutable\nCOPY . ./\n',
    ignored: '**/node_modules\n',
  },
  'a folder of the context': {
    files: { 'web/package.json': '{}', 'web/package-lock.json': '{}', 'web/app.js': X, 'api/main.go': X },
    before: 'FROM node:20 AS web\nWORKDIR /web\nCOPY web/ ./\nRUN npm ci\nFROM nginx\nCOPY --from=web /web /srv\n',
    after:
      'FROM node:20 AS web\nWORKDIR /web\nCOPY web/package.json web/package-lock.json ./\nRUN npm ci\nCOPY web/ ./\nFROM nginx\nCOPY --from=web /web /srv\n',
    ignored: 'web/node_modules\n',
  },
  'pip, with requirements of requirements': {
    files: { 'requirements.txt': 'flask\n-r requirements/base.txt\n', 'requirements/base.txt': 'x\n', 'app.py': X },
    before: 'FROM python:3.12\nWORKDIR /app\nCOPY . /app\nRUN pip install --no-cache-dir -r requirements.txt\n',
    after:
      'FROM python:3.12\nWORKDIR /app\nCOPY requirements.txt /app/\nCOPY requirements/base.txt /app/requirements/\nRUN pip install --no-cache-dir -r requirements.txt\nCOPY . /app\n',
  },
  'uv, which installs the project below': {
    files: { 'pyproject.toml': '[project]\n', 'uv.lock': X, 'app.py': X },
    before: 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN uv sync --frozen\n',
    after:
      'FROM python:3.12\nWORKDIR /app\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --frozen --no-install-project\nCOPY . .\nRUN uv sync --frozen\n',
    ignored: '.venv\n',
  },
  Poetry: {
    files: { 'pyproject.toml': '[tool.poetry]\n', 'poetry.lock': X, 'app.py': X },
    before: 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN poetry install --only main\n',
    after:
      'FROM python:3.12\nWORKDIR /app\nCOPY pyproject.toml poetry.lock ./\nRUN poetry install --only main --no-root\nCOPY . .\nRUN poetry install --only main\n',
    ignored: '.venv\n',
  },
  Go: {
    files: { 'go.mod': 'module x\n', 'go.sum': X, 'main.go': X },
    before: 'FROM golang:1.22\nWORKDIR /src\nCOPY . .\nRUN go mod download\nRUN go build -o /app .\n',
    after: 'FROM golang:1.22\nWORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .\nRUN go build -o /app .\n',
  },
  'Composer, whose autoloader is written below': {
    files: { 'composer.json': '{}', 'composer.lock': '{}', 'index.php': X },
    before: 'FROM composer:2\nWORKDIR /app\nCOPY . .\nRUN composer install --no-dev -o\n',
    after:
      'FROM composer:2\nWORKDIR /app\nCOPY composer.json composer.lock ./\nRUN composer install --no-dev --no-scripts --no-autoloader\nCOPY . .\nRUN composer install --no-dev -o\n',
    ignored: 'vendor\n',
  },
  Bundler: {
    files: { Gemfile: 'source "https://rubygems.org"\ngem "rails"\n', 'Gemfile.lock': X, 'app.rb': X },
    before: 'FROM ruby:3.3\nWORKDIR /app\nCOPY . .\nRUN bundle install\n',
    after: 'FROM ruby:3.3\nWORKDIR /app\nCOPY Gemfile Gemfile.lock ./\nRUN bundle install\nCOPY . .\n',
  },
  'Maven with its wrapper': {
    files: { 'pom.xml': '<project/>', mvnw: X, '.mvn/wrapper/maven.properties': X, 'src/A.java': X },
    before: 'FROM maven:3\nWORKDIR /app\nCOPY . .\nRUN ./mvnw -B dependency:go-offline\nRUN ./mvnw -B package\n',
    after:
      'FROM maven:3\nWORKDIR /app\nCOPY pom.xml mvnw ./\nCOPY .mvn .mvn/\nRUN ./mvnw -B dependency:go-offline\nCOPY . .\nRUN ./mvnw -B package\n',
  },
  '.NET, each project where it stood': {
    files: { 'App.sln': X, 'src/App/App.csproj': '<Project/>', 'src/Lib/Lib.csproj': '<Project/>', 'src/App/Program.cs': X },
    before: 'FROM sdk:8.0\nWORKDIR /src\nCOPY . .\nRUN dotnet restore App.sln\nRUN dotnet publish -c Release\n',
    after:
      'FROM sdk:8.0\nWORKDIR /src\nCOPY App.sln ./\nCOPY src/App/App.csproj src/App/\nCOPY src/Lib/Lib.csproj src/Lib/\nRUN dotnet restore App.sln\nCOPY . .\nRUN dotnet publish -c Release\n',
  },
  Mix: {
    files: { 'mix.exs': 'defmodule X do end\n', 'mix.lock': X, 'lib/x.ex': X },
    before: 'FROM elixir:1.16\nWORKDIR /app\nCOPY . .\nRUN mix local.hex --force && mix deps.get\n',
    after: 'FROM elixir:1.16\nWORKDIR /app\nCOPY mix.exs mix.lock ./\nRUN mix local.hex --force && mix deps.get\nCOPY . .\n',
  },
};

const SYSTEM: Readonly<Record<string, Rewrite>> = {
  'several lines and their comment': {
    files: { 'main.c': X },
    before:
      'FROM debian:12\nWORKDIR /src\nCOPY . .\n# tools\nRUN apt-get update \\\n && apt-get install -y gcc \\\n && rm -rf /var/lib/apt/lists/*\nRUN make\n',
    after:
      'FROM debian:12\nWORKDIR /src\n# tools\nRUN apt-get update \\\n && apt-get install -y gcc \\\n && rm -rf /var/lib/apt/lists/*\nCOPY . .\nRUN make\n',
  },
  'past an install of packages of a language': {
    files: NPM,
    before: 'FROM node:20\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nRUN apk add --no-cache git\n',
    after: 'FROM node:20\nWORKDIR /app\nRUN apk add --no-cache git\nCOPY package*.json ./\nRUN npm ci\n',
  },
};

const VALUES: Readonly<Record<string, Rewrite>> = {
  'down to the line that names it': {
    files: { 'main.c': X },
    before: 'FROM debian:12\nARG GIT_SHA=none\nRUN make tools\nRUN make docs\nLABEL rev=$GIT_SHA\n',
    after: 'FROM debian:12\nRUN make tools\nRUN make docs\nARG GIT_SHA=none\nLABEL rev=$GIT_SHA\n',
  },
  'a value that nothing names goes to the end': {
    files: { 'main.c': X },
    before: 'FROM debian:12\nENV BUILD_DATE=today\nRUN make tools\nCMD ["x"]\n',
    after: 'FROM debian:12\nRUN make tools\nENV BUILD_DATE=today\nCMD ["x"]\n',
  },
};

function check(id: string, { files, before, after, ignored = '' }: Rewrite): void {
  const project = checkout({ ...files, Dockerfile: before });
  const fix = project.propose().fixes.find((f) => f.id === id);
  expect(fix?.dockerfile).toBe(after);
  project.apply(fix!.patch);
  expect(project.read('Dockerfile')).toBe(after);
  expect(project.read('.dockerignore') ?? '').toBe(ignored);
  for (const [name, text] of Object.entries(files)) expect(project.read(name)).toBe(text);
  // Once is enough.
  expect(project.propose().fixes.map((f) => f.id)).not.toContain(id);
}

describe('copy the manifests, install, then copy the rest', () => {
  test.each(Object.entries(MANIFESTS))('%s', (_, it) => check('copy-manifests-first', it));
});
describe('system packages above the first copy', () => {
  test.each(Object.entries(SYSTEM))('%s', (_, it) => check('system-packages-first', it));
});
describe('values below the steps that do not use them', () => {
  test.each(Object.entries(VALUES))('%s', (_, it) => check('move-values-down', it));
});

const node = (...lines: readonly string[]): string => `FROM node:20\nWORKDIR /app\n${lines.join('\n')}\n`;

test.each<[string, string, Files, string, RegExp | null]>([
  [
    'an install script of its own',
    'copy-manifests-first',
    npmWith({ scripts: { postinstall: 'node scripts/setup.js' } }),
    node('COPY . .', 'RUN npm ci'),
    /^line 4: package\.json: the install script `postinstall` runs `node scripts\/setup\.js`/,
  ],
  [
    'a dependency that is a folder',
    'copy-manifests-first',
    npmWith({ dependencies: { lib: 'file:./lib' } }),
    node('COPY . .', 'RUN npm ci'),
    /lib is file:\.\/lib/,
  ],
  [
    'node_modules in the context',
    'copy-manifests-first',
    { ...NPM, 'node_modules/a/index.js': X },
    node('COPY . .', 'RUN npm ci'),
    /node_modules is in the context/,
  ],
  [
    'a script in between',
    'copy-manifests-first',
    NPM,
    node('COPY . .', 'RUN ./prepare.sh', 'RUN npm ci'),
    /`RUN \.\/prepare\.sh` stands between/,
  ],
  [
    'a pipe',
    'copy-manifests-first',
    NPM,
    node('COPY . .', 'RUN npm ci | tee log'),
    /^line 4: its command is more than commands joined by &&/,
  ],
  ['a list', 'copy-manifests-first', NPM, node('COPY . .', 'RUN npm ci; npm test'), /^line 4: its command is more than/],
  [
    'a folder in a variable',
    'copy-manifests-first',
    NPM,
    'FROM node:20\nARG DIR=/app\nWORKDIR $DIR\nCOPY . .\nRUN npm ci\n',
    /^line 1: variables in its WORKDIR/,
  ],
  ['ADD', 'copy-manifests-first', NPM, node('ADD . .', 'RUN npm ci'), /^line 4: ADD above it unpacks archives/],
  [
    'another folder',
    'copy-manifests-first',
    NPM,
    'FROM node:20\nCOPY . /src\nWORKDIR /app\nRUN npm ci\n',
    /^line 4: it does not run in a folder that is copied/,
  ],
  [
    'a later copy over it',
    'copy-manifests-first',
    NPM,
    node('COPY . .', 'COPY --from=busybox /bin ./bin', 'RUN npm ci'),
    /^line 5: `COPY --from=busybox \/bin \.\/bin` lies over what is copied above it/,
  ],
  ['manifests alone', 'copy-manifests-first', NPM, node('COPY package*.json ./', 'RUN npm ci', 'COPY . .'), null],
  ['a bind mount', 'copy-manifests-first', NPM, node('COPY src src', 'RUN --mount=type=bind,target=. npm ci'), null],
  [
    'the project itself',
    'copy-manifests-first',
    { 'requirements.txt': '-e .\n', 'setup.py': X },
    'FROM python:3\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n',
    /requirements\.txt: `-e \.` is part of the project/,
  ],
  [
    'no lock file',
    'copy-manifests-first',
    { 'pyproject.toml': '[project]\n', 'app.py': X },
    'FROM python:3\nWORKDIR /app\nCOPY . .\nRUN uv sync\n',
    /uv\.lock is not there/,
  ],
  [
    'a path of the project',
    'copy-manifests-first',
    { 'pyproject.toml': '[tool.poetry.dependencies]\nlib = {path = "../lib"}\n' },
    'FROM python:3\nWORKDIR /app\nCOPY . .\nRUN poetry install\n',
    /a dependency is a path of the project/,
  ],
  [
    'a module of the project',
    'copy-manifests-first',
    { 'go.mod': 'module x\nreplace y => ../y\n', 'main.go': X },
    'FROM golang:1\nWORKDIR /src\nCOPY . .\nRUN go mod download\n',
    /replaced by \.\.\/y/,
  ],
  [
    'download and compilation in one',
    'copy-manifests-first',
    { 'Cargo.toml': X, 'src/main.rs': X, 'src/a.rs': X, 'src/b.rs': X, 'src/c.rs': X },
    'FROM rust:1\nWORKDIR /app\nCOPY . .\nRUN cargo build --release\n',
    /`cargo build` compiles the dependencies together with the project/,
  ],
  [
    'a gem of its own',
    'copy-manifests-first',
    { Gemfile: 'gemspec\n', 'x.gemspec': X },
    'FROM ruby:3\nWORKDIR /app\nCOPY . .\nRUN bundle install\n',
    /Gemfile: `gemspec` needs files of the project/,
  ],
  [
    'modules of Maven',
    'copy-manifests-first',
    { 'pom.xml': '<project><modules><module>a</module></modules></project>', 'a/A.java': X },
    'FROM maven:3\nWORKDIR /app\nCOPY . .\nRUN mvn dependency:go-offline\n',
    /pom\.xml: the manifests of its modules are spread/,
  ],
  [
    'ENV in between',
    'system-packages-first',
    { 'main.c': X },
    'FROM debian:12\nCOPY . /src\nENV DEBIAN_FRONTEND=noninteractive\nRUN apt-get update && apt-get install -y gcc\n',
    /^line 4: ENV on line 3 stands between/,
  ],
  [
    'configuration of apt',
    'system-packages-first',
    { 'sources.list': X },
    'FROM debian:12\nCOPY sources.list /etc/apt/\nRUN apt-get update && apt-get install -y gcc\n',
    /may bring configuration that it reads/,
  ],
  [
    'a package of the context',
    'system-packages-first',
    { 'a.deb': X },
    'FROM debian:12\nWORKDIR /a\nCOPY . .\nRUN apt-get install -y ./a.deb\n',
    null,
  ],
  ['a value that is used at once', 'move-values-down', {}, 'FROM debian:12\nARG GIT_SHA=none\nRUN echo $GIT_SHA > /sha\n', null],
  ['a version that a build may read', 'move-values-down', {}, 'FROM node:20\nENV APP_VERSION=1\nRUN npm run build\n', null],
  [
    'a stage that others start from',
    'move-values-down',
    {},
    'FROM debian:12 AS base\nARG GIT_SHA=none\nRUN make\nFROM base\nRUN make more\n',
    null,
  ],
])('not proposed: %s', (_title, id, files, dockerfile, reason) => {
  const { fixes, refused } = checkout({ ...files, Dockerfile: dockerfile }).propose();
  expect(fixes.map((f) => f.id)).not.toContain(id);
  const reasons = refused.filter((r) => r.id === id).map((r) => r.reason);
  if (reason === null) expect(reasons).toEqual([]);
  else expect(reasons.join('\n')).toMatch(reason);
});

describe('files that nothing needs', () => {
  const files = { 'README.md': X, 'docs/a.md': X, '.github/ci.yml': X, 'compose.yaml': X, 'main.c': X };
  const twoStages = 'FROM gcc:14 AS build\nWORKDIR /src\nCOPY . .\nRUN cc main.c\nFROM debian:12\nCOPY --from=build /src/a.out /\n';

  test('are added below what the ignore file holds', () => {
    const project = checkout({ ...files, Dockerfile: twoStages, '.dockerignore': '*.o' });
    const fix = project.propose().fixes.find((f) => f.id === 'ignore-files')!;
    expect(fix.changesImage).toBeUndefined();
    project.apply(fix.patch);
    expect(project.read('.dockerignore')).toBe('*.o\n.dockerignore\n.git\n.github\nDockerfile\nREADME.md\ncompose.yaml\ndocs\n');
    expect(project.read('Dockerfile')).toBe(twoStages);
  });
  test('only those that changed, where that is known', () => {
    const { fixes } = checkout({ ...files, Dockerfile: twoStages }).propose({ costly: ['docs/a.md'] });
    expect(fixes.map((f) => [f.id, f.ignoreLines])).toEqual([['ignore-files', ['docs']]]);
  });
  test('in the image they are another matter', () => {
    const { fixes } = checkout({ ...files, Dockerfile: 'FROM nginx\nCOPY . /srv\n' }).propose({ costly: ['README.md'] });
    expect(fixes).toMatchObject([{ id: 'ignore-files-in-image', changesImage: 'the image no longer holds README.md' }]);
  });
  test.each<[string, Files, string, RegExp]>([
    [
      'the Dockerfile names it',
      {},
      twoStages.replace('cc main.c', 'cc main.c && cat README.md'),
      /`README\.md` is not ignored: the Dockerfile names it/,
    ],
    [
      'a manifest names it',
      { 'pyproject.toml': 'readme = "README.md"\n' },
      twoStages,
      /`README\.md` is not ignored: pyproject\.toml names it/,
    ],
    [
      'a version comes from git',
      { 'pyproject.toml': 'setuptools_scm\n' },
      twoStages,
      /`\.git` is not ignored: pyproject\.toml takes a version from git/,
    ],
  ])('not ignored: %s', (_, more, dockerfile, reason) => {
    const { refused } = checkout({ ...files, ...more, Dockerfile: dockerfile }).propose();
    expect(refused.map((r) => r.reason).join('\n')).toMatch(reason);
  });
});
