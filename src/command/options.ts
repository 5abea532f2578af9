/** Reads options the way the tools' own flag library does: `--name value`, `--name=value`, `-n value`, `-nvalue`, `-qt value`, `--`. */
import type { Word } from './word.ts';

export interface OptionTable {
  /** Long names that take a value. */
  readonly values: ReadonlySet<string>;
  /** Long names that take none (or only `--name=value`). */
  readonly switches: ReadonlySet<string>;
  /** One-letter names and the long name each stands for. */
  readonly letters: Readonly<Record<string, string>>;
}

export interface Option {
  readonly name: string;
  /** Null: given without a value. */
  readonly value: Word | null;
}

export interface Options {
  readonly given: readonly Option[];
  readonly positionals: readonly Word[];
  readonly unknown: readonly string[];
  /** What follows the first positional, where reading was to stop there. */
  readonly rest: readonly Word[];
}

/** `table('file target', 'pull quiet', 'f=file q=quiet')` */
export function table(values: string, switches: string, letters = ''): OptionTable {
  const words = (text: string): string[] => text.split(/\s+/).filter((w) => w !== '');
  return {
    values: new Set(words(values)),
    switches: new Set(words(switches)),
    letters: Object.fromEntries(words(letters).map((pair) => pair.split('=') as [string, string])),
  };
}

/** Both tables; what `more` says of a name counts. */
export function extend(base: OptionTable, more: OptionTable): OptionTable {
  return {
    values: new Set([...[...base.values].filter((n) => !more.switches.has(n)), ...more.values]),
    switches: new Set([...[...base.switches].filter((n) => !more.values.has(n)), ...more.switches]),
    letters: { ...base.letters, ...more.letters },
  };
}

export interface Limits {
  readonly positionals?: number;
  readonly stop?: boolean;
}

/**
 * `positionals` says how many the command takes at most: where there are more, a bare word after an option of a later version was
 * that option's value. `stop` ends the reading at the first positional, which begins `rest`.
 */
export function readOptions(words: readonly Word[], options: OptionTable, limits: Limits = {}): Options {
  const { positionals = Number.POSITIVE_INFINITY, stop = false } = limits;
  const given: Option[] = [];
  const bare: { word: Word; after: number | null }[] = [];
  const unknown = new Set<string>();
  let rest: readonly Word[] = [];
  for (let i = 0; i < words.length; i++) {
    const text = words[i]!.text;
    if (text === '--') {
      bare.push(...words.slice(i + 1).map((word) => ({ word, after: null })));
      break;
    }
    if (text.length < 2 || !text.startsWith('-')) {
      if (stop) {
        rest = words.slice(i);
        break;
      }
      const last = given.length - 1;
      const guess = i > 0 && last >= 0 && given[last]!.value === null && unknown.has(given[last]!.name) && isOption(words[i - 1]!);
      bare.push({ word: words[i]!, after: guess ? last : null });
      continue;
    }
    const read = text.startsWith('--') ? readLong(words, i, options) : readLetters(words, i, options);
    for (const name of read.unknown) unknown.add(name);
    given.push(...read.given);
    i += read.used;
  }
  while (bare.length > positionals) {
    const at = bare.findIndex((b) => b.after !== null);
    if (at === -1) break;
    const [taken] = bare.splice(at, 1);
    given[taken!.after!] = { name: given[taken!.after!]!.name, value: taken!.word };
  }
  return { given, positionals: bare.map((b) => b.word), unknown: [...unknown], rest };
}

function isOption(word: Word): boolean {
  return word.text.startsWith('-') && !word.text.includes('=');
}

interface Read {
  readonly given: Option[];
  readonly unknown: string[];
  /** Words taken beyond the option itself. */
  readonly used: number;
}

function readLong(words: readonly Word[], i: number, options: OptionTable): Read {
  const { text, dynamic } = words[i]!;
  const equals = text.indexOf('=');
  const name = text.slice(2, equals === -1 ? undefined : equals);
  const unknown = options.values.has(name) || options.switches.has(name) ? [] : [name];
  if (equals !== -1) return { given: [{ name, value: { text: text.slice(equals + 1), dynamic } }], unknown, used: 0 };
  if (options.values.has(name)) return { given: [{ name, value: words[i + 1] ?? null }], unknown, used: 1 };
  return { given: [{ name, value: null }], unknown, used: 0 };
}

function readLetters(words: readonly Word[], i: number, options: OptionTable): Read {
  const { text, dynamic } = words[i]!;
  const given: Option[] = [];
  const unknown: string[] = [];
  for (let at = 1; at < text.length; at++) {
    const letter = text[at]!;
    const name = options.letters[letter];
    if (name === undefined) unknown.push(letter);
    if (name !== undefined && options.values.has(name)) {
      const inline = text.slice(at + 1).replace(/^=/, '');
      if (inline !== '') return { given: [...given, { name, value: { text: inline, dynamic } }], unknown, used: 0 };
      return { given: [...given, { name, value: words[i + 1] ?? null }], unknown, used: 1 };
    }
    if (text[at + 1] === '=') {
      given.push({ name: name ?? letter, value: { text: text.slice(at + 2), dynamic } });
      break;
    }
    given.push({ name: name ?? letter, value: null });
  }
  return { given, unknown, used: 0 };
}

/** The value of a switch: `--pull`, `--pull=false`, `--pull=always`. The last one counts. */
export function isSwitchedOn(options: Options, name: string): boolean {
  const last = options.given.findLast((o) => o.name === name);
  return last !== undefined && (last.value === null || !/^(?:0|f|false|never|no)$/i.test(last.value.text));
}

/** All values of an option, in order. */
export function valuesOf(options: Options, name: string): Word[] {
  return options.given.flatMap((o) => (o.name === name && o.value !== null ? [o.value] : []));
}

export function lastValueOf(options: Options, name: string): Word | undefined {
  return valuesOf(options, name).at(-1);
}
