/** Where programs take secrets on their command lines without a name that says so. Each pattern ends with the secret; all distances are bounded. */

/** The words of one command, up to an option. */
const BEFORE = '(?![\\w-])[^\\n|;&]{0,200}?[ \\t]';
const WORD = '["\']?([^\\s"\'|;&]+)';
/** `echo x`, `printf '%s' x` */
const SAID = '(?<![\\w-])(?:echo|printf)[ \\t]{1,3}(?:-[neE]{1,3}[ \\t]{1,3}|["\']%s(?:\\\\n)?["\'][ \\t]{1,3})?["\']?([^\\s"\'|<>;&=:]+)';

/** What a text has to hold for a pattern to be tried, and the pattern. */
const PATTERNS: readonly (readonly [hint: RegExp, source: string])[] = [
  [/curl[^\n]{0,300} -u/i, `(?<![\\w-])curl${BEFORE}-u[^\\s:"'$-][^\\s:"'$]{0,200}:([^\\s"']+)`], // curl -ume:x
  [/htpasswd/i, `(?<![\\w-])htpasswd[ \\t]{1,3}-[a-zA-Z]{0,8}b[a-zA-Z]{0,8}[ \\t]{1,3}\\S{1,300}[ \\t]{1,3}\\S{1,100}[ \\t]{1,3}${WORD}`], // htpasswd -bc file user x
  [/redis-cli/i, `(?<![\\w-])redis-cli${BEFORE}-a[ \\t]{1,3}${WORD}`],
  [/ldap/i, `(?<![\\w-])ldap[a-z]{1,20}${BEFORE}-w[ \\t]{1,3}${WORD}`], // ldapsearch -w x
  [/sqlcmd/i, `(?<![\\w-])sqlcmd${BEFORE}-P[ \\t]{0,3}${WORD}`],
  [/sqlplus/i, `(?<![\\w-])sqlplus[ \\t]{1,3}(?:-\\w{1,10}[ \\t]{1,3}){0,3}[^\\s/@"']{1,100}/["']?([^\\s@"']+)`], // sqlplus user/x@db
  [/lftp/i, `(?<![\\w-])lftp${BEFORE}-u[ \\t]{1,3}["']?[^\\s,"']{1,200},([^\\s"']+)`], // lftp -u user,x
  [/(?:cargo|vault) login/i, `(?<![\\w-])(?:cargo|vault)[ \\t]{1,3}login[ \\t]{1,3}(?!-)${WORD}`],
  [/pass:/i, `(?<![\\w-])-pass(?:in|out)?[ \\t]{1,3}["']?pass:([^\\s"']+)`], // openssl -passin pass:x
  [/(?:store|key)pass/i, `(?<![\\w-])--?(?:src|dest)?(?:store|key)pass(?:word)?(?:[ \\t]{1,3}|=)${WORD}`], // keytool -storepass x
  [/setapikey/i, `(?<![\\w-])setapikey[ \\t]{1,3}${WORD}`], // nuget setapikey x
  [/http-basic\./i, `(?<![\\w.-])http-basic\\.\\S{1,200}[ \\t]{1,3}\\S{1,200}[ \\t]{1,3}${WORD}`], // composer config http-basic.host user x
  [
    /bundle config/i,
    `(?<![\\w-])bundle[ \\t]{1,3}config[ \\t]{1,3}(?:set[ \\t]{1,3})?(?:--\\w{1,20}[ \\t]{1,3}){0,2}[^\\s"']{1,200}[ \\t]{1,3}["']?[^\\s:"'/]{1,100}:([^\\s"']+)`,
  ],
  [/machine\s/i, `(?<![\\w-])machine\\s{1,3}\\S{1,200}\\s{1,3}login\\s{1,3}\\S{1,200}\\s{1,3}password\\s{1,3}["']?([^\\s"'\\\\]+)`], // .netrc
  [/--pass(?:word-stdin|phrase-fd)/i, `${SAID}(?=["']?[ \\t]{0,3}\\|[^\\n;&]{0,200}?--pass(?:word-stdin|phrase-fd))`], // echo x | docker login --password-stdin
  [
    />[^\n]{0,200}(?:token|secret|passw|credential|netrc|api_?key|pgpass|id_rsa|id_ed25519)/i,
    `${SAID}(?=["']?[ \\t]{0,3}>{1,2}[ \\t]{0,3}["']?[^\\s"'|;&]{0,200}?(?:token|secret|passw|credential|netrc|api_?key|pgpass|id_rsa|id_ed25519))`,
  ], // echo x > ~/.token
];
const compiled = new Map<string, RegExp>();

/** `<password>x</password>` in a settings.xml */
const ELEMENT = /<([\w.-]{1,100})>([^<\s]{1,500})(?=<\/)/g;

/** @param isSecretName says it of an element's name @returns where secrets stand in the text, in no order */
export function findProgramSecrets(
  text: string,
  isSecretName: (name: string) => boolean,
): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  const add = (match: RegExpMatchArray, value: string): void => {
    const end = match.index! + match[0].length;
    found.push({ start: end - value.length, end });
  };
  if (text.includes('</')) for (const match of text.matchAll(ELEMENT)) if (isSecretName(match[1]!)) add(match, match[2]!);
  for (const [hint, source] of PATTERNS) {
    if (!hint.test(text)) continue;
    const pattern = compiled.get(source) ?? new RegExp(source, 'gi');
    compiled.set(source, pattern);
    for (const match of text.matchAll(pattern)) add(match, match[1]!);
  }
  return found;
}
