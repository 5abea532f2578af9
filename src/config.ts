/**
 * Limits and prices that a project keeps in a file: `cachewhy` in package.json, `cachewhy.config.json`, `.cachewhyrc` or `.cachewhyrc.json`,
 * in the working folder or above it within the repository. A file of the project sets what is asked of a build, and nothing that reads or
 * writes elsewhere: it may come with a pull request.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from './errors.ts';
import { readPlainText } from './machine/plain-file.ts';

export interface ConfigValues {
  readonly failOn?: readonly string[];
  readonly protect?: readonly string[];
  readonly minHitRate?: number;
  readonly maxAvoidable?: number;
  readonly maxRebuilt?: number;
  readonly pricePerMinute?: number;
  readonly buildsPerDay?: number;
  readonly currency?: string;
  readonly format?: readonly string[];
}

export interface Config {
  readonly values: ConfigValues;
  /** Null where there is none. */
  readonly file: string | null;
}

const MAX_BYTES = 1024 * 1024;
const FILES = ['cachewhy.config.json', '.cachewhyrc.json', '.cachewhyrc'];
/** Options that belong on the command line: they name files, places or commands. */
const ELSEWHERE = new Set([
  'baseline',
  'saveBaseline',
  'history',
  'dockerfile',
  'context',
  'buildCommand',
  'remember',
  'color',
  'logLevel',
]);

type Check = (value: unknown) => string | null;

const atLeastZero: Check = (value) => (typeof value === 'number' && Number.isFinite(value) && value >= 0 ? null : 'a number of at least 0');
const texts: Check = (value) =>
  (Array.isArray(value) ? value : [value]).every((item) => typeof item === 'string' && item !== '' && item.length < 500)
    ? null
    : 'a text or a list of texts';

const CHECKS: Readonly<Record<keyof ConfigValues, Check>> = {
  failOn: texts,
  protect: texts,
  minHitRate: (value) =>
    typeof value === 'number' && value >= 0 && value <= 100 ? null : 'a number from 0 to 1, or a percentage up to 100',
  maxAvoidable: atLeastZero,
  maxRebuilt: atLeastZero,
  pricePerMinute: atLeastZero,
  buildsPerDay: atLeastZero,
  currency: (value) => (typeof value === 'string' && /^[^\p{C}]{1,10}$/u.test(value) ? null : 'a text of up to 10 characters'),
  format: (value) => {
    const wrong = texts(value);
    if (wrong !== null) return wrong;
    return [value].flat().every((item) => /^[\w-]+$/.test(item as string))
      ? null
      : 'names of formats; a file for one is given on the command line';
  },
};
const LISTS = new Set<string>(['failOn', 'protect', 'format']);

/**
 * @param folder where to start looking
 * @throws UserError where a file is there and wrong
 */
export function readConfig(folder: string): Config {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    for (const name of FILES) {
      const file = path.join(at, name);
      const text = readText(file);
      if (text !== null) return { values: checkConfig(parse(text, file), file), file };
    }
    const manifest = path.join(at, 'package.json');
    const text = readText(manifest);
    // A package.json that npm cannot read either is not ours to complain about.
    if (text?.includes('"cachewhy"')) {
      const section = (tryParse(text) as { cachewhy?: unknown } | null)?.cachewhy;
      // `"dependencies": { "cachewhy": … }` holds the word too.
      if (section !== undefined) return { values: checkConfig(section, `"cachewhy" in ${manifest}`), file: manifest };
    }
    if (path.dirname(at) === at || existsSync(path.join(at, '.git'))) return { values: {}, file: null };
  }
}

/**
 * @param value what the file holds
 * @param where how messages call it
 * @throws UserError that names the first fault
 */
export function checkConfig(value: unknown, where: string): ConfigValues {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UserError(`${where} is no object`, 'write { "minHitRate": 0.8 }');
  const found: Record<string, unknown> = {};
  for (const [written, item] of Object.entries(value)) {
    if (written === '$schema') continue;
    const name = written.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (ELSEWHERE.has(name))
      throw new UserError(`"${written}" in ${where} has no place in a project's file`, `give --${toFlag(name)} on the command line`);
    const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof ConfigValues] : undefined;
    if (!check)
      throw new UserError(`${where} has an unknown field "${written.slice(0, 100)}"`, `known are ${Object.keys(CHECKS).join(', ')}`);
    const wanted = check(item);
    if (wanted !== null)
      throw new UserError(`"${written}" in ${where} must be ${wanted}`, `it is ${(JSON.stringify(item) ?? 'nothing').slice(0, 100)}`);
    found[name] = LISTS.has(name) ? [item].flat() : item;
  }
  return found as ConfigValues;
}

function toFlag(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function readText(file: string): string | null {
  return readPlainText(file, MAX_BYTES)?.replace(/^\uFEFF/, '') ?? null;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0]! : 'unknown';
    throw new UserError(`${file} is no JSON: ${reason.slice(0, 200)}`, 'check its commas and quotes');
  }
}
