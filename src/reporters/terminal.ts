import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import type { AdviceReport, BuildReport, CauseReport, MissReport, Report, StepReport } from '../model.ts';
import { age, duration, lowerFirst, money, oneLine, percent, plural, truncate } from '../text.ts';
import { type BuildGroup, groupBuilds, listNumbers } from './choice/groups.ts';
import { TerminalPage } from './terminal-page.ts';
import type { Reporter, View } from './types.ts';

/** More first misses, paths or steps than these are counted, not shown: the JSON has them all. */
const MAX_MISSES = 8;
const MAX_PATHS = 6;
const MAX_STEPS = 60;

const reporter: Reporter = {
  id: 'terminal',
  title: 'for people, in a terminal or a log',
  extension: 'txt',
  render(report, view) {
    return new TerminalReport(report, view).text();
  },
};
export default reporter;

const CONFIDENCE: Readonly<Record<CauseReport['confidence'], string>> = { certain: 'certain', likely: 'likely', possible: 'possible' };
/** Kinds of builds in the table above many. */
const MAX_GROUPS = 30;
const MARKS: Readonly<Record<StepReport['role'], string>> = {
  'first-miss': '✗ first miss',
  cascade: '↳ cascade',
  reused: '✓ reused',
  'cut-off': '✓ cut-off',
  none: '',
};

class TerminalReport extends TerminalPage {
  private readonly report: Report;

  constructor(report: Report, view: View) {
    super(view, 36, 140);
    this.report = report;
  }

  text(): string {
    const { builds, notes, budgets } = this.report;
    const groups = groupBuilds(builds);
    if (builds.length > 1) this.overview(groups, builds.length);
    for (const g of groups) {
      this.build(g.shown, builds.length > 1 ? g.number : null);
      if (g.others.length > 0) this.sameIn(g.others);
    }
    for (const n of notes ?? []) this.paragraph(`note: ${oneLine(n)}`, '', 'dim');
    for (const b of budgets ?? [])
      this.paragraph(`${b.ok ? 'budget held' : 'BUDGET BROKEN'}: ${oneLine(b.summary)}`, '', b.ok ? 'dim' : ['red', 'bold']);
    return this.page();
  }

  private overview(groups: readonly BuildGroup[], builds: number): void {
    const rows = groups
      .slice(0, MAX_GROUPS)
      .map((g) => [
        String(g.number),
        g.others.length > 0 ? `+${g.others.length}` : '',
        g.shown.outcome,
        `${g.shown.summary.reused}/${g.shown.summary.reused + g.shown.summary.rebuilt}`,
        duration(g.rebuiltSeconds),
        truncate(oneLine(g.shown.misses[0]?.name ?? '-'), Math.max(10, this.width - 54)),
      ]);
    this.lines.push(this.style('bold', plural(builds, 'build')));
    this.table(['#', 'same', 'outcome', 'reused', 'rebuilt', 'worst first miss'], rows);
    if (groups.length > MAX_GROUPS) this.lines.push(this.style('dim', `… and ${plural(groups.length - MAX_GROUPS, 'more kind')} of build`));
    this.lines.push('');
  }

  private sameIn(others: readonly number[]): void {
    if (this.lines.at(-1) === '') this.lines.pop();
    this.paragraph(`The same in ${plural(others.length, 'other build')}: ${listNumbers(others)}`, '  ', 'dim');
    this.lines.push('');
  }

  private build(b: BuildReport, number: number | null): void {
    const bad = b.misses.length > 0 || b.outcome !== 'succeeded';
    if (number !== null && !bad) {
      this.paragraph(`${number}. ${oneLine(b.headline)}`, '', 'green', '   ');
      return;
    }
    this.paragraph(
      `${number === null ? '' : `${number}. `}${oneLine(b.headline)}`,
      '',
      bad ? ['bold', b.outcome === 'failed' ? 'red' : 'yellow'] : 'green',
    );
    if (b.summary.steps > 0 && bad) {
      const parts = [
        `${b.summary.reused} of ${b.summary.reused + b.summary.rebuilt} steps reused (${percent(b.summary.hitRate)})`,
        `${duration(b.summary.rebuiltSeconds)} in steps that ${b.foreseen ? 'will run' : 'ran'}`,
      ];
      if (b.summary.avoidableSeconds > 0) parts.push(`${duration(b.summary.avoidableSeconds)} of it avoidable`);
      if (b.seconds !== null) parts.push(`${duration(b.seconds)} in all`);
      this.paragraph(parts.join(', '), '', 'dim');
    }
    if (b.money)
      this.paragraph(
        `The avoidable part costs ${money(b.money.avoidablePerMonth, b.money.currency)} a month at ${plural(b.money.buildsPerDay, 'build')} a day.`,
        '',
      );
    for (const m of b.misses.slice(0, MAX_MISSES)) this.miss(m, b);
    if (b.misses.length > MAX_MISSES)
      this.lines.push(
        '',
        this.style(
          'dim',
          `… and ${plural(b.misses.length - MAX_MISSES, 'more first miss', 'more first misses')} (--format json has them all)`,
        ),
      );
    this.hidden(b);
    this.suspects(b);
    for (const a of b.advice ?? []) {
      this.lines.push('');
      this.advice(a, b);
    }
    this.trend(b);
    if (b.notes.length > 0) {
      this.lines.push('');
      for (const n of b.notes) this.paragraph(oneLine(n), '  ', 'dim');
    }
    if (bad && b.steps.some((s) => s.cacheable)) this.steps(b);
    this.lines.push('');
  }

  private miss(m: MissReport, b: BuildReport): void {
    this.lines.push('');
    const where = m.source ? `  ${oneLine(m.source.file)}:${m.source.line}` : '';
    this.paragraph(`${truncate(oneLine(m.name), 400)}${where}`, this.style(['red', 'bold'], '✗ '), 'bold', '  ');
    const cost = [duration(m.seconds)];
    if (m.cascade.length > 0)
      cost.push(`and ${plural(m.cascade.length, 'step')} below it ${b.foreseen ? 'will run' : 'ran'}: ${duration(m.cascadeSeconds)}`);
    if (m.criticalSeconds != null && m.criticalSeconds > 0.05 && b.misses.length > 1)
      cost.push(`${duration(m.criticalSeconds)} on the critical path`);
    this.paragraph(cost.join(', '), '    ', 'dim');
    const [top, ...others] = m.causes;
    if (top) {
      this.paragraph(`${oneLine(top.summary)} (${CONFIDENCE[top.confidence]})`, `  ${this.style('yellow', 'why')} `, undefined, '      ');
      for (const p of (top.paths ?? []).slice(0, MAX_PATHS))
        this.lines.push(`        ${truncate(oneLine(p.path), this.width - 24)} ${this.style('dim', oneLine(p.detail ?? p.change))}`);
      const left = (top.paths?.length ?? 0) - MAX_PATHS + (top.morePaths ?? 0);
      if (left > 0) this.lines.push(this.style('dim', `        … and ${left} more`));
      for (const e of top.because) this.paragraph(oneLine(e), '      - ', 'dim', '        ');
    }
    if (others.length > 0 && top?.confidence !== 'certain')
      this.paragraph(
        `or: ${others.map((c) => `${lowerFirst(oneLine(c.summary))} (${CONFIDENCE[c.confidence]})`).join('; ')}`,
        '      ',
        'dim',
      );
    if (m.accepted)
      this.paragraph(`accepted in line ${m.accepted.line}${m.accepted.reason ? `: ${oneLine(m.accepted.reason)}` : ''}`, '      ', 'dim');
    const fresh = b.trend?.fresh.find((f) => f.step === m.step);
    if (fresh) this.paragraph(`new${fresh.since ? `: last reused ${oneLine(fresh.since)}` : ' since the build before'}`, '      ', 'dim');
    for (const a of m.advice) this.advice(a, b);
  }

  private advice(a: AdviceReport, b: BuildReport): void {
    const saves = a.savesSeconds !== null && a.savesSeconds > 0 ? ` — saves ${duration(a.savesSeconds)} of this build` : '';
    const price = a.savesMoneyPerMonth ? `, ${money(a.savesMoneyPerMonth, b.money?.currency ?? '$')} a month` : '';
    this.paragraph(`${oneLine(a.summary)}${saves}${price}`, `  ${this.style('green', 'fix')} `, undefined, '      ');
    for (const e of a.because ?? []) this.paragraph(oneLine(e), '      - ', 'dim', '        ');
    if (a.proof) this.paragraph(oneLine(a.proof), '      - ', 'dim', '        ');
    if (a.patch) this.diff(a.patch, '      ');
  }

  /** How the build stands among those before it. */
  private trend(b: BuildReport): void {
    const { trend } = b;
    if (!trend || trend.builds.length < 2) return;
    const rates = trend.builds.slice(-10).map((x) => percent(x.hitRate));
    this.lines.push('');
    this.paragraph(`Reused in the last ${plural(rates.length, 'build')}: ${rates.join(', ')}`, '', 'dim');
    for (const w of trend.worst.slice(0, 3))
      this.paragraph(`missed in ${w.misses} of ${w.of}: ${truncate(oneLine(w.name), 120)}`, '  - ', 'dim', '    ');
  }

  private hidden(b: BuildReport): void {
    if (b.hidden.length === 0) return;
    this.lines.push('', b.foreseen ? 'Would miss on their own as well:' : 'Would have missed on their own as well:');
    for (const h of b.hidden.slice(0, MAX_MISSES))
      this.paragraph(`${truncate(oneLine(h.name), 120)}: ${oneLine(h.causes[0]?.summary ?? '')}`, '  - ', undefined, '    ');
  }

  private suspects(b: BuildReport): void {
    if (b.suspectHits.length === 0) return;
    this.lines.push('', 'Reused, but perhaps stale:');
    for (const s of b.suspectHits.slice(0, MAX_MISSES)) {
      const since = s.ageSeconds === null ? '' : ` (${age(s.ageSeconds)} old)`;
      this.paragraph(`${truncate(oneLine(s.name), 120)}: ${oneLine(s.summary)}${since}`, '  - ', undefined, '    ');
      if (s.fix) this.paragraph(oneLine(s.fix), '      ', 'dim');
    }
  }

  private steps(b: BuildReport): void {
    const shown = b.steps.filter((s) => s.cacheable);
    this.lines.push('');
    const rows = shown
      .slice(0, MAX_STEPS)
      .map((s) => [
        s.id,
        this.mark(s),
        s.seconds === null ? '' : duration(s.seconds),
        truncate(oneLine(s.name), Math.max(12, this.width - 38)),
      ]);
    this.table(['', b.foreseen ? 'what will happen' : 'what happened', 'time', 'step'], rows);
    if (shown.length > MAX_STEPS) this.lines.push(this.style('dim', `… and ${plural(shown.length - MAX_STEPS, 'more step')}`));
  }

  private mark(s: StepReport): string {
    const failed =
      s.status === 'failed' ? '✗ failed' : s.status === 'canceled' ? '– cancelled' : s.status === 'skipped' ? '– never ran' : null;
    const text = failed ?? (s.rebased ? '✓ rebased' : s.pulled && s.status === 'reused' ? '✓ pulled' : MARKS[s.role]);
    return text.startsWith('✓')
      ? this.style('green', text)
      : text.startsWith('✗')
        ? this.style('red', text)
        : text.startsWith('↳')
          ? this.style('yellow', text)
          : this.style('dim', text);
  }

  private table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    if (this.width < 60) {
      // No room for columns: a line each.
      for (const row of rows) this.lines.push(truncate(stripVTControlCharacters(row.filter((c) => c !== '').join('  ')), this.width));
      return;
    }
    const table = new Table({
      head: head.map((h) => this.style('dim', h)),
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
      colAligns: head.map((h) => (h === 'time' || h === 'rebuilt' || h === '#' ? 'right' : 'left')),
      chars: {
        top: '',
        'top-mid': '',
        'top-left': '',
        'top-right': '',
        bottom: '',
        'bottom-mid': '',
        'bottom-left': '',
        'bottom-right': '',
        left: '',
        'left-mid': '',
        mid: '',
        'mid-mid': '',
        right: '',
        'right-mid': '',
        middle: '',
      },
    });
    for (const row of rows) table.push([...row]);
    this.lines.push(
      ...table
        .toString()
        .split('\n')
        .map((l) => l.trimEnd()),
    );
  }
}
