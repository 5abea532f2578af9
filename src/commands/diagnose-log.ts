/** `cachewhy [log…]`: reads, diagnoses, reports. */
import { fstatSync } from 'node:fs';
import { chooseReports, deliver } from '../deliver.ts';
import { UserError } from '../errors.ts';
import type { ReadResult } from '../input/reader.ts';
import { readFileLog, readStdinLog } from '../input/source.ts';
import { openDebugLog } from '../log.ts';
import { inputIsTerminal } from '../machine/terminal.ts';
import type { DiagnosisOptions } from '../options.ts';
import { diagnoseLogs, exitStatus, withBudgets } from '../session.ts';

const PIPE = 'docker build --progress=plain . 2>&1 | cachewhy';

/** @returns the exit status */
export async function runDiagnosis(options: DiagnosisOptions, files: readonly string[], passthrough: boolean): Promise<number> {
  await openDebugLog(options.logLevel);
  const formats = chooseReports(options.format);
  const results: ReadResult[] = [];
  for (const file of files.length > 0 ? files : ['-'])
    results.push(file === '-' ? await readStdin(passthrough) : check(readFileLog(file), file));
  if (results.every((r) => r.builds.length === 0)) throw noBuild(results, files);
  const report = withBudgets(await diagnoseLogs(results, options), options);
  await deliver(report, formats, { color: options.color });
  return exitStatus(report);
}

async function readStdin(passthrough: boolean): Promise<ReadResult> {
  if (inputIsTerminal())
    throw new UserError('nothing to read: standard input is a terminal', `pipe a build: ${PIPE}, or name a log file (see cachewhy --help)`);
  // A build that is interrupted with Ctrl-C still has its last words to say: only a second one ends the reading.
  let interrupted = false;
  process.on('SIGINT', () => {
    if (interrupted) process.exit(130);
    interrupted = true;
  });
  let file = false;
  try {
    file = fstatSync(0).isFile();
  } catch {
    throw new UserError('standard input is closed', `pipe a build: ${PIPE}`);
  }
  return check(await readStdinLog(passthrough && !file), 'standard input');
}

function check(result: ReadResult, name: string): ReadResult {
  if (result.bytes === 0) throw new UserError(`${name} is empty`, `docker prints its progress on standard error: ${PIPE}`);
  if (result.binary) throw new UserError(`${name} is a binary file, not a log`, 'name the text that the build printed');
  return result;
}

function noBuild(results: readonly ReadResult[], files: readonly string[]): UserError {
  const lines = results.reduce((sum, r) => sum + r.lines, 0);
  const refusal = results.find((r) => r.refusal != null)?.refusal;
  if (refusal != null) return new UserError(`the build never began: ${refusal}`, hintFor(refusal));
  const what = files.length === 0 || files[0] === '-' ? 'standard input' : files.join(', ');
  return new UserError(
    `no build found in ${what} (${lines} line${lines === 1 ? '' : 's'} read)`,
    `cachewhy reads the progress of docker, podman or buildah builds: ${PIPE}`,
  );
}

/** What to do where a client gave up before the first step. */
function hintFor(refusal: string): string {
  // Docker Engine 25 and later say so; docs.docker.com/build/cache/backends
  if (/cache export is not supported/i.test(refusal))
    return 'this driver keeps its cache to itself: build with another (docker buildx create --use, docker/setup-buildx-action), turn on the containerd image store, or drop --cache-to';
  if (/cannot connect to the docker daemon|failed to connect/i.test(refusal)) return 'start the engine, or point DOCKER_HOST at it';
  return 'no step was reached, so there is no cache to speak of: mend this first';
}
