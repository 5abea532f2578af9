/** Unified diffs, as `patch -p1` and `git apply` take them. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/**
 * @param path of the file in the repository, without a leading slash
 * @param before null: the file is new
 * @returns '' where nothing differs
 */
export function unifiedDiff(path: string, before: string | null, after: string): string {
  if (before === after) return '';
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY };
  return createTwoFilesPatch(before === null ? '/dev/null' : `a/${path}`, `b/${path}`, before ?? '', after, undefined, undefined, options);
}
