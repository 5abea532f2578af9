/**
 * The last look at a text before it is printed. CI runners read commands in what programs print, wherever a name from a log or a file puts
 * them; each kind of document has its own way to write the same text so that it is none.
 */
import { HARMFUL, oneLine } from './text.ts';

/**
 * `##vso[task.…]`, `##[group]`, `##teamcity[…]`, anywhere in a line.
 * https://github.com/microsoft/azure-pipelines-agent/blob/master/src/Agent.Sdk/CommandStringConvertor.cs,
 * https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
const HASHES = /##(?=\w{0,40}\[)/g;
/** `::error::` and its like, where a line begins with it but for blanks. */
const COLONS = /^([^\S\r\n\u2028\u2029]*)::/gm;
/** What opens and closes groups in a log of Buildkite, in a line's first column. */
const GROUPS = /^(?=(?:---|\+\+\+|~~~|\^\^\^)(?: |$))/gm;

/** Joins nothing, and takes no room. */
const JOINER = '\u2060';

/** Text for a terminal or a log: what would be a command becomes a visible mark, as `sanitize` does it. */
export function guardText(text: string): string {
  return text.replace(HASHES, '#\\u0023').replace(COLONS, '$1\\u003a:').replace(GROUPS, ' ');
}

/** JSON, the same value: nothing in it moves a cursor, turns text round or is a command. */
export function guardJson(text: string): string {
  return text.replace(HARMFUL, (c) => (c === '\t' ? c : escapeUnits(c))).replace(HASHES, '#\\u0023');
}

function escapeUnits(c: string): string {
  let out = '';
  for (let i = 0; i < c.length; i++) out += `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
}

const guardMarkup = (text: string): string => text.replace(HASHES, '#&#35;').replace(COLONS, '$1&#58;:');
const guardProse = (text: string): string => text.replace(HASHES, `#${JOINER}#`).replace(COLONS, `$1${JOINER}::`);
const asItIs = (text: string): string => text;

/** By format. Those that are commands themselves escape what they carry. */
const GUARDS: Readonly<Record<string, (text: string) => string>> = {
  json: guardJson,
  sarif: guardJson,
  gitlab: guardJson,
  otlp: guardJson,
  html: guardMarkup,
  junit: guardMarkup,
  checkstyle: guardMarkup,
  markdown: guardProse,
  buildkite: guardProse,
  openmetrics: guardProse,
  github: asItIs,
  azure: asItIs,
};

/** A report as it is printed. A file is read by nobody who takes commands, but JSON may end on a terminal from there as well. */
export function guardReport(format: string, text: string, printed: boolean): string {
  const guard = GUARDS[format] ?? guardText;
  return printed || guard === guardJson ? guard(text) : text;
}

/** One line for standard error, whatever is in it. */
export function errorLine(text: string): string {
  return guardText(oneLine(text).slice(0, 4000));
}
