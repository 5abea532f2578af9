import type { BuildReport, MissReport, StepReport } from '../model.ts';
import { duration, escapeXml as esc, money, oneLine, percent, plural } from '../text.ts';
import { groupBuilds, listNumbers } from './choice/groups.ts';
import { startTimes } from './otlp.ts';
import type { Reporter } from './types.ts';

/** One file that opens offline: no request leaves it, and its policy forbids any. */
const reporter: Reporter = {
  id: 'html',
  title: 'HTML page',
  extension: 'html',
  render(report) {
    const builds = groupBuilds(report.builds)
      .map((g) => {
        const same =
          g.others.length > 0 ? `<p class="dim">The same in ${plural(g.others.length, 'other build')}: ${listNumbers(g.others)}</p>` : '';
        return build(g.shown, g.number - 1, report.builds.length) + same;
      })
      .join('\n');
    const notes = (report.notes ?? []).map((n) => `<p class="note">${esc(oneLine(n))}</p>`).join('');
    const budgets = (report.budgets ?? [])
      .map((b) => `<p><b>${b.ok ? 'Budget held' : 'Budget broken'}:</b> ${esc(oneLine(b.summary))}</p>`)
      .join('');
    return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>cachewhy report</title><style>${STYLE}</style></head>
<body><header><h1>${report.builds.every((b) => b.foreseen) ? 'What the build cache will miss' : 'Why the build cache missed'}</h1><label>Search <input id="q" type="search" placeholder="step, file, cause" accesskey="s"></label></header>
<main>${budgets}${builds}${notes}</main><script>${SCRIPT}</script></body></html>
`;
  },
};
export default reporter;

const STYLE = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1c2128;--dim:#59636e;--line:#d1d9e0;--card:#f6f8fa;--miss:#cf222e;--cascade:#bf8700;--hit:#1a7f37;--cut:#0969da;--other:#8c959f}
@media (prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;--line:#3d444d;--card:#151b23;--miss:#f85149;--cascade:#d29922;--hit:#3fb950;--cut:#4493f8;--other:#656c76}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif}
header{display:flex;gap:1rem;justify-content:space-between;align-items:center;flex-wrap:wrap;padding:1rem 1.5rem;border-bottom:1px solid var(--line);position:sticky;top:0;background:var(--bg);z-index:2}
h1{font-size:1.1rem;margin:0}h2{font-size:1.05rem;margin:1.6rem 0 .6rem}h3{font-size:1rem;margin:0}main{max-width:75rem;margin:0 auto;padding:1rem 1.5rem 4rem}
input{font:inherit;padding:.3rem .6rem;border:1px solid var(--line);border-radius:6px;background:var(--card);color:var(--fg);min-width:16rem}
.headline{font-size:1.25rem;font-weight:600;margin:1rem 0;overflow-wrap:anywhere}.tiles{display:flex;gap:.8rem;flex-wrap:wrap}.tile{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.6rem 1rem}.tile b{display:block;font-size:1.3rem}
.dim,.note{color:var(--dim)}.card{border:1px solid var(--line);border-left:4px solid var(--miss);border-radius:8px;padding:.8rem 1rem;margin:.8rem 0;background:var(--card);overflow-wrap:anywhere}
code,pre{font:13px/1.45 ui-monospace,monospace}pre{overflow:auto;padding:.6rem;border:1px solid var(--line);border-radius:6px;background:var(--bg)}ul{margin:.3rem 0;padding-left:1.2rem}
.fix{border-left:3px solid var(--hit);padding-left:.7rem;margin:.5rem 0}.lane{margin:.5rem 0}.lane>span{font-weight:600}
.row{display:grid;grid-template-columns:minmax(12rem,26rem) 1fr 5rem;gap:.6rem;align-items:center;width:100%;text-align:left;border:0;background:none;color:inherit;font:inherit;padding:.12rem .2rem;border-radius:4px;cursor:pointer}
.row:hover,.row:focus-visible{background:var(--card);outline:2px solid var(--cut)}.row code{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}.row .t{text-align:right;color:var(--dim)}
.bar{position:relative;height:14px}.bar i{position:absolute;top:0;bottom:0;min-width:3px;border-radius:3px;background:var(--other)}
.first-miss i{background:var(--miss)}.cascade i{background:var(--cascade)}.reused i{background:var(--hit)}.cut-off i{background:var(--cut)}
.key span::before{content:"";display:inline-block;width:.8em;height:.8em;border-radius:2px;margin:0 .3em 0 .8em;background:var(--c)}
.picked{box-shadow:inset 3px 0 var(--cut)}.up{box-shadow:inset 3px 0 var(--other)}[hidden]{display:none!important}@media (max-width:40rem){.row{grid-template-columns:1fr 4rem}.row .bar{display:none}}
`.replace(/\n/g, '');

/** Searching, and showing what a step stands on. Names come from the page's own text: nothing is put into it as markup. */
const SCRIPT = `
const rows=[...document.querySelectorAll('[data-find]')];
document.getElementById('q').addEventListener('input',(e)=>{const q=e.target.value.trim().toLowerCase();for(const r of rows)r.hidden=q!==''&&!r.dataset.find.includes(q);});
document.addEventListener('keydown',(e)=>{if(e.key==='/'&&document.activeElement.tagName!=='INPUT'){e.preventDefault();document.getElementById('q').focus();}
if(e.key==='Escape'){document.getElementById('q').value='';for(const r of rows)r.hidden=false;}
if((e.key==='ArrowDown'||e.key==='ArrowUp')&&document.activeElement.classList.contains('row')){const all=[...document.querySelectorAll('.row')].filter((r)=>!r.hidden);const n=all[all.indexOf(document.activeElement)+(e.key==='ArrowDown'?1:-1)];if(n){e.preventDefault();n.focus();}}});
document.addEventListener('click',(e)=>{const r=e.target.closest('.row');if(!r)return;const on=r.classList.contains('picked');for(const x of document.querySelectorAll('.picked,.up'))x.classList.remove('picked','up');if(on)return;r.classList.add('picked');
const seen=new Set();const go=(id)=>{for(const i of (document.getElementById(id)?.dataset.in??'').split(' '))if(i&&!seen.has(i)){seen.add(i);document.getElementById(i)?.classList.add('up');go(i);}};go(r.id);});
`.trim();

function build(b: BuildReport, index: number, of: number): string {
  const tiles = [
    tile(percent(b.summary.hitRate), 'of steps reused'),
    tile(`${b.summary.reused} / ${b.summary.reused + b.summary.rebuilt}`, 'steps from the cache'),
    tile(duration(b.summary.rebuiltSeconds), b.foreseen ? 'in steps that will run' : 'in steps that ran'),
    tile(duration(b.summary.avoidableSeconds), 'avoidable'),
  ];
  if (b.seconds !== null) tiles.push(tile(duration(b.seconds), 'in all'));
  if (b.money) tiles.push(tile(esc(money(b.money.avoidablePerMonth, b.money.currency)), 'avoidable a month'));
  const hidden =
    b.hidden.length === 0
      ? ''
      : `<h2>Would have missed on their own as well</h2><ul>${b.hidden.map((h) => `<li><code>${esc(oneLine(h.name))}</code>: ${esc(oneLine(h.causes[0]?.summary ?? ''))}</li>`).join('')}</ul>`;
  const suspects =
    b.suspectHits.length === 0
      ? ''
      : `<h2>Reused, but perhaps stale</h2><ul>${b.suspectHits.map((s) => `<li><code>${esc(oneLine(s.name))}</code>: ${esc(oneLine(s.summary))}</li>`).join('')}</ul>`;
  const past = b.trend?.builds.slice(-10).map((x) => percent(x.hitRate)) ?? [];
  const trend =
    past.length < 2
      ? ''
      : `<h2>Builds before</h2><p>Reused in the last ${past.length}: ${past.join(', ')}</p><ul>${b.trend?.worst
          .slice(0, 5)
          .map((w) => `<li>missed in ${w.misses} of ${w.of}: <code>${esc(oneLine(w.name))}</code></li>`)
          .join('')}</ul>`;
  const notes = b.notes.map((n) => `<p class="note">${esc(oneLine(n))}</p>`).join('');
  return `<section>${of > 1 ? `<h2>Build ${index + 1}</h2>` : ''}<p class="headline">${esc(oneLine(b.headline))}</p><div class="tiles">${tiles.join('')}</div>${b.misses.length > 0 ? '<h2>First misses</h2>' : ''}${b.misses.map((m) => miss(m, b)).join('')}${hidden}${suspects}${timeline(b, index)}${trend}${notes}</section>`;
}

function tile(value: string, what: string): string {
  return `<div class="tile"><b>${value}</b><span class="dim">${what}</span></div>`;
}

function miss(m: MissReport, b: BuildReport): string {
  const cause = m.causes[0]!;
  const where = m.source ? ` <span class="dim">${esc(m.source.file)}:${m.source.line}</span>` : '';
  const paths = (cause.paths ?? [])
    .slice(0, 50)
    .map((p) => `<li><code>${esc(oneLine(p.path))}</code> ${esc(oneLine(p.detail ?? p.change))}</li>`);
  const others = m.causes.slice(1).map((c) => `<li>${esc(oneLine(c.summary))} <span class="dim">(${c.confidence})</span></li>`);
  const fixes = m.advice.map(
    (a) =>
      `<div class="fix"><b>Fix:</b> ${esc(oneLine(a.summary))}${a.savesSeconds ? ` <b>saves ${duration(a.savesSeconds)}${a.savesMoneyPerMonth ? `, ${esc(money(a.savesMoneyPerMonth, b.money?.currency ?? '$'))} a month` : ''}</b>` : ''}${a.proof ? `<br><span class="dim">${esc(oneLine(a.proof))}</span>` : ''}${a.patch ? `<pre>${a.patch.split('\n').map(esc).join('\n')}</pre>` : ''}</div>`,
  );
  const accepted = m.accepted
    ? `<p class="dim">Accepted in line ${m.accepted.line}${m.accepted.reason ? `: ${esc(oneLine(m.accepted.reason))}` : ''}</p>`
    : '';
  const find = esc(`${m.name} ${cause.kind} ${cause.summary} ${(cause.paths ?? []).map((p) => p.path).join(' ')}`.toLowerCase());
  return `<div class="card" data-find="${find}"><h3><code>${esc(oneLine(m.name))}</code>${where}</h3><p><b>${esc(oneLine(cause.summary))}</b> <span class="dim">${cause.kind}, ${cause.confidence}; ${duration(m.seconds + m.cascadeSeconds)}${m.cascade.length > 0 ? `, ${plural(m.cascade.length, 'step')} dragged along` : ''}</span></p>${accepted}<ul>${paths.join('')}</ul><details><summary>Evidence</summary><ul>${cause.because.map((e) => `<li>${esc(oneLine(e))}</li>`).join('')}</ul>${others.length > 0 ? `<p class="dim">Or:</p><ul>${others.join('')}</ul>` : ''}</details>${fixes.join('')}</div>`;
}

function timeline(b: BuildReport, index: number): string {
  const shown = b.steps.filter((s) => s.cacheable || s.instruction === 'FROM' || (s.seconds ?? 0) >= 0.1);
  if (shown.length === 0) return '';
  const starts = startTimes(b);
  const end = Math.max(0.001, ...shown.map((s) => (starts.get(s.id) ?? 0) + (s.seconds ?? 0)));
  const lanes = new Map<string, StepReport[]>();
  for (const s of shown) {
    const lane =
      s.cacheable || s.instruction === 'FROM'
        ? [s.target, s.platform, s.stage ?? 'steps'].filter((x) => x !== null).join(' ')
        : 'around the steps';
    const list = lanes.get(lane);
    if (list) list.push(s);
    else lanes.set(lane, [s]);
  }
  const id = (step: string): string => `b${index}-${step.replace(/[^A-Za-z0-9]/g, '')}`;
  const row = (s: StepReport): string => {
    const left = ((starts.get(s.id) ?? 0) / end) * 100;
    const width = ((s.seconds ?? 0) / end) * 100;
    return `<button class="row ${s.role}" id="${id(s.id)}" data-in="${s.inputs.map(id).join(' ')}" data-find="${esc(`${s.name} ${s.status} ${s.role}`.toLowerCase())}" title="${esc(oneLine(s.name))}"><code>${esc(oneLine(s.name))}</code><span class="bar"><i style="left:${Math.min(99.5, left).toFixed(2)}%;width:${Math.min(100 - left, width).toFixed(2)}%"></i></span><span class="t">${s.seconds === null ? s.status : duration(s.seconds)}</span></button>`;
  };
  return `<h2>Timeline by stage</h2><p class="key dim"><span style="--c:var(--miss)">first miss</span><span style="--c:var(--cascade)">cascade</span><span style="--c:var(--hit)">reused</span><span style="--c:var(--cut)">cut-off</span><span style="--c:var(--other)">other</span> — pick a step to see what it stands on</p>${[...lanes].map(([lane, list]) => `<div class="lane"><span>${esc(oneLine(lane))}</span>${list.map(row).join('')}</div>`).join('')}`;
}
