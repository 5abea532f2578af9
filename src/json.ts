/** Looks into JSON of foreign origin without trusting its shape. */

export type Json = unknown;

export function asObject(value: Json): Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, Json>) : {};
}

export function asArray(value: Json): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function asString(value: Json): string | null {
  return typeof value === 'string' ? value : null;
}

/** The members that are strings. */
export function stringMap(value: Json): Record<string, string> {
  return Object.fromEntries(Object.entries(asObject(value)).filter((e): e is [string, string] => typeof e[1] === 'string'));
}

/** @returns undefined where the text is no JSON */
export function parseJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @returns null where the text is no JSON object */
export function parseObject(text: string): Readonly<Record<string, Json>> | null {
  const value = parseJson(text.replace(/^\ufeff/, ''));
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, Json>) : null;
}

/** The items that are strings. */
export function stringList(value: Json): string[] {
  return asArray(value).filter((v): v is string => typeof v === 'string');
}
