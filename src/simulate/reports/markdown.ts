import { codeSpan, duration, escapeMarkdown, money, percent, plural } from '../../text.ts';
import type { Simulation, Variant } from '../model.ts';
import type { SimulationReporter } from './types.ts';
import { bare, changedRuns, headline, isTimed, worth } from './words.ts';

const MAX_STEPS = 15;
const MAX_FILES = 15;
const MAX_COMMITS = 50;
/** A job summary holds 1 MiB, a comment 64 KiB; a diff of a Dockerfile is far from either. */
const MAX_PATCH = 20_000;

export const markdown: SimulationReporter = {
  render: ({ simulation: s }) => {
    const timed = isTimed(s);
    const blocks = [
      '## Docker build cache over the history',
      `**${sentence(headline(s))}**`,
      facts(s, timed),
      ...(s.against ? [variant(s, s.against, `### ${escapeMarkdown(s.against.title)}`, timed)] : []),
      ...fixes(s, timed),
      steps(s, timed),
      files(s, timed),
      commits(s, timed),
      fold(
        'Taken for true',
        s.assumptions.map((a) => `- ${escapeMarkdown(a.text)}${a.option === undefined ? '' : ` (${codeSpan(a.option)})`}`).join('\n'),
      ),
      ...s.notes.map((n) => `> ${escapeMarkdown(n)}`),
    ];
    return `${blocks.filter((b) => b !== '').join('\n\n')}\n`;
  },
};

/** The headline holds one code span; the rest is plain text. */
function sentence(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith('`') && part.length > 2 ? codeSpan(part.slice(1, -1)) : escapeMarkdown(part)))
    .join('');
}

function facts(s: Simulation, timed: boolean): string {
  const rows = [
    ['Commits', `${codeSpan(s.repository.from.slice(0, 8))} … ${codeSpan(s.repository.to.slice(0, 8))}, ${s.summary.built} built`],
    ['Dockerfile', codeSpan(s.dockerfile) + (s.target === null ? '' : `, target ${codeSpan(s.target)}`)],
    ['Reused', `${s.summary.reused} of ${s.summary.steps} steps (${percent(s.summary.hitRate)})`],
    ...(timed ? [['Rebuilt', `${duration(s.summary.seconds)} of steps, ${duration(s.summary.waitSeconds)} of waiting`]] : []),
    ...(s.money ? [['Cost', escapeMarkdown(money(s.money.spent, s.money.currency))]] : []),
    ...(s.summary.failed + s.summary.unbuildable > 0 ? [['Not built', plural(s.summary.failed + s.summary.unbuildable, 'commit')]] : []),
  ];
  return ['| | |', '|---|---|', ...rows.map((r) => `| ${r[0]} | ${r[1]} |`)].join('\n');
}

function steps(s: Simulation, timed: boolean): string {
  const missed = s.steps.filter((x) => x.misses > 0);
  if (missed.length === 0) return '';
  const head = timed
    ? '| Step | ran | of | each | in all | most often through |\n|---|--:|--:|--:|--:|---|'
    : '| Step | ran | of | most often through |\n|---|--:|--:|---|';
  const rows = missed.slice(0, MAX_STEPS).map((x) => {
    const cost =
      x.seconds === null ? ' ? | ? |' : ` ${x.basis === 'similar' ? '≈ ' : ''}${duration(x.seconds)} | ${duration(x.totalSeconds)} |`;
    const through = x.files.slice(0, 3).map((f) => `${codeSpan(f.path)} ${f.misses}×`);
    return `| ${codeSpan(x.name)} | ${x.misses} | ${x.builds} |${timed ? cost : ''} ${through.join(', ')} |`;
  });
  return `### Steps\n\n${[head, ...rows].join('\n')}${missed.length > MAX_STEPS ? `\n\n… and ${missed.length - MAX_STEPS} more.` : ''}`;
}

function files(s: Simulation, timed: boolean): string {
  if (s.files.length === 0) return '';
  const head = timed ? '| File | commits | rebuilt through it |\n|---|--:|--:|' : '| File | commits |\n|---|--:|';
  const rows = s.files.slice(0, MAX_FILES).map((f) => `| ${codeSpan(f.path)} | ${f.commits} |${timed ? ` ${duration(f.seconds)} |` : ''}`);
  return fold(`Files that cost most (${s.files.length})`, [head, ...rows].join('\n'));
}

function commits(s: Simulation, timed: boolean): string {
  const recent = s.commits.slice(-MAX_COMMITS).reverse();
  const head = timed ? '| Commit | | rebuilt | seconds | why |\n|---|---|--:|--:|---|' : '| Commit | | rebuilt | why |\n|---|---|--:|---|';
  const rows = recent.map((c) => {
    const why =
      c.status === 'built'
        ? c.misses.map((m) => `${codeSpan(bare(m.step))} ${escapeMarkdown(m.cause.summary)}`).join('; ')
        : `**${escapeMarkdown(c.problem ?? c.status)}**`;
    return `| ${codeSpan(c.commit.slice(0, 8))} | ${escapeMarkdown(c.subject)} | ${c.rebuilt.length}/${c.rebuilt.length + c.reused.length} |${timed ? ` ${duration(c.seconds)} |` : ''} ${why} |`;
  });
  return fold(`Commits, newest first (${recent.length} of ${s.commits.length})`, [head, ...rows].join('\n'));
}

function fixes(s: Simulation, timed: boolean): string[] {
  if (!s.fixes) return [];
  const [best, ...others] = s.fixes;
  const blocks = [
    best
      ? variant(s, best, `### ${best.changesImage === undefined ? 'Best' : 'Possible'} change: ${escapeMarkdown(best.title)}`, timed)
      : '### No change was found that saves anything over these commits',
  ];
  if (others.length > 0)
    blocks.push(
      fold(`Other changes (${others.length})`, others.map((v) => variant(s, v, `#### ${escapeMarkdown(v.title)}`, timed)).join('\n\n')),
    );
  if (s.refused && s.refused.length > 0)
    blocks.push(
      fold(
        `Not proposed (${s.refused.length})`,
        s.refused.map((r) => `- ${escapeMarkdown(r.title)}: ${escapeMarkdown(r.reason)}`).join('\n'),
      ),
    );
  return blocks;
}

function variant(s: Simulation, v: Variant, title: string, timed: boolean): string {
  const runs = changedRuns(s.steps, v.steps, 6).map((r) => `| ${codeSpan(r.name)} | ${r.was} | ${r.is} |`);
  const lines = [
    title,
    `${escapeMarkdown(worth(s.summary, v, timed))}; ${plural(v.better, 'commit')} better, ${v.worse} worse${v.skipped > 0 ? `, ${v.skipped} left as they are` : ''}.`,
  ];
  if (runs.length > 0) lines.push(['| Step | ran | with the change |', '|---|--:|--:|', ...runs].join('\n'));
  if (v.patch !== '') lines.push(codeBlock(v.patch.length > MAX_PATCH ? `${v.patch.slice(0, MAX_PATCH)}\n…` : v.patch));
  const remarks = [
    ...(v.changesImage === undefined ? [] : [`- **changes the image:** ${escapeMarkdown(v.changesImage)}`]),
    ...v.keeps.map((k) => `- keeps: ${escapeMarkdown(k)}`),
    ...v.unverified.map((u) => `- **not verified:** ${escapeMarkdown(u)}`),
  ];
  if (remarks.length > 0) lines.push(remarks.join('\n'));
  return lines.join('\n\n');
}

/** A fence longer than any in the text. */
function codeBlock(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((m) => m[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}diff\n${text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '?').replace(/(?<!\n)\n*$/, '\n')}${fence}`;
}

function fold(title: string, body: string): string {
  return body === '' ? '' : `<details><summary>${escapeMarkdown(title)}</summary>\n\n${body}\n\n</details>`;
}
