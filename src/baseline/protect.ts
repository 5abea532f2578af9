/** Takes secrets out of a build's keys before they are compared or kept: a Dockerfile's text may hold them too, not only its variables. */
import type { BuildKeys, StepKeys } from '../keys/model.ts';
import { hashSecret, MASK, maskText } from '../secrets.ts';

/** Masked text still differs where the secret in it does: the first mask carries a salted hash of the whole. */
function protectText(text: string, salt: string): string {
  const masked = maskText(text);
  return masked === text ? text : masked.replace(MASK, `${MASK}#${hashSecret(text, salt).slice(0, 8)}`);
}

function protectStep(step: StepKeys, salt: string): StepKeys {
  const name = maskText(step.name);
  const text = protectText(step.text, salt);
  const own = Object.fromEntries(Object.entries(step.own).map(([key, value]) => [key, protectText(value, salt)]));
  const reads = step.reads.map((read) => (read.kind === 'remote' ? { ...read, url: protectText(read.url, salt) } : read));
  const same = name === step.name && text === step.text && Object.entries(own).every(([key, value]) => step.own[key] === value);
  if (same && reads.every((read, at) => read.kind !== 'remote' || read.url === (step.reads[at] as typeof read).url)) return step;
  // Its identity was made of the secret as well.
  return { ...step, name, text, own, reads, identity: hashSecret(step.identity, salt) };
}

/**
 * The same keys with nothing in them that looks like a secret. The same keys under the same salt give the same, so that two protected
 * builds compare as the builds themselves would. Variables are protected where the keys are computed.
 */
export function protectKeys(keys: BuildKeys, salt: string): BuildKeys {
  return { ...keys, steps: keys.steps.map((step) => protectStep(step, salt)) };
}
