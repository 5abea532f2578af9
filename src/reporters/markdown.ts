import type { AdviceReport, BuildReport, MissReport } from '../model.ts';
import { codeSpan, duration, escapeMarkdown, money, oneLine, percent, plural, sanitize, truncate } from '../text.ts';
import { type BuildGroup, groupBuilds, listNumbers } from './choice/groups.ts';
import type { Reporter } from './types.ts';

/** Fits a comment (64 KiB) and so a job summary (1 MiB) as well. */
const MAX_BYTES = 60 * 1024;
const MAX_MISSES = 10;
const MAX_NODES = 24;
const MAX_STEPS = 80;

const reporter: Reporter = {
  id: 'markdown',
  title: 'Markdown (job summaries, comments)',
  extension: 'md',
  render(report) {
    const groups = groupBuilds(report.builds);
    const parts: string[] = [
      '<!-- cachewhy -->',
      report.builds.every((b) => b.foreseen) ? '## What the build cache will miss' : '## Why the build cache missed',
      '',
    ];
    if (report.builds.length > 1) parts.push(overview(groups), '');
    for (const b of report.budgets ?? []) parts.push(`- ${b.ok ? '✅' : '❌'} ${escapeMarkdown(b.summary)}`);
    for (const g of groups) {
      parts.push(build(g.shown, report.builds.length > 1 ? g.number : null));
      if (g.others.length > 0) parts.push(`The same in ${plural(g.others.length, 'other build')}: ${listNumbers(g.others)}`, '');
    }
    for (const n of report.notes ?? []) parts.push(`> ${escapeMarkdown(n)}`);
    return cut(`${parts.join('\n')}\n`);
  },
};
export default reporter;

function cut(text: string): string {
  if (Buffer.byteLength(text) <= MAX_BYTES) return text;
  const lines: string[] = [];
  let size = 0;
  let open = 0;
  for (const line of text.split('\n')) {
    size += Buffer.byteLength(line) + 1;
    if (size > MAX_BYTES - 400) break;
    if (line.startsWith('<details')) open++;
    if (line.startsWith('</details')) open--;
    lines.push(line);
  }
  // A fence or a fold that was open must not swallow the rest of the page.
  if (lines.filter((l) => /^`{3,}/.test(l)).length % 2 === 1) lines.push('```');
  for (; open > 0; open--) lines.push('</details>');
  return `${lines.join('\n')}\n\n> Cut here to fit: \`--format json=FILE\` has all of it.\n`;
}

function overview(groups: readonly BuildGroup[]): string {
  const rows = groups
    .slice(0, 100)
    .map(
      ({ shown: b, number, others, rebuiltSeconds }) =>
        `| ${number} | ${others.length > 0 ? `+${others.length}` : ''} | ${b.outcome} | ${b.summary.reused}/${b.summary.reused + b.summary.rebuilt} | ${duration(rebuiltSeconds)} | ${b.misses[0] ? cell(b.misses[0].name) : ''} | ${escapeMarkdown(b.misses[0]?.causes[0]?.summary ?? '')} |`,
    );
  return ['| build | same | outcome | reused | rebuilt | worst first miss | cause |', '|--:|--:|---|--:|--:|---|---|', ...rows].join('\n');
}

function cell(name: string): string {
  return codeSpan(truncate(oneLine(name), 100));
}

function build(b: BuildReport, number: number | null): string {
  const mark = b.outcome === 'failed' ? '❌' : b.misses.length > 0 ? '🟡' : '✅';
  const out = [`${number === null ? '' : `### Build ${number}\n\n`}${mark} **${escapeMarkdown(b.headline)}**`, ''];
  if (b.misses.length === 0 && b.outcome === 'succeeded') return out.join('\n');
  const facts = [
    `${b.summary.reused} of ${b.summary.reused + b.summary.rebuilt} steps reused (${percent(b.summary.hitRate)})`,
    `${duration(b.summary.rebuiltSeconds)} in steps that ${b.foreseen ? 'will run' : 'ran'}`,
  ];
  if (b.summary.avoidableSeconds > 0) facts.push(`**${duration(b.summary.avoidableSeconds)} avoidable**`);
  if (b.money) facts.push(`the avoidable part costs ${escapeMarkdown(money(b.money.avoidablePerMonth, b.money.currency))} a month`);
  out.push(facts.join(' · '), '');
  for (const m of b.misses.slice(0, MAX_MISSES)) out.push(miss(m, b));
  if (b.misses.length > MAX_MISSES) out.push(`… and ${plural(b.misses.length - MAX_MISSES, 'more first miss', 'more first misses')}.`, '');
  if (b.hidden.length > 0)
    out.push(
      'Would have missed on their own as well:',
      '',
      ...b.hidden.slice(0, MAX_MISSES).map((h) => `- ${cell(h.name)}: ${escapeMarkdown(h.causes[0]?.summary ?? '')}`),
      '',
    );
  if (b.suspectHits.length > 0)
    out.push(
      'Reused, but perhaps stale:',
      '',
      ...b.suspectHits.slice(0, MAX_MISSES).map((s) => `- ${cell(s.name)}: ${escapeMarkdown(s.summary)}`),
      '',
    );
  for (const a of b.advice ?? []) out.push(`- **Fix**: ${escapeMarkdown(a.summary)}${saving(a, b)}`, '');
  out.push(trend(b), picture(b), steps(b));
  for (const n of b.notes) out.push(`> ${escapeMarkdown(n)}`, '');
  return out.join('\n');
}

function miss(m: MissReport, b: BuildReport): string {
  const cause = m.causes[0]!;
  const where = m.source ? ` (${escapeMarkdown(m.source.file)}:${m.source.line})` : '';
  const cost = `${duration(m.seconds + m.cascadeSeconds)}${m.cascade.length > 0 ? `, ${plural(m.cascade.length, 'step')} dragged along` : ''}`;
  const out = [`- ${cell(m.name)}${where} — ${cost}`, `  - **Why** (${cause.confidence}): ${escapeMarkdown(cause.summary)}`];
  if (m.accepted) out.push(`  - Accepted in line ${m.accepted.line}${m.accepted.reason ? `: ${escapeMarkdown(m.accepted.reason)}` : ''}`);
  for (const a of m.advice.slice(0, 3)) out.push(`  - **Fix**: ${escapeMarkdown(a.summary)}${saving(a, b)}`);
  out.push('', '<details><summary>Evidence</summary>', '');
  for (const e of cause.because) out.push(`- ${escapeMarkdown(e)}`);
  for (const p of (cause.paths ?? []).slice(0, 20)) out.push(`- ${codeSpan(p.path)} ${escapeMarkdown(p.detail ?? p.change)}`);
  for (const c of m.causes.slice(1)) out.push(`- or (${c.confidence}): ${escapeMarkdown(c.summary)}`);
  for (const a of m.advice) if (a.patch) out.push('', ...fence(a.patch, 'diff'));
  out.push('', '</details>', '');
  return out.join('\n');
}

function saving(a: AdviceReport, b: BuildReport): string {
  const price = a.savesMoneyPerMonth ? `, ${escapeMarkdown(money(a.savesMoneyPerMonth, b.money?.currency ?? '$'))} a month` : '';
  return a.savesSeconds ? ` — saves ${duration(a.savesSeconds)}${price}` : '';
}

/** How the build stands among those before it. */
function trend({ trend }: BuildReport): string {
  if (!trend || trend.builds.length < 2) return '';
  const last = trend.builds.slice(-10);
  const worst = trend.worst.slice(0, 3).map((w) => `- missed in ${w.misses} of ${w.of}: ${cell(w.name)}`);
  return [`Reused in the last ${last.length} builds: ${last.map((x) => percent(x.hitRate)).join(', ')}`, '', ...worst, ''].join('\n');
}

function fence(text: string, language: string): string[] {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((m) => m[0].length));
  const ticks = '`'.repeat(longest + 1);
  return [`${ticks}${language}`, ...text.trimEnd().split('\n').map(sanitize), ticks];
}

/** The cascade as GitHub and GitLab draw it. */
function picture(b: BuildReport): string {
  const shown = b.steps.filter((s) => s.role === 'first-miss' || s.role === 'cascade' || s.role === 'cut-off').slice(0, MAX_NODES);
  if (shown.length < 2) return '';
  const ids = new Map(shown.map((s, i) => [s.id, `s${i}`]));
  const byId = new Map(b.steps.map((s) => [s.id, s]));
  const lines = ['flowchart TD'];
  for (const s of shown) lines.push(`  ${ids.get(s.id)}["${label(s.name)}"]:::${s.role.replace('-', '')}`);
  for (const s of shown) {
    const from = new Set<string>();
    const queue = [...s.inputs];
    const seen = new Set<string>();
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const node = ids.get(id);
      if (node) from.add(node);
      else if (byId.get(id)?.cacheable === false) queue.push(...(byId.get(id)?.inputs ?? []));
    }
    for (const node of from) lines.push(`  ${node} --> ${ids.get(s.id)}`);
  }
  lines.push(
    '  classDef firstmiss fill:#f8d7da,stroke:#b02a37,color:#000',
    '  classDef cascade fill:#fff3cd,stroke:#997404,color:#000',
    '  classDef cutoff fill:#d1e7dd,stroke:#146c43,color:#000',
  );
  return ['<details><summary>The cascade</summary>', '', '```mermaid', ...lines, '```', '', '</details>', ''].join('\n');
}

function label(name: string): string {
  return truncate(oneLine(name), 60).replace(/[^\p{L}\p{N} ./:=_@+,-]/gu, (c) => `#${c.codePointAt(0)};`);
}

function steps(b: BuildReport): string {
  const list = b.steps.filter((s) => s.cacheable);
  if (list.length === 0) return '';
  const rows = list
    .slice(0, MAX_STEPS)
    .map(
      (s) =>
        `| ${s.status}${s.role === 'first-miss' || s.role === 'cut-off' ? ` (${s.role})` : ''} | ${s.seconds === null ? '' : duration(s.seconds)} | ${cell(s.name)} |`,
    );
  if (list.length > MAX_STEPS) rows.push(`| … | | ${list.length - MAX_STEPS} more |`);
  return [
    `<details><summary>All ${plural(list.length, 'step')}</summary>`,
    '',
    '| | time | step |',
    '|---|--:|---|',
    ...rows,
    '',
    '</details>',
    '',
  ].join('\n');
}
