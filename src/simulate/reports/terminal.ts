import { stripVTControlCharacters } from 'node:util';
import { TerminalPage } from '../../reporters/terminal-page.ts';
import { duration, money, oneLine, percent, plural, truncate } from '../../text.ts';
import type { SimulatedCommit, Simulation, Variant } from '../model.ts';
import type { SimulationReporter, View } from './types.ts';
import { bare, changedRuns, headline, hitRates, isTimed, worth } from './words.ts';

const MAX_STEPS = 12;
const MAX_FILES = 8;
const MAX_COMMITS = 10;
const BARS = '▁▂▃▄▅▆▇█';

export const terminal: SimulationReporter = {
  render: ({ simulation }, view) => new TerminalSimulation(simulation, view).text(),
};

class TerminalSimulation extends TerminalPage {
  private readonly s: Simulation;
  private readonly timed: boolean;

  constructor(simulation: Simulation, view: View) {
    super(view, 40, 120);
    this.s = simulation;
    this.timed = isTimed(simulation);
  }

  text(): string {
    const { s } = this;
    this.paragraph(oneLine(headline(s)), '', 'bold');
    this.paragraph(this.facts(), '', 'dim');
    this.steps();
    this.files();
    this.rates();
    this.commits();
    if (s.against) this.variant(s.against, s.against.title);
    this.fixes();
    this.list(
      'Taken for true',
      s.assumptions.map((a) => `${a.text}${a.option === undefined ? '' : ` (${a.option})`}`),
    );
    for (const n of s.notes) this.paragraph(`note: ${oneLine(n)}`, '', 'dim');
    return this.page();
  }

  private title(text: string): void {
    this.lines.push('', this.style('bold', text));
  }

  private list(title: string, items: readonly string[]): void {
    if (items.length === 0) return;
    this.title(title);
    for (const item of items) this.paragraph(`- ${oneLine(item)}`, '  ', 'dim', '    ');
  }

  private facts(): string {
    const { summary, repository, dockerfile, target } = this.s;
    const parts = [
      `${repository.from.slice(0, 8)}..${repository.to.slice(0, 8)} of ${oneLine(repository.ref)}`,
      `${oneLine(dockerfile)}${target === null ? '' : `, target ${oneLine(target)}`}`,
      `${summary.reused} of ${summary.steps} steps reused (${percent(summary.hitRate)})`,
      `${plural(summary.calm, 'commit')} found everything in the cache`,
    ];
    if (this.timed && summary.waitSeconds < summary.seconds)
      parts.push(`${duration(summary.waitSeconds)} of waiting, as stages run side by side`);
    if (summary.failed > 0) parts.push(`${plural(summary.failed, 'commit')} would fail`);
    if (summary.unbuildable > 0) parts.push(`${plural(summary.unbuildable, 'commit')} cannot be built`);
    if (this.s.money) parts.push(`${money(this.s.money.spent, this.s.money.currency)} spent`);
    return parts.join(' · ');
  }

  /** Rows of right-aligned cells, the last one left-aligned and cut to the width. */
  private table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const last = head.length - 1;
    const widths = head.map((h, i) => (i === last ? 0 : Math.max(h.length, ...rows.map((r) => (r[i] ?? '').length))));
    const line = (cells: readonly string[]): string => {
      const front = cells
        .slice(0, last)
        .map((c, i) => c.padStart(widths[i] ?? 0))
        .join('  ');
      const room = Math.max(12, this.width - front.length - 4);
      return `  ${front}  ${truncate(cells[last] ?? '', room)}`;
    };
    this.lines.push(this.style('dim', line(head)));
    for (const r of rows) this.lines.push(line(r));
  }

  private steps(): void {
    const missed = this.s.steps.filter((x) => x.misses > 0);
    if (missed.length === 0) return;
    this.title('Steps');
    this.table(
      ['ran', 'of', ...(this.timed ? ['each', 'in all'] : []), 'step'],
      missed
        .slice(0, MAX_STEPS)
        .map((x) => [
          String(x.misses),
          String(x.builds),
          ...(this.timed
            ? [
                x.seconds === null ? '?' : `${x.basis === 'similar' ? '~' : ''}${duration(x.seconds)}`,
                x.seconds === null ? '?' : duration(x.totalSeconds),
              ]
            : []),
          oneLine(x.name),
        ]),
    );
    if (missed.length > MAX_STEPS) this.paragraph(`… and ${missed.length - MAX_STEPS} more`, '  ', 'dim');
  }

  private files(): void {
    const { files } = this.s;
    if (files.length === 0) return;
    this.title(this.timed ? 'Files that cost most' : 'Files that missed most');
    this.table(
      ['commits', ...(this.timed ? ['seconds'] : []), 'file'],
      files.slice(0, MAX_FILES).map((f) => [String(f.commits), ...(this.timed ? [duration(f.seconds)] : []), oneLine(f.path)]),
    );
    if (files.length > MAX_FILES)
      this.paragraph(`… and ${files.length - MAX_FILES}${files.length >= 100 ? ' or more' : ''} others`, '  ', 'dim');
  }

  private rates(): void {
    if (this.s.commits.length < 8) return;
    const rates = hitRates(this.s, Math.min(60, this.width - 30));
    const line = rates.map((r) => (r === null ? ' ' : (BARS[Math.min(7, Math.floor(r * 8))] ?? ' '))).join('');
    this.lines.push('', `${this.style('bold', 'Reused over time')}  ${line}  ${this.style('dim', 'oldest → newest')}`);
  }

  private commits(): void {
    const recent = this.s.commits.slice(-MAX_COMMITS).reverse();
    this.title(this.s.commits.length > MAX_COMMITS ? `The last ${MAX_COMMITS} commits` : 'Commits, newest first');
    for (const c of recent) this.commit(c);
  }

  private commit(c: SimulatedCommit): void {
    const all = c.rebuilt.length + c.reused.length;
    const what =
      c.status !== 'built'
        ? this.style('yellow', c.status === 'failed' ? 'fails' : 'cannot be built')
        : c.rebuilt.length === 0
          ? this.style('green', 'all reused')
          : `${c.rebuilt.length}/${all}${this.timed ? ` ${duration(c.seconds)}` : ''}`;
    const why = c.status === 'built' ? c.misses.map((m) => `${bare(m.step)}: ${m.cause.summary}`).join('; ') : (c.problem ?? '');
    const subject = truncate(oneLine(c.subject), 32).padEnd(32);
    const front = `  ${c.commit.slice(0, 8)}  ${subject}  ${what}`;
    const pad = Math.max(0, 58 - stripVTControlCharacters(front).length);
    const room = this.width - stripVTControlCharacters(front).length - pad - 2;
    this.lines.push(why === '' || room < 12 ? front : `${front}${' '.repeat(pad)}  ${this.style('dim', truncate(oneLine(why), room))}`);
  }

  private variant(v: Variant, title: string): void {
    this.title(oneLine(title));
    this.paragraph(
      `${worth(this.s.summary, v, this.timed)}; ${v.better} commits better, ${v.worse} worse${this.saved(v)}.`,
      '  ',
      v.savedSeconds > 0 || v.summary.rebuilt < this.s.summary.rebuilt ? 'green' : 'yellow',
    );
    for (const r of changedRuns(this.s.steps, v.steps, 4))
      this.paragraph(`${truncate(oneLine(r.name), this.width - 24)}: ${r.was} → ${r.is}`, '    ');
    if (v.skipped > 0) this.paragraph(`${plural(v.skipped, 'commit')} left as they are: the change does not fit them.`, '  ', 'dim');
    if (v.summary.failed > this.s.summary.failed)
      this.paragraph(`${v.summary.failed - this.s.summary.failed} commits would fail with it.`, '  ', 'red');
    if (v.patch !== '') {
      this.lines.push('');
      this.diff(v.patch, '  ');
    }
    if (v.changesImage !== undefined) this.paragraph(`changes the image: ${oneLine(v.changesImage)}`, '  ', 'yellow', '         ');
    for (const k of v.keeps) this.paragraph(`keeps: ${oneLine(k)}`, '  ', 'dim', '         ');
    for (const u of v.unverified) this.paragraph(`not verified: ${oneLine(u)}`, '  ', 'yellow', '         ');
  }

  private saved(v: Variant): string {
    const m = this.s.money;
    return m && v.savedWaitSeconds > 0 ? `, ${money((v.savedWaitSeconds / 60) * m.perMinute, m.currency)} saved` : '';
  }

  private fixes(): void {
    const { fixes, refused } = this.s;
    if (fixes) {
      const [best, ...others] = fixes;
      if (best) this.variant(best, best.changesImage === undefined ? `Best change: ${best.title}` : `Possible change: ${best.title}`);
      else this.title('No change was found that saves anything over these commits.');
      if (others.length > 0) this.title('Other changes');
      for (const v of others)
        this.paragraph(
          `- ${oneLine(v.title)} (${v.id}): ${worth(this.s.summary, v, this.timed)}${v.changesImage === undefined ? '' : `; ${oneLine(v.changesImage)}`}`,
          '  ',
          undefined,
          '    ',
        );
    }
    this.list(
      'Not proposed',
      (refused ?? []).map((r) => `${r.title}: ${r.reason}`),
    );
  }
}
