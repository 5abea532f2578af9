/** Readers of what is printed that are not ours: what a terminal, a CI runner or a browser would do with it. */
import { HtmlRenderer, Parser } from 'commonmark';
import { expect } from 'vitest';

/** C0 but line ends, DEL, C1, directions, invisible ones. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;

/** https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs: `::name …::` after blanks, `##[name …]` anywhere. */
function githubCommand(line: string): boolean {
  return /^\s*::[^:\s][^\n]*::/.test(line) || /##\[[^\]]+\]/.test(line);
}
/** https://github.com/microsoft/azure-pipelines-agent: `##vso[area.event …]` anywhere; `##[group]` and its like */
function azureCommand(line: string): boolean {
  return /##vso\[[^\]]+\]|##\[[^\]]+\]/i.test(line);
}
function teamcityCommand(line: string): boolean {
  return /##teamcity\[/.test(line);
}
/** https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections */
function gitlabCommand(line: string): boolean {
  return /section_(?:start|end):\d+:[\w.-]+(?:\[[^\]]*\])?\r\u001b\[0K/.test(line);
}

/** No line is a command, but those that are meant to be: `::notice file=…` of the github format and the like. */
export function expectNoCommands(text: string, meant: RegExp = /^$/): void {
  for (const line of text.split('\n')) {
    if (meant.test(line)) continue;
    expect(githubCommand(line), `GitHub obeys ${JSON.stringify(line)}`).toBe(false);
    expect(azureCommand(line), `Azure obeys ${JSON.stringify(line)}`).toBe(false);
    expect(teamcityCommand(line), `TeamCity obeys ${JSON.stringify(line)}`).toBe(false);
    expect(gitlabCommand(line), `GitLab obeys ${JSON.stringify(line)}`).toBe(false);
  }
}

/** Nothing but text, and colours where asked for. */
export function expectPlain(text: string, color = false): void {
  const bare = color ? text.replace(/\u001b\[[0-9;]*m/g, '') : text;
  const odd = CONTROL.exec(bare);
  expect(odd && JSON.stringify(bare.slice(Math.max(0, odd.index - 60), odd.index + 20))).toBeNull();
  expectNoCommands(text);
  // Buildkite's groups: ours are none of the plain reports.
  for (const line of text.split('\n')) expect(line).not.toMatch(/^(?:---|\+\+\+|~~~|\^\^\^)(?: |$)/);
}

/** A value on the way to a terminal or a CI log: valid, and as harmless as text. */
export function expectJson(text: string): unknown {
  expect(text).not.toMatch(CONTROL);
  expectNoCommands(text);
  return JSON.parse(text);
}

/** Only markup that we write ourselves: no script, no handler, nothing fetched. */
const TAGS =
  /^<(?:\/?(?:h2|h3|h4|p|ul|ol|li|strong|em|code|pre|blockquote|details|summary|br|table|thead|tbody|tr|th|td)(?: class="language-[a-z]+")?|!-- cachewhy --)\s*\/?>$/;

export function expectMarkdown(text: string, printed = true): void {
  expect(text).not.toMatch(CONTROL);
  if (printed) expectNoCommands(text);
  const html = new HtmlRenderer().render(new Parser().parse(text));
  for (const tag of html.match(/<\/?[a-zA-Z!][^>]*>/g) ?? []) expect(tag).toMatch(TAGS);
  // A name cannot call people: only code may hold one.
  expect(html.replace(/<code[^>]*>[^<]*<\/code>/g, '')).not.toMatch(/@everyone/);
}

export function expectHtml(text: string): void {
  expect(text).not.toMatch(CONTROL);
  expectNoCommands(text);
  const scripts = text.match(/<script\b[^>]*>/g) ?? [];
  expect(scripts.length).toBeLessThanOrEqual(2);
  expect(text.match(/<\/script/g)).toHaveLength(scripts.length);
  const markup = text.replace(/<script\b[\s\S]*?<\/script>/g, '').replace(/<style\b[\s\S]*?<\/style>/g, '');
  for (const tag of markup.match(/<[a-zA-Z/!][^>]*>/g) ?? []) {
    expect(tag).toMatch(/^<[a-zA-Z/!][^<]*>$/);
    expect(tag.replace(/"[^"]*"/g, '""')).not.toMatch(/\s(?:on\w+|src|href)\s*=/i);
    expect(tag).toMatch(
      /^<\/?(?:!doctype|html|head|meta|title|style|body|header|main|section|h[1-4]|p|b|strong|i|span|label|input|div|ul|li|code|pre|button|details|summary|dl|dt|dd|table|thead|tbody|tr|th|td|canvas|svg|polyline)\b/i,
    );
  }
}
