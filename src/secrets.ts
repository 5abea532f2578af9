/** What must neither be stored nor shown: which values look like secrets, how they are compared without being kept, and how text is freed of them. */
import { scryptSync } from 'node:crypto';
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

/** A value as it may be kept: in clear, or where it looks like a secret only a salted hash to compare it by. Exactly one of the two is null. */
export interface Redacted {
  readonly shown: string | null;
  readonly hash: string | null;
}

const hashes = new Map<string, string>();

/** A slow salted hash, so that a short secret cannot be found by trying; 64 bits are enough to tell that a value changed. */
export function hashSecret(value: string, salt: string): string {
  const key = `${salt}\0${value}`;
  let hash = hashes.get(key);
  if (hash === undefined) {
    if (hashes.size > 1000) hashes.clear();
    hash = scryptSync(value, salt, 8, { N: 4096, r: 8, p: 1 }).toString('hex');
    hashes.set(key, hash);
  }
  return hash;
}

/** What may be kept of a value; the same value under the same salt always gives the same. */
export function redactValue(name: string, value: string, salt: string): Redacted {
  return looksLikeSecret(name, value) ? { shown: null, hash: hashSecret(value, salt) } : { shown: value, hash: null };
}

/** What may be shown of a value. */
export function displayValue(name: string, value: string): string {
  return looksLikeSecret(name, value) ? MASK : value;
}
