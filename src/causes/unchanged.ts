/** A step all of whose ingredients are as in the build before: what that leaves as its cause. Pure. */
import type { Baseline } from '../baseline/model.ts';
import type { BuildCommand } from '../command/types.ts';
import { fromReferences } from '../graph/names.ts';
import { everCached } from '../graph/outcome.ts';
import { isMiss, type Step, type StepGraph } from '../graph/step.ts';
import type { BuildState, Compared } from '../keys/diff.ts';
import type { CauseKind } from '../model.ts';
import type { Finding } from './define.ts';
import { readSignals, type Signals } from './signals.ts';

/** Both builds, and the step of which nothing differs. */
export interface Unchanged {
  readonly step: Step;
  readonly found: Compared;
  readonly graph: StepGraph;
  readonly baseline: Baseline;
  readonly command: BuildCommand | null;
  readonly now: BuildState;
}

interface Known extends Unchanged {
  readonly signals: Signals;
  readonly because: readonly string[];
  /** The command line is not known for both builds: it may have changed something. */
  readonly open: boolean;
  /** This builder has something of this build. */
  readonly warm: boolean;
}

/** Its result was not there, or not allowed; or something changed that no comparison shows. */
export function nothingDiffers(given: Unchanged): Finding[] {
  const { found, graph, baseline, command, step } = given;
  const because = [
    'everything in its key that could be compared is as in the build before: its text, environment, files and what it stands on',
  ];
  if (found.unknown.length > 0) because.push(`not known on one side: ${[...new Set(found.unknown)].join(', ')}`);
  const signals = readSignals(graph);
  const open = command === null || !baseline.commandKnown;
  const warm = signals.builtHereBefore || [...graph.steps.values()].some((s) => s.parsed.instruction === 'FROM' && everCached(s.vertex));
  const known: Known = { ...given, signals, because, open, warm };
  const findings = [
    ...readElsewhere(known),
    ...neverNeeded(found, baseline, because),
    ...openSettings(found, because),
    ...(open ? [...openArguments(step, found, because), ...openFlags(step, graph, because)] : []),
    ...unfinished(known),
    ...otherBase(known),
  ];
  const filtered = command?.noCacheFilter.some((f) => f.toLowerCase() === step.parsed.stage?.toLowerCase()) ?? false;
  if (command?.noCache || filtered) return findings;
  findings.push(...looksForced(known));
  if (findings.every((f) => f.confidence !== 'certain')) findings.push(lost(known, findings.length === 0));
  return findings;
}

/** What is fetched, or lies in another context, is in no comparison. */
function readElsewhere({ step, found, graph, baseline, now, signals, because }: Known): Finding[] {
  const findings: Finding[] = [];
  const remote = found.before?.reads.find((r) => r.kind === 'remote');
  if (remote?.kind === 'remote')
    findings.push({
      kind: 'remote-source-changed',
      confidence: 'likely',
      weight: 1,
      summary: `${remote.url} has other content than before`,
      because: [...because, 'what it fetches is no part of the Dockerfile or the context'],
      url: remote.url,
    });
  const context = contextOf(step, graph);
  if (context !== undefined && (baseline.named[context] == null || now.named?.[context] == null))
    findings.push({
      kind: 'named-context-changed',
      confidence: 'likely',
      weight: signals.builtHereBefore ? 0.97 : 0.5,
      summary: `The named context ${context} is another one than before, or its files changed`,
      because: [...because, `what the context ${context} held is not known for both builds`],
      context,
    });
  return findings;
}

function unfinished({ found, baseline, because }: Known): Finding[] {
  const last = found.before ? baseline.steps[found.before.id] : undefined;
  const finished = last !== undefined && (last.status === 'reused' || last.status === 'rebuilt');
  if (!found.before || finished || (baseline.outcome === 'succeeded' && last === undefined)) return [];
  const how =
    last === undefined
      ? 'was not reached'
      : last.status === 'failed'
        ? 'failed'
        : last.status === 'canceled'
          ? 'was cancelled'
          : 'never ran';
  return [
    {
      kind: 'not-built-before',
      confidence: 'certain',
      weight: 0.9,
      summary: `It ${how} in the build before, so there was no result to reuse`,
      because: [
        `the build before ${baseline.outcome === 'succeeded' ? 'did not finish this step' : `ended as ${baseline.outcome}`}`,
        ...because,
      ],
    },
  ];
}

function otherBase({ found, now, signals, because }: Known): Finding[] {
  if (signals.builtHereBefore || !found.unknown.some((u) => u.startsWith('the digest'))) return [];
  const image = now.keys.stages.find((s) => s.image !== null)?.image;
  if (!image) return [];
  return [
    {
      kind: 'base-image-changed',
      confidence: 'possible',
      weight: 0.6,
      summary: `${image} is another image than before: no digest is shown`,
      because,
      image,
      before: null,
      after: null,
    },
  ];
}

/** A flag that switches the cache off, where the command line is not known. */
function looksForced({ step, graph, command, signals, because, warm }: Known): Finding[] {
  if (command !== null) return [];
  const { stage } = step.parsed;
  if (forcesAll(step, graph) || signals.filteredStages.has(stage ?? '') || signals.forcedStages.has(stage ?? ''))
    return [
      {
        kind: 'no-cache-flag',
        confidence: 'likely',
        weight: 0.95,
        summary: 'The build was made with --no-cache or --no-cache-filter',
        because: [...because, 'what ran and what was reused fits that flag; the command line would prove it'],
        stage: signals.noCacheFingerprint === null ? stage : null,
      },
    ];
  // Where the other steps were reused, one stage without its results may have been filtered.
  if (step.parsed.instruction === 'WORKDIR' || !warm) return [];
  const all = signals.noCacheFingerprint !== null;
  return [
    {
      kind: 'no-cache-flag',
      confidence: 'possible',
      weight: all ? 0.72 : 0.5,
      summary: all ? 'It would run like this with --no-cache' : `It would run like this with --no-cache-filter=${stage ?? 'STAGE'}`,
      because: [...because, 'the command line would tell'],
      stage: all ? null : stage,
    },
  ];
}

/** @param alone nothing else explains it */
function lost({ command, baseline, found, signals, because, open, warm }: Known, alone: boolean): Finding {
  // Where a cache was imported, how that went says more: the log tells.
  const sure = command !== null && baseline.commandKnown && found.unknown.length === 0 && signals.importers.length === 0;
  const doubtful = (open && warm) || signals.importers.some((i) => i.ok);
  return {
    kind: 'cold-cache',
    confidence: sure && alone ? 'certain' : doubtful ? 'possible' : 'likely',
    weight: doubtful ? 0.7 : 0.83,
    summary: signals.nothingReused
      ? 'Nothing changed, but the builder had no results of this build: it is new, or was pruned'
      : 'Nothing changed, but its result was no longer in the cache',
    because,
  };
}

/** SHELL or USER stands above it now and did not, or the other way: which the base image sets is not known. */
function openSettings(found: Compared, because: readonly string[]): Finding[] {
  const name = /^the value of (shell|user|workdir)$/.exec(
    found.unknown.find((u) => /^the value of (?:shell|user|workdir)$/.test(u)) ?? '',
  )?.[1];
  if (name === undefined) return [];
  const word = name.toUpperCase();
  return [
    {
      kind: 'instruction-changed',
      confidence: 'likely',
      weight: 0.99,
      summary: `${word} above it was added or removed`,
      because: [...because, `${word} is part of its key; what the base image sets is not known`],
      before: null,
      after: null,
    },
  ];
}

/** No step of its stage is in the log of the build before, which succeeded: another target was built, and had no need of it. */
function neverNeeded(found: Compared, baseline: Baseline, because: readonly string[]): Finding[] {
  const { before } = found;
  if (!before || baseline.outcome !== 'succeeded') return [];
  const own = baseline.keys.steps.filter((s) => s.stageIndex === before.stageIndex);
  if (own.some((s) => baseline.steps[s.id] !== undefined) || Object.keys(baseline.steps).length === 0) return [];
  const name = before.stage ?? `stage-${before.stageIndex}`;
  return [
    {
      kind: 'not-built-before',
      confidence: 'likely',
      weight: 0.98,
      summary: `Stage ${name} was not part of the build before, so there was no result to reuse`,
      because: [`the log of the build before shows no step of ${name}: another target was built`, ...because],
    },
  ];
}

/** Arguments whose values are not known for both builds; of a WORKDIR's key SOURCE_DATE_EPOCH is all that the Dockerfile does not show. */
function openArguments(step: Step, found: Compared, because: readonly string[]): Finding[] {
  const named = /^the value of (\S+)$/.exec(found.unknown.find((u) => u.startsWith('the value of ')) ?? '')?.[1];
  const epoch = step.parsed.instruction === 'WORKDIR' && named === undefined && found.before !== null;
  if (!epoch && (named === undefined || step.parsed.instruction !== 'RUN')) return [];
  const name = named ?? 'SOURCE_DATE_EPOCH';
  return [
    {
      kind: 'build-arg-changed',
      confidence: 'possible',
      weight: epoch ? 0.6 : 0.85,
      summary: `Build argument ${name} has another value`,
      because: [...because, `the value of ${name} is part of its key; the command line would tell it`],
      name,
      before: null,
      after: null,
    },
  ];
}

/** Everything but WORKDIR ran although the bases were there. Where that began at one RUN, an argument or a flag of every RUN leaves the same behind. */
function forcesAll(step: Step, graph: StepGraph): boolean {
  const { noCacheFingerprint } = readSignals(graph);
  return noCacheFingerprint !== null && (graph.misses.length > 1 || step.parsed.instruction !== 'RUN');
}

/** Every RUN ran: what a flag of all RUNs leaves behind. */
function openFlags(step: Step, graph: StepGraph, because: readonly string[]): Finding[] {
  const steps = [...graph.steps.values()].filter((s) => s.cacheable);
  const isRun = (s: Step): boolean => s.parsed.instruction === 'RUN';
  if (!isRun(step) || !steps.filter(isRun).every(isMiss)) return [];
  const others = steps.some((s) => !isRun(s) && s.role === 'reused');
  return [
    {
      kind: 'build-flag-changed',
      confidence: 'possible',
      weight: others ? 0.74 : 0.71,
      summary: 'A flag that is part of every RUN differs from the build before (--network, --add-host, --ulimit, …)',
      because: [...because, `every RUN ran${others ? ' while steps that are no RUN were reused' : ''}; the command line would tell`],
      before: null,
      after: null,
    },
  ];
}

/** The additional context that a step reads: `[context shared] load from client`, or `[context shared] alpine:3.19`. */
function contextOf(step: Step, graph: StepGraph): string | undefined {
  const refs = fromReferences(` ${step.parsed.text}`);
  if (refs.length === 0) return undefined;
  const names = new Set([...graph.steps.values()].map((s) => /^\[context ([^\]\s]+)\]/.exec(s.name)?.[1]));
  return refs.find((ref) => names.has(ref));
}

/** Kinds that a comparison without a difference excludes. */
export function excluded(found: Compared, baseline: Baseline): Set<CauseKind> {
  const kinds = new Set<CauseKind>(['instruction-changed', 'instruction-added', 'instruction-moved', 'platform-changed']);
  const last = found.before ? baseline.steps[found.before.id]?.status : undefined;
  if (last === 'reused' || last === 'rebuilt') kinds.add('not-built-before');
  const unknown = found.unknown.join(' ');
  if (!unknown.includes('files')) kinds.add('context-files-changed').add('named-context-changed');
  if (!unknown.includes('value of')) kinds.add('build-arg-changed').add('env-changed');
  if (!unknown.includes('digest')) kinds.add('base-image-changed');
  return kinds;
}
