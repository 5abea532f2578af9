/** `cachewhy last [REF]`: a build that the builder has on record, or that CI exported, against the one before it. */
import path from 'node:path';
import { chooseReports, deliver } from '../deliver.ts';
import { type Comparison, diagnose } from '../diagnose.ts';
import { UserError } from '../errors.ts';
import type { BuildRecord } from '../evidence/build-record.ts';
import { fetchRecords, type ListedBuild, listBuilds } from '../evidence/builder-records.ts';
import { buildxConfigFolder, RecordsUnavailable } from '../evidence/docker-client.ts';
import { readDockerbuild } from '../evidence/dockerbuild-file.ts';
import { type LocalBuild, readLocalBuild } from '../evidence/local-state.ts';
import { evidenceOfRecord, merge } from '../evidence/record-evidence.ts';
import { secretsOfRecord } from '../evidence/record-secrets.ts';
import { unifiedDiff } from '../fix/diff.ts';
import type { StepGraph } from '../graph/step.ts';
import { guardText } from '../guard.ts';
import { readBounded } from '../machine/plain-file.ts';
import type { BuildReport, ComparedRecord, Report } from '../model.ts';
import type { DiagnosisOptions } from '../options.ts';
import { maskReport } from '../secrets/report.ts';
import { maskText } from '../secrets.ts';
import { exitStatus, withBudgets } from '../session.ts';
import { sanitize } from '../text.ts';
import { VERSION } from '../version.ts';
import { mergeLogs } from './merge-logs.ts';

export interface LastOptions extends DiagnosisOptions {
  readonly builder?: string;
  readonly against?: string;
}

/** A build with those that it can be compared with, newest first. */
export interface Selected {
  readonly record: BuildRecord;
  readonly earlier: readonly BuildRecord[];
  /** bake's name for it. */
  readonly target: string;
}

const MAX_EARLIER = 4;
/** An export of fifty builds takes some megabytes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** @returns the exit status */
export async function reportLast(ref: string | undefined, options: LastOptions): Promise<number> {
  const formats = chooseReports(options.format);
  const report = withBudgets(await diagnoseLast(ref, options), options);
  await deliver(report, formats, { color: options.color });
  const diff = report.builds.flatMap((b) => b.comparedWith?.dockerfileDiff ?? []).join('');
  if (diff !== '' && options.format.length === 0)
    process.stdout.write(
      guardText(`\nThe Dockerfile since then:\n\n${sanitize(diff).replace(/^/gm, '  ')}`)
        .trimEnd()
        .concat('\n'),
    );
  return exitStatus(report);
}

/** @throws UserError where there is no such build, or records cannot be had */
async function diagnoseLast(ref: string | undefined, options: LastOptions): Promise<Report> {
  const selected = await select(ref, options).catch((error: unknown) => {
    if (error instanceof RecordsUnavailable) throw new UserError(error.reason, error.hint);
    throw error;
  });
  return { schemaVersion: 1, generator: { name: 'cachewhy', version: VERSION }, builds: [reportBuild(selected)] };
}

async function select(ref: string | undefined, options: LastOptions): Promise<Selected[]> {
  if (ref !== undefined && isFile(ref)) return selectFromFile(ref, options);
  const against =
    options.against === undefined ? undefined : isFile(options.against) ? readRecordFile(options.against).at(-1) : options.against;
  const listed = await listBuilds({ builder: options.builder });
  const folder = buildxConfigFolder();
  const localOf = (l: ListedBuild): LocalBuild | undefined => readLocalBuild(folder, `${l.builder}/${l.node}/${l.ref}`);
  const chosen = chooseListed(ref, listed, (l) => localOf(l) !== undefined);
  const group = localOf(chosen)?.group ?? null;
  const together = group === null ? [chosen] : listed.filter((l) => localOf(l)?.group === group);
  const before = (l: ListedBuild): ListedBuild[] =>
    typeof against === 'string'
      ? [chooseListed(against, listed, () => true)]
      : against !== undefined
        ? []
        : listed
            .filter((o) => o.started < l.started && o.status !== 'running' && !together.includes(o) && sameProject(o, l, localOf))
            .slice(0, MAX_EARLIER);
  const wanted = new Map(together.map((l) => [l.ref, before(l)]));
  const refs = [...new Set([...wanted].flatMap(([own, others]) => [own, ...others.map((o) => o.ref)]))];
  const records = new Map((await fetchRecords(refs, { builder: options.builder ?? chosen.builder })).map((r) => [r.ref, r]));
  const selected = together.flatMap((l): Selected[] => {
    const record = records.get(l.ref);
    if (!record) return [];
    const others =
      against !== undefined && typeof against !== 'string' ? [against] : (wanted.get(l.ref) ?? []).flatMap((o) => records.get(o.ref) ?? []);
    return [
      {
        record,
        earlier: options.against === undefined ? others.filter((o) => sameTarget(o, record)) : others,
        target: localOf(l)?.target ?? 'default',
      },
    ];
  });
  if (selected.length === 0) throw new RecordsUnavailable(`the record of ${chosen.ref} is gone`, 'see `docker buildx history ls`');
  return selected;
}

/** `undefined` the newest of our own, `^2` the second before the newest, an id or its beginning, `builder/node/id`. */
function chooseListed(ref: string | undefined, listed: readonly ListedBuild[], isOurs: (l: ListedBuild) => boolean): ListedBuild {
  if (listed.length === 0)
    throw new RecordsUnavailable('the builder has no build on record', 'build something, or name another one with --builder');
  if (ref === undefined) {
    const over = listed.filter((l) => l.status !== 'running');
    // On a shared builder the newest may be somebody else's.
    return over.find(isOurs) ?? over[0] ?? listed[0]!;
  }
  const offset = /^\^(\d*)$/.exec(ref);
  const id = ref.split('/').at(-1)!;
  const found = offset ? [listed[Number(offset[1] || '1')]].filter((l) => l !== undefined) : listed.filter((l) => l.ref === id);
  const matching = found.length > 0 ? found : id.length >= 4 && !offset ? listed.filter((l) => l.ref.startsWith(id)) : [];
  if (matching.length === 1) return matching[0]!;
  throw new UserError(
    matching.length > 1 ? `${ref} begins the ids of ${matching.length} builds` : `there is no build ${ref} on record`,
    'name one of `docker buildx history ls`, or a .dockerbuild file',
  );
}

function sameProject(a: ListedBuild, b: ListedBuild, localOf: (l: ListedBuild) => LocalBuild | undefined): boolean {
  const one = localOf(a);
  const other = localOf(b);
  if (one && other) return one.context === other.context && one.dockerfile === other.dockerfile && one.target === other.target;
  return !one && !other && a.name === b.name;
}

function sameTarget(a: BuildRecord, b: BuildRecord): boolean {
  return a.target === b.target && a.dockerfileName === b.dockerfileName && a.platforms.join() === b.platforms.join();
}

function isFile(name: string): boolean {
  return name.endsWith('.dockerbuild') || name.includes(path.sep) || name.startsWith('.');
}

function readRecordFile(file: string): BuildRecord[] {
  let data: Buffer;
  try {
    data = readBounded(file, MAX_BYTES, true);
  } catch (error) {
    throw new UserError(
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
      'name a .dockerbuild file, or the id of a build on record',
    );
  }
  if (data.subarray(0, 2).toString('latin1') === 'PK')
    throw new UserError(`${file} is a zip archive`, 'unpack it: the .dockerbuild file lies inside');
  const records = readDockerbuild(data).sort((a, b) => (a.started ?? 0) - (b.started ?? 0));
  if (records.length === 0)
    throw new UserError(`${file} holds no build record`, 'make one with docker buildx history export -o build.dockerbuild');
  return records;
}

/** The newest record of the file, against those before it in there, or against another file. */
async function selectFromFile(file: string, options: LastOptions): Promise<Selected[]> {
  const records = readRecordFile(file);
  const newest = records.at(-1)!;
  if (options.against !== undefined) {
    const other = isFile(options.against)
      ? readRecordFile(options.against).at(-1)!
      : (
          await fetchRecords([chooseListed(options.against, await listBuilds({ builder: options.builder }), () => true).ref], {
            builder: options.builder,
          })
        )[0]!;
    return [{ record: newest, earlier: [other], target: 'default' }];
  }
  const together = newest.group === null ? [newest] : records.filter((r) => r.group === newest.group);
  return together.map((record) => ({
    record,
    earlier: records.filter((r) => !together.includes(r) && sameTarget(r, record)).reverse(),
    target: record.target ?? 'default',
  }));
}

/** Builds of one call of bake or compose are one build, as in their log. */
export function reportBuild(selected: readonly Selected[]): BuildReport {
  const records = selected.flatMap((s) => [s.record, ...s.earlier]);
  return maskReport(reportSelected(selected), [...new Set(records.flatMap(secretsOfRecord))]);
}

function reportSelected(selected: readonly Selected[]): BuildReport {
  const [first] = selected;
  if (selected.length === 1 && first) {
    const { report } = diagnose(first.record.log, withNotes(evidenceOfRecord(first.record, first.earlier), notesOf(first)));
    return { ...report, ...compared(first) };
  }
  const { log, parts } = mergeLogs(selected.map((s) => ({ target: s.target, log: s.record.log })));
  const evidences = selected.map((s, i) => evidenceOfRecord({ ...s.record, log: parts[i]! }, s.earlier));
  const compares = evidences.flatMap((e) => e.compare ?? []);
  const { report } = diagnose(log, {
    command: evidences[0]?.command ?? null,
    known: new Map(evidences.flatMap((e) => [...(e.known ?? [])])),
    scopes: new Map(evidences.flatMap((e) => [...(e.scopes ?? [])])),
    ...(compares.length > 0 && { compare: (graph: StepGraph): Comparison => compares.map((c) => c(graph)).reduce(merge) }),
    notes: [...new Set(selected.flatMap(notesOf))],
  });
  const one = selected.find((s) => s.earlier.length > 0);
  return { ...report, ...(one ? compared(one) : {}) };
}

function withNotes<T extends { readonly notes?: readonly string[] }>(evidence: T, notes: readonly string[]): T {
  return { ...evidence, notes: [...(evidence.notes ?? []), ...notes] };
}

/** What a record cannot tell, and what would. */
function notesOf({ record, earlier }: Selected): string[] {
  if (earlier.length === 0)
    return ['The builder has no earlier build of this Dockerfile and target on record: there was nothing to compare with.'];
  const notes: string[] = [];
  if (record.operations === null)
    notes.push('A build that did not succeed has no definition on record: Dockerfiles and arguments were compared instead.');
  return notes;
}

function compared({ record, earlier }: Selected): { comparedWith?: ComparedRecord } {
  const before = earlier[0];
  if (!before) return {};
  const was = before.dockerfile?.text;
  const is = record.dockerfile?.text;
  const diff = was === undefined || is === undefined ? '' : unifiedDiff(record.dockerfileName, maskText(was), maskText(is));
  return {
    comparedWith: {
      ref: before.ref,
      at: new Date(before.started ?? 0).toISOString(),
      outcome: before.status === 'completed' ? 'succeeded' : before.status === 'running' ? 'incomplete' : before.status,
      ...(diff !== '' && { dockerfileDiff: diff }),
    },
  };
}
