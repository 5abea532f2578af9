/** From what a run left — records, logs, snapshots — to its report. Remembers what it saw. */
import type { BuildCommand } from '../command/types.ts';
import { type Comparison, diagnose, type Evidence } from '../diagnose.ts';
import type { BuildRecord } from '../evidence/build-record.ts';
import { commandOfRecord } from '../evidence/record-command.ts';
import { compareWithEarlier, evidenceOfRecord, merge, mergeStale } from '../evidence/record-evidence.ts';
import { secretsOfRecord } from '../evidence/record-secrets.ts';
import { finish } from '../gather/finish.ts';
import { type Gathered, gather } from '../gather/gather.ts';
import type { Source } from '../gather/sources.ts';
import type { BuildLog } from '../graph/log.ts';
import type { Step, StepGraph } from '../graph/step.ts';
import { debugLog } from '../log.ts';
import type { BuildReport } from '../model.ts';
import type { DiagnosisOptions } from '../options.ts';
import { maskReport, secretsAmong } from '../secrets/report.ts';
import { mergeLogs } from './merge-logs.ts';
import type { KeptRecords } from './record-keeper.ts';
import type { Snapshots } from './snapshots.ts';

export interface RunFacts {
  /** The build on our command line; null where it is no build itself (`make image`). */
  readonly command: BuildCommand | null;
  /** For display, secrets masked. */
  readonly commandText: string;
  readonly snapshots: Snapshots;
  /** See `performance.now`: after this nothing is waited for. */
  readonly deadline: number;
  readonly notes: readonly string[];
}

type Kept = KeptRecords['records'][number];

/** One target of a build: its log alone and what is known of it. */
interface Part {
  readonly log: BuildLog;
  readonly command: BuildCommand | null;
  readonly record: BuildRecord | null;
  readonly earlier: readonly BuildRecord[];
}

/** The builds that the builder has on record, those of one bake or compose call as one. */
export async function diagnoseRecords(kept: readonly Kept[], facts: RunFacts, options: DiagnosisOptions): Promise<BuildReport[]> {
  const groups = new Map<string, Kept[]>();
  for (const k of kept) {
    const key = k.record.group ?? k.record.ref;
    groups.set(key, [...(groups.get(key) ?? []), k]);
  }
  const reports: BuildReport[] = [];
  for (const group of groups.values()) reports.push(await diagnoseGroup(group, groups.size === 1, facts, options));
  return reports;
}

async function diagnoseGroup(group: readonly Kept[], only: boolean, facts: RunFacts, options: DiagnosisOptions): Promise<BuildReport> {
  const single = group.length === 1 && only ? facts.command : null;
  const partOf = (k: Kept, log: BuildLog): Part => ({
    log,
    command: commandOf(k.record, single),
    record: { ...k.record, log },
    earlier: k.earlier,
  });
  if (group.length === 1) {
    const k = group[0]!;
    return diagnoseParts(k.record.log, [partOf(k, k.record.log)], facts, options);
  }
  const { log, parts } = mergeLogs(group.map((k) => ({ target: k.local.target, log: k.record.log })));
  return diagnoseParts(
    log,
    group.map((k, i) => partOf(k, parts[i]!)),
    facts,
    options,
  );
}

/** Builders without records: what the log shows, with the command line where it made this build. */
export async function diagnoseLog(log: BuildLog, facts: RunFacts, options: DiagnosisOptions): Promise<BuildReport> {
  return diagnoseParts(log, [{ log, command: facts.command, record: null, earlier: [] }], facts, options);
}

/** What was typed, with what only the record shows: values that a shell or an environment put in. */
function commandOf(record: BuildRecord, typed: BuildCommand | null): BuildCommand {
  const recorded = commandOfRecord(record);
  if (!typed || (typed.tool !== 'docker' && typed.tool !== 'buildx'))
    return typed
      ? { ...recorded, noCache: typed.noCache || recorded.noCache, cacheFrom: typed.cacheFrom, cacheTo: typed.cacheTo }
      : recorded;
  const buildArgs = Object.fromEntries(
    Object.entries(typed.buildArgs).map(([name, value]) => [name, value ?? record.buildArgs[name] ?? null]),
  );
  return { ...typed, buildArgs, noCache: recorded.noCache, noCacheFilter: recorded.noCacheFilter };
}

async function diagnoseParts(log: BuildLog, parts: readonly Part[], facts: RunFacts, options: DiagnosisOptions): Promise<BuildReport> {
  const gathered: Gathered[] = [];
  const evidences: Evidence[] = [];
  for (const part of parts) {
    const found = await gatherPart(part, facts, options);
    gathered.push(found);
    evidences.push(evidenceOf(part, found));
  }
  const evidence = joinEvidence(evidences, facts);
  const diagnosis = diagnose(log, evidence);
  const masked = maskReport(diagnosis.report, [
    ...parts.flatMap((part) => [
      ...secretsAmong({ ...part.command?.buildArgs }),
      ...(part.record ? [part.record, ...part.earlier].flatMap(secretsOfRecord) : []),
    ]),
    ...gathered.flatMap((found) => [...(found.secrets ?? [])]),
  ]);
  for (const m of masked.misses)
    debugLog().debug({ step: m.step, causes: m.causes.map((c) => `${c.kind} ${c.confidence}`) }, 'first miss explained');
  return finish(masked, gathered, options, true);
}

async function gatherPart(part: Part, facts: RunFacts, options: DiagnosisOptions): Promise<Gathered> {
  const { record, command } = part;
  const folder = record ? record.context : null;
  const dockerfile = record ? sourceOf(record) : undefined;
  const listing =
    record && folder !== null && !/^\w+:\/\//.test(folder)
      ? await facts.snapshots.get(folder, dockerfile?.path ?? null, facts.deadline)
      : undefined;
  const notes = typeof listing === 'string' ? [listing] : [];
  const given = {
    ...(dockerfile !== undefined && { dockerfile }),
    ...(record && { listing: typeof listing === 'string' ? null : (listing ?? null) }),
  };
  const found = await gather(part.log, command, options, process.cwd(), given);
  return notes.length > 0 ? { ...found, notes: [...found.notes, ...notes] } : found;
}

/** The Dockerfile as it was used, under the path that it has on disk. */
function sourceOf(record: BuildRecord): Source | undefined {
  if (!record.dockerfile) return undefined;
  const path =
    record.dockerfilePath ??
    (record.context !== null && !/^\w+:\/\//.test(record.context) ? `${record.context}/${record.dockerfileName}` : null);
  return { text: record.dockerfile.text, name: record.dockerfileName, path };
}

function evidenceOf(part: Part, found: Gathered): Evidence {
  const recorded = part.record ? evidenceOfRecord(part.record, part.earlier) : undefined;
  const byRecord = part.record ? compareWithEarlier(part.record, part.earlier) : undefined;
  const stale = isStale(found, part.earlier);
  const compare =
    found.compare || byRecord
      ? (graph: StepGraph): Comparison =>
          found.compare && stale !== null
            ? mergeStale(found.compare(graph), byRecord?.(graph), stale)
            : merge(found.compare?.(graph), byRecord?.(graph))
      : undefined;
  const scopes = found.scopes ?? recorded?.scopes;
  return {
    command: part.command,
    known: new Map([...(recorded?.known ?? []), ...(found.known ?? [])]),
    ...(scopes && { scopes }),
    ...(compare && { compare }),
    ...(found.rewrites && { rewrites: found.rewrites }),
    ...(found.ageOf && { ageOf: (step: Step) => found.ageOf?.(step.name) ?? null }),
    ...(found.suspects && { suspects: found.suspects }),
    notes: found.notes,
  };
}

/** Builds were made since the baseline, without us. @returns when the baseline was made; null where it is the build before */
function isStale({ previous }: Gathered, earlier: readonly BuildRecord[]): string | null {
  if (!previous) return null;
  const last = Math.max(0, ...earlier.map((r) => r.completed ?? r.started ?? 0));
  return last > Date.parse(previous.savedAt) ? previous.savedAt : null;
}

function joinEvidence(parts: readonly Evidence[], facts: RunFacts): Evidence {
  const compares = parts.flatMap((p) => p.compare ?? []);
  return {
    command: parts[0]?.command ?? null,
    commandText: facts.commandText,
    ...(parts.some((p) => p.known) && { known: new Map(parts.flatMap((p) => [...(p.known ?? [])])) }),
    ...(parts.some((p) => p.scopes) && { scopes: new Map(parts.flatMap((p) => [...(p.scopes ?? [])])) }),
    // A rewrite is of one Dockerfile: that of several targets is looked at once.
    ...(parts[0]?.rewrites && { rewrites: parts[0].rewrites }),
    ...(parts.length === 1 && parts[0]?.ageOf && { ageOf: parts[0].ageOf }),
    ...(parts.length === 1 && parts[0]?.suspects && { suspects: parts[0].suspects }),
    ...(compares.length > 0 && { compare: (graph: StepGraph) => compares.map((c) => c(graph)).reduce(merge) }),
    notes: [...facts.notes, ...parts.flatMap((p) => p.notes ?? [])],
  };
}
