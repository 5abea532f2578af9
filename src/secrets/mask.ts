/** Takes secrets out of free text: command lines, step names, error messages. Linear in the length of the text. */
import { findUrlCredentials, isRandom, JSON_WEB_TOKEN, PRIVATE_KEY, TOKEN } from './form.ts';
import { isSecretName } from './name.ts';
import { findProgramSecrets } from './programs.ts';

/** What stands in the place of a secret. */
export const MASK: string = '***';

interface Edit {
  readonly start: number;
  readonly end: number;
}

/**
 * `NAME=value`, `name: value`, `"name": "value"`, `--name value`, `ENV NAME value`. The look-behind lets a match start only where a
 * name starts, so that a long run of name characters is read once.
 */
const ASSIGNMENT = /(?<![\w.-])([\w.-]{1,200})(?:(\\?["']?[ \t]{0,3}(?:=(?!=)|:(?!\/\/))[ \t]{0,3})|([ \t]{1,3}))(?=[^ \t])/g;

/** Without one of these nothing is assigned: most steps say nothing of the kind. */
const ASSIGNS = /[=:]|--|\b(?:ENV|ARG|LABEL|config|configure|setx?)[ \t]/i;

/**
 * What stands before a name that a blank parts from its value: `ENV NAME x`, `npm config set //registry/:_authToken x`, `aws configure set
 * aws_secret_access_key x`.
 */
const SETS = /\b(?:ENV|ARG|LABEL|(?:config|configure|setx?)(?:[ \t]{1,3}[^\s|;&]{1,100}){0,3})[ \t]{1,3}(?:[^\s|;&]{0,100}[/:])?$/i;
const SETS_AT_ALL = /\b(?:ENV|ARG|LABEL|config|configure|setx?)[ \t]/i;
const MAX_BEFORE = 300;

/** `Bearer eyJ…` */
const SCHEME = /(?<![\w-])Bearer[ \t]{1,3}([^\s"']{4,})/gi;

/** `curl -u user:password`, `wget --user=…` are told by the colon. */
const USER_FLAG =
  /(?<![\w-])(?:-u|--user|--proxy-user|--creds|--src-creds|--dest-creds)(?:[ \t]{1,3}|=)["']?([^\s:"'$]{1,200}:)(?!\d+(?:\s|$))([^\s"']+)/g;

/** `docker login -p x`, `sshpass -p x`, `mysql -px`. The distance is bounded, so that the search for `-p` is. */
const LOGIN_PASSWORD =
  /(?<![\w-])(?:login|sshpass|mysql|mysqldump|mysqladmin|mariadb|twine|nuget)(?![\w-])[^\n|;&]{0,200}?[ \t]-p[ \t]{0,3}["']?([^\s"']+)/g;

/** `https://…?sv=2020&sig=…` of a signed URL */
const QUERY_SIGNATURE = /[?&]sig=([^\s&"'#]+)/gi;

/** A reference to a variable or the output of a command holds no secret itself: `$TOKEN`, `${TOKEN}`, `$(cat …)`, `<secret>`. */
const REFERENCE = /^["']?(?:\$\w+["']?$|\$\{[\w.]+\}["']?$|\$\(|`|%[A-Za-z_]\w*%["']?$|<[\w -]*>["']?$|\*{3,}["']?$)/;
const TRIVIAL = /^(?:true|false|yes|no|on|off|none|null|undefined|nil|[01]|)$/i;

/** True where the value is too plain to be a secret, whatever its name says. */
export function isTrivial(value: string): boolean {
  return TRIVIAL.test(value);
}

/** The unquoted run that was read last: a name inside it (`A=B=C=…`) ends where the run does, and need not read it again. */
interface Run {
  start: number;
  end: number;
}

/** The end of the value that starts at `from`; `opener` is the quote that stands before the name, if one does. */
function valueEnd(text: string, from: number, opener: string, run: Run): number {
  const plain = !/["'\\]/.test(text[from] ?? '') && opener !== '"' && opener !== "'";
  if (plain && from >= run.start && from < run.end) return run.end;
  const end = readValue(text, from, opener);
  if (plain) {
    run.start = from;
    run.end = end;
  }
  return end;
}

function readValue(text: string, from: number, opener: string): number {
  let quote = '';
  let at = from;
  if (text[at] === '\\' && (text[at + 1] === '"' || text[at + 1] === "'")) {
    // \"value\" inside a quoted string
    const close = text.indexOf(`\\${text[at + 1]}`, at + 2);
    return close === -1 ? lineEnd(text, from) : close;
  }
  if (text[at] === '"' || text[at] === "'") quote = text[at++]!;
  else if (opener === '"' || opener === "'") quote = opener;
  for (; at < text.length; at++) {
    const char = text[at]!;
    if (char === '\n') return at;
    if (char === '\\') at++;
    else if (quote === '' ? char === ' ' || char === '\t' || char === '\r' || char === '"' || char === "'" || char === '`' : char === quote)
      return at;
  }
  return Math.min(at, text.length);
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** `--secret id=npmrc,src=…` names a secret; `RUN --mount=type=secret,id=token` does too. */
const SECRET_DECLARATION = /^["']?(?:id|type|src|source|env)=/;

/** @param sets something is set in this text with a blank between name and value */
function assignmentEdit(text: string, match: RegExpExecArray, run: Run, sets: boolean): Edit | undefined {
  const [whole, name, operator] = match;
  const start = match.index + whole.length;
  const assigned = operator !== undefined;
  // A blank separates a name from its value only after `--name` and where something is set.
  const option = name!.startsWith('--');
  if (!assigned && !option && !sets) return;
  const secret = isSecretName(name!);
  if (!secret && !assigned) return;
  if (!assigned && !option && !SETS.test(text.slice(Math.max(0, match.index - MAX_BEFORE), match.index))) return;
  const before = text[match.index - 1] ?? '';
  let end = valueEnd(text, start, assigned && !/["']/.test(operator) ? before : '', run);
  // `Authorization: Basic dXNlcjpwYXNz` without quotes
  const scheme = /authorization$/i.test(name!) ? /^[A-Za-z][\w-]{0,30}$/ : /^(?:basic|bearer|token|digest|negotiate)$/i;
  if (secret && scheme.test(text.slice(start, end)) && text[end] === ' ') end = valueEnd(text, end + 1, '', run);
  const value = text.slice(start, end);
  const bare = value.replace(/^\\?["']/, '');
  if (REFERENCE.test(value) || isTrivial(bare) || (option && !assigned && bare.startsWith('-'))) return;
  // Inside a long run (`A=B=C=…`) only its first name is looked at, so that a hostile text costs no more than its length.
  const nested = start > run.start && end === run.end && end - start > 200;
  // `failed to fetch oauth token: 401 Unauthorized`
  if (operator?.includes(':') && (/^[{[]/.test(value) || (/^[1-5]\d\d$/.test(value) && text[end] === ' '))) return;
  if (secret ? SECRET_DECLARATION.test(value) : nested || !isRandom(bare)) return;
  return { start: end - bare.length, end };
}

/** Forms of a secret that tell it by themselves, and the group that holds it: the last thing of its pattern. */
const FORMS: readonly (readonly [RegExp, number])[] = [
  [new RegExp(TOKEN, 'g'), 0],
  [new RegExp(JSON_WEB_TOKEN, 'g'), 0],
  [SCHEME, 1],
  [USER_FLAG, 2],
  [LOGIN_PASSWORD, 1],
  [QUERY_SIGNATURE, 1],
];

function formEdits(text: string): Edit[] {
  const edits: Edit[] = [];
  for (const [pattern, group] of FORMS) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      const value = match[group]!;
      const end = match.index + match[0].length;
      if (!REFERENCE.test(value)) edits.push({ start: end - value.length, end });
    }
  }
  return edits;
}

function privateKeyEdits(text: string): Edit[] {
  const match = PRIVATE_KEY.exec(text);
  if (match === null) return [];
  const start = match.index + match[0].length;
  const last = text.lastIndexOf('-----END ');
  return [{ start, end: last > start ? last : text.length }];
}

function apply(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  const sorted = [...edits].sort((a, b) => a.start - b.start || b.end - a.end);
  let out = '';
  let at = 0;
  for (const edit of sorted) {
    if (edit.end <= at) continue;
    // Overlapping finds become one mask.
    if (edit.start >= at) out += text.slice(at, edit.start) + (edit.start === at && out.endsWith(MASK) ? '' : MASK);
    at = edit.end;
  }
  return out + text.slice(at);
}

/** Keys and reports say the same texts many times. */
const masked = new Map<string, string>();
const MAX_MASKED = 10_000;

/** The text with every secret that can be told replaced by `***`; names stay, so that it still says what it is about. */
export function maskText(text: string): string {
  let result = masked.get(text);
  if (result === undefined) {
    result = maskOnce(text);
    if (masked.size >= MAX_MASKED) masked.clear();
    if (text.length < 2000) masked.set(text, result);
  }
  return result;
}

function maskOnce(text: string): string {
  const edits: Edit[] = [
    ...privateKeyEdits(text),
    ...formEdits(text),
    ...findProgramSecrets(text, isSecretName).filter((range) => !REFERENCE.test(text.slice(range.start, range.end))),
    ...findUrlCredentials(text).filter((range) => !REFERENCE.test(text.slice(range.start, range.end))),
  ];
  if (!ASSIGNS.test(text)) return apply(text, edits);
  const run: Run = { start: 0, end: 0 };
  const sets = SETS_AT_ALL.test(text);
  ASSIGNMENT.lastIndex = 0;
  for (let match = ASSIGNMENT.exec(text); match !== null; match = ASSIGNMENT.exec(text)) {
    const edit = assignmentEdit(text, match, run, sets);
    if (edit !== undefined) {
      edits.push(edit);
      ASSIGNMENT.lastIndex = edit.end;
    } else {
      // What follows the name may itself be a name: `--build-arg TOKEN=x`.
      ASSIGNMENT.lastIndex = match.index + match[1]!.length;
    }
  }
  return apply(text, edits);
}

/** Replaces values known to be secret (build arguments of this build) wherever they stand in a text. Values under 4 characters would mask half the text and are left alone. */
export function maskValues(text: string, secrets: Iterable<string>): string {
  let out = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (secret.length >= 4 && !isTrivial(secret)) out = out.replaceAll(secret, MASK);
  }
  return out;
}
