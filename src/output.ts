/** Writes texts where they belong: each format asked for to its file, the rest to standard output. */
import { UserError } from './errors.ts';
import { guardReport } from './guard.ts';
import { leadsOut } from './machine/plain-file.ts';
import { terminalAt } from './machine/terminal.ts';
import { appendWhole, reasonOf, writeNamed } from './machine/whole-file.ts';
import { writeAll } from './machine/write.ts';
import { plainLine } from './secrets/line.ts';

export interface OutputView {
  readonly color: boolean;
  readonly columns: number;
}

export interface OutputOptions {
  /** Undefined: where it goes to a terminal. */
  readonly color?: boolean | undefined;
  /** Where a format without a file goes: 1 standard output (the default), 2 standard error. */
  readonly fd?: 1 | 2;
}

/** One format asked for. */
export interface FormatSpec {
  readonly name: string;
  /** Null: where the command prints. */
  readonly file: string | null;
  /** The file belongs to others as well, and was not asked for but found: added to, and no fault where it cannot be. */
  readonly append?: boolean;
}

/**
 * Wrong names are said before the work is done, not after.
 * @param specs `NAME` or `NAME=FILE`; none: the terminal
 * @throws UserError where a name is not among those known, or a file has none
 */
export function parseFormats(specs: readonly string[], names: readonly string[]): FormatSpec[] {
  return (specs.length > 0 ? specs : ['terminal']).map((spec) => {
    const at = spec.indexOf('=');
    const name = at < 0 ? spec : spec.slice(0, at);
    const file = at < 0 ? null : spec.slice(at + 1);
    if (!names.includes(name)) throw new UserError(`unknown format "${name.slice(0, 100)}"`, `use one of ${names.join(', ')}`);
    if (file === '') throw new UserError(`--format ${name}= names no file`, `write --format ${name}=FILE, or --format ${name}`);
    return { name, file };
  });
}

/**
 * One that cannot be written does not cost the others.
 * @param render gives the text of a format
 * @throws UserError where one cannot be written, after all others were
 */
export async function writeFormats(
  formats: readonly FormatSpec[],
  { color, fd = 1 }: OutputOptions,
  render: (name: string, view: OutputView) => string | Promise<string>,
): Promise<void> {
  let fault: UserError | null = null;
  for (const { name, file, append } of formats) {
    const view = file === null ? { color: color ?? wantsColor(fd), columns: columnsOf(fd) } : { color: false, columns: 100 };
    const text = guardReport(name, await render(name, view), file === null);
    try {
      if (file === null) print(fd, text);
      else if (append) appendWhole(file, text);
      else if (leadsOut(file))
        fault ??= new UserError(`${file} is a link that leads out of the project`, 'remove it, or name the file itself');
      else writeNamed(file, text);
    } catch (error) {
      const what = `${file ?? (fd === 1 ? 'standard output' : 'standard error')} cannot be written: ${reasonOf(error)}`;
      // Nobody asked for this one.
      if (append) writeAll(2, Buffer.from(`cachewhy: ${plainLine(what)}\n`));
      else fault ??= new UserError(what, 'make room, or check the folder and its permissions');
    }
  }
  if (fault) throw fault;
}

/** Nobody who reads any more (`| head`) is no fault. @throws the system's error */
function print(fd: 1 | 2, text: string): void {
  const fault = writeAll(fd, Buffer.from(text, 'utf8'));
  if (fault && fault.code !== 'EPIPE') throw fault;
}

function wantsColor(fd: 1 | 2): boolean {
  const { NO_COLOR, FORCE_COLOR } = process.env;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return terminalAt(fd) !== null && process.env.TERM !== 'dumb';
}

function columnsOf(fd: 1 | 2): number {
  const set = Number(process.env.COLUMNS);
  return terminalAt(fd)?.columns ?? (set > 0 ? set : 100);
}
