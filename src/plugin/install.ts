/** Makes `docker cachewhy` work, and where asked the line after each build; and undoes both. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { dockerConfigFolder } from '../evidence/docker-client.ts';
import { makeFolder, reasonOf, writeNamed, writeWhole } from '../machine/whole-file.ts';
import { VERSION } from '../version.ts';
import { getMember, NotJson, removeMember, setMember } from './json-edit.ts';

/** After these docker asks us (the command as docker rewrites it: `docker build` is `buildx build`). */
const HOOKED = 'buildx build,buildx bake,compose build,compose up';
const MARK = 'Written by cachewhy';

/** First word of our own command line when docker calls us. */
export const PLUGIN_WORD = 'docker-plugin';

export interface Installed {
  readonly launcher: string;
  /** Null where the hook was not asked for. */
  readonly config: string | null;
}

/** @param cli our own entry file @throws UserError */
export function installPlugin(cli: string, hook: boolean): Installed {
  if (process.platform === 'win32')
    throw new UserError('docker takes only .exe files as plugins on Windows', 'use cachewhy itself, or install it inside WSL');
  const launcher = launcherFile();
  if (!process.env.DOCKER_CONFIG && !path.isAbsolute(launcher))
    throw new UserError('there is no home folder to install into', 'set HOME or DOCKER_CONFIG');
  const there = readIfAny(launcher);
  if (there !== undefined && !there.includes(MARK)) throw new UserError(`${launcher} exists and is not ours`, 'move it away first');
  try {
    makeFolder(path.dirname(launcher), 0o755);
    writeWhole(launcher, launcherText(process.execPath, cli), { mode: 0o755 });
  } catch (error) {
    throw cannotWrite(launcher, error);
  }
  return { launcher, config: hook ? editConfig(addHook) : null };
}

/** @returns what was removed */
export function removePlugin(): { readonly launcher: string | null; readonly config: string | null } {
  const launcher = launcherFile();
  const there = readIfAny(launcher);
  if (there !== undefined && !there.includes(MARK)) throw new UserError(`${launcher} is not ours`, 'remove it by hand if you mean to');
  const config = readIfAny(configFile()) === undefined ? null : editConfig(dropHook);
  if (there === undefined) return { launcher: null, config };
  try {
    rmSync(launcher);
  } catch (error) {
    throw cannotWrite(launcher, error);
  }
  return { launcher, config };
}

function launcherFile(): string {
  return path.join(dockerConfigFolder(), 'cli-plugins', 'docker-cachewhy');
}

function configFile(): string {
  return path.join(dockerConfigFolder(), 'config.json');
}

function readIfAny(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw new UserError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}`, 'check its permissions');
  }
}

/** Docker asks every plugin for its description at many occasions: the shell answers, without starting Node. */
function launcherText(node: string, cli: string): string {
  const description = JSON.stringify({
    SchemaVersion: '0.1.0',
    Vendor: 'cachewhy',
    Version: VERSION,
    ShortDescription: 'Say why a build missed its cache',
  });
  return `#!/bin/sh
# ${MARK} plugin install; cachewhy plugin remove takes it away.
if [ "$1" = docker-cli-plugin-metadata ]; then
  echo ${quote(description)}
  exit 0
fi
# The build's certificates and options are not ours: Node would read them at every start.
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
exec ${quote(node)} ${quote(cli)} ${PLUGIN_WORD} "$@"
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

const HOOKS = ['plugins', 'cachewhy', 'hooks'];
/** Notes that it was us who switched hooks on, so that `remove` switches them off again. */
const OURS = ['plugins', 'cachewhy', 'switched-hooks-on'];
const FEATURE = ['features', 'hooks'];

function addHook(text: string): string {
  let out = setMember(text, HOOKS, HOOKED);
  if (getMember(out, FEATURE) !== 'true') {
    out = setMember(out, FEATURE, 'true');
    out = setMember(out, OURS, 'true');
  }
  return out;
}

function dropHook(text: string): string {
  let out = text;
  if (getMember(out, OURS) === 'true') out = removeMember(out, FEATURE);
  return removeMember(removeMember(out, OURS), HOOKS);
}

/** @returns the file, or null where nothing had to change */
function editConfig(edit: (text: string) => string): string | null {
  const file = configFile();
  const text = readIfAny(file) ?? '';
  let edited: string;
  try {
    edited = edit(text);
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    throw new UserError(`${file} is no JSON object that could be changed`, 'mend it, then try again; nothing was changed');
  }
  if (edited === text) return null;
  try {
    makeFolder(path.dirname(file));
    writeNamed(file, edited, { mode: 0o600, lasting: true });
  } catch (error) {
    throw cannotWrite(file, error);
  }
  return file;
}

function cannotWrite(file: string, error: unknown): UserError {
  return new UserError(`${file} cannot be written: ${reasonOf(error)}`, 'check the folder and its permissions');
}
