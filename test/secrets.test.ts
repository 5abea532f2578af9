import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashSecret } from '../src/secrets/hash.ts';
import { displayValue, looksLikeSecret, MASK, maskText, maskValues } from '../src/secrets.ts';
import { cpuTime } from './cpu-time.ts';

describe('names', () => {
  test.each([
    'TOKEN',
    'NPM_TOKEN',
    'npm_token',
    'githubToken',
    'GITHUBTOKEN',
    '_authToken',
    '//registry.npmjs.org/:_authToken',
    'CI_JOB_TOKEN',
    'SECRET',
    'CLIENT_SECRET',
    'SECRET_KEY_BASE',
    'DB_PASSWORD',
    'MYSQL_ROOT_PASSWORD',
    'dbpassword',
    'POSTGRES_PASSWD',
    'PASSPHRASE',
    'DB_PASS',
    'MYSQL_PWD',
    'PGPASS',
    'API_KEY',
    'APIKEY',
    'apiKey',
    'STRIPE_KEY',
    'SSH_PRIVATE_KEY',
    'PRIVATE_KEY',
    'ENCRYPTION_KEYS',
    'ACCESS_KEY_ID',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'GOOGLE_CREDENTIALS',
    'PIP_CREDS',
    'COMPOSER_AUTH',
    'DOCKER_AUTH_CONFIG',
    'BASIC_AUTH',
    'GH_PAT',
    'SENTRY_DSN',
    'X-Amz-Signature',
    'Authorization',
    'token-prod',
  ])('%s is secret', (name) => {
    expect(looksLikeSecret(name)).toBe(true);
    expect(looksLikeSecret(name, 'hunter2')).toBe(true);
  });

  test.each([
    'KEYBOARD',
    'KEYBOARD_LAYOUT',
    'MONKEY',
    'PUBLIC_KEY',
    'SSH_PUBLIC_KEY',
    'CACHE_KEY',
    'SORT_KEY',
    'KEY',
    'AUTHOR',
    'AUTHORS',
    'COMPASS',
    'BYPASS',
    'PASSTHROUGH',
    'PASS_THROUGH',
    'PWD',
    'OLDPWD',
    'PAT',
    'PATH',
    'TOKENIZERS_PARALLELISM',
    'MAX_TOKENS',
    'TOKEN_URL',
    'TOKEN_FILE',
    'PASSWORD_FILE',
    'SECRET_NAME',
    'AUTH_ENABLED',
    'SSH_AUTH_SOCK',
    'PRIVATE_REGISTRY',
    'AWS_REGION',
    'AWS_DEFAULT_REGION',
    'AWS_PROFILE',
    'AWS_ACCOUNT_ID',
    'GIT_SHA',
    'VERSION',
    'NODE_ENV',
    'SECRETARY',
    'KEYSTORE_PATH',
    'APP_VERSION',
    'SOURCE_DATE_EPOCH',
    'BUILD_DATE',
    'GOPRIVATEMODE',
    'TARGETARCH',
    'DEBIAN_FRONTEND',
    '',
  ])('%s is not', (name) => {
    expect(looksLikeSecret(name)).toBe(false);
  });

  test('a secret name with nothing to hide is shown', () => {
    for (const value of ['', 'true', 'false', '0', 'none']) expect(looksLikeSecret('AUTH', value)).toBe(false);
  });

  test('the fingerprint of a public signing key is shown', () => {
    expect(looksLikeSecret('GPG_KEY', 'A035C8C19219BA821ECEA86B64E628F8D684696D')).toBe(false);
    expect(looksLikeSecret('GPG_KEY', 'not a fingerprint')).toBe(true);
  });
});

describe('forms', () => {
  test.each([
    'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
    'github_pat_11ABCDEFG0123456789_abcdefghijklmnop',
    'glpat-xXxXxXxXxXxXxXxXxXxX',
    'xoxb-123456789012-1234567890123-AbCdEfGhIjKl',
    'AKIAIOSFODNN7EXAMPLE',
    'sk-proj-abcdefghijklmnop1234',
    'sk_live_abcdefghijklmnop',
    'npm_abcdefghijklmnopqrstuvwxyz0123456789',
    'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U',
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk=\n-----END OPENSSH PRIVATE KEY-----',
    '-----BEGIN PRIVATE KEY-----',
    'https://user:s3cret@pypi.example.com/simple',
    'postgres://app:p/w@db/app',
    'https://ghp_16C7e42F292c6912E7710c838347Ae178B4a@github.com/a/b.git',
    'https://files.example.com/a?access_token=abc',
    'https://blob.example.net/c?sv=2020&sig=abc%3D',
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'dGhpcyBpcyBhIHZlcnkgc2VjcmV0IHZhbHVl',
    'Zx8Qp2Lm9Rt4Vw7Yb1Nc',
    'k3j9x0q8z7w6v5u4t3s2r1p0',
  ])('%s is secret under any name', (value) => {
    expect(looksLikeSecret('X', value)).toBe(true);
  });

  test.each([
    '5d6e7f8',
    'd670460b4b4aece5915caf5c68d12f560a9fe3e4',
    'D670460B4B4AECE5915CAF5C68D12F560A9FE3E4',
    'sha256:4a8bd4fb0b4aa0a15d4bbc3d7d4c0b5b5ab31f2cbb0a0a8b70c3bd0e6ba7b5ef',
    '4a8bd4fb0b4aa0a15d4bbc3d7d4c0b5b5ab31f2cbb0a0a8b70c3bd0e6ba7b5ef',
    'node:20@sha256:4a8bd4fb0b4aa0a15d4bbc3d7d4c0b5b5ab31f2cbb0a0a8b70c3bd0e6ba7b5ef',
    'sha512-9Rh1V0m4Xb9m0S2n3dJfC3mQ8Z0c4L5f6G7h8I9j0K1l2M3n4O5p6Q7r8S9t0U1v2W3x4Y5z6A7b8C9d0E1f2==',
    '9b2f5c3e-7d84-4c1a-b1f0-2f6f4d0e9a51',
    '1.2.3',
    'v20.11.1-bookworm-slim',
    '1.0.0-rc.1+build.20240115',
    '2024-01-15',
    '2024-01-15T10:22:01Z',
    '1705314121',
    'https://registry.example.com/path/to/thing',
    'https://example.com:8443/x',
    'git@github.com:org/repo.git',
    'ssh://git@github.com/org/repo.git',
    '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    './src/components/Button2/index',
    'src/components/VeryLongComponentName/Index2.tsx',
    'linux/amd64',
    'x86_64-unknown-linux-gnu',
    'aarch64-unknown-linux-musleabihf',
    'production',
    'com.example.service.MyHTTPServer2HandlerImpl',
    'feature/JIRA-1234-improve-build-cache',
    'us-central1-docker.pkg.dev/project-1234/repo/image',
    'registry.gitlab.com/group/project/image:main-1a2b3c4d',
    '-Xmx2048m',
    '--max-old-space-size=4096',
    'true',
    '',
    'task-runner-with-a-very-long-name',
    'disk-abcdefghijklmnopqrst',
    'linux-headers-6.1.0-18-amd64',
    'DEBIAN_FRONTEND',
    'en_US.UTF-8',
    'application/vnd.oci.image.manifest.v1+json',
  ])('%s is not', (value) => {
    expect(looksLikeSecret('X', value)).toBe(false);
  });
});

describe('what is kept and shown of a value', () => {
  test('an innocent value is shown in clear', () => {
    expect(displayValue('GIT_SHA', '1a2b3c4')).toBe('1a2b3c4');
  });

  test('of a secret only a hash is kept, that depends on value and salt', () => {
    const one = hashSecret('hunter2', 'salt');
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(hashSecret('hunter2', 'salt')).toBe(one);
    expect(hashSecret('hunter3', 'salt')).not.toBe(one);
    expect(hashSecret('hunter2', 'other')).not.toBe(one);
    expect(displayValue('TOKEN', 'hunter2')).toBe(MASK);
  });
});

describe('masking free text', () => {
  test.each([
    ['docker build --build-arg NPM_TOKEN=abc123 .', 'docker build --build-arg NPM_TOKEN=*** .'],
    [
      'docker build --build-arg=NPM_TOKEN=abc123 --build-arg GIT_SHA=1a2b3c4 .',
      'docker build --build-arg=NPM_TOKEN=*** --build-arg GIT_SHA=1a2b3c4 .',
    ],
    ['docker build --build-arg "DB_PASSWORD=two words" .', 'docker build --build-arg "DB_PASSWORD=***" .'],
    ['docker build --build-arg \'DB_PASSWORD=it is "quoted"\' .', "docker build --build-arg 'DB_PASSWORD=***' ."],
    ['RUN TOKEN="a b c" npm ci', 'RUN TOKEN="***" npm ci'],
    ['RUN TOKEN=a\\ b npm ci', 'RUN TOKEN=*** npm ci'],
    ['[2/7] RUN npm config set //registry.npmjs.org/:_authToken abcdefgh', '[2/7] RUN npm config set //registry.npmjs.org/:_authToken ***'],
    ['[2/7] RUN npm config set //registry.npmjs.org/:_authToken=abcdefgh', '[2/7] RUN npm config set //registry.npmjs.org/:_authToken=***'],
    ['RUN curl -H "Authorization: Bearer abcdefgh12345678" https://x.dev', 'RUN curl -H "Authorization: ***" https://x.dev'],
    ['curl -u ci:s3cret https://x.dev', 'curl -u ci:*** https://x.dev'],
    ['docker login -u ci -p s3cret registry.example.com', 'docker login -u ci -p *** registry.example.com'],
    ['docker login --username ci --password s3cret r.example.com', 'docker login --username ci --password *** r.example.com'],
    ['mysql -uroot -ps3cret db', 'mysql -uroot -p*** db'],
    ['RUN pip install -i https://user:s3cret@pypi.example.com/simple x', 'RUN pip install -i https://user:***@pypi.example.com/simple x'],
    ['git clone https://ghp_16C7e42F292c6912E7710c838347Ae178B4a@github.com/a/b', 'git clone https://***@github.com/a/b'],
    ['git clone https://$TOKEN@github.com/a/b', 'git clone https://$TOKEN@github.com/a/b'],
    ['ENV API_TOKEN abcdef', 'ENV API_TOKEN ***'],
    ['ENV API_TOKEN=abcdef GIT_SHA=1a2b3c4', 'ENV API_TOKEN=*** GIT_SHA=1a2b3c4'],
    ['{"auth":"dXNlcjpwYXNz","email":"x@y"}', '{"auth":"***","email":"x@y"}'],
    ['password: hunter2', 'password: ***'],
    ['ERROR: token=abc&x=1 refused', 'ERROR: token=*** refused'],
    [
      'echo -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- done',
      'echo -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY----- done',
    ],
    ['X=Zx8Qp2Lm9Rt4Vw7Yb1Nc', 'X=***'],
  ])('%s', (text, masked) => {
    expect(maskText(text)).toBe(masked);
    expect(maskText(masked)).toBe(masked);
  });

  test.each([
    '[2/7] RUN --mount=type=secret,id=token npm ci',
    'docker build --secret id=NPM_TOKEN,env=NPM_TOKEN .',
    'docker build --secret=id=npmrc,src=.npmrc .',
    'RUN TOKEN=$NPM_TOKEN npm ci',
    'RUN TOKEN=${NPM_TOKEN} npm ci',
    'RUN TOKEN=$(cat /run/secrets/token) npm ci',
    '--mount=type=secret,id=x,target=/root/.npmrc',
    "RUN curl -sS 'https://keys.example.org/lookup?op=get&search=0xb8dc7e53946656efbce4c1dd71daeaab4ad4cab6' | gpg --dearmor",
    '[build 3/9] RUN apt-get update && apt-get install -y --no-install-recommends libpq-dev=15.6-0+deb12u1',
    '#12 [stage-1 2/3] COPY --from=build --chown=node:node /app /app',
    'FROM node:20@sha256:4a8bd4fb0b4aa0a15d4bbc3d7d4c0b5b5ab31f2cbb0a0a8b70c3bd0e6ba7b5ef',
    'git fetch https://github.com/org/repo.git d670460b4b4aece5915caf5c68d12f560a9fe3e4',
    'AUTH_URL=https://login.example.com:8443/x',
    'CACHE_KEY=deps-1a2b3c4',
    'docker run -p 8080:80 -u 131:134 x',
    'docker login --username key --password-stdin registry.example.com',
    'Collecting tiktoken==0.9.0',
    'WARNING: SecretsUsedInArgOrEnv - https://docs.docker.com/go/dockerfile/rule/secrets-used-in-arg-or-env/',
    '{"secrets": [{"id": "x"}]}',
    '',
  ])('leaves %s as it is', (text) => {
    expect(maskText(text)).toBe(text);
  });

  test('no text makes it throw', () => {
    const word = fc.oneof(
      fc.constantFrom(
        'TOKEN=',
        '"',
        "'",
        ' ',
        '=',
        ':',
        'https://',
        'u:p@h',
        '--password ',
        'Bearer ',
        '***',
        '\\',
        '\n',
        'ENV ',
        'ghp_abcdefghij1234',
        'curl -u a:b',
        'login -p x',
      ),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(fc.property(fc.array(word, { maxLength: 12 }), (parts) => typeof maskText(parts.join('')) === 'string'));
  });

  test('a planted secret never survives', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9!%^*_+.,-]{6,30}$/).filter((text) => !text.startsWith('*'));
    const frame = fc.constantFrom<(secret: string) => string>(
      (s) => `docker build --build-arg API_TOKEN=${s} .`,
      (s) => `docker build --build-arg "API_TOKEN=x ${s}" .`,
      (s) => `RUN PASSWORD='${s}' make`,
      (s) => `{"token": "${s}"}`,
      (s) => `ENV DB_PASSWORD ${s}`,
      (s) => `fetch https://me:${s}@example.com/x failed`,
      (s) => `curl -u me:${s} https://x`,
      (s) => `Authorization: Bearer ${s}`,
      (s) => `Authorization: Basic ${s} x`,
      (s) => `tool --password ${s}`.replace('--password -', '--password x-'),
    );
    fc.assert(
      fc.property(value, frame, (secret, make) => {
        expect(maskText(make(secret))).not.toContain(secret);
      }),
      { numRuns: 3000 },
    );
  });

  test('known values are masked wherever they stand', () => {
    expect(maskValues('RUN echo hunter2 > /x && curl host/hunter22', ['hunter2', 'hunter22', 'ab'])).toBe(
      'RUN echo *** > /x && curl host/***',
    );
  });

  test('the time grows with the length of the text and no faster', () => {
    for (const unit of [
      'a',
      'eyJ',
      'sk-',
      '://',
      'TOKEN',
      'TOKEN=',
      '-',
      ' ',
      '"',
      'login ',
      '--password ',
      'xoxb-',
      'SG.',
      'a:b@',
      '-----BEGIN ',
      'Bearer ',
      'ENV ',
      '\\',
      'AB=',
      'eyJaaaaaaaa.',
      'mysql ',
    ]) {
      const text = unit.repeat(Math.ceil(300_000 / unit.length));
      expect(
        cpuTime(() => maskText(text)),
        unit,
      ).toBeLessThan(4000);
    }
  });
});
