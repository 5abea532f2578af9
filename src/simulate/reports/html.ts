/** One self-contained page: heat map of commits by steps, cost over time before and after a change. */
import { duration, escapeXml, money, oneLine, percent, plural } from '../../text.ts';
import type { Simulation, Variant } from '../model.ts';
import { heatMap } from './heat-map.ts';
import { SCRIPT, STYLE } from './page.ts';
import type { SimulationReporter } from './types.ts';
import { bare, changedRuns, headline, isTimed, worth } from './words.ts';

const MAX_COMMITS = 200;

export const html: SimulationReporter = {
  render: ({ simulation: s, generator }) => {
    const timed = isTimed(s);
    const best = s.fixes?.[0] ?? s.against;
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="generator" content="${escapeXml(generator.name)} ${escapeXml(generator.version)}">
<title>Build cache over ${s.commits.length} commits</title><style>${STYLE}</style></head><body>
<header><h1>${escapeXml(headline(s).replaceAll('`', ''))}</h1>${facts(s, timed)}</header>
<main>
<section><h2 id="map">Commits by steps</h2>
<p class="hint">A column is a commit, oldest on the left; a row is a step. Arrow keys move, the line below tells.</p>
<div class="legend"><span class="k reused"></span>reused <span class="k first"></span>first miss <span class="k cascade"></span>cascade <span class="k unsure"></span>rebuilt, or reused if the stage it copies from came out the same <span class="k broken"></span>cannot be built</div>
<div class="map"><canvas id="heat" tabindex="0" role="img" aria-labelledby="map" aria-describedby="cell"></canvas></div>
<p id="cell" aria-live="polite">&nbsp;</p></section>
${timed ? `<section><h2>Rebuilt seconds, added up</h2>${curve(s, best)}</section>` : ''}
${s.against ? variant(s, s.against, s.against.title, timed) : ''}
${s.fixes ? fixes(s, timed) : ''}
<section><h2>Steps</h2>${stepTable(s, timed)}</section>
<section><h2>Files that cost most</h2>${fileTable(s, timed)}</section>
<section><h2>Commits</h2><input id="filter" type="search" placeholder="Filter commits" aria-label="Filter commits">${commitTable(s, timed)}</section>
<section><h2>Taken for true</h2><ul>${s.assumptions.map((a) => `<li>${escapeXml(a.text)}${a.option === undefined ? '' : ` <code>${escapeXml(a.option)}</code>`}</li>`).join('')}</ul>
${s.notes.map((n) => `<p>${escapeXml(n)}</p>`).join('')}</section>
</main>
<script type="application/json" id="data">${embed(heatMap(s))}</script>
<script>${SCRIPT}</script></body></html>
`;
  },
};

/** JSON inside a script element: nothing in it can end the element, and no text in it turns the page's own round. */
function embed(data: unknown): string {
  const json = JSON.stringify(data, (_, value: unknown) => (typeof value === 'string' ? oneLine(value) : value));
  return json.replace(/[<>&]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function facts(s: Simulation, timed: boolean): string {
  const list: [string, string][] = [
    ['Commits', `${s.repository.from.slice(0, 8)} … ${s.repository.to.slice(0, 8)} of ${s.repository.ref}`],
    ['Dockerfile', s.dockerfile + (s.target === null ? '' : `, target ${s.target}`)],
    ['Reused', `${s.summary.reused} of ${s.summary.steps} steps (${percent(s.summary.hitRate)})`],
    ['All in the cache', plural(s.summary.calm, 'commit')],
  ];
  if (timed) list.push(['Rebuilt', `${duration(s.summary.seconds)} of steps, ${duration(s.summary.waitSeconds)} of waiting`]);
  if (s.money) list.push(['Cost', money(s.money.spent, s.money.currency)]);
  if (s.summary.failed + s.summary.unbuildable > 0) list.push(['Not built', plural(s.summary.failed + s.summary.unbuildable, 'commit')]);
  return `<dl>${list.map(([k, v]) => `<div><dt>${escapeXml(k)}</dt><dd>${escapeXml(v)}</dd></div>`).join('')}</dl>`;
}

/** Seconds added up from commit to commit: as it is, and with the change. */
function curve(s: Simulation, other: Variant | undefined): string {
  const sums = (commits: Simulation['commits']): number[] => {
    let sum = 0;
    return commits.map((c) => {
      sum += c.seconds;
      return sum;
    });
  };
  const lines = [{ name: 'as it is', values: sums(s.commits), className: 'was' }];
  if (other) lines.push({ name: other.title, values: sums(other.commits), className: 'is' });
  const [width, height] = [900, 260];
  const top = Math.max(1, ...lines.flatMap((l) => l.values.at(-1) ?? 0));
  const x = (i: number, n: number): string => ((n < 2 ? 0 : i / (n - 1)) * width).toFixed(1);
  const y = (v: number): string => (height - (v / top) * (height - 10)).toFixed(1);
  const paths = lines.map(
    (l) =>
      `<polyline class="${l.className}" points="${l.values.map((v, i) => `${x(i, l.values.length)},${y(v)}`).join(' ')}"><title>${escapeXml(l.name)}</title></polyline>`,
  );
  const names = lines.map((l) => `<span class="k ${l.className}"></span>${escapeXml(l.name)}: ${duration(l.values.at(-1) ?? 0)}`).join(' ');
  return `<div class="legend">${names}</div><svg class="curve" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escapeXml(lines.map((l) => `${l.name}: ${duration(l.values.at(-1) ?? 0)}`).join(', '))}">${paths.join('')}</svg>`;
}

function variant(s: Simulation, v: Variant, title: string, timed: boolean): string {
  const runs = changedRuns(s.steps, v.steps, 8);
  const table = runs.length
    ? `<table><thead><tr><th>Step<th>ran<th>with the change</tr></thead><tbody>${runs.map((r) => `<tr><td><code>${escapeXml(r.name)}</code><td class="n">${r.was}<td class="n">${r.is}</tr>`).join('')}</tbody></table>`
    : '';
  const remarks = [
    ...(v.changesImage === undefined ? [] : [`<li><strong>changes the image:</strong> ${escapeXml(v.changesImage)}`]),
    ...v.keeps.map((k) => `<li>keeps: ${escapeXml(k)}`),
    ...v.unverified.map((u) => `<li><strong>not verified:</strong> ${escapeXml(u)}`),
  ];
  return `<section class="variant"><h2>${escapeXml(title)}</h2><p>${escapeXml(worth(s.summary, v, timed))}; ${plural(v.better, 'commit')} better, ${v.worse} worse${v.skipped > 0 ? `, ${v.skipped} left as they are` : ''}.</p>
${table}${v.patch === '' ? '' : `<pre class="diff">${paint(v.patch)}</pre>`}${remarks.length > 0 ? `<ul>${remarks.join('')}</ul>` : ''}</section>`;
}

function paint(patch: string): string {
  return patch
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => {
      const kind = line.startsWith('+') ? 'add' : line.startsWith('-') ? 'del' : '';
      return kind === '' ? escapeXml(line) : `<span class="${kind}">${escapeXml(line)}</span>`;
    })
    .join('\n');
}

function fixes(s: Simulation, timed: boolean): string {
  const [best, ...others] = s.fixes ?? [];
  const refused = (s.refused ?? []).map((r) => `<li>${escapeXml(r.title)}: ${escapeXml(r.reason)}`);
  return [
    best
      ? variant(s, best, `${best.changesImage === undefined ? 'Best' : 'Possible'} change: ${best.title}`, timed)
      : '<section><h2>No change was found that saves anything over these commits</h2></section>',
    ...others.map(
      (v) =>
        `<details><summary>${escapeXml(v.title)}: ${escapeXml(worth(s.summary, v, timed))}</summary>${variant(s, v, v.title, timed)}</details>`,
    ),
    refused.length > 0 ? `<section><h2>Not proposed</h2><ul>${refused.join('')}</ul></section>` : '',
  ].join('\n');
}

function stepTable(s: Simulation, timed: boolean): string {
  const rows = s.steps.map((x) => {
    const cost = timed
      ? `<td class="n">${x.seconds === null ? '?' : (x.basis === 'similar' ? '≈ ' : '') + duration(x.seconds)}<td class="n">${x.seconds === null ? '?' : duration(x.totalSeconds)}`
      : '';
    const through = x.files.slice(0, 3).map((f) => `${escapeXml(f.path)} ${f.misses}×`);
    return `<tr><td><code>${escapeXml(x.name)}</code><td class="n">${x.misses}<td class="n">${x.builds}${cost}<td>${through.join(', ')}</tr>`;
  });
  return `<table><thead><tr><th>Step<th>ran<th>of${timed ? '<th>each<th>in all' : ''}<th>most often through</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function fileTable(s: Simulation, timed: boolean): string {
  if (s.files.length === 0) return '<p>None: no file of the context made a step run.</p>';
  const rows = s.files.map(
    (f) => `<tr><td>${escapeXml(f.path)}<td class="n">${f.commits}${timed ? `<td class="n">${duration(f.seconds)}` : ''}</tr>`,
  );
  return `<table><thead><tr><th>File<th>commits${timed ? '<th>rebuilt through it' : ''}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function commitTable(s: Simulation, timed: boolean): string {
  const rows = s.commits
    .slice(-MAX_COMMITS)
    .reverse()
    .map((c) => {
      const why =
        c.status === 'built'
          ? c.misses.map((m) => `<code>${escapeXml(bare(m.step))}</code> ${escapeXml(m.cause.summary)}`).join('; ')
          : `<strong>${escapeXml(c.problem ?? c.status)}</strong>`;
      return `<tr><td><code>${c.commit.slice(0, 8)}</code><td>${escapeXml(c.subject)}<td class="n">${c.rebuilt.length}/${c.rebuilt.length + c.reused.length}${timed ? `<td class="n">${duration(c.seconds)}` : ''}<td>${why}</tr>`;
    });
  const more = s.commits.length > MAX_COMMITS ? `<p>The newest ${MAX_COMMITS} of ${s.commits.length}.</p>` : '';
  return `<table id="commits"><thead><tr><th>Commit<th>Subject<th>rebuilt${timed ? '<th>seconds' : ''}<th>Why</tr></thead><tbody>${rows.join('')}</tbody></table>${more}`;
}
