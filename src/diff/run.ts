/** `cachewhy diff`: two logs, or two saved baselines. */
import { closeSync, openSync, readSync } from 'node:fs';
import type { Baseline } from '../baseline/model.ts';
import { loadBaseline } from '../baseline/store.ts';
import { UserError } from '../errors.ts';
import { buildGraph } from '../graph/build.ts';
import type { StepGraph } from '../graph/step.ts';
import { readFileLog } from '../input/source.ts';
import { isOciReference } from '../oci/reference.ts';
import { parseFormats, writeFormats } from '../output.ts';
import { diffBaselines } from './baselines.ts';
import { diffLogs } from './logs.ts';
import type { BuildDifference } from './model.ts';
import { type NamedDifference, toJson, toMarkdown, toTerminal } from './report.ts';

type Side = { readonly kind: 'baseline'; readonly baseline: Baseline } | { readonly kind: 'log'; readonly builds: readonly StepGraph[] };

const FORMATS: Readonly<Record<string, (named: NamedDifference) => string>> = { terminal: toTerminal, json: toJson, markdown: toMarkdown };

/** @throws UserError */
export async function runDiff(before: string, after: string, formats: readonly string[]): Promise<void> {
  const wanted = parseFormats(formats, Object.keys(FORMATS));
  const [a, b] = [await readSide(before), await readSide(after)];
  const named: NamedDifference = { before, after, difference: compare(a, b) };
  await writeFormats(wanted, {}, (name) => FORMATS[name]!(named));
}

function compare(a: Side, b: Side): BuildDifference {
  if (a.kind === 'baseline' && b.kind === 'baseline') return diffBaselines(a.baseline, b.baseline);
  if (a.kind === 'log' && b.kind === 'log') {
    const difference = diffLogs(a.builds.at(-1)!, b.builds.at(-1)!);
    const many = [a, b].some((side) => side.builds.length > 1);
    return many ? { ...difference, notes: [...difference.notes, 'a log holds several builds: the last of each was compared'] } : difference;
  }
  throw new UserError('a log and a baseline cannot be compared', 'name two logs or two baselines');
}

async function readSide(name: string): Promise<Side> {
  if (isOciReference(name)) {
    const { loadRemoteBaseline } = await import('../baseline/remote.ts');
    return baselineOf(await loadRemoteBaseline(name), name);
  }
  if (isGzip(name)) return baselineOf(loadBaseline(name), name);
  const log = readFileLog(name);
  if (log.builds.length === 0)
    throw new UserError(`${name} holds neither a build's log nor a baseline`, 'name two logs, or two files that --save-baseline wrote');
  return { kind: 'log', builds: log.builds.map((build) => buildGraph(build)) };
}

function baselineOf(loaded: ReturnType<typeof loadBaseline>, name: string): Side {
  if (!loaded.baseline) throw new UserError(loaded.note ?? `${name} is no baseline`, 'name two files that --save-baseline wrote');
  return { kind: 'baseline', baseline: loaded.baseline };
}

function isGzip(file: string): boolean {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    // The log reader says what is wrong with it.
    return false;
  }
  try {
    const start = Buffer.alloc(2);
    return readSync(fd, start, 0, 2, 0) === 2 && start[0] === 0x1f && start[1] === 0x8b;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}
