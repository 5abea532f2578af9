/** Readers of structured data on data of the wrong shape: fields of other types, keys that objects have by themselves, nests without end. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { packBaseline, unpackBaseline } from '../../src/baseline/pack.ts';
import { loadRemoteBaseline, saveRemoteBaseline } from '../../src/baseline/remote.ts';
import { checkConfig } from '../../src/config.ts';
import { compileIgnore, compilePatternList } from '../../src/context/dockerignore.ts';
import { resolveSelection } from '../../src/context/select.ts';
import { takeSnapshot } from '../../src/context/snapshot.ts';
import { openStatCache, statCacheFile } from '../../src/context/stat-cache.ts';
import { diagnose } from '../../src/diagnose.ts';
import { diffBaselines } from '../../src/diff/baselines.ts';
import { diffLogs } from '../../src/diff/logs.ts';
import { toJson, toMarkdown, toTerminal } from '../../src/diff/report.ts';
import { parseDockerfile } from '../../src/dockerfile/parse.ts';
import { readDockerbuild } from '../../src/evidence/dockerbuild-file.ts';
import { readRecord } from '../../src/evidence/read-record.ts';
import { readStatusFrames } from '../../src/evidence/status-frames.ts';
import { proposeFixes } from '../../src/fix/propose.ts';
import { createBatchParser } from '../../src/git/batch.ts';
import { createRawParser } from '../../src/git/diff.ts';
import { buildGraph } from '../../src/graph/build.ts';
import { compareHistories } from '../../src/history/compare.ts';
import { inspectHistory } from '../../src/history/inspect.ts';
import { parseHistory } from '../../src/history/parse.ts';
import * as historyReport from '../../src/history/report.ts';
import { createLogReader } from '../../src/input/reader.ts';
import { asObject } from '../../src/json.ts';
import { findInExport, readCacheExport } from '../../src/keys/cache-export.ts';
import { exactKeys } from '../../src/keys/exact.ts';
import { findCredentials } from '../../src/oci/credentials.ts';
import { readCacheConfig, readImage } from '../../src/oci/image.ts';
import { getMember, NotJson, removeMember, setMember } from '../../src/plugin/json-edit.ts';
import { chooseFormats } from '../../src/reporters/choice/detect.ts';
import { reporters } from '../../src/reporters/index.ts';
import { reportBuild } from '../../src/run/last-build.ts';
import { diagnoseLogs } from '../../src/session.ts';
import { runSimulation } from '../../src/simulate/simulate.ts';
import { createTarReader } from '../../src/simulate/tar.ts';
import { baseline, entry, listing } from '../baseline/build.ts';
import { createRepository } from '../git/fixture.ts';
import { dockerbuild, plainLog, tar } from '../hostile/lab.ts';
import { HOSTILE_LINES } from '../hostile/names.ts';
import { damage, damageJson, type Random, writeJson } from './mutate.ts';
import { fuzz, pick, seed, timeout } from './part.ts';

const root = path.join(import.meta.dirname, '..', '..');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-fuzz-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

const loaded = await Promise.all(Object.values(reporters).map(async (load) => (await load()).default));
type Build = ReturnType<typeof diagnose>['report'];

/** Every format, as far as it goes: a report that holds what is no text or number is a fault of the reader. */
function renderAll(builds: readonly Build[]): void {
  const report = { schemaVersion: 1 as const, generator: { name: 'cachewhy', version: '0' }, builds };
  for (const reporter of loaded) expect(typeof reporter.render(report, { color: false, columns: 80 })).toBe('string');
}

const sample = (name: string): Buffer => readFileSync(path.join(root, 'sample-logs', name, 'build.log'));
const rawjson = ['docker28-rawjson', 'history-record', 'docker26-rawjson-indented'].map((name) => sample(name).toString('utf8'));

describe(`odd structures (seed ${seed})`, () => {
  const documents = rawjson.slice(0, 2).map((text) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .slice(0, 300)
      .map((line) => JSON.parse(line) as unknown),
  );
  it(
    'rawjson',
    () =>
      fuzz('rawjson documents', (random) => {
        const lines = pick(documents, random).slice(0, 1 + random(60));
        const reader = createLogReader();
        for (const line of lines) reader.push(Buffer.from(`${writeJson(random(3) === 0 ? damageJson(line, random) : line)}\n`));
        renderAll(reader.end().builds.map((log) => diagnose(log).report));
      }),
    timeout,
  );

  const good = baseline();
  const packed = packBaseline(good);
  const head = gunzipSync(packed);
  const bytes = Number(/"bytes":(\d+)/.exec(head.toString('latin1', 0, 200))![1]);
  const json = JSON.parse(head.toString('utf8', 0, head.length - bytes)) as { build: unknown };
  const rest = head.subarray(head.length - bytes);
  const oddBaseline = (random: Random): Buffer =>
    gzipSync(
      Buffer.concat([
        Buffer.from(writeJson(random(8) === 0 ? damageJson(json, random) : { ...json, build: damageJson(json.build, random) })),
        rest,
      ]),
      {
        level: 1,
      },
    );
  it(
    'baselines',
    () =>
      fuzz('baseline documents', (random) => {
        const { baseline: odd } = unpackBaseline(oddBaseline(random), 'x');
        if (!odd) return;
        for (const difference of [diffBaselines(odd, good), diffBaselines(good, odd)])
          for (const show of [toJson, toMarkdown, toTerminal]) expect(typeof show({ before: 'a', after: 'b', difference })).toBe('string');
      }),
    timeout,
  );

  const project = path.join(tmp, 'project');
  mkdirSync(project);
  const dockerfile = `FROM busybox AS base\nARG GIT_SHA=1\nENV V=1\nCOPY . /app\nRUN make $GIT_SHA\nFROM base\nCOPY --from=base /app /b\nRUN x\n`;
  writeFileSync(path.join(project, 'Dockerfile'), dockerfile);
  writeFileSync(path.join(project, 'a.txt'), 'a');
  const log = plainLog(['FROM docker.io/library/busybox', 'COPY . /app', 'RUN make 2', 'COPY --from=base /app /b', 'RUN x'])
    .replace(/\[(\d)\/5\] (?!COPY --from|RUN x)/g, '[base $1/3] ')
    .replace('[4/5]', '[stage-1 1/2]')
    .replace('[5/5]', '[stage-1 2/2]');
  const diagnoseProject = (more: object): Promise<Awaited<ReturnType<typeof diagnoseLogs>>> => {
    const reader = createLogReader();
    reader.push(Buffer.from(log));
    return diagnoseLogs([reader.end()], {
      dockerfile: path.join(project, 'Dockerfile'),
      context: project,
      buildCommand: 'docker build --build-arg GIT_SHA=2 .',
      remember: false,
      format: [],
      failOn: [],
      protect: [],
      ...more,
    });
  };
  it(
    'a build against such a baseline, and with such a history',
    async () => {
      const own = path.join(tmp, 'own');
      await diagnoseProject({ saveBaseline: own });
      const text = gunzipSync(readFileSync(own));
      const count = Number(/"bytes":(\d+)/.exec(text.toString('latin1', 0, 200))![1]);
      const document = JSON.parse(text.toString('utf8', 0, text.length - count)) as { build: unknown };
      const file = path.join(tmp, 'odd');
      const history = path.join(tmp, 'history');
      await fuzz('builds against baselines', async (random) => {
        const build = damageJson(document.build, random);
        writeFileSync(
          file,
          gzipSync(Buffer.concat([Buffer.from(writeJson({ ...document, build })), text.subarray(text.length - count)]), { level: 1 }),
        );
        writeFileSync(
          history,
          writeJson(
            damageJson(
              [{ CreatedBy: 'RUN |1 GIT_SHA=9 /bin/sh -c make # buildkit', CreatedAt: '2026-01-01T00:00:00Z', Size: '1MB' }],
              random,
            ),
          ),
        );
        const report = await diagnoseProject({ baseline: file, ...(random(3) === 0 && { history }) });
        renderAll(report.builds);
      });
    },
    timeout,
  );

  const recorded = (random: Random): Buffer => {
    const names = Array.from({ length: 1 + random(6) }, () => `RUN ${pick(HOSTILE_LINES, random)}`);
    const record = (ref: string, at: number): Parameters<typeof dockerbuild>[0][number] => ({
      ref,
      at,
      names,
      dockerfile: `FROM x\n${names.join('\n')}\n`,
      attrs: { 'build-arg:A': ref, target: '', 'context:x': 'local:x', 'no-cache': '' },
    });
    return dockerbuild([record('a', 1_790_000_000), record('b', 1_790_000_100)]);
  };
  /** The archive with odd JSON under the names of its blobs, which nobody checks. */
  const damageArchive = (archive: Buffer, random: Random): Buffer => {
    const files: [string, Buffer][] = [];
    for (let at = 0; at + 512 <= archive.length && archive[at] !== 0; ) {
      const name = archive.toString('utf8', at, at + 100).replace(/\0.*$/s, '');
      const size = Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8);
      const data = archive.subarray(at + 512, at + 512 + size);
      const wounded = random(3) === 0;
      const isJson = data[0] === 0x7b;
      files.push([
        name,
        !wounded
          ? data
          : isJson
            ? Buffer.from(writeJson(damageJson(JSON.parse(data.toString('utf8')), random)))
            : damage(data, archive, random),
      ]);
      at += 512 + Math.ceil(size / 512) * 512;
    }
    return tar(files);
  };
  it(
    'records of builds',
    () =>
      fuzz('build records', (random) => {
        const records = readDockerbuild(damageArchive(recorded(random), random));
        if (records.length === 0) return;
        renderAll([reportBuild([{ record: records.at(-1)!, earlier: records.slice(0, -1), target: 'default' }])]);
        if (records.length > 1) renderAll([reportBuild(records.map((record) => ({ record, earlier: [], target: 'x' })))]);
      }),
    timeout,
  );
  it(
    'records as older clients show them, and the progress in them',
    () =>
      fuzz('record parts', (random) => {
        const document = pick(documents, random);
        const status = damageJson(document.slice(0, 1 + random(20)), random);
        const record = readRecord(
          {
            record: damageJson(
              {
                Ref: 'x',
                FrontendAttrs: { filename: 'Dockerfile' },
                CreatedAt: { seconds: 1 },
                Exporters: [{ Attrs: { name: 'a' } }],
                error: { code: 1, message: 'x' },
              },
              random,
            ),
            status: (Array.isArray(status) ? status : []).map((line) => asObject(line)),
            provenance: [
              damageJson(
                {
                  predicate: {
                    buildConfig: { llbDefinition: [{ id: 'a', op: { Op: { Exec: {} } } }], digestMapping: { 'sha256:a': 'a' } },
                  },
                },
                random,
              ),
            ],
            error: damage(Buffer.from('\u001a\u0010abcdef'), packed, random),
          },
          'default',
        );
        if (record) renderAll([reportBuild([{ record, earlier: [record], target: 'default' }])]);
        readStatusFrames(damage(packed, packed, random));
      }),
    timeout,
  );

  const history = ['py-arg-early-sha', 'php-composer-and-css', 'go-two-roots'].map((id) =>
    readFileSync(path.join(root, 'test/data/corpus', id, 'current.history.json'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as unknown),
  );
  it(
    'histories of images',
    () =>
      fuzz('histories', (random) => {
        const read = (): ReturnType<typeof parseHistory> => {
          const value = damageJson(pick(history, random), random);
          return parseHistory(random(2) === 0 && Array.isArray(value) ? value.map(writeJson).join('\n') : writeJson(value));
        };
        const [a, b] = [read(), read()];
        const images = [a, b].map((h) => ({ name: 'x', history: h, inspection: inspectHistory(h) }));
        const report = { images, comparison: compareHistories(a, b), now: Date.now() };
        for (const show of [historyReport.toJson, historyReport.toMarkdown, historyReport.toTerminal]) show(report);
      }),
    timeout,
  );

  it(
    'exported caches',
    () => {
      const folder = path.join(root, 'test/data/cache-exports/layers');
      const cache = JSON.parse(readFileSync(path.join(folder, 'max.json'), 'utf8')) as unknown;
      const keys = exactKeys(
        {
          dockerfile: parseDockerfile(readFileSync(path.join(folder, 'Dockerfile'), 'utf8'), 'Dockerfile'),
          platforms: ['linux/amd64'],
          buildArgs: {},
        },
        { merges: true },
      );
      return fuzz('cache exports', (random) => {
        const odd = readCacheExport(writeJson(damageJson(cache, random)));
        if (odd) findInExport(keys, odd, { image: () => [`sha256:${'0'.repeat(64)}`], content: () => [`sha256:${'0'.repeat(64)}`] });
      });
    },
    timeout,
  );

  it(
    'logs held against each other',
    () => {
      const logs = readdirSync(path.join(root, 'sample-logs')).map(sample);
      const read = (data: Buffer): ReturnType<typeof createLogReader> => {
        const reader = createLogReader();
        reader.push(data);
        return reader;
      };
      return fuzz('diffs of logs', (random) => {
        const [a, b] = [0, 1].map(() =>
          read(damage(pick(logs, random), pick(logs, random), random))
            .end()
            .builds.at(-1),
        );
        if (!a || !b) return;
        const difference = diffLogs(buildGraph(a), buildGraph(b));
        for (const show of [toJson, toMarkdown, toTerminal]) show({ before: 'a', after: 'b', difference });
      });
    },
    timeout,
  );

  const manifests: Readonly<Record<string, string>> = {
    'package.json':
      '{"name":"x","scripts":{"postinstall":"husky"},"workspaces":["packages/*"],"dependencies":{"a":"file:./b"},"pnpm":{"patchedDependencies":{"a":"patches/a"}}}',
    'packages/a/package.json': '{"bin":"x"}',
    'pnpm-workspace.yaml': 'packages:\n  - "packages/*" # x\n',
    'package-lock.json': '{}',
    'requirements.txt': '-r more.txt\n-e .\nrequests==1 # x\n',
    'more.txt': '-r requirements.txt\n',
    'pyproject.toml': '[tool.poetry]\npackage-mode = false\n',
    'uv.lock': '',
    Pipfile: 'x = "*"\n',
    'go.mod': 'module x\nreplace a => ../b\n',
    'composer.json': '{"repositories":[{"type":"path"}]}',
    Gemfile: 'gem "x"\n',
    'pom.xml': '<project><modules/></project>',
    'build.gradle': 'x',
    'settings.gradle': 'include "a"\n',
    'a.csproj': '<Project><Import Project="x"/></Project>',
    'mix.exs': 'deps',
    '.npmrc': 'x',
  };
  const INSTALLS = [
    'npm ci',
    'yarn install',
    'pnpm i',
    'bun install',
    'pip install -r requirements.txt',
    'uv sync',
    'poetry install',
    'pipenv install',
    'go mod download',
    'composer install',
    'bundle install',
    'mvn dependency:go-offline',
    './gradlew dependencies',
    'dotnet restore',
    'mix deps.get',
    'apt-get update && apt-get install -y git',
  ];
  it(
    'manifests of package managers',
    () =>
      fuzz('manifests', (random) => {
        const text = `FROM node AS a\nARG V\nWORKDIR /app\nCOPY . .\nRUN ${pick(INSTALLS, random)}\nRUN ${pick(INSTALLS, random)}\nENV A=$V\nRUN build\n`;
        const other = Buffer.from(Object.values(manifests).join('\n'));
        const files = Object.fromEntries(
          Object.entries(manifests).map(([name, content]) => [
            name,
            random(3) > 0
              ? content
              : content.startsWith('{') && random(2) === 0
                ? writeJson(damageJson(JSON.parse(content), random))
                : damage(Buffer.from(content), other, random).toString('utf8'),
          ]),
        );
        const names = [...Object.keys(files), ...HOSTILE_LINES.map((n) => n.replaceAll('/', '')), 'packages/a', 'packages'];
        proposeFixes({
          dockerfile: random(2) === 0 ? text : damage(Buffer.from(text), other, random).toString('utf8'),
          ignore: damage(Buffer.from('node_modules\n*.md\n!a\n'), other, random).toString('utf8'),
          listing: listing(...names.map((name) => entry(name, name.startsWith('packages') && !name.includes('.') ? { type: 'dir' } : {}))),
          readFile: (name) => (Object.hasOwn(files, name) ? files[name]! : null),
        });
      }),
    timeout,
  );

  it(
    'patterns of ignore files and of COPY',
    () => {
      const paths = [...HOSTILE_LINES.map((n) => n.replaceAll('/', '_')), 'a', 'a/b', 'a/b/c.md', 'é/ü', '.git/config'];
      const parts = [
        '*',
        '**',
        '?',
        '[a-z]',
        '[^a',
        ']',
        '\\',
        '!',
        '/',
        '..',
        '.',
        '{a,b}',
        'a',
        '*'.repeat(30),
        '**/'.repeat(20),
        '[a-'.repeat(10),
        '#',
        '\n',
        ' ',
        '(',
        '+',
        '\u0000',
        '\ud800',
      ];
      const tree = listing(...paths.map((name) => entry(name)));
      return fuzz('patterns', (random) => {
        const pattern = (): string => Array.from({ length: 1 + random(12) }, () => pick(parts, random)).join('');
        const text = Array.from({ length: 1 + random(5) }, pattern).join('\n');
        for (const rules of [compileIgnore(text), compilePatternList(text.split('\n'))])
          for (const name of paths) rules.judge(name, undefined);
        try {
          resolveSelection(tree, { sources: [pattern()], exclude: [pattern()], parents: random(2) === 0 });
        } catch (error) {
          // What docker refuses.
          expect(error).toBeInstanceOf(Error);
        }
      });
    },
    timeout,
  );

  it(
    'git: answers of cat-file and diff-tree, archives of images',
    () => {
      const oid = 'ab'.repeat(20);
      const answer = Buffer.from(`${oid} blob 5\nhello\n${oid} missing\n${oid} tree 3\nabc\n`);
      const raw = Buffer.from(`${oid} ${oid}\n:100644 100755 ${oid} ${oid} M\0a/b\0:000000 120000 ${oid} ${oid} A\0../x\0`);
      const image = tar([
        ['a/b', Buffer.from('x')],
        ['../../etc/passwd', Buffer.from('y')],
      ]);
      const chunks = function* (data: Buffer, random: Random): Generator<Buffer> {
        for (let at = 0; at < data.length; ) {
          const end = at + 1 + random(60);
          yield data.subarray(at, end);
          at = end;
        }
      };
      return fuzz('git answers', (random) => {
        // These refuse what is not of the protocol: their callers end git and say so.
        const quietly = (work: () => void): void => {
          try {
            work();
          } catch (error) {
            expect((error as Error).name).toBe('Error');
          }
        };
        quietly(() => {
          const parser = createBatchParser(1 << 20, () => undefined);
          for (const chunk of chunks(damage(answer, raw, random), random)) parser.push(chunk);
        });
        quietly(() => {
          const parser = createRawParser(40);
          for (const chunk of chunks(damage(raw, answer, random), random)) parser.push(chunk);
          parser.end();
        });
        quietly(() => {
          const reader = createTarReader(() => undefined);
          for (const chunk of chunks(damage(image, answer, random), random)) reader.push(chunk);
        });
      });
    },
    timeout,
  );

  it(
    'git: a repository with damaged objects',
    async () => {
      const repository = createRepository();
      for (let i = 0; i < 6; i++) {
        repository.write('Dockerfile', `FROM node\nCOPY . .\nRUN npm ci # ${i}\n`);
        repository.write('package.json', `{"name":"${'x'.repeat(3000)}${i}"}`);
        repository.commit(`commit ${i}`);
      }
      repository.git('gc', '-q');
      const folder = path.join(repository.dir, '.git/objects/pack');
      const pack = path.join(folder, readdirSync(folder).find((name) => name.endsWith('.pack'))!);
      execFileSync('chmod', ['-R', 'u+w', folder]);
      const whole = readFileSync(pack);
      try {
        await fuzz('packs', async (random) => {
          const data = Buffer.from(whole);
          for (let i = 1 + random(10); i > 0; i--) data[12 + random(data.length - 12)] = random(256);
          writeFileSync(pack, random(10) === 0 ? data.subarray(0, random(data.length)) : data);
          const run = await runSimulation({
            repo: repository.dir,
            ref: 'HEAD',
            allParents: false,
            context: '.',
            buildArgs: {},
            changingArgs: [],
            platforms: [],
            logs: [],
            memory: { kind: 'everything' },
            runBytes: 1,
            copyBytes: 1,
            identical: [],
            baseDays: null,
            mergeOp: false,
            submodules: false,
            withGit: false,
            cold: false,
          });
          run.close();
        });
      } finally {
        repository.delete();
      }
    },
    timeout,
  );

  it(
    'configuration: ours, docker’s, and what CI tells by its environment',
    async () => {
      const docker = {
        auths: { 'ghcr.io': { auth: Buffer.from('a:b').toString('base64'), identitytoken: 'x' } },
        credHelpers: { 'x.io': '../../evil' },
        credsStore: 'none-such',
        cliPluginsExtraDirs: ['/x'],
      };
      const text = JSON.stringify({ plugins: { cachewhy: { hooks: 'build' } }, features: { hooks: 'true' } }, null, 2);
      await fuzz('configuration', async (random) => {
        try {
          checkConfig(damageJson({ failOn: ['miss'], minHitRate: 0.5, currency: '$', format: 'json' }, random), 'x');
        } catch (error) {
          expect((error as Error).name).toBe('UserError');
        }
        await findCredentials(pick(['ghcr.io', 'docker.io', '__proto__', 'constructor'], random), {
          DOCKER_AUTH_CONFIG: writeJson(damageJson(docker, random)),
          HOME: tmp,
          PATH: '',
        });
        const odd = damage(Buffer.from(text), Buffer.from(text), random).toString('utf8');
        for (const edit of [
          () => setMember(odd, ['plugins', 'cachewhy', 'hooks'], '"x"'),
          () => removeMember(odd, ['plugins', 'cachewhy']),
          () => getMember(odd, ['features', 'hooks']),
        ])
          try {
            edit();
          } catch (error) {
            expect(error).toBeInstanceOf(NotJson);
          }
        chooseFormats([], {
          GITHUB_ACTIONS: pick(['true', 'x'], random),
          TF_BUILD: 'TRUE',
          GITLAB_CI: 'true',
          GITHUB_STEP_SUMMARY: pick(HOSTILE_LINES, random),
        });
      });
    },
    timeout,
  );

  it(
    'the memory of a context’s files',
    async () => {
      const cacheDir = path.join(tmp, 'stat-cache');
      const context = path.join(tmp, 'context');
      mkdirSync(path.join(context, 'a'), { recursive: true });
      for (let i = 0; i < 20; i++) writeFileSync(path.join(context, i % 2 ? 'a' : '.', `f${i}`), String(i));
      const fresh = JSON.stringify([...takeSnapshot({ root: context }).listing.entries]);
      takeSnapshot({ root: context, cacheDir });
      const file = statCacheFile(cacheDir, context, null);
      const found = readdirSync(path.dirname(file)).filter((name) => name.endsWith('.bin'));
      expect(found.length).toBeGreaterThan(0);
      const place = path.join(path.dirname(file), found[0]!);
      const whole = readFileSync(place);
      await fuzz('stat caches', (random) => {
        writeFileSync(place, damage(whole, packed, random));
        openStatCache(place)?.load();
        expect(JSON.stringify([...takeSnapshot({ root: context, cacheDir }).listing.entries])).toBe(fresh);
      });
    },
    timeout,
  );

  it(
    'registries',
    async () => {
      let random: Random = () => 0;
      const secret = Buffer.from('user:canary').toString('base64');
      const other = createServer((_, response) => {
        response.end('{}');
      });
      const registry = createServer((request, response) => {
        request.resume();
        const headers: Record<string, string> = {};
        const elsewhere = `http://127.0.0.1:${(other.address() as { port: number }).port}`;
        const status = pick([200, 200, 200, 404, 401, 301, 302, 307, 308, 500, 429, 204, 201, 202, 418], random);
        if (random(2) === 0)
          headers.location = pick(
            ['file:///etc/passwd', 'ftp://x', elsewhere, '//127.0.0.1:1/', 'http://[', '', 'javascript:1', request.url!, 'data:,x'],
            random,
          );
        if (random(2) === 0)
          headers['www-authenticate'] = pick(
            [
              'Basic',
              'Bearer',
              `Bearer realm="${elsewhere}/token",service="a"`,
              'Bearer realm="file:///etc/passwd"',
              'Bearer realm=""',
              'Negotiate',
              `Bearer ${'a'.repeat(8000)}`,
            ],
            random,
          );
        if (random(4) === 0) headers['content-encoding'] = pick(['gzip', 'deflate', 'br', 'x'], random);
        if (random(4) === 0) headers['docker-content-digest'] = pick(['sha256:../../x', '', 'x'.repeat(3000)], random);
        response.writeHead(status, headers);
        const manifest = {
          config: { digest: `sha256:${'0'.repeat(64)}` },
          layers: [{ mediaType: 'application/vnd.cachewhy.baseline.v1+gzip', digest: `sha256:${'0'.repeat(64)}`, size: 10 }],
          manifests: [{ digest: '../../x', platform: { os: 'linux', architecture: 'amd64' }, mediaType: 'cacheconfig' }],
          token: 'x',
          rootfs: { diff_ids: ['a'] },
        };
        const bodies = (): Buffer[] => [
          Buffer.alloc(0),
          packed,
          gzipSync(Buffer.alloc(1 << 20)),
          Buffer.from(writeJson(damageJson(manifest, random))),
          Buffer.from(writeJson(manifest)),
          Buffer.alloc(random(1 << 20), 'x'),
        ];
        if (random(20) === 0) response.destroy();
        else response.end(pick(bodies(), random));
      });
      await Promise.all([other, registry].map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
      const host = `127.0.0.1:${(registry.address() as { port: number }).port}`;
      const env = { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth: secret } } }), HOME: tmp, PATH: '' };
      try {
        await fuzz('registries', async (own) => {
          random = own;
          const name = `oci://${host}/team/app:main`;
          expect((await loadRemoteBaseline(name, { env, timeoutMs: 2000 })).note).not.toBeUndefined();
          if (own(4) === 0) await saveRemoteBaseline(name, good, { env, timeoutMs: 300 });
          for (const read of [() => readImage(`${host}/x:y`, 'linux/amd64'), () => readCacheConfig(`${host}/x:y`)])
            try {
              const found = await read();
              if (typeof found !== 'string')
                exactKeys({
                  dockerfile: parseDockerfile('FROM x\nRUN y\n', 'Dockerfile'),
                  platforms: [],
                  buildArgs: {},
                  images: { x: found.facts },
                });
            } catch (error) {
              // It becomes a note.
              expect(error).toBeInstanceOf(Error);
              expect((error as Error).name).not.toMatch(/TypeError|RangeError/);
            }
        });
      } finally {
        for (const server of [other, registry]) {
          server.closeAllConnections();
          server.close();
        }
      }
    },
    timeout,
  );
});
