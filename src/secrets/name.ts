/** Says by the name of a variable, flag or field whether its value is one that must not be kept or shown. */

/** Words that make a name secret wherever they stand in it. */
const SECRET_WORDS = new Set(
  'TOKEN TOKENS SECRET SECRETS PASSWORD PASSWORDS PASSWD PASSPHRASE CREDENTIAL CREDENTIALS CRED CREDS AUTH OAUTH PRIVATE BEARER JWT NETRC NPMRC PYPIRC HTPASSWD AUTHORIZATION SIGNATURE DSN APIKEY APIKEYS PGPASS DBPASS SSHPASS USERPASS SAS'.split(
    ' ',
  ),
);

/** Endings that make one word secret although nothing separates its parts: GITHUBTOKEN, dbpassword, MYAPIKEY. */
const SECRET_ENDINGS = [
  'TOKEN',
  'SECRET',
  'PASSWORD',
  'PASSWD',
  'PASSPHRASE',
  'CREDENTIAL',
  'CREDENTIALS',
  'APIKEY',
  'ACCESSKEY',
  'PRIVATEKEY',
  'SECRETKEY',
];

/** Secret alone, harmless as a part: PASS, but not PASS_COUNT; a request's cookie; Sonar's login, which is a token. */
const SECRET_WHOLE = /^(?:PASS|PW|(?:set-)?cookie|-?(?:D|P)?sonar\.login)$/i;

/** Words that are secret only at the end of a name of several words: DB_PASS, MYSQL_PWD, GH_PAT; not PASS_THROUGH, PWD, PAT. */
const SECRET_LAST_WORDS = new Set(['PASS', 'PWD', 'PAT']);

/** `*_KEY` is secret, but not after these: PUBLIC_KEY, CACHE_KEY, SORT_KEY. */
const HARMLESS_KEYS = new Set(
  'PUBLIC PUB PUBLISHABLE CACHE PRIMARY FOREIGN SORT PARTITION HASH SHORTCUT HOT INDEX TRANSLATION MESSAGE CONFIG REGISTRY OBJECT MAP DICT GROUP ROUTING HOST'.split(
    ' ',
  ),
);

/** What follows such a word and says that the value is about the secret and not the secret: TOKEN_URL, PASSWORD_FILE, SECRET_NAME. */
const HARMLESS_LAST_WORDS = new Set(
  'URL URI HOST HOSTNAME PORT FILE FILENAME PATH DIR FOLDER NAME NAMES TYPE TTL TIMEOUT EXPIRY EXPIRATION EXPIRES ENABLED DISABLED ENABLE DISABLE MODE METHOD PROVIDER BACKEND DRIVER LENGTH LIMIT SIZE COUNT ROTATION POLICY VERSION SOCK SOCKET REALM ISSUER AUDIENCE SCOPE SCOPES SERVICE SERVER ENDPOINT REGISTRY REPO REPOSITORY IP NETWORK SUBNET CIDR DOMAIN REQUIRED OPTIONAL ALGORITHM FORMAT HEADER HELPER PREFIX REGION CLASS MODULE PLUGIN STORE MANAGER STDIN LOCAL'.split(
    ' ',
  ),
);

/** AWS_* is held for secret but for what only says where and who. */
const HARMLESS_AWS = new Set('REGION PROFILE OUTPUT PAGER ACCOUNT BUCKET ENV ID ARN VERSION LAMBDA S3'.split(' '));

/** MAX_TOKENS, TOKEN_LIMIT: a language model's budget. */
const COUNTERS = new Set(['MAX', 'MIN', 'NUM', 'N', 'TOTAL', 'COUNT']);

/** The words of a name in capitals: `_authToken` → AUTH TOKEN, `npm-token` → NPM TOKEN. */
function words(name: string): string[] {
  return name
    .slice(0, 200)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toUpperCase()
    .split(/[^A-Z0-9]+/)
    .filter((word) => word !== '');
}

const keyIsHarmless = (before: string | undefined): boolean => before === undefined || HARMLESS_KEYS.has(before);

/** True where a variable, flag or field of this name usually holds a secret. */
export function isSecretName(name: string): boolean {
  if (SECRET_WHOLE.test(name)) return true;
  const parts = words(name);
  const last = parts.at(-1);
  if (last === undefined) return false;
  if (parts[0] === 'AWS' && parts.length > 1)
    return parts.includes('KEY') || !HARMLESS_AWS.has(last) || parts.some((part) => part === 'TOKEN' || part === 'SECRET');
  if (HARMLESS_LAST_WORDS.has(last)) return false;
  if (parts.length > 1 && COUNTERS.has(parts[0]!) && /^TOKENS?$/.test(last)) return false;
  if (parts.length > 1 && SECRET_LAST_WORDS.has(last)) return true;
  if ((last === 'KEY' || last === 'KEYS') && !keyIsHarmless(parts.at(-2))) return true;
  // ACCESS_KEY_ID, API_KEY_PROD: the key is not the last word.
  if (parts.some((part, at) => part === 'KEY' && /^(?:ACCESS|API|PRIVATE|SIGNING|ENCRYPTION)$/.test(parts[at - 1] ?? ''))) return true;
  return parts.some((part) => SECRET_WORDS.has(part) || (part.length > 6 && SECRET_ENDINGS.some((ending) => part.endsWith(ending))));
}
