/** The data of the heat map: a row of letters for each step, a letter for each commit. */
import type { SimulatedCommit, Simulation } from '../model.ts';

export interface HeatMap {
  readonly commits: readonly { readonly id: string; readonly subject: string; readonly problem?: string }[];
  readonly rows: readonly HeatRow[];
}

export interface HeatRow {
  readonly name: string;
  /** `.` not in it, `r` reused, `f` first miss, `c` cascade, `u` rebuilt or reused, `x` the commit cannot be built. */
  readonly cells: string;
}

/** More rows than these cannot be told apart on a screen. */
const MAX_ROWS = 120;

export function heatMap(s: Simulation): HeatMap {
  const rows = new Map<string, { name: string; last: number; place: number; cells: string[] }>();
  for (const [i, c] of s.commits.entries()) {
    const letters = lettersOf(c);
    for (const [place, name] of orderOf(c).entries()) {
      const key = rowKey(name);
      let row = rows.get(key);
      if (!row) {
        row = { name, last: i, place, cells: new Array<string>(s.commits.length).fill('.') };
        rows.set(key, row);
      }
      row.name = name;
      row.last = i;
      row.place = place;
      row.cells[i] = letters.get(name) ?? 'r';
    }
  }
  const broken = s.commits.flatMap((c, i) => (c.status === 'built' ? [] : [i]));
  // What is in the newest Dockerfile comes first, in its order.
  const sorted = [...rows.values()].sort((a, b) => b.last - a.last || a.place - b.place).slice(0, MAX_ROWS);
  for (const row of sorted) for (const i of broken) row.cells[i] = 'x';
  return {
    commits: s.commits.map((c) => ({
      id: c.commit.slice(0, 8),
      subject: c.subject,
      ...(c.problem !== undefined && { problem: c.problem }),
    })),
    rows: sorted.map((r) => ({ name: r.name, cells: r.cells.join('') })),
  };
}

/** `[builder 5/6] COPY . .`: the position says nothing of which step it is. */
function rowKey(name: string): string {
  return name.replace(/\s{0,20}(?<!\d)\d{1,6}\/\d{1,6}\]/, ']');
}

function orderOf(c: SimulatedCommit): readonly string[] {
  // Rebuilt and reused steps come apart; their positions put them together again, stage by stage.
  const place = (name: string): [string, number] => {
    const match = /^\[([^\]]{0,300}?)\s{0,20}(\d{1,6})\/\d{1,6}\]/.exec(name);
    return [match?.[1] ?? '', Number(match?.[2] ?? 0)];
  };
  const stages: string[] = [];
  for (const name of [...c.reused, ...c.rebuilt]) if (!stages.includes(place(name)[0])) stages.push(place(name)[0]);
  return [...c.reused, ...c.rebuilt].sort((a, b) => {
    const [x, y] = [place(a), place(b)];
    return stages.indexOf(x[0]) - stages.indexOf(y[0]) || x[1] - y[1];
  });
}

function lettersOf(c: SimulatedCommit): Map<string, string> {
  const letters = new Map<string, string>();
  for (const name of c.rebuilt) letters.set(name, 'c');
  for (const name of c.uncertain) letters.set(name, 'u');
  for (const m of c.misses) letters.set(m.step, 'f');
  return letters;
}
