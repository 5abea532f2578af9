/** `cachewhy explain`: the documentation of the causes, from the causes themselves. */

import { causes } from '../causes/index.ts';
import { UserError } from '../errors.ts';
import { wrap } from '../text.ts';

/** @throws UserError for an unknown cause */
export function explainCause(kind: string | undefined): string {
  if (kind === undefined) {
    const width = Math.max(...causes.map((c) => c.kind.length));
    return `${causes.map((c) => `${c.kind.padEnd(width)}  ${c.title}`).join('\n')}\n\nMore on one: cachewhy explain ${causes[0]?.kind}\n`;
  }
  const cause = causes.find((c) => c.kind === kind.toLowerCase());
  if (!cause) throw new UserError(`no such cause: ${kind}`, `use one of ${causes.map((c) => c.kind).join(', ')}`);
  const { what, known, fix, example } = cause.docs;
  const parts = [
    `${cause.title} (${cause.kind})`,
    `What it means\n${paragraph(what)}`,
    `How it is known\n${paragraph(known)}`,
    `How to mend it\n${paragraph(fix)}`,
  ];
  if (example !== '') parts.push(`For example\n${example}`);
  return `${parts.join('\n\n')}\n`;
}

function paragraph(text: string): string {
  return wrap(text, 77)
    .map((line) => `  ${line}`)
    .join('\n');
}
