import { protectKeys } from '../baseline/protect.ts';
import { hide } from '../causes/computed.ts';
import { type Contents, completeKeys, type KeyDraft } from '../keys/compute.ts';
import type { BuildKeys } from '../keys/model.ts';
import { hashSecret } from '../secrets/hash.ts';
import { looksLikeSecret } from '../secrets.ts';

export interface ProtectedKeys {
  readonly keys: BuildKeys;
  /** The values that were hidden. */
  readonly secrets: ReadonlySet<string>;
}

/**
 * The keys of a build without secrets: values that look like some are salted hashes, and the text of a Dockerfile may hold secrets as well:
 * they are gone before anything is compared, shown or kept.
 */
export function completeProtected(draft: KeyDraft, contents: Contents, salt: string): ProtectedKeys {
  const secrets = new Set<string>();
  const keys = completeKeys(draft, {
    ...contents,
    protect: (name, value) => {
      if (!looksLikeSecret(name, value)) return value;
      secrets.add(value);
      return hide(hashSecret(value, salt));
    },
  });
  return { keys: protectKeys(keys, salt, secrets), secrets };
}
