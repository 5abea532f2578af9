/** Writes what a simulation or a prediction says: each format where it belongs. */
import { writeFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { writeAll } from '../input/source.ts';

export interface OutputView {
  readonly color: boolean;
  readonly columns: number;
}

/**
 * @param formats `NAME` or `NAME=FILE`; none: the terminal
 * @param render gives the text of a format; undefined where it is not known
 */
export async function writeFormats(
  formats: readonly string[],
  names: readonly string[],
  color: boolean | undefined,
  render: (name: string, view: OutputView) => Promise<string>,
): Promise<void> {
  for (const spec of formats.length > 0 ? formats : ['terminal']) {
    const { name, file } = parseFormat(spec, names);
    const text = await render(name, {
      color: file === null && (color ?? wantsColor()),
      columns: file === null ? columns() : 100,
    });
    if (file === null) writeAll(1, Buffer.from(text, 'utf8'));
    else
      try {
        writeFileSync(file, text);
      } catch (error) {
        throw new UserError(
          `${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
          'check the folder and its permissions',
        );
      }
  }
}

/** Wrong names are said before the work is done, not after. */
export function parseFormat(spec: string, names: readonly string[]): { readonly name: string; readonly file: string | null } {
  const at = spec.indexOf('=');
  const name = at < 0 ? spec : spec.slice(0, at);
  if (!names.includes(name)) throw new UserError(`unknown format "${name}"`, `use one of ${names.join(', ')}`);
  return { name, file: at < 0 ? null : spec.slice(at + 1) };
}

function wantsColor(): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}

function columns(): number {
  const set = Number(process.env.COLUMNS);
  return process.stdout.columns ?? (set > 0 ? set : 100);
}

/** `#####.....  412/1000 commits`, on a terminal only. */
export function progressBar(): { show(done: number, all: number): void; clear(): void } {
  const { stderr } = process;
  if (!stderr.isTTY || process.env.TERM === 'dumb') return { show: () => {}, clear: () => {} };
  const begin = Date.now();
  let shown = false;
  return {
    show(done, all) {
      // What is over in the twinkling of an eye needs no bar.
      if (Date.now() - begin < 300 || all === 0) return;
      const width = 30;
      const full = Math.round((done / all) * width);
      stderr.write(`\r${'█'.repeat(full)}${'░'.repeat(width - full)}  ${done}/${all} commits`);
      shown = true;
    },
    clear() {
      if (shown) stderr.write('\r\u001b[K');
    },
  };
}
