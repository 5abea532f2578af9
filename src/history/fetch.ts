/** Gets histories: from docker, or from a file. */
import { UserError } from '../errors.ts';
import { endLate } from '../machine/late-child.ts';
import { readBounded } from '../machine/plain-file.ts';
import { oneLine } from '../text.ts';
import type { History } from './model.ts';
import { parseHistory } from './parse.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
/** After it was asked to end. */
const GRACE_MS = 500;
const HOW = "make it with docker history --no-trunc --format '{{json .}}' IMAGE";

/** @throws UserError where the file cannot be read or holds no history */
export function readHistoryFile(file: string): History {
  let text: string;
  try {
    text = readBounded(file === '-' ? 0 : file, MAX_BYTES, true).toString('utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EFBIG') throw new UserError(`the history ${file} is larger than any image's`, HOW);
    throw new UserError(`the history ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'})`, HOW);
  }
  const history = parseHistory(text);
  if (history.entries.length === 0) throw new UserError(`${file} holds no image history`, HOW);
  return history;
}

/** @throws UserError where docker is not there, or has no such image */
export async function fetchHistory(image: string): Promise<History> {
  if (image.startsWith('-')) throw new UserError(`${image} is no image`, 'name an image, or a file with --history');
  const { execa } = await import('execa');
  const child = execa('docker', ['history', '--no-trunc', '--format', '{{json .}}', image], {
    reject: false,
    stdin: 'ignore',
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_BYTES,
    env: { DOCKER_CLI_HOOKS: 'false', DOCKER_CLI_HINTS: 'false' },
  });
  endLate(child, TIMEOUT_MS + GRACE_MS);
  const result = await child;
  if (result.exitCode !== 0) {
    if (result.code === 'ENOENT')
      throw new UserError('docker is not on the path', `install it, or ${HOW} elsewhere and use --history FILE`);
    if (result.timedOut)
      throw new UserError(`docker history ${image} gave no answer in ${TIMEOUT_MS / 1000} seconds`, 'is the engine up? See docker info');
    const said = oneLine(result.stderr.split('\n').find((line) => line.trim() !== '') ?? 'no reason given').slice(0, 300);
    const missing = /no such image/i.test(said);
    throw new UserError(
      missing ? `there is no image ${image} here` : `docker history ${image} failed: ${said}`,
      missing ? 'build or pull it first; docker images lists those that are here' : 'is the engine up? See docker info',
    );
  }
  const history = parseHistory(result.stdout);
  if (history.entries.length === 0) throw new UserError(`docker tells no history of ${image}`, HOW);
  return history;
}
