/** Takes secrets out of a whole report, the last thing before it is shown or kept. */
import type { BuildReport } from '../model.ts';
import { looksLikeSecret, MASK, maskText, maskValues } from '../secrets.ts';

/** File names are no secrets, and a masked one would name no file. */
const KEPT = new Set(['path']);

/** Values of these variables that must not appear anywhere. */
export function secretsAmong(variables: Readonly<Record<string, string | null | undefined>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) => (value && looksLikeSecret(name, value) ? [value] : []));
}

/**
 * @param secrets values known to be secret: builders fill variables into the names of steps
 * @returns the same report where it holds none
 */
export function maskReport(report: BuildReport, secrets: readonly string[]): BuildReport {
  const done = new Map<string, string>();
  const mask = (text: string): string => {
    let masked = done.get(text);
    if (masked === undefined) {
      masked = maskText(maskValues(text, secrets));
      done.set(text, masked);
    }
    return masked;
  };
  return maskDeep(report, mask) as BuildReport;
}

function maskDeep(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === 'string') return mask(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let items: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const masked = maskDeep(value[i], mask);
      if (masked === value[i]) continue;
      items ??= [...value];
      items[i] = masked;
    }
    return items ?? value;
  }
  const from = value as Fields;
  let fields: Record<string, unknown> | undefined;
  for (const key of Object.keys(from)) {
    const masked = KEPT.has(key) ? from[key] : maskDeep(from[key], mask);
    if (masked === from[key]) continue;
    fields ??= { ...from };
    fields[key] = masked;
    if (key !== 'patch') continue;
    // A patch with a mask in it would apply nowhere.
    delete fields.patch;
    fields.proof = `no patch is shown: it would hold a secret (${MASK})`;
  }
  return maskNamed(from, fields) ?? value;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * A cause of a variable that looks like a secret: before and after say only that there is a value.
 * @param fields what is masked already, where anything is
 */
function maskNamed(from: Fields, fields: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (typeof from.name !== 'string') return fields;
  let masked = fields;
  for (const key of ['before', 'after']) {
    const text = from[key];
    if (typeof text !== 'string' || text === MASK || !looksLikeSecret(from.name, text)) continue;
    masked ??= { ...from };
    masked[key] = MASK;
  }
  return masked;
}
