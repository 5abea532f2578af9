/** Renders a report in the formats asked for and writes each where it belongs. */
import { writeFileSync } from 'node:fs';
import { UserError } from './errors.ts';
import { writeAll } from './input/source.ts';
import type { Report } from './model.ts';
import { reporters } from './reporters/index.ts';
import { terminalAt } from './terminal.ts';

export interface View {
  readonly color?: boolean | undefined;
  /** Where a report without a file goes: 1 standard output (the default), 2 standard error. */
  readonly fd?: 1 | 2;
}

/** @param formats `NAME` or `NAME=FILE`; none: the terminal report */
export async function deliver(report: Report, formats: readonly string[], view: View): Promise<void> {
  for (const spec of formats.length > 0 ? formats : ['terminal']) {
    const at = spec.indexOf('=');
    const name = at < 0 ? spec : spec.slice(0, at);
    const file = at < 0 ? null : spec.slice(at + 1);
    const load = Object.hasOwn(reporters, name) ? reporters[name] : undefined;
    if (!load) throw new UserError(`unknown format "${name}"`, `use one of ${Object.keys(reporters).join(', ')}`);
    const { default: reporter } = await load();
    const text = reporter.render(report, {
      color: file === null && (view.color ?? wantsColor(view.fd)),
      columns: file === null ? columns(view.fd) : 100,
    });
    if (file === null) writeAll(view.fd ?? 1, Buffer.from(text, 'utf8'));
    else {
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
}

function wantsColor(fd: 1 | 2 | undefined): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return terminalAt(fd ?? 1) !== null && process.env.TERM !== 'dumb';
}

function columns(fd: 1 | 2 | undefined): number {
  const set = Number(process.env.COLUMNS);
  return terminalAt(fd ?? 1)?.columns ?? (set > 0 ? set : 100);
}
