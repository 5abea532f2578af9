/** `cachewhy history`: one image looked at, or two compared. */
import { writeFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { compareHistories } from './compare.ts';
import { fetchHistory, readHistoryFile } from './fetch.ts';
import { inspectHistory } from './inspect.ts';
import { type HistoryReport, type ImageHistory, toJson, toMarkdown, toTerminal } from './report.ts';

const FORMATS: Readonly<Record<string, (report: HistoryReport) => string>> = { terminal: toTerminal, json: toJson, markdown: toMarkdown };

export interface HistoryOptions {
  readonly images: readonly string[];
  readonly files: readonly string[];
  /** `NAME` or `NAME=FILE`. */
  readonly formats: readonly string[];
}

/** @throws UserError */
export async function runHistory({ images, files, formats }: HistoryOptions): Promise<void> {
  const count = images.length + files.length;
  if (count === 0) throw new UserError('nothing to look at', 'name an image, or a file with --history');
  if (count > 2)
    throw new UserError(
      `${count} histories were given, at most two can be compared`,
      'name one image to look at it, or two to compare them',
    );
  const wanted = (formats.length > 0 ? formats : ['terminal']).map(readFormat);
  const list: ImageHistory[] = [];
  for (const name of images) list.push(describe(name, await fetchHistory(name)));
  for (const name of files) list.push(describe(name, readHistoryFile(name)));
  const [before, after] = list;
  const comparison = before && after ? compareHistories(before.history, after.history) : null;
  const report: HistoryReport = { images: list, comparison, now: Date.now() };
  for (const { render, file } of wanted) {
    const text = render(report);
    if (file === null) process.stdout.write(text);
    else write(file, text);
  }
}

function describe(name: string, history: ImageHistory['history']): ImageHistory {
  return { name, history, inspection: inspectHistory(history) };
}

function readFormat(spec: string): { render: (report: HistoryReport) => string; file: string | null } {
  const at = spec.indexOf('=');
  const name = at < 0 ? spec : spec.slice(0, at);
  const render = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (!render) throw new UserError(`history has no format "${name}"`, `use one of ${Object.keys(FORMATS).join(', ')}`);
  return { render, file: at < 0 ? null : spec.slice(at + 1) };
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UserError(
      `${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
      'check the folder and its permissions',
    );
  }
}
