/** A full disk and a read-only one under everything that is written: what was there stays, nothing half is left, and each is one line. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { can, type Ended, expectNoStack, openDesk } from './cli.ts';

const desk = openDesk();
const hit = desk.log(true);
const miss = desk.log(false);
const disk = path.join(desk.folder, 'disk');
const canMount = can('mounting in a namespace', ['unshare', '-m', 'true']);

/** Everything that is written lies on a small disk of this shell alone; then that is filled up, or made read-only. */
const PREPARE = `set -e
export CACHEWHY_CACHE="$DISK/cache" DOCKER_CONFIG="$DISK/docker" GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
mkdir -p "$DISK"; mount -t tmpfs -o size=2500k tmpfs "$DISK"; mkdir -p "$DISK/out" "$DISK/docker" "$DISK/repo" "$DISK/tmp"
cachewhy --save-baseline "$DISK/out/b.gz" --no-passthrough '${hit}' >/dev/null
echo OLD >"$DISK/out/r.json"; echo '{"auths":{"x":{"auth":"abc"}}}' >"$DISK/docker/config.json"
cd "$DISK/repo"; git init -q --template= .
printf 'FROM node:20\\nWORKDIR /app\\nCOPY . .\\nRUN npm ci\\nRUN npm run build\\n' >Dockerfile
echo '{"name":"x","scripts":{"build":"true"}}' >package.json; echo '{"name":"x","lockfileVersion":3,"packages":{}}' >package-lock.json
git add -A; git commit -qm one; for i in 1 2 3; do echo $i >a.js; git add -A; git commit -qm "c$i"; done
state() { (cd "$DISK"; find . -path ./repo/.git -prune -o -type f ! -name fill -exec sha256sum {} + | sort; find . -path ./repo/.git -prune -o -name '*.tmp' -print); }
cd "${desk.project}"; state >"$DISK/../before"
set +e`;
const FAULTS = {
  full: 'dd if=/dev/zero of="$DISK/fill" bs=4k 2>/dev/null',
  'read-only': 'mount -o remount,ro "$DISK"',
} as const;
const AFTER = 's=$?; state | diff "$DISK/../before" - >&2 || echo CHANGED >&2; exit $s';

function trouble(fault: keyof typeof FAULTS, command: string): Ended {
  const script = path.join(desk.folder, 'trouble.sh');
  writeFileSync(script, [PREPARE, FAULTS[fault], command, AFTER, ''].join('\n'));
  return desk.shell(`unshare -m sh '${script}'`, { env: { DISK: disk } });
}

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');

describe.runIf(canMount).each([
  ['full', 'the disk is full'],
  ['read-only', 'the file system is read-only'],
] as const)('a disk that is %s', (fault, reason) => {
  test('the cache folder: the report is made, with one note', () => {
    const done = trouble(fault, `cachewhy '${miss}'`);
    expect(done.status, done.stderr).toBe(0);
    expect(flat(done.stdout)).toContain(`(${reason}): what was there stays.`);
    expect(flat(done.stdout).split('could not be saved')).toHaveLength(2);
    expect(done.stderr).toBe('');
  });

  test('run keeps the status of the build', () => {
    const done = trouble(fault, `cachewhy run --format json="$DISK/out/r.json" -- sh -c 'cat "${miss}"; exit 3'`);
    expect(done.status, done.stderr).toBe(3);
    expect(done.stderr).toContain(`out/r.json cannot be written: ${reason}`);
    expect(done.stderr).not.toContain('CHANGED');
    expectNoStack(done);
  });

  test.each(['r.json', 'new.json'])('a report to %s', (name) => {
    const done = trouble(fault, `cachewhy --format json="$DISK/out/${name}" '${miss}'`);
    expect(done.status).toBe(2);
    expect(done.stderr).toMatch(new RegExp(`out/${name} cannot be written: ${reason}\n  make room`));
    expect(done.stderr).not.toContain('CHANGED');
  });

  test('a baseline that was asked for', () => {
    const done = trouble(fault, `cachewhy --no-remember --save-baseline "$DISK/out/b.gz" '${miss}'`);
    expect(done.status).toBe(0);
    expect(flat(done.stdout)).toContain(`out/b.gz (${reason}): what was there stays.`);
    expect(done.stderr).toBe('');
  });

  test('the plugin and the hook: docker’s configuration is as it was', () => {
    const done = trouble(fault, 'cachewhy plugin install --hook');
    expect(done.status).toBe(2);
    expect(done.stderr).toContain(`cannot be written: ${reason}`);
    expect(done.stderr).not.toContain('CHANGED');
  });

  test('a fix that is to be applied: the Dockerfile is as it was', () => {
    const done = trouble(fault, 'cd "$DISK/repo"; CACHEWHY_CACHE= cachewhy simulate --fix --apply');
    expect(done.status, done.stderr).toBe(2);
    expect(done.stderr).toMatch(/^cachewhy: Dockerfile cannot be written: .*\n {2}Nothing was changed: apply the printed diff yourself/i);
    expect(done.stderr).not.toContain('CHANGED');
  });

  test('a check that has no room for a checkout', () => {
    const done = trouble(fault, 'cd "$DISK/repo"; TMPDIR="$DISK/tmp" CACHEWHY_CACHE= cachewhy simulate --fix --check');
    expect(done.status).toBe(2);
    expectNoStack(done);
    expect(done.stderr).not.toContain('CHANGED');
  });
});

test.runIf(canMount)('a summary that others add to as well keeps their text, and nothing of ours that is cut off', () => {
  const done = trouble(
    'full',
    // A page that is nearly full takes the first of our bytes, not the rest.
    `head -c 4090 /dev/zero | tr '\\0' x >"$DISK/out/r.json" 2>/dev/null; rm "$DISK/fill"; head -c 4090 /dev/zero | tr '\\0' x >"$DISK/out/r.json"; dd if=/dev/zero of="$DISK/fill" bs=4k 2>/dev/null
     GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY="$DISK/out/r.json" cachewhy '${miss}' >/dev/null; echo "status $?"; wc -c <"$DISK/out/r.json"`,
  );
  expect(done.stdout).toBe('status 0\n4090\n');
  expect(done.stderr).toContain('r.json cannot be written: the disk is full');
});

test('the test’s own log is the one that is read', () => {
  expect(readFileSync(miss, 'utf8')).toContain('DONE 0.2s');
});
