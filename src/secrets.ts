/** What must neither be stored nor shown: which values look like secrets, and how text is freed of them. */
import { isSecretForm } from './secrets/form.ts';
import { isTrivial, MASK } from './secrets/mask.ts';
import { isSecretName } from './secrets/name.ts';

export { MASK, maskText, maskValues } from './secrets/mask.ts';

/** A fingerprint of a signing key as official images publish it (`ENV GPG_KEY=A035C8C1…`): public. */
const isFingerprint = (name: string, value: string): boolean => /(?:GPG|PGP)/i.test(name) && /^[0-9A-Fa-f\s]{8,}$/.test(value);

/**
 * True where a variable's value must not be kept or shown, by its name or by its form. Without a value only the name counts.
 * A commit, a digest, a version, a date, a path or a URL without credentials is no secret under an innocent name.
 */
export function looksLikeSecret(name: string, value?: string): boolean {
  if (value === undefined) return isSecretName(name);
  if (isTrivial(value)) return false;
  if (isSecretName(name) && !isFingerprint(name, value)) return true;
  return isSecretForm(value);
}

/** What may be shown of a value. */
export function displayValue(name: string, value: string): string {
  return looksLikeSecret(name, value) ? MASK : value;
}
