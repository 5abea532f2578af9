/**
 * Arguments of a diagnosis that need no explanation, read without yargs: loading it costs more than reading a log does. Whatever is not
 * plain, and every mistake, is left to yargs and its messages.
 */
import type { Options } from 'yargs';
import { readConfig } from '../config.ts';
import type { DiagnosisOptions } from '../options.ts';
import { DIAGNOSIS_OPTIONS, PASSTHROUGH } from './options.ts';

export interface PlainArguments {
  readonly options: DiagnosisOptions;
  readonly passthrough: boolean;
  readonly files: readonly string[];
}

type Value = string | number | boolean | string[];

const TABLE: Readonly<Record<string, Options>> = { ...DIAGNOSIS_OPTIONS, passthrough: PASSTHROUGH };

/** `-f` is `--dockerfile`. */
const LETTERS = new Map(
  Object.entries(TABLE).flatMap(([name, { alias }]) => (typeof alias === 'string' ? [[`-${alias}`, `--${name}`]] : [])),
);

/** @returns null where yargs is to read them */
export function readPlainArguments(args: readonly string[]): PlainArguments | null {
  const values: Record<string, Value> = {};
  for (const [name, option] of Object.entries(TABLE)) if (option.default !== undefined) values[name] = option.default as Value;
  const given = new Set<string>();
  const files: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at]!;
    if (!arg.startsWith('-') || arg === '-') {
      // A name without a dot or a slash may be a command, a number something else.
      if (arg !== '-' && !(/^[\w./-]+$/.test(arg) && /[./]/.test(arg))) return null;
      if (/^[\d.]*$/.test(arg)) return null;
      files.push(arg);
      continue;
    }
    const [, negated, name, inline] = /^--(no-)?([a-z-]+)(?:=(.+))?$/s.exec(LETTERS.get(arg) ?? arg) ?? [];
    const option = name === undefined || !Object.hasOwn(TABLE, name) ? undefined : TABLE[name];
    if (!option || (given.has(name!) && !option.array)) return null;
    if (option.type === 'boolean') {
      if (inline !== undefined) return null;
      values[name!] = negated === undefined;
    } else {
      const text = inline ?? args[++at];
      if (negated !== undefined || text === undefined || text === '' || text.startsWith('-') || /^["']/.test(text)) return null;
      if (option.type === 'number') {
        if (!/^\d+(?:\.\d+)?$/.test(text)) return null;
        values[name!] = Number(text);
      } else {
        if (option.choices && !option.choices.includes(text)) return null;
        values[name!] = option.array ? [...(given.has(name!) ? (values[name!] as string[]) : []), text] : text;
      }
    }
    given.add(name!);
  }
  if (Object.keys(readConfig(process.cwd()).values).length > 0) return null;
  const options = Object.fromEntries(Object.entries(values).map(([name, value]) => [camelCase(name), value]));
  return { options: options as unknown as DiagnosisOptions, passthrough: values.passthrough === true, files };
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
