/** Builds the newest commit with and without a change, and compares what the two images hold. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../errors.ts';
import type { FixInput } from '../fix/propose.ts';
import { liesIn } from '../machine/plain-file.ts';
import { reasonOf } from '../machine/whole-file.ts';
import { plainLine } from '../secrets/line.ts';
import { oneLine } from '../text.ts';
import type { ChangedFiles } from './improve.ts';
import type { SimulationRun } from './simulate.ts';
import { createTarReader, type TarEntry } from './tar.ts';

const MAX_SHOWN = 20;

export async function compareImages(run: SimulationRun, changed: ChangedFiles, input: FixInput): Promise<number> {
  const dir = makeFolder();
  const tag = `cachewhy-check-${process.pid}`;
  // Ctrl-C reaches docker as well: what was made is still taken away.
  const interrupted = (): void => undefined;
  process.on('SIGINT', interrupted);
  try {
    checkOut(run, dir);
    say('building the newest commit as it is …');
    build(run, dir, `${tag}:before`);
    for (const [name, text] of [
      [input.dockerfilePath, changed.dockerfile],
      [input.ignorePath, changed.ignore],
    ] as const)
      if (text !== null && name !== undefined) write(dir, name, text);
    say('building it with the change …');
    build(run, dir, `${tag}:after`);
    const [before, after] = [await readImage(`${tag}:before`), await readImage(`${tag}:after`)];
    return report(compare(before, after), before.size, [changed.dockerfile, changed.ignore]);
  } finally {
    process.off('SIGINT', interrupted);
    rmSync(dir, { recursive: true, force: true });
    docker(['image', 'rm', '-f', `${tag}:before`, `${tag}:after`]);
  }
}

function makeFolder(): string {
  try {
    return mkdtempSync(path.join(os.tmpdir(), 'cachewhy-check-'));
  } catch (error) {
    throw new UserError(`${os.tmpdir()} cannot be written: ${reasonOf(error)}`, 'set TMPDIR to a folder with room for a checkout');
  }
}

function say(text: string): void {
  process.stderr.write(`cachewhy: ${plainLine(text)}\n`);
}

/** A clean checkout without `.git`. */
function checkOut(run: SimulationRun, dir: string): void {
  const archive = spawnSync('git', ['archive', '--format=tar', run.simulation.repository.to], {
    cwd: run.paths.repo.dir,
    maxBuffer: 1 << 30,
  });
  if (archive.status !== 0) throw new UserError('the newest commit cannot be checked out', 'check the repository with git fsck');
  const tar = spawnSync('tar', ['-x', '-C', dir], { input: archive.stdout });
  if (tar.status !== 0)
    throw new UserError('the newest commit cannot be unpacked', 'check that tar works and that there is room in the temporary folder');
}

function write(dir: string, name: string, text: string): void {
  const file = path.join(dir, name);
  // The checkout is of other people, and so are its links.
  if (!liesIn([dir], file)) throw new UserError(`${name} leads out of the repository`, 'build both by hand');
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function docker(args: readonly string[]): { status: number; stderr: string; stdout: string } {
  const result = spawnSync('docker', args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.error) throw new UserError('docker was not found', 'install docker, or leave out --check');
  return { status: result.status ?? 1, stderr: result.stderr, stdout: result.stdout };
}

function build(run: SimulationRun, dir: string, tag: string): void {
  const { dockerfile, context } = run.paths;
  const { target } = run.simulation;
  const args = [
    'build',
    '--quiet',
    '-t',
    tag,
    '-f',
    path.join(dir, dockerfile),
    ...(target === null ? [] : ['--target', target]),
    path.join(dir, context),
  ];
  const result = docker(args);
  if (result.status === 0) return;
  const last = result.stderr.trim().split('\n').at(-1) ?? '';
  throw new UserError(
    `the build of ${tag.endsWith('after') ? 'the changed files' : 'the newest commit'} failed: ${oneLine(last).slice(0, 300)}`,
    'build it by hand to see more',
  );
}

type Contents = ReadonlyMap<string, string>;

/** What stands for each path: type, mode, owner, link, content; not times. */
async function readImage(tag: string): Promise<Contents> {
  // An image from scratch has no command: one is named, and never run.
  const created = docker(['create', tag, '/none']);
  if (created.status !== 0)
    throw new UserError(`no container can be made of ${tag}: ${oneLine(created.stderr.trim()).slice(0, 200)}`, 'check the engine');
  const id = created.stdout.trim();
  try {
    return await new Promise((resolve, reject) => {
      const contents = new Map<string, string>();
      const reader = createTarReader((entry) => void contents.set(entry.path, describe(entry)));
      const child = spawn('docker', ['export', id], { stdio: ['ignore', 'pipe', 'ignore'] });
      child.stdout.on('data', (chunk: Buffer) => {
        try {
          reader.push(chunk);
        } catch (error) {
          child.kill();
          reject(new UserError(`the image cannot be read: ${error instanceof Error ? error.message : 'unknown'}`, 'Check the engine.'));
        }
      });
      child.on('error', reject);
      child.on('close', (code) => (code === 0 ? resolve(contents) : reject(new UserError('docker export failed', 'check the engine'))));
    });
  } finally {
    docker(['rm', '-f', id]);
  }
}

function describe(e: TarEntry): string {
  return `${e.type} ${e.mode.toString(8)} ${e.uid}:${e.gid} ${e.link} ${e.digest}`;
}

interface Differences {
  readonly gone: readonly string[];
  readonly added: readonly string[];
  readonly changed: readonly string[];
}

/** What an engine makes for each container, and what installers write anew each time. */
const NOISE = /^(?:dev|proc|sys|etc\/(?:hostname|hosts|resolv\.conf|mtab)|\.dockerenv)(?:\/|$)/;

function compare(before: Contents, after: Contents): Differences & { readonly after: Contents } {
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter((p) => !NOISE.test(p)).sort();
  return {
    after,
    gone: paths.filter((p) => !after.has(p)),
    added: paths.filter((p) => !before.has(p)),
    changed: paths.filter((p) => before.has(p) && after.has(p) && before.get(p) !== after.get(p)),
  };
}

function report(found: Differences & { readonly after: Contents }, size: number, texts: readonly (string | null)[]): number {
  const { gone, added } = found;
  // The changed files themselves, where the image holds them.
  const own = new Set(texts.flatMap((t) => (t === null ? [] : [createHash('sha256').update(t).digest('hex')])));
  const isOwn = (p: string): boolean => own.has(found.after.get(p)?.split(' ').at(-1) ?? '');
  const changed = found.changed.filter((p) => !isOwn(p));
  const itself = found.changed.filter(isOwn);
  const all = [...gone.map((p) => `- ${p}`), ...added.map((p) => `+ ${p}`), ...changed.map((p) => `~ ${p}`)];
  if (all.length === 0) {
    const but = itself.length === 0 ? '' : `, but for ${itself.join(', ')} itself`;
    say(`checked: both images hold the same ${size} paths (types, modes, owners, links and contents)${but}.`);
    return 0;
  }
  say(`checked: the images differ in ${all.length} of ${size} paths (- gone, + new, ~ changed):`);
  for (const line of all.slice(0, MAX_SHOWN)) process.stderr.write(`  ${plainLine(line)}\n`);
  if (all.length > MAX_SHOWN) process.stderr.write(`  … and ${all.length - MAX_SHOWN} more\n`);
  return 1;
}
