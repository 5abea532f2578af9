/** Write the digest of the image that this build used behind its tag. Pure. */
import { parseDockerfile } from '../dockerfile/parse.ts';
import { applyEdits } from './text.ts';

export const PIN_BASE = 'pin-base';

/**
 * @param images digest by reference as written, `sha256:…`
 * @returns the Dockerfile's text, the same where no FROM names one of them in full
 */
export function pinBases(dockerfile: string, images: Readonly<Record<string, string>>): string {
  const parsed = parseDockerfile(dockerfile, 'Dockerfile');
  const lines = parsed.text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const edits = parsed.stages.flatMap(({ from }) => {
    const { line, endLine } = from.range;
    const image = /^FROM\s+(?:--\S+\s+)*(\S+)/i.exec(from.text)?.[1];
    const digest = image === undefined ? undefined : images[image];
    if (image === undefined || digest === undefined || line !== endLine || image.includes('@')) return [];
    const text = (lines[line - 1] ?? '').replace(/^(\s*FROM\s+(?:--\S+\s+)*\S+)/i, (found) => `${found}@${digest}`);
    return [{ at: from, where: 'replace' as const, text }];
  });
  return applyEdits(parsed, edits);
}
