/**
 * No pattern takes a time that grows with the square of what it looks at. Each one in the sources is tried with texts that a checker of
 * regular expressions (recheck) broke patterns like them with. What is linear takes well under a millisecond for any of them, what is
 * not about a second: the limit lies far from both, and only a try that exceeds it several times over counts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { transformSync } from 'esbuild';
import { expect, it } from 'vitest';
import { parseAst } from 'vitest/node';

const LENGTH = 24_000;
const LIMIT_MS = 100;

/** Repeated, with something before it for patterns that look from the start, and something behind it that nothing fits. */
const PUMPS: readonly string[] = [
  ...[
    ' (',
    ' SH -B',
    '"git\t-f',
    '$add\0a',
    '*a',
    '-u==',
    '::',
    ':wget:u',
    '<Import\t',
    '<Import\t=',
    'Ax',
    'B/[',
    'DOCKERFILE',
    'Dockerfile',
  ],
  ...[
    "SThe command 'm",
    '\n\t',
    '\n\t\t',
    '\t#',
    '\t\t0\t',
    '\tdepot-m',
    '\0\\"\\',
    'a=install@',
    'ade\0apt -',
    'apt -',
    'apt --',
    'apt -y ',
  ],
  ...[
    'building at STEP "g',
    'rm -r.H',
    'gpg\0u',
    'dnf -',
    'git --',
    'git -c ',
    'i/add\t',
    'yum -p -n -y -r ',
    'mysql\0',
    'n+gradle+',
    'pip install ',
  ],
  ...[
    'pull\0git -',
    'wget:',
    'curl ',
    'cargo install ',
    'npm ci && ',
    'docker ',
    'COPY a b ',
    '<<EOF ',
    '${a:-',
    '$(',
    '--build-arg a=b ',
    '1/2 ',
  ],
  ...[
    '0/1] ',
    '[a/b ',
    '#1 ',
    '=> ',
    '2026-01-01T00:00:00Z ',
    'sha256:',
    '"a":',
    '{"vertexes":[',
    '\u001b[',
    '\u001b[!',
    '\u001b]8;;',
    'a\r',
    '" ',
    "' ",
  ],
  ...[
    '\\"',
    'https://a@',
    'https://',
    '//',
    '/a',
    '../',
    'a-',
    'a.',
    'a_',
    'A=',
    'A=b ',
    'password ',
    'token=',
    'Bearer ',
    '@@ ',
    'ab',
    'aA',
    '1a',
    '-a ',
  ],
];
const SINGLE: readonly string[] = [
  ' ',
  '!',
  '#',
  '.',
  '/',
  '0',
  'A',
  'a',
  '\n',
  '\r',
  '\t',
  '\0',
  '-',
  '=',
  '"',
  "'",
  '`',
  '(',
  '[',
  '{',
  '$',
  ':',
  ',',
  '\\',
  '<',
  '*',
  '|',
];
const STARTS: readonly string[] = ['', '[', '-', ')(', '<<-', '"', '#cachewhy\t', '\u001b['];

const TEXTS: readonly string[] = [
  ...PUMPS.map((pump) => `${pump.repeat(LENGTH / pump.length)}\n\u0001!`),
  ...SINGLE.flatMap((pump) => STARTS.map((start) => `${start}${pump.repeat(LENGTH)}\0${pump}\n!`)),
];

/** Never looks at more than a few thousand characters: see the call. */
const SHORT: ReadonlySet<string> = new Set(['src/evidence/docker-client.ts', 'src/oci/client.ts']);

interface Literal {
  readonly file: string;
  readonly regex: RegExp;
}

const root = path.join(import.meta.dirname, '..', '..');

function literalsOf(file: string): Literal[] {
  const { code } = transformSync(readFileSync(path.join(root, file), 'utf8'), { loader: 'ts', format: 'esm' });
  const found: Literal[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { regex } = node as { regex?: { pattern: string; flags: string } };
    if (regex) found.push({ file, regex: new RegExp(regex.pattern, regex.flags) });
    for (const value of Object.values(node)) Array.isArray(value) ? value.forEach(visit) : visit(value);
  };
  visit(parseAst(code));
  return found;
}

const literals = ['src', 'parsers'].flatMap((folder) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => literalsOf(path.join(folder, name).split(path.sep).join('/'))),
);

/** Milliseconds of processor time that a pattern needs for a text, whatever else runs: the least of several tries. */
function measure(regex: RegExp, text: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 4 && least > LIMIT_MS; turn++) {
    regex.lastIndex = 0;
    const begin = process.cpuUsage();
    if (regex.global) text.replace(regex, '');
    else regex.test(text);
    const { user, system } = process.cpuUsage(begin);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

it('finds the patterns of the sources', () => {
  expect(literals.length).toBeGreaterThan(700);
});

it('sees one that backtracks', () => {
  expect(measure(/\s+$/, `${' '.repeat(LENGTH)}\0`)).toBeGreaterThan(LIMIT_MS);
});

it('each pattern looks at a text once', () => {
  const slow: string[] = [];
  for (const { file, regex } of literals) {
    if (SHORT.has(file)) continue;
    for (const text of TEXTS) {
      const ms = measure(regex, text);
      if (ms <= LIMIT_MS) continue;
      slow.push(`${file} ${regex}: ${Math.round(ms)} ms for ${JSON.stringify(text.slice(0, 60))}…`);
      break;
    }
  }
  expect(slow).toEqual([]);
}, 240_000);
