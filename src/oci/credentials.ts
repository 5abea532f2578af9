/** The user's credentials for a registry, from where docker keeps them: its configuration, credential helpers, DOCKER_AUTH_CONFIG. Never logged. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { endLate } from '../machine/late-child.ts';

export type Credentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** An OAuth refresh token that docker login got. */
  | { readonly kind: 'identity'; readonly token: string }
  /** A bearer token ready to use. */
  | { readonly kind: 'bearer'; readonly token: string };

type Env = Readonly<Record<string, string | undefined>>;
type Fields = Readonly<Record<string, unknown>>;

const HELPER_TIMEOUT_MS = 10_000;
/** After it was asked to end. */
const GRACE_MS = 500;

/** Null where there are none: many registries can be read without. Never throws. */
export async function findCredentials(registry: string, env: Env = process.env): Promise<Credentials | null> {
  for (const config of configurations(env)) {
    const found = (await askHelper(config, registry, env)) ?? fromAuths(config.auths, registry);
    if (found) return found;
  }
  return null;
}

function configurations(env: Env): Fields[] {
  const texts: (string | undefined)[] = [env.DOCKER_AUTH_CONFIG];
  const home = env.HOME ?? safeHome();
  const files = [
    env.DOCKER_CONFIG ? path.join(env.DOCKER_CONFIG, 'config.json') : home && path.join(home, '.docker', 'config.json'),
    env.REGISTRY_AUTH_FILE,
    env.XDG_RUNTIME_DIR && path.join(env.XDG_RUNTIME_DIR, 'containers', 'auth.json'),
  ];
  for (const file of files) if (file) texts.push(read(file));
  return texts.flatMap((text) => {
    try {
      const value: unknown = text === undefined ? null : JSON.parse(text);
      return isFields(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

function safeHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The names under which a registry may stand: `ghcr.io`, `https://ghcr.io`, and Docker Hub's own. */
function spellings(registry: string): string[] {
  if (/^(?:index\.|registry-1\.)?docker\.io$/.test(registry))
    return ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io', 'registry-1.docker.io'];
  return [registry, `https://${registry}`, `http://${registry}`, `https://${registry}/v1/`, `https://${registry}/v2/`, `${registry}/`];
}

function fromAuths(auths: unknown, registry: string): Credentials | null {
  if (!isFields(auths)) return null;
  for (const name of spellings(registry)) {
    const entry = Object.hasOwn(auths, name) ? auths[name] : undefined;
    if (!isFields(entry)) continue;
    if (typeof entry.identitytoken === 'string' && entry.identitytoken !== '') return { kind: 'identity', token: entry.identitytoken };
    if (typeof entry.registrytoken === 'string' && entry.registrytoken !== '') return { kind: 'bearer', token: entry.registrytoken };
    if (typeof entry.username === 'string' && typeof entry.password === 'string' && entry.password !== '')
      return { kind: 'password', username: entry.username, password: entry.password };
    if (typeof entry.auth === 'string' && entry.auth !== '') {
      const text = Buffer.from(entry.auth, 'base64')
        .toString('utf8')
        .replace(/(?<!\0)\0+$/, '');
      const colon = text.indexOf(':');
      if (colon > 0) return { kind: 'password', username: text.slice(0, colon), password: text.slice(colon + 1) };
    }
  }
  return null;
}

async function askHelper(config: Fields, registry: string, env: Env): Promise<Credentials | null> {
  const names = spellings(registry);
  const helpers = isFields(config.credHelpers) ? config.credHelpers : {};
  const own = names.map((name) => (Object.hasOwn(helpers, name) ? helpers[name] : undefined)).find((helper) => typeof helper === 'string');
  const helper = own ?? config.credsStore;
  if (typeof helper !== 'string' || !/^[\w.-]{1,100}$/.test(helper)) return null;
  for (const server of names.slice(0, 2)) {
    const answer = await runHelper(`docker-credential-${helper}`, server, env);
    if (answer) return answer;
  }
  return null;
}

/** `docker-credential-x get` reads the registry from its standard input and answers `{"Username":…,"Secret":…}`. */
function runHelper(program: string, server: string, env: Env): Promise<Credentials | null> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      ['get'],
      { timeout: HELPER_TIMEOUT_MS, maxBuffer: 1024 * 1024, env: { ...env } as NodeJS.ProcessEnv },
      (error, stdout) => {
        if (error) return resolve(null);
        try {
          const answer: unknown = JSON.parse(stdout);
          if (!isFields(answer) || typeof answer.Username !== 'string' || typeof answer.Secret !== 'string' || answer.Secret === '')
            return resolve(null);
          resolve(
            answer.Username === '<token>'
              ? { kind: 'identity', token: answer.Secret }
              : { kind: 'password', username: answer.Username, password: answer.Secret },
          );
        } catch {
          resolve(null);
        }
      },
    );
    endLate(child, HELPER_TIMEOUT_MS + GRACE_MS);
    // A helper that is not there, or does not listen.
    child.on('error', () => resolve(null));
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(`${server}\n`);
  });
}
