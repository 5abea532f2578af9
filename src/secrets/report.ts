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
  // A patch with a mask in it would apply nowhere.
  const withoutPatch = ({ patch: _, ...fields }: Fields): Fields => ({ ...fields, proof: NO_PATCH });
  return maskDeep(report, { mask: maskWith(secrets), withoutPatch }) as BuildReport;
}

/** The same of what a replayed history comes to: a Dockerfile at each commit, and the commits' own words. Its changes always have a patch. */
export function maskReplay<Replay extends object>(report: Replay, secrets: readonly string[]): Replay {
  const withoutPatch = (fields: Fields): Fields => ({ ...fields, patch: `# ${NO_PATCH}\n` });
  return maskDeep(report, { mask: maskWith(secrets), withoutPatch }) as Replay;
}

const NO_PATCH = `no patch is shown: it would hold a secret (${MASK})`;

interface Masking {
  readonly mask: (text: string) => string;
  readonly withoutPatch: (fields: Fields) => Fields;
}

function maskWith(secrets: readonly string[]): (text: string) => string {
  const done = new Map<string, string>();
  return (text) => {
    let masked = done.get(text);
    if (masked === undefined) {
      masked = maskText(maskValues(text, secrets));
      done.set(text, masked);
    }
    return masked;
  };
}

function maskDeep(value: unknown, masking: Masking): unknown {
  if (typeof value === 'string') return masking.mask(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let items: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const masked = maskDeep(value[i], masking);
      if (masked === value[i]) continue;
      items ??= [...value];
      items[i] = masked;
    }
    return items ?? value;
  }
  const from = value as Fields;
  let fields: Record<string, unknown> | undefined;
  for (const key of Object.keys(from)) {
    const masked = KEPT.has(key) ? from[key] : maskDeep(from[key], masking);
    if (masked === from[key]) continue;
    fields = key === 'patch' ? { ...masking.withoutPatch(fields ?? from) } : { ...(fields ?? from), [key]: masked };
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
