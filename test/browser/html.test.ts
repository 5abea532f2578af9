/** The HTML page in a real Chromium, headless: it opens, fits, answers to search, keys and clicks, and asks nothing of any network. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BuildReport, Report, StepReport } from '../../src/model.ts';
import html from '../../src/reporters/html.ts';

const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync(name, ['--version']).status === 0);
if (!chromium) console.warn('NO CHROMIUM: the HTML page is not tested in a browser (Debian: apt-get install chromium)');
const tmp = mkdtempSync(path.join(tmpdir(), 'cachewhy-page-'));
afterAll(() => rmSync(tmp, { recursive: true, force: true }));

/** 500 steps in 20 stages; a first miss in one of them, and its cascade. */
function makeReport(): Report {
  const steps = Array.from({ length: 500 }, (_, i): StepReport => {
    const missed = i % 25 >= 5 && i < 25;
    return {
      id: `#${i}`,
      name: `[stage-${Math.floor(i / 25)} ${(i % 25) + 1}/25] RUN make part-${i} --with=something-of-a-usual-length`,
      target: null,
      platform: null,
      stage: `stage-${Math.floor(i / 25)}`,
      position: (i % 25) + 1,
      of: 25,
      instruction: 'RUN',
      cacheable: true,
      status: missed ? 'rebuilt' : 'reused',
      role: !missed ? 'reused' : i === 5 ? 'first-miss' : 'cascade',
      seconds: missed ? 1 : 0,
      inputs: i % 25 === 0 ? [] : [`#${i - 1}`],
      source: { file: 'Dockerfile', line: i + 1, endLine: i + 1 },
      startedAt: i,
    };
  });
  const build: BuildReport = {
    dialect: 'plain',
    outcome: 'succeeded',
    builder: null,
    seconds: 20,
    summary: {
      steps: 500,
      reused: 480,
      rebuilt: 20,
      failed: 0,
      canceled: 0,
      skipped: 0,
      hitRate: 0.96,
      rebuiltSeconds: 20,
      avoidableSeconds: 0,
    } as BuildReport['summary'],
    headline: 'It missed.',
    steps,
    misses: [
      {
        step: '#5',
        name: steps[5]!.name,
        cascade: steps.filter((s) => s.role === 'cascade').map((s) => s.id),
        seconds: 1,
        cascadeSeconds: 19,
        causes: [{ kind: 'context-files-changed', confidence: 'certain', summary: 'docs/guide.md changed', because: ['compared'] }],
        advice: [],
      },
    ],
    hidden: [],
    suspectHits: [],
    notes: [],
  };
  return { schemaVersion: 1, generator: { name: 'cachewhy', version: '0' }, builds: [build] };
}

/** Opens the page, runs the script in it when it has loaded, and gives what the script returns. */
function inBrowser(script: string): unknown {
  const page = html.render(makeReport(), { color: false, columns: 100 });
  expect(Buffer.byteLength(page)).toBeLessThan(1 << 20);
  const file = path.join(tmp, 'page.html');
  const probe = `<script>addEventListener('load',()=>setTimeout(()=>{const out=(()=>{${script}})();const e=document.createElement('pre');e.id='probe';e.textContent=JSON.stringify(out);document.body.append(e)},0))</script>`;
  writeFileSync(file, page.replace('</body>', `${probe}</body>`));
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  const done = spawnSync(chromium!, [...flags, `--user-data-dir=${path.join(tmp, 'profile')}`, '--dump-dom', `file://${file}`], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 1 << 26,
  });
  const found = /<pre id="probe">(.*?)<\/pre>/s.exec(done.stdout)?.[1];
  expect(found, done.stderr).toBeDefined();
  return JSON.parse(found!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'));
}

describe.skipIf(!chromium)('the page', () => {
  it('is as wide as the window, and loads nothing', () => {
    const seen = inBrowser(`const n=performance.getEntriesByType('navigation')[0];
      return {rows:document.querySelectorAll('.row').length,ready:n.domInteractive,loaded:performance.getEntriesByType('resource').length,wide:document.documentElement.scrollWidth<=innerWidth,policy:document.querySelector('meta[http-equiv]').content}`) as Record<
      string,
      unknown
    >;
    expect(seen).toMatchObject({ rows: 500, loaded: 0, wide: true });
    // Tests do not time: what it takes is said, to be looked at.
    console.log(`a page of 500 steps is interactive after ${Math.round(seen.ready as number)} ms`);
    expect(seen.ready).toBeGreaterThan(0);
    expect(seen.policy).toContain("default-src 'none'");
  });

  it('searches', () => {
    const shown = inBrowser(`const q=document.getElementById('q');q.value='Part-499 ';q.dispatchEvent(new Event('input'));
      const found=[...document.querySelectorAll('.row')].filter((r)=>!r.hidden).map((r)=>r.dataset.find.includes('part-499'));
      document.dispatchEvent(new KeyboardEvent('keydown',{key:'Escape'}));
      return [found,[...document.querySelectorAll('.row')].filter((r)=>!r.hidden).length]`);
    expect(shown).toEqual([[true], 500]);
  });

  it('goes from row to row by keys, and to the search by a slash', () => {
    expect(
      inBrowser(`const rows=document.querySelectorAll('.row');rows[3].focus();
      const press=(key)=>document.activeElement.dispatchEvent(new KeyboardEvent('keydown',{key,bubbles:true,cancelable:true}));
      press('ArrowDown');const down=document.activeElement===rows[4];press('ArrowUp');press('ArrowUp');const up=document.activeElement===rows[2];
      press('/');return [down,up,document.activeElement.id]`),
    ).toEqual([true, true, 'q']);
  });

  it('shows what a step stands on', () => {
    expect(
      inBrowser(`const row=document.getElementById([...document.querySelectorAll('.row')][10].id);row.click();
      const on=[document.querySelectorAll('.picked').length,document.querySelectorAll('.up').length];row.click();
      return [...on,document.querySelectorAll('.picked,.up').length]`),
    ).toEqual([1, 10, 0]);
  });
});
