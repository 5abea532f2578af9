/** What people could put where a name, a message or a value belongs, to have it obeyed where it is shown. */

/** Fits into one line of a log or a Dockerfile. */
export const HOSTILE: readonly string[] = [
  '\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  '\u001b]8;;https://example.org\u0007link\u001b]8;;\u0007',
  '\u009b31mred',
  'a\u0007b\u0008c\u007fd\u0085e',
  '\u202egnp.exe\u202c \u2066x\u2069',
  'in\u200bvis\u200eible\ufeff',
  '::error::spoken',
  '   ::set-output name=a::b',
  '##[error]spoken',
  'x ##vso[task.setvariable variable=PATH]spoken',
  "##teamcity[message text='spoken']",
  '--- spoken',
  '+++ spoken',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><b onmouseover=x>',
  "'; alert(1); '",
  '[spoken](javascript:alert(1))',
  '![x](https://example.org/x.png)',
  '`code` | cell',
  '```',
  ']]>',
  '-->',
  '@everyone #1',
  '{{ .Spoken }}',
  '$(spoken)',
  'a%0A::error::spoken',
];

/** With a line end too: names of files, JSON, arguments. */
export const HOSTILE_LINES: readonly string[] = [
  ...HOSTILE,
  'a\n::error::spoken',
  'a\r\n##vso[task.complete result=Failed]spoken',
  'a\n--- spoken',
  'section_start:1:spoken\r\u001b[0Kspoken',
  'a\u2028::error::spoken',
  'a\n\n# Spoken\n\n<details>',
];

/** One text that holds them all, far enough apart for a line to break at each. */
export const ALL: string = HOSTILE.join(` ${'x'.repeat(29)} `);
