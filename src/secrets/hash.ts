/** How secrets are compared without being kept. */
import { scryptSync } from 'node:crypto';

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
