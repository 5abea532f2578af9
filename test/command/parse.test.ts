// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of a shell
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BuildCommand, maskCommand, parseArgv, parseCommandLine } from '../../src/command/parse.ts';
import { cpuTime } from '../cpu-time.ts';

/** The one build of a line, without what is empty or off. */
function only(line: string): Partial<BuildCommand> {
  const found = parseCommandLine(line);
  expect(found, line).toHaveLength(1);
  return brief(found[0]!);
}

function brief(command: BuildCommand): Partial<BuildCommand> {
  return Object.fromEntries(
    Object.entries(command).filter(([, value]) => {
      if (value === false || value === undefined) return false;
      return typeof value !== 'object' || Object.keys(value).length > 0;
    }),
  );
}

const plain = { tool: 'docker', program: 'docker build', contextKind: 'folder', context: '.' };

describe('docker build', () => {
  test.each<[string, object]>([
    ['docker build .', plain],
    ['docker image build .', { ...plain, program: 'docker image build' }],
    ['docker builder build .', { ...plain, program: 'docker builder build' }],
    ['docker buildx build .', { ...plain, tool: 'buildx', program: 'docker buildx build' }],
    ['docker buildx b .', { ...plain, tool: 'buildx', program: 'docker buildx build' }],
    ['docker-buildx build .', { ...plain, tool: 'buildx', program: 'docker-buildx build' }],
    ['docker.exe build .', plain],
    ['/usr/local/bin/docker build .', plain],
    ['docker -D --context remote build .', plain],
    ['docker --host=tcp://10.0.0.1:2375 build .', plain],
    ['docker buildx --builder big build .', { ...plain, tool: 'buildx', program: 'docker buildx build', builder: 'big' }],
    ['docker build -t a -t b:1 -f deploy/Dockerfile .', { ...plain, tags: ['a', 'b:1'], dockerfile: 'deploy/Dockerfile' }],
    ['docker build -ta -fx .', { ...plain, tags: ['a'], dockerfile: 'x' }],
    ['docker build -qt a .', { ...plain, tags: ['a'], quiet: true }],
    ['docker build --tag=a --file=x --target=run .', { ...plain, tags: ['a'], dockerfile: 'x', target: 'run' }],
    ['docker build . -t a', { ...plain, tags: ['a'] }],
    ['docker build -t a -- .', { ...plain, tags: ['a'] }],
    ['docker build --no-cache --pull .', { ...plain, noCache: true, pull: true }],
    ['docker build --no-cache=false --pull=false .', plain],
    ['docker build --no-cache-filter deps,build --no-cache-filter test .', { ...plain, noCacheFilter: ['deps', 'build', 'test'] }],
    ['docker build --platform linux/amd64,linux/arm64 .', { ...plain, platforms: ['linux/amd64', 'linux/arm64'] }],
    ['docker build --platform linux/amd64 --platform linux/arm64 .', { ...plain, platforms: ['linux/amd64', 'linux/arm64'] }],
    ['docker build --secret id=npm,src=.npmrc --secret type=env,id=TOKEN .', { ...plain, secrets: ['npm', 'TOKEN'] }],
    ['docker build --ssh default --ssh git=/run/agent .', { ...plain, ssh: ['default', 'git'] }],
    ['docker build --label a=b --label c .', { ...plain, labels: { a: 'b', c: '' } }],
    [
      'docker build --build-context alpine=docker-image://alpine:3.20 --build-context lib=../lib .',
      { ...plain, namedContexts: { alpine: 'docker-image://alpine:3.20', lib: '../lib' } },
    ],
    ['docker build --progress plain --push --metadata-file m.json .', { ...plain, progress: 'plain', push: true, metadataFile: 'm.json' }],
    ['docker build --provenance=false --sbom true --attest type=sbom --load .', { ...plain, provenance: 'false', load: true }],
    ['docker build -o out .', { ...plain, outputs: [{ type: 'local', attrs: { dest: 'out' } }] }],
    ['docker build --output type=docker,dest=x.tar .', { ...plain, outputs: [{ type: 'docker', attrs: { dest: 'x.tar' } }] }],
    ['docker build --memory 2g --cpu-period 100 --isolation default --security-opt a=b --iidfile i .', plain],
    ['docker build --call=outline,format=json --check .', plain],
  ])('%s', (line, expected) => {
    expect(only(line)).toEqual(expected);
  });

  test('a folder with blanks, in quotes of either kind or escaped', () => {
    for (const word of ['"my app"', "'my app'", 'my\\ app', "$'my app'", 'my" "app'])
      expect(only(`docker build ${word}`).context).toBe('my app');
  });

  test('what the context is', () => {
    expect(only('docker build -')).toMatchObject({ context: '-', contextKind: 'stdin' });
    expect(only('docker build - < Dockerfile')).toMatchObject({ contextKind: 'stdin', stdin: { file: 'Dockerfile' } });
    expect(only('cat context.tar | docker build -f x -')).toMatchObject({ contextKind: 'stdin', dockerfile: 'x' });
    expect(only('docker build -f - . <<EOF\nFROM busybox\nRUN docker build nothing\nEOF')).toMatchObject({
      dockerfile: '-',
      contextKind: 'folder',
      stdin: { text: 'FROM busybox\nRUN docker build nothing\n' },
    });
    expect(only("docker build -<<-'X'\n\tFROM a\n\tX\n")).toMatchObject({ contextKind: 'stdin' });
    expect(only('docker build https://example.org/a.git#main:sub')).toMatchObject({ contextKind: 'remote' });
    expect(only('docker build git@example.org:a/b.git')).toMatchObject({ contextKind: 'remote' });
    expect(only('docker build "$SRC/app"')).toMatchObject({ contextKind: 'unknown', context: '$SRC/app' });
    expect(only('docker build $(pwd)')).toMatchObject({ contextKind: 'folder', context: '.' });
    expect(only('docker build "${PWD}/app"')).toMatchObject({ contextKind: 'folder', context: './app' });
    expect(only('docker build `pwd`')).toMatchObject({ contextKind: 'folder', context: '.' });
    expect(only('docker build %CD%')).toMatchObject({ contextKind: 'folder', context: '.' });
  });

  test('build arguments: given, from the environment, from an expression', () => {
    const line = `docker build --build-arg A=1 --build-arg=B='x y' --build-arg C --build-arg D=$(git rev-parse HEAD) --build-arg "E=\${TAG}" --build-arg 'F=$X' --build-arg G= .`;
    const { buildArgs, expressions } = parseCommandLine(line)[0]!;
    expect(buildArgs).toEqual({ A: '1', B: 'x y', C: null, D: null, E: null, F: '$X', G: '' });
    expect(expressions).toEqual({ D: '$(git rev-parse HEAD)', E: '${TAG}' });
    expect(parseCommandLine('docker build --build-arg A=1 --build-arg A=2 .')[0]!.buildArgs).toEqual({ A: '2' });
    expect(parseCommandLine('C=5 docker build --build-arg C .')[0]!.buildArgs).toEqual({ C: '5' });
    expect(parseCommandLine('export C=5 && docker build --build-arg C .')[0]!.buildArgs).toEqual({ C: '5' });
    expect(parseCommandLine('docker build --build-arg X=${{ github.sha }} .')[0]!).toMatchObject({
      context: '.',
      expressions: { X: '${{ github.sha }}' },
    });
  });

  test('flags that are part of every RUN', () => {
    const line =
      'docker build --network host --add-host db:10.0.0.1 --add-host cache=10.0.0.2 --ulimit nproc=2 --ulimit nofile=1:2 --shm-size 1g --cgroup-parent x .';
    expect(only(line).flags).toEqual({
      network: 'host',
      'add-host': 'db,cache',
      ulimit: 'nofile=1:2,nproc=2',
      'shm-size': '1g',
      'cgroup-parent': 'x',
    });
    expect(only('docker build --network default .').flags).toBeUndefined();
  });

  test('cache imports and exports', () => {
    const line = `docker build --cache-from user/app:cache --cache-from type=gha,scope=x --cache-from a:1,b:2 --cache-to "type=registry,ref=r/c,mode=max" --cache-to 'type=local,"dest=a,b"' .`;
    expect(only(line)).toMatchObject({
      cacheFrom: [
        { type: 'registry', attrs: { ref: 'user/app:cache' } },
        { type: 'gha', attrs: { scope: 'x' } },
        { type: 'registry', attrs: { ref: 'a:1' } },
        { type: 'registry', attrs: { ref: 'b:2' } },
      ],
      cacheTo: [
        { type: 'registry', attrs: { ref: 'r/c', mode: 'max' } },
        { type: 'local', attrs: { dest: 'a,b' } },
      ],
    });
  });

  test('variables that a build reads', () => {
    expect(only('DOCKER_BUILDKIT=0 FOO=1 docker build .')).toEqual({ ...plain, env: { DOCKER_BUILDKIT: '0' }, classic: true });
    expect(only('SOURCE_DATE_EPOCH=0 DOCKER_DEFAULT_PLATFORM=linux/arm64 BUILDX_BUILDER=b docker build .')).toMatchObject({
      buildArgs: { SOURCE_DATE_EPOCH: '0' },
      platforms: ['linux/arm64'],
      builder: 'b',
    });
    expect(only('docker build --platform linux/amd64 .')).toMatchObject({ platforms: ['linux/amd64'] });
  });

  test('options of later versions do not break it', () => {
    expect(only('docker build --future --other=1 -t a .')).toEqual({ ...plain, tags: ['a'], unknown: ['future', 'other'] });
    // one context is all it takes: the word after the unknown option was its value
    expect(only('docker build --future value -t a app')).toEqual({ ...plain, context: 'app', tags: ['a'], unknown: ['future'] });
  });
});

describe('other tools', () => {
  test.each<[string, object]>([
    [
      'docker buildx bake -f a.hcl -f b.json web api --set web.args.X=1 --no-cache --push',
      { tool: 'bake', files: ['a.hcl', 'b.json'], targets: ['web', 'api'], overrides: ['web.args.X=1'], noCache: true, push: true },
    ],
    ["docker buildx bake --set '*.no-cache=true'", { tool: 'bake', noCache: true }],
    ['docker bake', { tool: 'bake', program: 'docker bake' }],
    ['docker compose build', { tool: 'compose', program: 'docker compose build' }],
    [
      'docker-compose -f a.yml -p x build --build-arg A=1 --no-cache web',
      { tool: 'compose', files: ['a.yml'], buildArgs: { A: '1' }, noCache: true, targets: ['web'] },
    ],
    ['docker compose --profile z up -d --build --scale web=2 web db', { program: 'docker compose up', targets: ['web', 'db'] }],
    ['docker compose create --build', { program: 'docker compose create' }],
    ['docker compose run --rm --build -e A=1 web docker build .', { program: 'docker compose run', targets: ['web'] }],
    ['docker compose --progress plain build', { progress: 'plain' }],
    ['podman build -t x', { tool: 'podman', context: '.', tags: ['x'] }],
    ['podman build -v /a:/b .', { tool: 'podman', context: '.' }],
    [
      'buildah bud --layers -f Containerfile . image',
      { tool: 'buildah', program: 'buildah bud', layerCache: true, dockerfile: 'Containerfile', context: '.' },
    ],
    ['buildah build --isolation chroot .', { tool: 'buildah', program: 'buildah build' }],
    ['nerdctl --namespace k8s.io build -t x .', { tool: 'nerdctl', tags: ['x'] }],
    [
      'buildctl --addr tcp://b:1234 build --frontend dockerfile.v0 --local context=app --local dockerfile=app/docker --opt filename=D --opt target=t --opt build-arg:X=1 --opt platform=linux/arm64 --import-cache type=registry,ref=r --output type=image,name=n,push=true',
      {
        tool: 'buildctl',
        context: 'app',
        dockerfile: 'app/docker/D',
        target: 't',
        buildArgs: { X: '1' },
        platforms: ['linux/arm64'],
        cacheFrom: [{ type: 'registry', attrs: { ref: 'r' } }],
        push: true,
        tags: ['n'],
      },
    ],
    ['buildctl build --opt no-cache=', { noCache: true }],
    ['buildctl build --opt no-cache=a,b', { noCacheFilter: ['a', 'b'] }],
    [
      '/kaniko/executor --context dir:///workspace --dockerfile Dockerfile --cache=true --cache-repo r/c --destination r/i:1',
      {
        tool: 'kaniko',
        context: '/workspace',
        contextKind: 'folder',
        cacheFrom: [{ type: 'registry', attrs: { ref: 'r/c' } }],
        layerCache: true,
        push: true,
      },
    ],
    ['docker run --rm -v $PWD:/w gcr.io/kaniko-project/executor:v1.9 --context /w --no-push', { tool: 'kaniko', context: '/w' }],
  ])('%s', (line, expected) => {
    expect(only(line)).toMatchObject(expected);
  });

  test.each([
    'docker images',
    'docker compose up -d',
    'docker compose logs --tail 5',
    'docker buildx inspect --bootstrap b',
    'docker builder prune',
    'docker push registry.example/app:build',
    'podman run build',
    'buildah from build',
    'echo docker build .',
    'printf "docker build ."',
    'use docker build instead of compose',
    'the docker build failed',
    'npm run build',
    'make docker-build',
    'git commit -m "docker build ."',
    '',
    '   ',
    '&& || ; |',
  ])('no build: %s', (line) => {
    expect(parseCommandLine(line)).toEqual([]);
  });
});

describe('what stands around a build', () => {
  test.each<[string, object]>([
    ['sudo docker build .', plain],
    ['sudo -E -u ci docker build .', plain],
    ['env -i PATH=/bin docker build .', plain],
    ['env -C app docker build .', { ...plain, cwd: 'app' }],
    ['time docker build .', plain],
    ['/usr/bin/time -f %e docker build .', plain],
    ['timeout --signal KILL 10m docker build .', plain],
    ['nice -n 5 ionice -c 3 docker build .', plain],
    ['stdbuf -oL docker build .', plain],
    ['retry 3 docker build .', plain],
    ['if ! docker build .; then exit 1; fi', plain],
    ["sh -c 'docker build .'", plain],
    ['bash -euxo pipefail -c "cd app && docker build ."', { ...plain, cwd: 'app' }],
    ['cmd /c docker build .', plain],
    ['powershell -NoProfile -Command docker build .', plain],
    ['cachewhy run --format json -- docker build .', plain],
    ['cachewhy run docker build .', plain],
    ['docker cachewhy run -- docker build .', plain],
    ['npx cachewhy run -- docker build .', plain],
    ['ssh builder docker build .', plain],
    ['$ docker build .', plain],
    ['+ docker build .', plain],
    ['++ docker build .', plain],
    ['[command]/usr/bin/docker build .', plain],
    ['##[command]docker build .', plain],
    ['##[group]Run docker build .', plain],
    ['Run docker build .', plain],
    ['root@1f2e3d:/src# docker build .', plain],
    ['ci@host:~/app$ docker build .', plain],
    ['PS C:\\src\\app> docker build .', plain],
    ['C:\\src>docker build .', plain],
    ['Executing: docker build .', plain],
    ['["docker", "build", "."]', plain],
    ["['docker', 'build', '.']", plain],
    ['docker build . 2>&1 | tee build.log', plain],
    ['docker build . >build.log 2>&1 &', plain],
    ['docker build . |& cachewhy --format json', plain],
    ['docker build . # no cache today', plain],
    ['docker build \\\n  --no-cache \\\n  .', { ...plain, noCache: true }],
    ['docker build \\   \r\n  --no-cache \\\r\n  .', { ...plain, noCache: true }],
    ['docker build ^\r\n  --no-cache ^\r\n  .', { ...plain, noCache: true }],
    ['docker build `\n  --no-cache `\n  .', { ...plain, noCache: true }],
    ['(cd app; docker build .)', { ...plain, cwd: 'app' }],
    ['cd a; cd b; docker build .', { ...plain, cwd: 'a/b' }],
    ['(cd a; true); docker build .', plain],
    ['cd a && cd /b && docker build .', { ...plain, cwd: '/b' }],
    ['pushd app && docker build . && popd', { ...plain, cwd: 'app' }],
  ])('%s', (line, expected) => {
    expect(only(line)).toEqual(expected);
  });

  test('layers switched off', () => {
    expect(parseCommandLine('podman build --layers=false .')[0]!.layerCache).toBe(false);
    expect(parseCommandLine('podman build .')[0]!.layerCache).toBeUndefined();
  });

  test('paths of Windows keep their backslashes', () => {
    expect(only('"C:\\Program Files\\Docker\\docker.exe" build -f .\\app\\Dockerfile C:\\src\\app\\ --no-cache')).toEqual({
      ...plain,
      dockerfile: '.\\app\\Dockerfile',
      context: 'C:\\src\\app\\',
      noCache: true,
    });
  });

  test('several builds in one line, in order', () => {
    expect(parseCommandLine('docker build a && docker build b; (docker build c)').map((c) => c.context)).toEqual(['a', 'b', 'c']);
    expect(parseCommandLine('docker build a\npodman build b').map((c) => c.tool)).toEqual(['docker', 'podman']);
  });
});

describe('words that no shell reads', () => {
  test('a dollar sign is one', () => {
    expect(parseArgv(['docker', 'build', '--build-arg', 'A=$X', 'my app'])[0]).toMatchObject({ context: 'my app', buildArgs: { A: '$X' } });
  });

  test('arguments without a value come from the environment, or are not set', () => {
    const argv = ['docker', 'build', '--build-arg', 'A', '--build-arg', 'B', '.'];
    expect(parseArgv(argv, { A: '1' })[0]!.buildArgs).toEqual({ A: '1' });
    expect(parseArgv(argv)[0]!.buildArgs).toEqual({ A: null, B: null });
  });

  test('the environment chooses builder, platform and look', () => {
    const environment = {
      BUILDX_BUILDER: 'b',
      DOCKER_DEFAULT_PLATFORM: 'linux/arm64',
      BUILDKIT_PROGRESS: 'plain',
      SECRET: 'x',
      DOCKER_BUILDKIT: '0',
    };
    const command = parseArgv(['docker', 'build', '.'], environment)[0]!;
    expect(command).toMatchObject({ builder: 'b', platforms: ['linux/arm64'], progress: 'plain', classic: true });
    expect(JSON.stringify(command)).not.toContain('SECRET');
  });

  test('a script inside', () => {
    expect(parseArgv(['sh', '-c', 'docker build --build-arg A app'], { A: '1' })[0]).toMatchObject({
      context: 'app',
      buildArgs: { A: '1' },
    });
  });

  test('what is no build by itself', () => {
    expect(parseArgv(['make', 'image'])).toEqual([]);
    expect(parseArgv([])).toEqual([]);
  });
});

describe('what may be shown of a command line', () => {
  test.each([
    ['docker build --build-arg NPM_TOKEN=abc123def .', 'docker build --build-arg NPM_TOKEN=*** .'],
    ['docker build --build-arg=DB_PASSWORD="hunter two" .', 'docker build --build-arg=DB_PASSWORD=*** .'],
    ["API_KEY='k1 k2' docker build .", 'API_KEY=*** docker build .'],
    ['docker buildx bake --set web.args.API_KEY=k1k2k3 web', 'docker buildx bake --set web.args.API_KEY=*** web'],
    ['buildctl build --opt build-arg:SECRET_KEY=k1k2k3', 'buildctl build --opt build-arg:SECRET_KEY=***'],
    ['docker build --build-arg NPM_TOKEN=$NPM_TOKEN .', 'docker build --build-arg NPM_TOKEN=$NPM_TOKEN .'],
    ['docker build --build-arg VERSION=1.2.3 -t app .', 'docker build --build-arg VERSION=1.2.3 -t app .'],
    ['docker build --secret id=token,src=token.txt .', 'docker build --secret id=token,src=token.txt .'],
  ])('%s', (line, expected) => {
    expect(maskCommand(line)).toBe(expected);
  });

  test('credentials in URLs', () => {
    expect(maskCommand('docker build https://me:s3cr3tpw@example.org/a.git')).not.toContain('s3cr3tpw');
    expect(maskCommand('docker build --build-arg HTTP_PROXY=http://me:s3cr3tpw@proxy:3128 .')).not.toContain('s3cr3tpw');
  });
});

describe('any text', () => {
  const piece = fc.constantFrom(
    'docker',
    'build',
    '-t',
    '--build-arg',
    'A=1',
    '.',
    '$(',
    ')',
    "'",
    '"',
    '`',
    '\\',
    '\n',
    '<<E',
    '|',
    '&&',
    '(',
    '=',
    '--',
    '-',
    '#',
    '$',
    '{',
    '%',
    ' ',
  );
  test('is read without a throw, and the same each time', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((p) => p.join(' ')),
          fc.array(piece).map((p) => p.join('')),
        ),
        (text) => {
          expect(parseCommandLine(text)).toEqual(parseCommandLine(text));
          maskCommand(text);
        },
      ),
    );
  });

  test('quoting any words gives them back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, unit: 'grapheme' })), (tags) => {
        const quoted = tags.map((t) => `-t '${t.replaceAll("'", "'\\''")}'`).join(' ');
        expect(parseCommandLine(`docker build ${quoted} .`)[0]!.tags).toEqual(tags);
      }),
      { examples: [[[".' "]]] },
    );
  });

  test('takes time in proportion to its length', () => {
    for (const unit of ['$(', '"', "'", '`', '\\', '<<E\n', 'sh -c "', 'docker build ', '${', '-t=', '*.args.', '%A', 'a@b:']) {
      const spent = cpuTime(() => {
        parseCommandLine(unit.repeat(200_000 / unit.length));
        maskCommand(unit.repeat(20_000 / unit.length));
      });
      expect(spent, unit).toBeLessThan(3000);
    }
  });
});
