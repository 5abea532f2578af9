/**
 * What must neither be stored nor shown: which values look like secrets, and how text is freed of them.
 *
 * | what                                                                    | shown as                  | stored as                       |
 * |-------------------------------------------------------------------------|---------------------------|---------------------------------|
 * | build arguments, ENV, ARG and LABEL whose name says so (secrets/name)   | name, `***`               | salted hash                     |
 * | values whose form says so, under any name (secrets/form): tokens of     | name, `***`               | salted hash                     |
 * | known issuers, JSON web tokens, private keys, random strings            |                           |                                 |
 * | `NAME=x`, `name: x`, `--name x`, `set NAME x` in steps, errors, CI logs | `NAME=***`                | masked text and a salted hash   |
 * | what programs take without a name (secrets/programs): `curl -u`,        | `-u me:***`               | masked text and a salted hash   |
 * | `mysql -p`, `htpasswd -b`, `.netrc`, `settings.xml`, …                  |                           |                                 |
 * | passwords and tokens in URLs, their queries and signatures              | `https://me:***@host`     | masked text and a salted hash   |
 * | `Authorization`, `Cookie`, `Bearer …`                                   | `Authorization: ***`      | masked text and a salted hash   |
 * | parameters of `--cache-from`, `--cache-to`, `--label`, `--annotation`   | `token=***`               | masked command line             |
 * | what `--secret`, secret mounts, SSH agents give to a build              | the id                    | the id; the rest is never read  |
 * | output of RUN                                                           | never kept                | never; it is not even decoded   |
 * | docker's logins and credential helpers                                  | never                     | never; sent to their registry   |
 * | the environment of a CI job                                             | branch, commit, job links | branch and commit               |
 * | content of files in the build context                                   | paths                     | SHA-256                         |
 * | patches and Dockerfile differences that would hold one of these         | not shown, or `***`       | never                           |
 *
 * A RUN's text names its step and is shown, freed of the above. What is left is a word that nothing tells to be a secret.
 * The last thing before a report is shown or kept is `maskReport`; error lines go through `plainLine`; logs for debugging hold counts and
 * names. test/secrets/canaries.test.ts plants all of these and looks for them in every byte that comes out.
 */
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
