/**
 * Variables in a Dockerfile, replaced as BuildKit's shell lexer does: https://github.com/moby/buildkit/blob/master/frontend/dockerfile/shell/lex.go
 * Which variables a text mentions, and which of them were not set, is part of the answer.
 */
import { isSpace } from './blanks.ts';
import { replacePattern, trimPattern } from './shell-pattern.ts';

export interface ExpandOptions {
  readonly escape: '\\' | '`';
  /** Quotes stay (the name of a RUN step). */
  readonly rawQuotes?: boolean;
  /** Escapes stay. */
  readonly rawEscapes?: boolean;
  /** Quotes mean nothing (the body of a here-document). */
  readonly noQuotes?: boolean;
  /** A variable that is not set is left as it is instead of becoming nothing (the name of a RUN step). */
  readonly keepUnset?: boolean;
}

export interface Expansion {
  readonly text: string;
  /** The text split at blanks that are neither quoted nor escaped. */
  readonly words: readonly string[];
  /** Variables that were looked up and set. */
  readonly used: ReadonlySet<string>;
  /** Variables that were looked up and not set. */
  readonly unset: ReadonlySet<string>;
}

/** The value of a variable, undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Null where the text is malformed: BuildKit fails on it, or shows it as it is in a step's name. */
export function expand(text: string, lookup: Lookup, options: ExpandOptions): Expansion | null {
  const lexer = new Lexer(text, lookup, options);
  try {
    const { result, words } = lexer.read('', options.rawEscapes ?? false);
    return { text: result, words, used: lexer.used, unset: lexer.unset };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

class Malformed extends Error {}

/** `${A:-${B:-…}}` deeper than this is no Dockerfile. */
const MAX_DEPTH = 100;

class Lexer {
  readonly used = new Set<string>();
  readonly unset = new Set<string>();
  private at = 0;
  private depth = 0;
  private rawEscapes = false;
  private readonly text: string;
  private readonly lookup: Lookup;
  private readonly options: ExpandOptions;

  constructor(text: string, lookup: Lookup, options: ExpandOptions) {
    this.text = text;
    this.lookup = lookup;
    this.options = options;
  }

  /** Reads up to `stop`, which is taken off as well, or to the end of the text where it is ''. */
  read(stop: string, rawEscapes: boolean): { result: string; words: string[] } {
    if (++this.depth > MAX_DEPTH) throw new Malformed();
    const before = this.rawEscapes;
    this.rawEscapes = rawEscapes;
    const words = new Words();
    let result = '';
    for (;;) {
      const c = this.text[this.at];
      if (c === undefined) {
        if (stop !== '') throw new Malformed();
        break;
      }
      if (c === stop) {
        this.at++;
        break;
      }
      result += this.piece(c, words);
    }
    this.rawEscapes = before;
    this.depth--;
    return { result, words: words.end() };
  }

  private piece(c: string, words: Words): string {
    if (c === '$') {
      const value = this.dollar();
      words.addText(value);
      return value;
    }
    const quoted = this.options.noQuotes ? undefined : this.quoted(c);
    if (quoted !== undefined) {
      words.addRaw(quoted);
      return quoted;
    }
    this.at++;
    if (c !== this.options.escape) {
      words.addText(c);
      return c;
    }
    const escaped = this.text[this.at] ?? '';
    this.at++;
    const out = (this.rawEscapes ? c : '') + escaped;
    if (out !== '') words.addRaw(out);
    return out;
  }

  private quoted(c: string): string | undefined {
    if (c === "'") return this.single();
    if (c === '"') return this.double();
    if (c !== '<') return undefined;
    // blanks between `<<` and the name of a here-document belong to the word
    const match = /^<(?:<[\t\r ]*)?/.exec(this.text.slice(this.at, this.at + 100))![0];
    this.at += match.length;
    return match;
  }

  private single(): string {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0) throw new Malformed();
    const out = this.options.rawQuotes ? this.text.slice(this.at, end + 1) : this.text.slice(this.at + 1, end);
    this.at = end + 1;
    return out;
  }

  private double(): string {
    const { text, options } = this;
    const quote = options.rawQuotes ? '"' : '';
    let out = quote;
    this.at++;
    for (;;) {
      const c = text[this.at];
      if (c === undefined) throw new Malformed();
      if (c === '"') {
        this.at++;
        return out + quote;
      }
      if (c === '$') {
        out += this.dollar();
        continue;
      }
      this.at++;
      if (c !== options.escape) {
        out += c;
        continue;
      }
      if (this.rawEscapes) out += c;
      const next = text[this.at];
      if (next === undefined) continue;
      const escapable = next === '"' || next === '$' || next === options.escape;
      if (escapable) this.at++;
      out += escapable ? next : c;
    }
  }

  private dollar(): string {
    this.at++;
    if (this.text[this.at] !== '{') {
      const name = this.name();
      if (name === '') return '$';
      return this.value(name) ?? (this.options.keepUnset ? `$${name}` : '');
    }
    this.at++;
    const first = this.text[this.at];
    if (first === undefined || first === '{' || first === '}' || first === ':') throw new Malformed();
    const name = this.name();
    let operator = this.text[this.at++] ?? '';
    if (operator === '}') return this.value(name) ?? (this.options.keepUnset ? `\${${name}}` : '');
    if (operator === '/') return this.replace(name);
    if (operator === ':') operator += this.text[this.at++] ?? '';
    return this.modify(name, operator);
  }

  /** `${X:-word}`, `${X+word}`, `${X?message}`, `${X##pattern}`, … */
  private modify(name: string, operator: string): string {
    const kind = operator.at(-1)!;
    if (operator === '' || (operator.startsWith(':') && operator.length < 2)) throw new Malformed();
    if (!operator.startsWith(':') && !'+-?#%'.includes(kind)) throw new Malformed();
    const word = this.read('}', kind === '#' || kind === '%').result;
    const value = this.value(name);
    if (value === undefined && this.options.keepUnset) return `\${${name}${operator}${word}}`;
    const filled = value !== undefined && !(operator.startsWith(':') && value === '');
    if (kind === '-') return filled ? value : word;
    if (kind === '+') return filled ? word : '';
    if (kind === '?') {
      if (!filled) throw new Malformed();
      return value;
    }
    if (kind !== '#' && kind !== '%') throw new Malformed();
    const greedy = word.startsWith(kind);
    const trimmed = trimPattern(value ?? '', greedy ? word.slice(1) : word, kind === '#' ? 'start' : 'end', greedy);
    if (trimmed === null) throw new Malformed();
    return trimmed;
  }

  /** `${X/pattern/text}`, `${X//pattern/text}` */
  private replace(name: string): string {
    const all = this.text[this.at] === '/';
    if (all) this.at++;
    const pattern = this.read('/', true).result;
    const replacement = this.read('}', true).result;
    const value = this.value(name);
    if (value === undefined && this.options.keepUnset) return `\${${name}/${pattern}/${replacement}}`;
    const replaced = replacePattern(value ?? '', pattern, replacement, all);
    if (replaced === null) throw new Malformed();
    return replaced;
  }

  /** A name, a row of digits, or one of the shell's special parameters. */
  private name(): string {
    const { text } = this;
    const start = this.at;
    if (/^\p{Nd}/u.test(text.slice(start, start + 2))) return this.take(/\p{Nd}/u);
    if ('@*#?-$!'.includes(text[start] ?? ' ')) {
      this.at++;
      return text[start]!;
    }
    return this.take(/[\p{L}\p{Nd}_]/u);
  }

  private take(allowed: RegExp): string {
    const start = this.at;
    while (this.at < this.text.length) {
      const c = String.fromCodePoint(this.text.codePointAt(this.at)!);
      if (!allowed.test(c)) break;
      this.at += c.length;
    }
    return this.text.slice(start, this.at);
  }

  private value(name: string): string | undefined {
    const value = this.lookup(name);
    (value === undefined ? this.unset : this.used).add(name);
    return value;
  }
}

class Words {
  private readonly words: string[] = [];
  private word = '';

  /** Blanks in it end a word. */
  addText(text: string): void {
    for (const c of text) {
      if (!isSpace(c)) this.word += c;
      else this.end();
    }
  }

  addRaw(text: string): void {
    this.word += text;
  }

  end(): string[] {
    if (this.word !== '') this.words.push(this.word);
    this.word = '';
    return this.words;
  }
}
