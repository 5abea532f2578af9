/**
 * A context's listing as it is kept: by columns, because names and modes repeat, and with digests as bytes, because they do not compress.
 * 100,000 files are packed and unpacked in about a tenth of a second each.
 */
import type { ContextEntry, ContextListing } from '../context/types.ts';

export interface Columns {
  readonly count: number;
  /** Joined by `//`, which no path can hold. */
  readonly paths: string;
  /** Type and mode that occur, as `f644`. */
  readonly kinds: readonly string[];
  /** Per entry the index in `kinds`. */
  readonly kind: readonly number[];
  readonly sizes: readonly number[];
  /** Per entry how its content is written: `s` sha256, `g` git (20 bytes), `G` git (32 bytes), `o` in `others`, `-` none. */
  readonly forms: string;
  readonly others: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  readonly xattrs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Where its digests start among the bytes of the file, and how many bytes they are. */
  readonly offset: number;
  readonly length: number;
}

const LETTERS = { file: 'f', dir: 'd', symlink: 'l', other: 'o' } as const;
const TYPES: Readonly<Record<string, ContextEntry['type']>> = { f: 'file', d: 'dir', l: 'symlink', o: 'other' };
const FORMS: Readonly<Record<string, { readonly prefix: string; readonly bytes: number }>> = {
  s: { prefix: 'sha256:', bytes: 32 },
  g: { prefix: 'git:', bytes: 20 },
  G: { prefix: 'git:', bytes: 32 },
};

function formOf(content: string | null): string {
  if (content === null) return '-';
  if (content.length === 71 && content.startsWith('sha256:') && /^[0-9a-f]+$/.test(content.slice(7))) return 's';
  if (content.startsWith('git:') && /^[0-9a-f]+$/.test(content.slice(4)))
    return content.length === 44 ? 'g' : content.length === 68 ? 'G' : 'o';
  return 'o';
}

/** @param bytes takes the digests; @param offset how many bytes it holds already */
export function toColumns(listing: ContextListing, bytes: Buffer[], offset: number): Columns {
  const entries = [...listing.entries.values()];
  const kindIndex = new Map<string, number>();
  const kind: number[] = [];
  const others: Record<string, string> = {};
  const links: Record<string, string> = {};
  const xattrs: Record<string, Readonly<Record<string, string>>> = {};
  let forms = '';
  const hex: string[] = [];
  for (const [at, entry] of entries.entries()) {
    const name = `${LETTERS[entry.type]}${entry.mode.toString(8)}`;
    let index = kindIndex.get(name);
    if (index === undefined) {
      index = kindIndex.size;
      kindIndex.set(name, index);
    }
    kind.push(index);
    const form = formOf(entry.content);
    forms += form;
    const known = FORMS[form];
    if (known) hex.push(entry.content!.slice(known.prefix.length));
    else if (form === 'o') others[at] = entry.content!;
    if (entry.link !== undefined) links[at] = entry.link;
    if (entry.xattrs !== undefined) xattrs[at] = entry.xattrs;
  }
  const digests = Buffer.from(hex.join(''), 'hex');
  bytes.push(digests);
  return {
    count: entries.length,
    paths: entries.map((entry) => entry.path).join('//'),
    kinds: [...kindIndex.keys()],
    kind,
    sizes: entries.map((entry) => entry.size),
    forms,
    others,
    links,
    xattrs,
    offset,
    length: digests.length,
  };
}

/** @throws where the columns do not fit each other */
export function toListing(columns: Columns, bytes: Buffer): ContextListing {
  const { count, kind, sizes, forms, others, links, xattrs } = columns;
  const paths = count === 0 ? [] : columns.paths.split('//');
  if (paths.length !== count || kind.length !== count || sizes.length !== count || forms.length !== count)
    throw new Error('columns differ');
  const kinds = columns.kinds.map((text) => ({ type: TYPES[text[0] ?? ''] ?? 'other', mode: Number.parseInt(text.slice(1), 8) || 0 }));
  const hex = bytes.toString('hex', columns.offset, columns.offset + columns.length);
  if (hex.length !== columns.length * 2) throw new Error('digests are missing');
  const entries = new Map<string, ContextEntry>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const form = forms[i]!;
    const known = FORMS[form];
    let content: string | null = null;
    if (known) {
      content = known.prefix + hex.slice(at, at + known.bytes * 2);
      at += known.bytes * 2;
    } else if (form === 'o') content = others[i] ?? null;
    const { type, mode } = kinds[kind[i]!]!;
    const link = links[i];
    const extra = xattrs[i];
    const path = paths[i]!;
    entries.set(path, {
      path,
      type,
      mode,
      size: sizes[i]!,
      content,
      ...(link !== undefined && { link }),
      ...(extra !== undefined && { xattrs: extra }),
    });
  }
  if (at !== hex.length) throw new Error('digests differ');
  return { entries };
}
