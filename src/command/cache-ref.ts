/** Reads `type=registry,ref=host/app:cache,mode=max` as buildx does: comma-separated, a field may be quoted. */
import type { CacheRef } from './types.ts';

/** The fields of one line of comma-separated values; `"a,b"` is one field. */
export function splitFields(text: string): string[] {
  const fields: string[] = [];
  let field = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"' && field === '') {
      const end = text.indexOf('"', i + 1);
      field = text.slice(i + 1, end === -1 ? undefined : end);
      i = end === -1 ? text.length : end;
    } else if (c === ',') {
      fields.push(field);
      field = '';
    } else field += c;
  }
  fields.push(field);
  return fields.map((f) => f.trim()).filter((f) => f !== '');
}

/**
 * One `--cache-from` or `--cache-to`. Bare references (`user/app:cache`, or several separated by commas) are registries,
 * and `defaultType` is the type of a field list that names none.
 */
export function parseCacheRefs(text: string): CacheRef[] {
  const fields = splitFields(text);
  if (!fields.some((f) => f.includes('='))) return fields.map((ref) => ({ type: 'registry', attrs: { ref } }));
  return [parseFields(fields, 'registry')];
}

/** One `--output`: `type=docker,dest=x.tar`, or a folder alone (`-` is a tar on standard output). */
export function parseOutput(text: string): CacheRef {
  const fields = splitFields(text);
  if (fields.length === 1 && !fields[0]!.includes('=')) return { type: text === '-' ? 'tar' : 'local', attrs: { dest: text } };
  return parseFields(fields, 'local');
}

function parseFields(fields: readonly string[], defaultType: string): CacheRef {
  let type = defaultType;
  const attrs: Record<string, string> = {};
  for (const field of fields) {
    const equals = field.indexOf('=');
    const key = (equals === -1 ? field : field.slice(0, equals)).trim().toLowerCase();
    const value = equals === -1 ? '' : field.slice(equals + 1);
    if (key === 'type') type = value;
    else attrs[key] = value;
  }
  return { type, attrs };
}

/** The id in `id=npm,src=.npmrc`; a value without fields is the id itself. */
export function parseId(text: string, fallback: string): string {
  const fields = splitFields(text);
  const id = fields.find((f) => /^id=/i.test(f))?.slice(3);
  return id ?? (fields.length > 0 && !fields[0]!.includes('=') ? fields[0]! : fallback);
}
