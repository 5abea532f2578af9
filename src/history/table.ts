/**
 * Tables as `docker history` and `podman history` print them and people paste them: any columns in any order, aligned or with the blanks
 * squeezed out.
 *
 *   IMAGE          CREATED       CREATED BY                     SIZE      COMMENT
 *   4f3c2b1a0d9e   2 weeks ago   CMD ["node" "server.js"]       0B        buildkit.dockerfile.v0
 */
import type { RawEntry } from './model.ts';
import { readSize, readTime } from './values.ts';

type Column = 'id' | 'time' | 'since' | 'by' | 'size' | 'comment';

const HEADER = /IMAGE ID|IMAGE|LAYER ID|ID|CREATED BY|CREATED AT|CREATED SINCE|CREATED|COMMAND|SIZE|COMMENT/g;
const COLUMNS: Readonly<Record<string, Column>> = {
  IMAGE: 'id',
  'IMAGE ID': 'id',
  'LAYER ID': 'id',
  ID: 'id',
  'CREATED BY': 'by',
  COMMAND: 'by',
  'CREATED AT': 'time',
  'CREATED SINCE': 'since',
  CREATED: 'since',
  SIZE: 'size',
  COMMENT: 'comment',
};
const TIME = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?(?: [A-Z]{3,5}\b)?`;
const SINCE = String.raw`(?:Less than |About )?(?:an?|\d+) [a-z]+ ago|N/A`;
/** How a column's value looks, for rows whose columns are not aligned. */
const LOOKS: Readonly<Record<Column, string>> = {
  id: '<missing>|(?:sha256:)?[0-9a-f]{6,64}',
  time: TIME,
  since: `${SINCE}|${TIME}`,
  by: '.*?',
  size: String.raw`\d+(?:\.\d+)? ?[kKMGTP]?i?B?`,
  comment: '.*',
};

/** `   48.2MB    buildkit.dockerfile.v0` after a command; a plain number of bytes only where it stands well apart. */
const SIZE_AT_END = /(?<!\s)(?:\s{2,}(?=\d+(?:\.\d+)? ?[kKMGTP]?i?B)|\s{3,}(?=\d+(?:\s|$)))(\d+(?:\.\d+)?(?: ?[kKMGTP]?i?B)?)(|\s[\s\S]*)$/;

interface Place {
  readonly column: Column;
  readonly start: number;
}

export function readTable(text: string, notes: string[]): RawEntry[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  const at = lines.findIndex((line) => isHeader(line));
  if (at === -1) return readBare(lines);
  const header = lines[at]!;
  const places = [...header.matchAll(HEADER)].map((m): Place => ({ column: COLUMNS[m[0]]!, start: m.index }));
  const aligned = places.length < 2 || / {2,}|\t/.test(header.trim());
  const entries: RawEntry[] = [];
  let unread = 0;
  for (const line of lines.slice(at + 1)) {
    if (line.trim() === '') continue;
    const fields = (aligned ? sliceRow(line, places, header) : undefined) ?? matchRow(line, places);
    const last = entries.at(-1);
    if (fields) entries.push(toEntry(fields));
    else if (last && aligned) entries[entries.length - 1] = continueEntry(last, line);
    else unread++;
  }
  if (unread > 0) notes.push(`${unread} line${unread === 1 ? '' : 's'} of the history could not be read`);
  return entries;
}

/** At least one of the columns that matter, and nothing else on the line. */
function isHeader(line: string): boolean {
  return /CREATED BY|COMMAND/.test(line) && line.replace(HEADER, '').trim() === '' && line.length < 2000;
}

/** `--format '{{.CreatedBy}}'`: no header, a line each. Only what is clearly a history is taken. */
function readBare(lines: readonly string[]): RawEntry[] {
  const known = lines.filter((line) => /# buildkit\s*$|^\s*(?:RUN )?\|\d+ |#\(nop\)/.test(line));
  if (known.length === 0) return [];
  return lines.filter((line) => line.trim() !== '').map((line) => toEntry({ by: line.trim() }));
}

type Row = Partial<Record<Column, string>>;

function sliceRow(line: string, places: readonly Place[], header: string): Row | undefined {
  if (header.includes('\t')) {
    const cells = line.split('\t');
    return Object.fromEntries(places.map((place, i) => [place.column, (cells[i] ?? '').trim()]));
  }
  // Docker pads by characters, not by bytes.
  const characters = [...line];
  const row: Row = {};
  for (const [i, place] of places.entries()) {
    const end = places[i + 1]?.start ?? characters.length;
    // A cell that runs into its neighbour: the row is not aligned.
    if (i > 0 && place.start < characters.length && characters[place.start - 1] !== ' ') return undefined;
    row[place.column] = characters.slice(place.start, end).join('').trim();
  }
  // A command of several lines breaks the alignment of what follows: a row without its size is one of those.
  return looksRight(row) && row.size !== '' ? row : undefined;
}

/** A heredoc's command goes on in the next line, with size and comment at its end. */
function continueEntry(entry: RawEntry, line: string): RawEntry {
  const end = SIZE_AT_END.exec(line);
  const text = end ? line.slice(0, end.index) : line;
  return {
    ...entry,
    createdBy: `${entry.createdBy}\n${text.trimEnd()}`,
    size: entry.size ?? (end ? readSize(end[1]) : null),
    comment: entry.comment === '' ? (end?.[2]?.trim() ?? '') : entry.comment,
  };
}

function looksRight(row: Row): boolean {
  return (['id', 'time', 'since', 'size'] as const).every((c) => !row[c] || new RegExp(`^(?:${LOOKS[c]})$`).test(row[c]));
}

/** Values of known form to the left and to the right of the command, which takes the rest. */
function matchRow(line: string, places: readonly Place[]): Row | undefined {
  const row: Row = {};
  let rest = line.trim();
  const by = places.findIndex((place) => place.column === 'by');
  for (const { column } of places.slice(0, by)) {
    const found = new RegExp(`^(?:${LOOKS[column]})(?=\\s|$)`).exec(rest);
    if (!found) return undefined;
    row[column] = found[0];
    rest = rest.slice(found[0].length).trimStart();
  }
  const right = places.slice(by + 1);
  if (right.some((place) => place.column === 'size')) {
    // An imported layer has no command: its size stands first.
    rest = `   ${rest}`;
    const size = SIZE_AT_END.exec(rest) ?? /\s(\d+(?:\.\d+)? ?[kKMGTP]?i?B)\s*((?:\S+)?)$/.exec(rest);
    if (size) {
      row.size = size[1]!;
      row.comment = size[2]!.trim();
      rest = rest.slice(0, size.index);
    }
  }
  row.by = rest.trim();
  return row;
}

function toEntry(row: Row): RawEntry {
  return {
    createdBy: row.by ?? '',
    createdAt: readTime(row.time ?? row.since),
    size: readSize(row.size),
    comment: row.comment ?? '',
    id: row.id === undefined || row.id === '' || row.id === '<missing>' ? null : row.id,
    diffId: null,
  };
}
