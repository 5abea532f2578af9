/** Says by the form of a value whether it is a secret, whatever its name: known token formats, private keys, URLs with a password, random strings. */
import { isSecretName } from './name.ts';

/**
 * Tokens of known issuers. Each alternative starts with fixed text and ends with one run that nothing has to follow,
 * so that matching is linear; the look-behind keeps `task-…` from being read as `sk-…`.
 */
export const TOKEN: RegExp = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    'gh[pousr]_[A-Za-z0-9]{10,}', // GitHub
    'github_pat_[A-Za-z0-9_]{10,}',
    'gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat)-[A-Za-z0-9_.-]{10,}', // GitLab
    'xox[abeoprs]-[A-Za-z0-9-]{8,}', // Slack
    'xapp-[0-9]-[A-Za-z0-9-]{8,}',
    'A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{12,}', // AWS key ids
    'AIza[A-Za-z0-9_-]{30,}', // Google
    'ya29\\.[A-Za-z0-9_-]{16,}',
    'GOCSPX-[A-Za-z0-9_-]{16,}',
    '(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}', // Stripe
    'whsec_[A-Za-z0-9+/=]{16,}',
    'sk-[A-Za-z0-9_-]{16,}', // OpenAI, Anthropic and others
    'npm_[A-Za-z0-9]{16,}',
    'pypi-AgE[A-Za-z0-9_-]{16,}',
    'rubygems_[a-f0-9]{16,}',
    'dckr_(?:pat|oat)_[A-Za-z0-9_-]{10,}', // Docker Hub
    'hf_[A-Za-z0-9]{16,}',
    'do[opr]_v1_[a-f0-9]{16,}',
    'hv[sbr]\\.[A-Za-z0-9_-]{16,}', // Vault
    'shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{16,}',
    'SG\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}', // SendGrid
    'AGE-SECRET-KEY-1[A-Z0-9]{16,}',
    'ATATT3[A-Za-z0-9_=-]{16,}', // Atlassian
    'tskey-[a-z]+-[A-Za-z0-9-]{8,}',
    'figd_[A-Za-z0-9_-]{16,}',
    'lin_api_[A-Za-z0-9]{16,}',
    'glsa_[A-Za-z0-9_]{16,}', // Grafana
    'PMAK-[a-f0-9-]{16,}',
    'dapi[a-f0-9]{32}', // Databricks
  ].join('|')})`,
);

/** A JSON web token: `eyJhbGciOi….eyJzdWIi….signature`. Starts only where a run of its characters starts: linear. */
export const JSON_WEB_TOKEN: RegExp = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/;

/** `-----BEGIN OPENSSH PRIVATE KEY-----` */
export const PRIVATE_KEY: RegExp = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/;

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

const AUTHORITY_END = /[\s/?#"'`<>\\|]/g;
const WORD_END = /[\s"'`<>|]/g;

function indexFrom(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  const match = pattern.exec(text);
  return match === null ? text.length : match.index;
}

/**
 * Where URLs in a text hold credentials: the password of `scheme://user:password@host`, or the whole user part where it is itself a
 * token (`https://ghp_…@host`). Found from `://` on, so that a long text without one costs nothing.
 */
export function findUrlCredentials(text: string): TextRange[] {
  const found: TextRange[] = [];
  for (let at = text.indexOf('://'); at !== -1; at = text.indexOf('://', at + 3)) {
    const start = at + 3;
    let end = indexFrom(AUTHORITY_END, text, start);
    const colon = text.slice(start, end).indexOf(':');
    // `scheme://user:pa/ss@host`: what looks like a port is none, so the password holds a slash. The next URL is where it ends at the latest.
    if (colon > 0 && !text.slice(start, end).includes('@') && !/^:\d+$/.test(text.slice(start + colon, end))) {
      const next = text.indexOf('://', start);
      end = indexFrom(WORD_END, next === -1 ? text : text.slice(0, next), start);
    }
    const separator = text.slice(start, end).lastIndexOf('@');
    if (separator <= 0) continue;
    const userinfo = text.slice(start, start + separator);
    const password = userinfo.indexOf(':');
    // The token is the user: `https://TOKEN:x-oauth-basic@github.com`, `https://TOKEN:@host`.
    if (/:(?:x-oauth-basic)?$/.test(userinfo)) found.push({ start, end: start + password });
    else if (password !== -1) found.push({ start: start + password + 1, end: start + separator });
    else if (password === -1 && (TOKEN.test(userinfo) || isRandom(userinfo))) found.push({ start, end: start + separator });
  }
  return found;
}

/** The share of neighbouring characters of different classes (small letter, capital, digit); random strings change class far more often than words do. */
function classChanges(text: string): number {
  let changes = 0;
  let previous = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = code <= 57 ? 1 : code <= 90 ? 2 : 3;
    if (i > 0 && kind !== previous) changes++;
    previous = kind;
  }
  return changes / (text.length - 1);
}

const HARMLESS_FORM = [
  /^(?:sha(?:1|256|384|512)|md5|h1|git|blake[23][a-z0-9]*)[-:]/i, // digests with their algorithm
  /^[~.]{0,2}\//, // path
];

/** A commit, digest, fingerprint (`search=0xb8dc7e53…`), part of a uuid, number: known to be no secret, alone or as part of a longer name. */
const HEX = /^(?:(?:0x)?(?:[0-9a-f]{7,}|[0-9A-F]{7,})|[0-9]+)$/;

/** True for letters as words are written: a capital starts a word and rarely stands beside another. */
function isCamelCase(text: string): boolean {
  const capitals = text.match(/[A-Z]+/g) ?? [];
  const single = capitals.filter((run) => run.length === 1).length;
  return single >= capitals.length * 0.7;
}

/** How much of a long value is looked at. */
const LOOK = 512;

/** True for a long string without structure, such as a generated password or key. Digests, uuids, versions, dates and paths are none. */
export function isRandom(text: string): boolean {
  const value = text.length > LOOK ? text.slice(0, LOOK) : text;
  if (value.length < 20 || !/^[A-Za-z0-9+/=_.~-]+$/.test(value)) return false;
  if (HARMLESS_FORM.some((form) => form.test(value))) return false;
  const parts = value.split(/[^A-Za-z0-9]+/).filter((part) => !HEX.test(part));
  const plain = parts.join('');
  // Names are words with separators; a random string has few and its runs are long.
  if (plain.length < 18 || parts.length - 1 > plain.length / 6) return false;
  const digits = plain.replace(/[^0-9]/g, '').length;
  const mixed = /[a-z]/.test(plain) && /[A-Z]/.test(plain);
  // The form of an AWS secret key.
  if (mixed && digits > 0 && /^[A-Za-z0-9+/]{40}$/.test(value)) return classChanges(plain) >= 0.33;
  if (mixed) return classChanges(plain) >= (digits > 1 ? 0.37 : 0.45) && (digits > 2 || !isCamelCase(plain));
  // Small letters (or capitals) and digits only: longer, and digits all over.
  return Math.max(...parts.map((part) => part.length)) >= 24 && digits >= 4 && classChanges(plain) >= 0.25;
}

/** `https://host/path?access_token=…&x=1` */
function hasSecretQuery(value: string): boolean {
  const start = value.indexOf('?');
  if (start === -1 || !value.includes('://')) return false;
  return value
    .slice(start + 1, start + 4096)
    .split(/[&;#]/)
    .some((pair) => {
      const equals = pair.indexOf('=');
      const key = pair.slice(0, equals);
      return (
        equals > 0 && equals < pair.length - 1 && (isSecretName(key) || /^(?:sig|signature|x-amz-signature|x-amz-credential)$/i.test(key))
      );
    });
}

/** True where the value itself shows that it is a secret. */
export function isSecretForm(value: string): boolean {
  return (
    TOKEN.test(value) ||
    JSON_WEB_TOKEN.test(value) ||
    PRIVATE_KEY.test(value) ||
    findUrlCredentials(value).length > 0 ||
    hasSecretQuery(value) ||
    isRandom(value)
  );
}
