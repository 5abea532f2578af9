/** Options that every command with a diagnosis takes. Their names are in the report's contract. */
import type { Argv, Options } from 'yargs';
import { readConfig } from '../config.ts';
import type { DiagnosisOptions } from '../options.ts';
import { formatOption } from './format-option.ts';

const REPEATABLE = { type: 'string', array: true, nargs: 1, requiresArg: true, default: [] } as const satisfies Options;

/** Options of every diagnosis, by their names. */
export const DIAGNOSIS_OPTIONS: Readonly<Record<string, Options>> = {
  dockerfile: {
    alias: 'f',
    type: 'string',
    requiresArg: true,
    group: 'Evidence:',
    describe: 'The Dockerfile the log was made from (default: Dockerfile in the context, if it matches the log)',
  },
  context: {
    alias: 'C',
    type: 'string',
    requiresArg: true,
    group: 'Evidence:',
    describe: 'The build context (default: the working folder, where a matching Dockerfile lies)',
  },
  baseline: {
    alias: 'b',
    type: 'string',
    requiresArg: true,
    group: 'Evidence:',
    describe: 'What the build before looked like: a file, or oci://registry/repo:tag (default: the last diagnosis of this project)',
  },
  'save-baseline': {
    type: 'string',
    requiresArg: true,
    group: 'Evidence:',
    describe: "Write this build's baseline to a file or oci:// reference as well",
  },
  'build-command': {
    type: 'string',
    requiresArg: true,
    group: 'Evidence:',
    describe: 'The command line that made the log, when the log does not show it',
  },
  history: {
    type: 'string',
    requiresArg: true,
    group: 'Evidence:',
    describe: "Output of `docker history --no-trunc --format '{{json .}}' IMAGE`",
  },
  remember: {
    type: 'boolean',
    default: true,
    group: 'Evidence:',
    describe: 'Remember this build for the next comparison (--no-remember)',
  },
  format: { ...formatOption('terminal, json, markdown, html, github, gitlab, junit, sarif, …'), group: 'Report:' },
  color: {
    type: 'boolean',
    group: 'Report:',
    describe: 'Colour the terminal report (default: where it is a terminal; NO_COLOR and FORCE_COLOR are honoured)',
  },
  'fail-on': {
    ...REPEATABLE,
    group: 'Budgets (exit status 3 when broken):',
    describe: 'Fail on a kind of cause, on `miss`, `waste` or `regression`; repeatable',
  },
  'min-hit-rate': {
    type: 'number',
    requiresArg: true,
    group: 'Budgets (exit status 3 when broken):',
    describe: 'Least share of steps from the cache, 0 to 1 (or a percentage above 1)',
  },
  'max-avoidable': {
    type: 'number',
    requiresArg: true,
    group: 'Budgets (exit status 3 when broken):',
    describe: 'Most seconds that a known fix would have saved',
  },
  'max-rebuilt': {
    type: 'number',
    requiresArg: true,
    group: 'Budgets (exit status 3 when broken):',
    describe: 'Most seconds in steps that ran',
  },
  protect: {
    ...REPEATABLE,
    group: 'Budgets (exit status 3 when broken):',
    describe: 'No miss in this step or above it, or in this stage; repeatable',
  },
  'price-per-minute': { type: 'number', requiresArg: true, group: 'Money:', describe: 'What a minute of building costs' },
  'builds-per-day': {
    type: 'number',
    requiresArg: true,
    group: 'Money:',
    describe: 'How many builds a day: with a price, reports say what waste costs a month',
  },
  currency: { type: 'string', requiresArg: true, group: 'Money:', describe: 'Unit of the price (default: $)' },
  'log-level': {
    type: 'string',
    requiresArg: true,
    choices: ['trace', 'debug', 'info', 'warn', 'error'],
    describe: 'Tell on standard error what was recognised, inferred and ignored',
  },
};

/** Of a log from a pipe. */
export const PASSTHROUGH: Options = {
  type: 'boolean',
  default: true,
  describe: 'From a pipe, hand the log through to standard error as it arrives (--no-passthrough stops that)',
};

export function withDiagnosisOptions<T>(yargs: Argv<T>): Argv<T & DiagnosisOptions> {
  return yargs.config(readConfig(process.cwd()).values).options(DIAGNOSIS_OPTIONS) as unknown as Argv<T & DiagnosisOptions>;
}
