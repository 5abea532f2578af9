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
  if (Array.isArray(value)) {
    const items = value.map((item) => maskDeep(item, mask));
    return items.every((item, i) => item === value[i]) ? value : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  let changed = false;
  const fields: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    const masked = KEPT.has(key) ? item : maskDeep(item, mask);
    if (masked !== item) changed = true;
    // A patch with a mask in it would apply nowhere.
    if (key === 'patch' && masked !== item) fields.proof = `no patch is shown: it would hold a secret (${MASK})`;
    else fields[key] = masked;
  }
  return maskNamed(value as Fields, fields) || changed ? fields : value;
}

type Fields = Readonly<Record<string, unknown>>;

/** A cause of a variable that looks like a secret: before and after say only that there is a value. @returns whether anything was masked */
function maskNamed(from: Fields, fields: Record<string, unknown>): boolean {
  let masked = false;
  for (const key of ['before', 'after']) {
    const text = from[key];
    if (typeof text !== 'string' || typeof from.name !== 'string' || text === MASK || !looksLikeSecret(from.name, text)) continue;
    fields[key] = MASK;
    masked = true;
  }
  return masked;
}
