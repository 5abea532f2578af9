/** `cachewhy history`: one image looked at, or two compared. */
import { UserError } from '../errors.ts';
import { parseFormats, writeFormats } from '../output.ts';
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
  const wanted = parseFormats(formats, Object.keys(FORMATS));
  const list: ImageHistory[] = [];
  for (const name of images) list.push(describe(name, await fetchHistory(name)));
  for (const name of files) list.push(describe(name, readHistoryFile(name)));
  const [before, after] = list;
  const comparison = before && after ? compareHistories(before.history, after.history) : null;
  const report: HistoryReport = { images: list, comparison, now: Date.now() };
  await writeFormats(wanted, {}, (name) => FORMATS[name]!(report));
}

function describe(name: string, history: ImageHistory['history']): ImageHistory {
  return { name, history, inspection: inspectHistory(history) };
}
