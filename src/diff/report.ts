/** What `cachewhy diff` says, for a terminal, as Markdown and as JSON. Pure. */
import { duration, escapeMarkdown, oneLine, plural } from '../text.ts';
import type { BuildDifference, StepChange, Totals } from './model.ts';

export interface NamedDifference {
  readonly before: string;
  readonly after: string;
  readonly difference: BuildDifference;
}

const MAX_PATHS = 10;
/** What explains comes before what follows from it. */
const ORDER: readonly StepChange['kind'][] = ['inputs', 'text', 'added', 'removed', 'status'];

export function toJson({ before, after, difference }: NamedDifference): string {
  return `${JSON.stringify({ schemaVersion: 1, from: before, to: after, ...difference }, null, 2)}\n`;
}

interface Line {
  readonly depth: number;
  readonly text: string;
}

function headline({ before, after, steps, images }: BuildDifference): string {
  const seconds = after.rebuiltSeconds - before.rebuiltSeconds;
  const cost =
    Math.abs(seconds) < 0.05
      ? 'as long in steps that ran'
      : `${duration(Math.abs(seconds))} ${seconds > 0 ? 'more' : 'less'} in steps that ran`;
  const changed = steps.length + images.length;
  return changed === 0 ? `Nothing differs that can be told; ${cost}.` : `${plural(changed, 'difference')}; ${cost}.`;
}

function total(label: string, t: Totals): string {
  const wall = t.seconds === null ? '' : `, ${duration(t.seconds)} in all`;
  return `${label}: ${t.reused} of ${plural(t.steps, 'step')} reused, ${t.rebuilt} rebuilt in ${duration(t.rebuiltSeconds)}${wall}`;
}

const state = (side: StepChange['before']): string => {
  if (!side) return 'not there';
  const status = side.status ?? 'unknown';
  return side.seconds !== null && status !== 'reused' ? `${status} (${duration(side.seconds)})` : status;
};

function describe(change: StepChange): Line[] {
  const name = oneLine(change.name);
  const lines: Line[] = [];
  const went = `${state(change.before)} → ${state(change.after)}`;
  switch (change.kind) {
    case 'added':
      lines.push({ depth: 1, text: `+ ${name}: ${state(change.after)}` });
      break;
    case 'removed':
      lines.push({ depth: 1, text: `- ${name}: it was ${state(change.before)}` });
      break;
    case 'text':
      lines.push({ depth: 1, text: `~ ${name}: ${went}` });
      lines.push({
        depth: 2,
        text: `edited, or filled in with another value: ${quote(change.words?.before)} → ${quote(change.words?.after)}`,
      });
      break;
    default:
      lines.push({ depth: 1, text: `${change.kind === 'status' ? '·' : '~'} ${name}: ${went}` });
  }
  for (const cause of change.causes ?? []) {
    lines.push({ depth: 2, text: oneLine(cause.summary) });
    for (const { path, change: how, detail } of (cause.paths ?? []).slice(0, MAX_PATHS))
      lines.push({ depth: 3, text: `${oneLine(path)} ${how}${detail ? ` (${oneLine(detail)})` : ''}` });
    const more = (cause.paths?.length ?? 0) - MAX_PATHS;
    if (more > 0) lines.push({ depth: 3, text: `and ${plural(more, 'more file')}` });
  }
  return lines;
}

function quote(words: string | undefined): string {
  return words === undefined || words === '' ? 'nothing' : `\`${oneLine(words)}\``;
}

function lines({ before, after, difference }: NamedDifference): Line[] {
  return [
    { depth: 0, text: headline(difference) },
    { depth: 1, text: total(oneLine(before), difference.before) },
    { depth: 1, text: total(oneLine(after), difference.after) },
    ...(difference.images.length > 0 ? [{ depth: 0, text: 'Base images' }] : []),
    ...difference.images.map(({ image, before: a, after: b }) => ({
      depth: 1,
      text: oneLine(`${image}: ${a ?? 'not there'} → ${b ?? 'not there'}`),
    })),
    ...(difference.steps.length > 0 ? [{ depth: 0, text: 'Steps' }] : []),
    ...[...difference.steps].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind)).flatMap(describe),
    ...(difference.notes.length > 0 ? [{ depth: 0, text: 'Notes' }] : []),
    ...difference.notes.map((note) => ({ depth: 1, text: oneLine(note) })),
  ];
}

export function toTerminal(named: NamedDifference): string {
  const out = lines(named).map(({ depth, text }, i) => `${depth === 0 && i > 0 ? '\n' : ''}${'  '.repeat(depth)}${text}`);
  return `${out.join('\n')}\n`;
}

export function toMarkdown(named: NamedDifference): string {
  const out = lines(named).map(({ depth, text }, i) => {
    if (depth === 0) return i === 0 ? `**${escapeMarkdown(text)}**\n` : `\n### ${escapeMarkdown(text)}\n`;
    return `${'  '.repeat(depth - 1)}- ${escapeMarkdown(text)}`;
  });
  return `${out.join('\n')}\n`;
}
