/** Command lines that build images: what they say about the build, as a CI echoes them or as they are about to be run. */
import { lastValueOf, readOptions } from './options.ts';
import { readBuild, type Surroundings } from './read-build.ts';
import { readBake, readCompose } from './read-definition.ts';
import { readBuildctl, readKaniko } from './read-frontend.ts';
import { GLOBAL } from './tables.ts';
import type { BuildCommand } from './types.ts';
import type { Word } from './word.ts';
import { readCommands, type SimpleCommand } from './words.ts';
import { assignmentOf, programName, unwrap } from './wrappers.ts';

export { maskCommand } from './mask.ts';
export type { BuildCommand } from './types.ts';

/** Scripts inside scripts are read this deep. */
const MAX_DEPTH = 4;
/** A longer line is no command that a person or a CI wrote. */
const MAX_LENGTH = 200_000;

/**
 * Every build in a line of shell, in order: `cd app && DOCKER_BUILDKIT=1 docker build -t x . 2>&1 | tee log`. Prompts, `[command]` and
 * the like may stand in front. Never throws; no build found is an empty list.
 */
export function parseCommandLine(text: string): BuildCommand[] {
  return readScript(text.slice(0, MAX_LENGTH), {}, 0);
}

/**
 * The builds that a command of these words runs, its words taken as they are (no shell reads them). With `environment`, arguments that
 * take their value from it are resolved. A command that is no build by itself (`make image`) gives an empty list.
 */
export function parseArgv(argv: readonly string[], environment?: Readonly<Record<string, string | undefined>>): BuildCommand[] {
  const words = argv.map((text) => ({ text, dynamic: false }));
  return readSimple({ words, stdin: null, depth: 0, end: '' }, { env: {}, ...(environment && { environment }) }, 0);
}

function readScript(text: string, start: Partial<Surroundings>, depth: number): BuildCommand[] {
  const list = jsonList(text);
  if (list) return parseArgv(list, start.environment);
  const found: BuildCommand[] = [];
  // A `cd` or an `export` holds for what follows it, inside its parentheses.
  const scopes: Surroundings[] = [{ env: {}, ...start }];
  for (const command of readCommands(text)) {
    while (scopes.length > command.depth + 1) scopes.pop();
    while (scopes.length < command.depth + 1) scopes.push({ ...scopes.at(-1)! });
    const around = scopes.at(-1)!;
    const changed = changeSurroundings(command.words, around);
    if (changed) scopes[scopes.length - 1] = changed;
    else found.push(...readSimple(command, around, depth));
  }
  return found;
}

/** `["docker", "build", "."]`, as programs print what they are about to run. */
function jsonList(text: string): string[] | undefined {
  const trimmed = text.trim();
  if (!/^\[\s*["']/.test(trimmed) || !trimmed.endsWith(']')) return undefined;
  try {
    const value: unknown = JSON.parse(trimmed.startsWith("['") || trimmed.includes(", '") ? trimmed.replaceAll("'", '"') : trimmed);
    return Array.isArray(value) && value.every((v) => typeof v === 'string') ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `cd app`, `export TAG=1`, `TAG=1` alone, `set TAG=1`: what it leaves for the commands after it. */
function changeSurroundings(words: readonly Word[], around: Surroundings): Surroundings | undefined {
  const name = programName(words[0]?.text ?? '');
  if ((name === 'cd' || name === 'pushd' || name === 'chdir') && words.length >= 2) {
    const folder = words.find((w, i) => i > 0 && !w.text.startsWith('-') && w.text.toLowerCase() !== '/d');
    return folder ? { ...around, cwd: joinFolders(around.cwd, folder.text) } : around;
  }
  const assignments = (name === 'export' || name === 'set' ? words.slice(1) : words).map(assignmentOf);
  if (assignments.length === 0 || assignments.some((a) => a === undefined)) return undefined;
  return { ...around, env: { ...around.env, ...Object.fromEntries(assignments.map((a) => [a!.name, a!.value])) } };
}

function joinFolders(base: string | undefined, folder: string): string {
  if (base === undefined || base === '.' || /^(?:[/\\$~]|[A-Za-z]:)/.test(folder)) return folder;
  return folder === '.' ? base : `${base.replace(/[/\\]$/, '')}/${folder}`;
}

function readSimple(command: SimpleCommand, around: Surroundings, depth: number): BuildCommand[] {
  const inner = unwrap(command.words);
  const here: Surroundings = {
    ...around,
    env: { ...around.env, ...inner.env },
    ...(inner.cwd !== undefined && { cwd: joinFolders(around.cwd, inner.cwd) }),
    ...(command.stdin && { stdin: command.stdin }),
  };
  if (inner.script) return depth < MAX_DEPTH ? readScript(inner.script.text, here, depth + 1) : [];
  const found = readProgram(inner.words, here);
  if (found) return [found];
  return readLater(inner.words, here);
}

/** Programs that only speak of a command. */
const SPEAKERS = new Set([
  'echo',
  'printf',
  'grep',
  'egrep',
  'rg',
  'cat',
  'which',
  'type',
  'man',
  'alias',
  'sed',
  'awk',
  'git',
  'apt-get',
  'apt',
  'pip',
  'hash',
]);

/** `retry 3 docker build .`, `ssh host docker build .`, `docker run … gcr.io/kaniko-project/executor …`, `Executing: docker build .` */
function readLater(words: readonly Word[], around: Surroundings): BuildCommand[] {
  if (words.length === 0 || SPEAKERS.has(programName(words[0]!.text))) return [];
  for (let i = 1; i < Math.min(words.length, 200); i++) {
    if (!isTool(words[i]!.text)) continue;
    const rest = unwrap(words.slice(i));
    const found = readProgram(rest.words, around);
    if (found && isWhole(found, words, i)) return [found];
  }
  return [];
}

/** In the middle of a sentence ("use docker build instead of …") the words after it are no command line. */
function isWhole(found: BuildCommand, words: readonly Word[], at: number): boolean {
  if (found.tool !== 'docker' && found.tool !== 'podman') return true;
  const before = words[at - 1]!.text;
  const options = words.slice(at).some((w) => w.text.startsWith('-'));
  return options || /[:=>)\]-]$/.test(before) || found.context === '.' || /[/\\.]/.test(found.context ?? '');
}

function isTool(text: string): boolean {
  return (
    /(?:^|[/\\])(?:docker|docker-compose|docker-buildx|podman|podman-remote|buildah|nerdctl|finch|depot|buildctl)(?:\.exe)?$/i.test(text) ||
    isKaniko(text)
  );
}

function isKaniko(text: string): boolean {
  return /(?:^|\/)kaniko(?:-project)?\/executor(?:[:@][\w.:-]*)?$/.test(text) || text === 'kaniko';
}

/** The command that these words run, where they are a build. */
function readProgram(words: readonly Word[], around: Surroundings): BuildCommand | undefined {
  if (words.length === 0) return undefined;
  const name = programName(words[0]!.text);
  if (isKaniko(words[0]!.text)) return readKaniko('kaniko', words.slice(1), around);
  switch (name) {
    case 'docker-compose':
    case 'podman-compose':
      return readCompose(name, words.slice(1), around);
    case 'docker-buildx':
      return readBuildx('docker-buildx', words.slice(1), around);
    case 'docker':
    case 'podman':
    case 'podman-remote':
    case 'nerdctl':
    case 'finch':
    case 'buildah':
    case 'depot':
    case 'buildctl':
    case 'buildctl-daemonless':
      return readEngine(name, words.slice(1), around);
    default:
      return undefined;
  }
}

function readEngine(name: string, words: readonly Word[], around: Surroundings): BuildCommand | undefined {
  const global = readOptions(words, GLOBAL, { stop: true });
  const [first, second] = global.rest;
  const sub = first?.text;
  const after = global.rest.slice(1);
  const builder = lastValueOf(global, 'builder')?.text;
  const found = ((): BuildCommand | undefined => {
    if (name === 'buildah')
      return sub === 'build' || sub === 'bud' || sub === 'build-using-dockerfile'
        ? readBuild('buildah', `buildah ${sub}`, after, around)
        : undefined;
    if (name.startsWith('buildctl')) return sub === 'build' ? readBuildctl('buildctl build', after, around) : undefined;
    if (name === 'depot') return readBuildx('depot', global.rest, around);
    const tool = name === 'docker' ? 'docker' : name.startsWith('podman') ? 'podman' : 'nerdctl';
    if (sub === 'build') return readBuild(tool, `${name} build`, after, around);
    if ((sub === 'image' || sub === 'builder') && second?.text === 'build')
      return readBuild(tool, `${name} ${sub} build`, after.slice(1), around);
    if (sub === 'compose') return readCompose(`${name} compose`, after, around);
    if (name === 'docker' && sub === 'bake') return readBake('docker bake', after, around);
    if ((name === 'docker' || name.startsWith('podman')) && sub === 'buildx')
      return readBuildx(`${name} buildx`, after, around, tool === 'podman');
    return undefined;
  })();
  return found && builder && found.builder === undefined ? { ...found, builder } : found;
}

function readBuildx(program: string, words: readonly Word[], around: Surroundings, podman = false): BuildCommand | undefined {
  const global = readOptions(words, GLOBAL, { stop: true });
  const sub = global.rest[0]?.text;
  const after = global.rest.slice(1);
  const builder = lastValueOf(global, 'builder')?.text;
  const found =
    sub === 'build' || sub === 'b'
      ? readBuild(podman ? 'podman' : 'buildx', `${program} build`, after, around)
      : sub === 'bake' || sub === 'f'
        ? readBake(`${program} bake`, after, around)
        : undefined;
  return found && builder && found.builder === undefined ? { ...found, builder } : found;
}
