/** What an image's history adds: how old its layers are. */
import { UserError } from '../errors.ts';
import type { Step } from '../graph/step.ts';
import { ageOfStep } from '../history/inspect.ts';
import { parseHistory } from '../history/parse.ts';
import { readBounded } from '../machine/plain-file.ts';

const MAX_BYTES = 64 * 1024 * 1024;

/** @throws UserError where the file cannot be read */
export function readHistory(file: string): string {
  try {
    return readBounded(file, MAX_BYTES, true).toString('utf8');
  } catch {
    throw new UserError(`the history ${file} cannot be read`, "make it with docker history --no-trunc --format '{{json .}}' IMAGE");
  }
}

/** How old the layer of a step is, by the image's history. */
export function readAges(file: string): (step: Step) => number | null {
  const history = parseHistory(readHistory(file));
  const now = Date.now();
  return (step) => ageOfStep(history, step.parsed.instruction ?? '', bareText(step.parsed.text), now);
}

/** A history shows a step without its keyword, and a RUN without its flags: `RUN --mount=type=cache,target=/c make` → `make`. */
function bareText(text: string): string {
  const rest = text.replace(/^\S+\s+/, '');
  return /^RUN\s/i.test(text) ? rest.replace(/^(?:--\S+\s+)+/, '') : rest;
}
