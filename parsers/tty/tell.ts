/** A build's screen as events. */
import type { BuildEvent, EventSink } from '../../src/events.ts';
import { finalRows, openRows, type Row, type Screen, sameName } from './frame.ts';

/** What was printed below the last frame. */
export interface Footer {
  /** The last words: null where there are none. */
  final: { readonly outcome: 'failed' | 'canceled'; readonly message: string } | null;
  /** ` > [5/6] RUN …:` and the lines below it. */
  readonly excerpts: { readonly name: string; last: string }[];
  noOutput: boolean;
}

/** A build goes on without the cache that it could not import. */
const IMPORT = /^(?:\[[^\]]{1,300}\] )?importing cache/;

export function tell(screen: Screen, footer: Footer, emit: EventSink): void {
  const { header, warnings } = screen.last;
  const failed = footer.final !== null || footer.excerpts.some((e) => !IMPORT.test(e.name));
  const rows = finalRows(screen);
  const open = header === null || header.finished || failed ? new Set<Row>() : openRows(rows, header);
  if (header?.builder) emit({ type: 'builder', ...header.builder });
  rows.forEach((row, i) => {
    for (const event of rowEvents(row, `#${i + 1}`, open.has(row), footer)) emit(event);
  });
  for (const text of warnings) emit({ type: 'warning', id: null, text });
  if (footer.noOutput) emit({ type: 'note', text: 'The build had no output: its result stays in the build cache.' });
  if (header === null) emit({ type: 'note', text: 'Only a piece of a terminal frame: nothing is known of the rest of the build.' });
  const seconds = header ? { seconds: header.seconds } : {};
  if (footer.final) emit({ type: 'end', ...footer.final, ...seconds });
  else if (rows.some((r) => r.word === 'error' && !IMPORT.test(r.name))) emit({ type: 'end', outcome: 'failed', ...seconds });
  else if (header?.finished) emit({ type: 'end', outcome: 'succeeded', ...seconds });
}

function* rowEvents(row: Row, id: string, open: boolean, footer: Footer): Generator<BuildEvent> {
  const { line, name } = row;
  const seconds = row.seconds === null ? {} : { seconds: row.seconds };
  yield { type: 'vertex', id, name, line };
  for (const s of row.statuses) yield { type: 'status', id, ...s, done: !open };
  if (row.output > 0 || open) yield { type: 'output', id, lines: row.output, ...(row.seconds !== null && open && { at: row.seconds }) };
  if (row.word === 'error') yield { type: 'error', id, message: errorOf(row, footer), line, ...seconds };
  else if (row.word === 'cached') yield { type: 'cached', id, line };
  else if (row.word === 'canceled') yield { type: 'canceled', id, line, ...seconds };
  else if (!open) yield { type: 'done', id, line, ...seconds };
}

/** The row itself has no message: the build's last words are those of the step that failed. */
function errorOf(row: Row, footer: Footer): string {
  if (!IMPORT.test(row.name) && footer.final) return footer.final.message;
  return footer.excerpts.find((e) => sameName(e.name, row.name))?.last ?? '';
}
