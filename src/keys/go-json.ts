/** JSON as Go's encoding/json writes it: what BuildKit hashes. */

/** A value without the fields that Go leaves out (`omitempty`): zero, empty, false. */
export type GoValue = string | number | bigint | boolean | readonly GoValue[] | GoObject;
export interface GoObject {
  readonly [key: string]: GoValue | undefined;
}

/** Keys in the order given; undefined ones are left out. `<`, `>`, `&` and two line separators are escaped. */
export function marshalGo(value: GoValue): string {
  return write(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function write(value: GoValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const fields = Object.entries(value as GoObject);
  return `{${fields.flatMap(([key, it]) => (it === undefined ? [] : [`${JSON.stringify(key)}:${write(it)}`])).join(',')}}`;
}

/** Leaves out what Go leaves out. */
export function omit<T extends GoValue>(value: T | null | undefined): T | undefined {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return undefined;
  return Array.isArray(value) && value.length === 0 ? undefined : value;
}
