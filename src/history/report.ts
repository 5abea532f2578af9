/** What `cachewhy history` says, as JSON, for a terminal and as Markdown. Pure. */
import { bytes, clip, escapeMarkdown, oneLine, plural } from '../text.ts';
import type { HistoryComparison, ValueChange } from './compare.ts';
import type { Inspection } from './inspect.ts';
import type { History } from './model.ts';

export interface ImageHistory {
  /** Reference or file. */
  readonly name: string;
  readonly history: History;
  readonly inspection: Inspection;
}

export interface HistoryReport {
  readonly images: readonly ImageHistory[];
  readonly comparison: HistoryComparison | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Nothing in it is a secret: texts are masked, values of arguments are not listed. */
export function toJson(report: HistoryReport): string {
  const images = report.images.map(({ name, history, inspection }) => ({
    name,
    size: inspection.size,
    entries: history.entries.map((entry, i) => ({
      instruction: entry.instruction,
      text: inspection.shown[i],
      createdAt: entry.createdAt === null ? null : new Date(entry.createdAt).toISOString(),
      size: entry.size,
    })),
    builds: inspection.clusters.map((c) => ({
      from: new Date(c.from).toISOString(),
      to: new Date(c.to).toISOString(),
      entries: c.entries,
    })),
    firstNew: inspection.firstNew,
    large: inspection.large,
    secrets: inspection.secrets,
    notes: inspection.notes,
  }));
  return `${JSON.stringify({ schemaVersion: 1, images, comparison: report.comparison }, null, 2)}\n`;
}

/** One thing to say: a line, and what belongs below it. */
interface Point {
  readonly text: string;
  readonly below: readonly string[];
}

interface Section {
  readonly title: string;
  readonly points: readonly Point[];
}

const SHOWN = 100;

function show(text: string): string {
  return clip(oneLine(text), SHOWN);
}

/** `3 days`, `5 hours`, `20 minutes` */
function age(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 120) return plural(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return hours < 48 ? plural(hours, 'hour') : plural(Math.round(hours / 24), 'day');
}

function imageSection({ name, history, inspection }: ImageHistory, now: number): Section {
  const points: Point[] = [];
  const { clusters, firstNew } = inspection;
  const newest = clusters.at(-1);
  if (firstNew !== null && newest) {
    const older = clusters.at(-2)!;
    points.push({
      text: `made anew from here on: ${show(inspection.shown[firstNew]!)}`,
      below: [
        `its layers were made ${age(now - newest.to)} ago, those below are ${age(newest.from - older.to)} older: they came from a cache or belong to the base image`,
        'this is the first miss of the last build that made a layer of this image (a build that reused all leaves no trace)',
      ],
    });
  } else if (newest) points.push({ text: `all layers were made together, ${age(now - newest.to)} ago`, below: [] });
  for (const layer of inspection.large)
    points.push({
      text: `large: ${show(inspection.shown[layer.entry]!)} (${bytes(layer.size)}, ${Math.round(layer.share * 100)}% of the image)`,
      below: [layer.advice],
    });
  const seen = new Set<string>();
  for (const secret of inspection.secrets) {
    const key = `${secret.kind} ${secret.name ?? secret.entry}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const what =
      secret.name === null
        ? `a secret in ${show(inspection.shown[secret.entry]!)}`
        : `a secret in ${secret.kind === 'env' ? 'ENV' : 'the build argument'} ${oneLine(secret.name)}`;
    points.push({ text: what, below: [secret.advice] });
  }
  for (const note of inspection.notes) points.push({ text: `note: ${oneLine(note)}`, below: [] });
  return { title: `${oneLine(name)}: ${plural(history.entries.length, 'entry', 'entries')}, ${bytes(inspection.size)}`, points };
}

function change({ name, before, after }: ValueChange): string {
  const told = (value: string | null): string => (value === null ? 'unset' : show(value) || 'empty');
  return `${show(name)}: ${told(before)} → ${told(after)}`;
}

function comparisonSection(comparison: HistoryComparison, names: readonly string[]): Section {
  const title = `${oneLine(names[0]!)} and ${oneLine(names[1]!)}`;
  const points: Point[] = [];
  const { first } = comparison;
  if (comparison.same || first === null) points.push({ text: 'equal as far as their histories tell', below: [] });
  else {
    const below = [
      `before: ${first.before === null ? '(nothing)' : show(first.before)}`,
      `after:  ${first.after === null ? '(nothing)' : show(first.after)}`,
    ];
    below.push(...first.proven.map((text) => `proven: ${oneLine(text)}`), ...first.notProven.map((text) => `not proven: ${oneLine(text)}`));
    points.push({ text: `${comparison.shared} shared from the base up; the first difference is ${NAMES[first.kind]}`, below });
  }
  if (comparison.args.length > 0) points.push({ text: 'build arguments that differ', below: comparison.args.map(change) });
  if (comparison.env.length > 0) points.push({ text: 'ENV that differs', below: comparison.env.map(change) });
  if (comparison.remade.length > 0)
    points.push({ text: 'made anew with the very same content: wasted', below: comparison.remade.map(clip) });
  return { title, points };
}

const NAMES: Readonly<Record<NonNullable<HistoryComparison['first']>['kind'], string>> = {
  base: 'the base image',
  text: 'an instruction',
  argument: 'a build argument',
  environment: 'an ENV',
  content: 'the content of a layer',
  added: 'an added instruction',
  removed: 'a removed instruction',
};

function sections(report: HistoryReport): Section[] {
  const images = report.images.map((image) => imageSection(image, report.now));
  return report.comparison
    ? [
        comparisonSection(
          report.comparison,
          report.images.map((i) => i.name),
        ),
        ...images,
      ]
    : images;
}

export function toTerminal(report: HistoryReport): string {
  const blocks = sections(report).map(({ title, points }) =>
    [title, ...points.flatMap((p) => [`  ${p.text}`, ...p.below.map((line) => `      ${line}`)])].join('\n'),
  );
  return `${blocks.join('\n\n')}\n`;
}

export function toMarkdown(report: HistoryReport): string {
  const blocks = sections(report).map(({ title, points }) =>
    [
      `### ${escapeMarkdown(title)}`,
      '',
      ...points.flatMap((p) => [`- ${escapeMarkdown(p.text)}`, ...p.below.map((line) => `  - ${escapeMarkdown(line)}`)]),
    ].join('\n'),
  );
  return `${blocks.join('\n\n')}\n`;
}
