/** Takes secrets out of a build's keys before they are compared or kept: a Dockerfile's text may hold them too, not only its variables. */
import type { BuildKeys, Read, StepKeys } from '../keys/model.ts';
import { hashSecret } from '../secrets/hash.ts';
import { MASK, maskText, maskValues } from '../secrets.ts';

/** The salt of the build's hashes, and values that are known to be secret wherever they stand. */
interface Protection {
  readonly salt: string;
  readonly secrets: ReadonlySet<string>;
}

/** Masked text still differs where the secret in it does: the first mask carries a salted hash of the whole. */
function protectText(text: string, { salt, secrets }: Protection): string {
  const masked = maskText(maskValues(text, secrets));
  return masked === text ? text : masked.replace(MASK, `${MASK}#${hashSecret(text, salt).slice(0, 8)}`);
}

function protectStep(step: StepKeys, protection: Protection): StepKeys {
  const name = maskText(maskValues(step.name, protection.secrets));
  const text = protectText(step.text, protection);
  let own: Record<string, string> | undefined;
  for (const key of Object.keys(step.own)) {
    const value = protectText(step.own[key]!, protection);
    if (value === step.own[key]) continue;
    own ??= { ...step.own };
    own[key] = value;
  }
  let reads: Read[] | undefined;
  for (const [at, read] of step.reads.entries()) {
    if (read.kind !== 'remote') continue;
    const url = protectText(read.url, protection);
    if (url === read.url) continue;
    reads ??= [...step.reads];
    reads[at] = { ...read, url };
  }
  if (!own && !reads && name === step.name && text === step.text) return step;
  // Its identity was made of the secret as well.
  const identity = hashSecret(step.identity, protection.salt);
  return { ...step, name, text, own: own ?? step.own, reads: reads ?? step.reads, identity };
}

/**
 * The same keys with nothing in them that looks like a secret. The same keys under the same salt give the same, so that two protected
 * builds compare as the builds themselves would. Variables are protected where the keys are computed.
 * @param secrets values of variables that look like secrets: builders fill them into the names of steps
 */
export function protectKeys(keys: BuildKeys, salt: string, secrets: ReadonlySet<string> = new Set()): BuildKeys {
  return { ...keys, steps: keys.steps.map((step) => protectStep(step, { salt, secrets })) };
}
