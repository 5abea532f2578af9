/** Holds a build against the one before it: what the ingredients of its keys prove, step by step. Pure. */
import type { Baseline } from './baseline/model.ts';
import { causesOf } from './causes/computed.ts';
import type { Finding } from './causes/define.ts';
import { readSignals } from './causes/signals.ts';
import type { BuildCommand } from './command/types.ts';
import type { Comparison } from './diagnose.ts';
import { fromReferences } from './graph/names.ts';
import { everCached } from './graph/outcome.ts';
import { isMiss, type Step, type StepGraph } from './graph/step.ts';
import { type BuildState, type Compared, diffBuilds } from './keys/diff.ts';
import type { StepMatch } from './keys/match.ts';
import type { StepKeys } from './keys/model.ts';
import type { CauseKind, CauseReport } from './model.ts';

const WHERE = 'the build before';

export function compareWithBaseline(
  graph: StepGraph,
  match: StepMatch,
  now: BuildState,
  baseline: Baseline,
  command: BuildCommand | null,
): Comparison {
  const compared = diffBuilds({ keys: baseline.keys, listing: baseline.listing, named: baseline.named, images: baseline.images }, now);
  const causes = new Map<string, readonly Finding[]>();
  const ruledOut = new Map<string, ReadonlySet<CauseKind>>();
  const hidden = new Map<string, readonly CauseReport[]>();
  const notes: string[] = [];
  for (const step of graph.steps.values()) {
    const keys = match.steps.get(step.id);
    const found = keys && compared.get(keys.id);
    if (!keys || !found) continue;
    if (step.role === 'first-miss') {
      const findings = notReached(keys, found, now, baseline) ?? causesOf(found, WHERE);
      causes.set(step.id, findings.length > 0 ? findings : nothingDiffers(step, found, graph, baseline, command, now));
      if (findings.length === 0) ruledOut.set(step.id, excluded(found, baseline));
    } else if (step.role === 'cascade') {
      const own = notReached(keys, found, now, baseline)
        ? []
        : causesOf({ ...found, differences: found.differences.filter((d) => d.kind !== 'image' || step.inputs.length === 0) }, WHERE);
      if (own.length > 0)
        hidden.set(
          step.id,
          own.map(({ weight: _, ...report }) => report),
        );
    } else if (
      step.status === 'reused' &&
      step.role === 'reused' &&
      found.differences.some((d) => d.kind === 'edited' || d.kind === 'files')
    ) {
      const [first] = causesOf(found, WHERE);
      if (first)
        notes.push(
          `${step.id} was reused although the comparison says: ${first.summary}. The builder had this very result from another build; the report trusts it.`,
        );
    }
  }
  return { causes, ruledOut, hidden, suspectHits: [], notes };
}

/** The build before had another target, for which this stage was not needed: its steps are not new, they were never built. */
function notReached(step: StepKeys, found: Compared, now: BuildState, baseline: Baseline): Finding[] | null {
  if (found.before !== null || found.differences.some((d) => d.kind !== 'added')) return null;
  const stage = now.keys.stages.find((s) => s.index === step.stageIndex);
  const was = baseline.keys.stages.find((s) => (stage?.name ? s.name === stage.name : s.index === step.stageIndex));
  if (!stage || !was || was.reachable || was.from !== stage.from) return null;
  const name = stage.name ?? `stage-${stage.index}`;
  return [
    {
      kind: 'not-built-before',
      confidence: 'certain',
      weight: 0.9,
      summary: `Stage ${name} was not part of the build before, so there was no result to reuse`,
      because: [`the build before was made for ${baseline.keys.target ?? 'the last stage'}, which does not need ${name}`],
    },
  ];
}

/** A step all of whose ingredients are as before: its result was not there, or not allowed. */
function nothingDiffers(
  step: Step,
  found: Compared,
  graph: StepGraph,
  baseline: Baseline,
  command: BuildCommand | null,
  now: BuildState,
): Finding[] {
  const findings: Finding[] = [];
  const because = [
    'everything in its key that could be compared is as in the build before: its text, environment, files and what it stands on',
  ];
  if (found.unknown.length > 0) because.push(`not known on one side: ${[...new Set(found.unknown)].join(', ')}`);
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
  const compared = context !== undefined && baseline.named[context] != null && now.named?.[context] != null;
  if (context !== undefined && !compared)
    findings.push({
      kind: 'named-context-changed',
      confidence: 'likely',
      weight: readSignals(graph).builtHereBefore ? 0.97 : 0.5,
      summary: `The named context ${context} is another one than before, or its files changed`,
      because: [...because, `what the context ${context} held is not known for both builds`],
      context,
    });
  const last = found.before ? baseline.steps[found.before.id] : undefined;
  const finished = last !== undefined && (last.status === 'reused' || last.status === 'rebuilt');
  const signals = readSignals(graph);
  // What the command line could have changed, where it is not known for both builds.
  const open = command === null || !baseline.commandKnown;
  const warm = signals.builtHereBefore || [...graph.steps.values()].some((s) => s.parsed.instruction === 'FROM' && everCached(s.vertex));
  findings.push(...neverNeeded(found, baseline, because));
  if (open) findings.push(...openArguments(step, found, because), ...openFlags(step, graph, because));
  if (found.before && !finished && (baseline.outcome !== 'succeeded' || last !== undefined)) {
    const how =
      last === undefined
        ? 'was not reached'
        : last.status === 'failed'
          ? 'failed'
          : last.status === 'canceled'
            ? 'was cancelled'
            : 'never ran';
    findings.push({
      kind: 'not-built-before',
      confidence: 'certain',
      weight: 0.9,
      summary: `It ${how} in the build before, so there was no result to reuse`,
      because: [
        `the build before ${baseline.outcome === 'succeeded' ? 'did not finish this step' : `ended as ${baseline.outcome}`}`,
        ...because,
      ],
    });
  }
  const digestUnknown = found.unknown.some((u) => u.startsWith('the digest'));
  if (digestUnknown && !signals.builtHereBefore) {
    const image = now.keys.stages.find((s) => s.image !== null)?.image;
    if (image)
      findings.push({
        kind: 'base-image-changed',
        confidence: 'possible',
        weight: 0.6,
        summary: `${image} is another image than before: no digest is shown`,
        because,
        image,
        before: null,
        after: null,
      });
  }
  const filtered = command?.noCacheFilter.some((f) => f.toLowerCase() === step.parsed.stage?.toLowerCase()) ?? false;
  if (!(command?.noCache || filtered)) {
    // Where a cache was imported, how that went says more: the log tells.
    const sure = command !== null && baseline.commandKnown && found.unknown.length === 0 && signals.importers.length === 0;
    const looksForced =
      command === null &&
      (forcesAll(step, graph) || signals.filteredStages.has(step.parsed.stage ?? '') || signals.forcedStages.has(step.parsed.stage ?? ''));
    const served = signals.importers.some((i) => i.ok);
    if (looksForced)
      findings.push({
        kind: 'no-cache-flag',
        confidence: 'likely',
        weight: 0.95,
        summary: 'The build was made with --no-cache or --no-cache-filter',
        because: [...because, 'what ran and what was reused fits that flag; the command line would prove it'],
        stage: signals.noCacheFingerprint === null ? step.parsed.stage : null,
      });
    // Where the other steps were reused, one stage without its results may have been filtered: the command line would tell.
    else if (command === null && step.parsed.instruction !== 'WORKDIR' && warm)
      findings.push({
        kind: 'no-cache-flag',
        confidence: 'possible',
        weight: signals.noCacheFingerprint !== null ? 0.72 : 0.5,
        summary:
          signals.noCacheFingerprint !== null
            ? 'It would run like this with --no-cache'
            : `It would run like this with --no-cache-filter=${step.parsed.stage ?? 'STAGE'}`,
        because: [...because, 'the command line would tell'],
        stage: signals.noCacheFingerprint !== null ? null : step.parsed.stage,
      });
    if (findings.every((f) => f.confidence !== 'certain'))
      findings.push({
        kind: 'cold-cache',
        confidence: sure && findings.length === 0 ? 'certain' : (open && warm) || served ? 'possible' : 'likely',
        weight: (open && warm) || served ? 0.7 : 0.83,
        summary: signals.nothingReused
          ? 'Nothing changed, but the builder had no results of this build: it is new, or was pruned'
          : 'Nothing changed, but its result was no longer in the cache',
        because,
      });
  }
  return findings;
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

/** What a comparison without a difference excludes. */
function excluded(found: Compared, baseline: Baseline): Set<CauseKind> {
  const kinds = new Set<CauseKind>(['instruction-changed', 'instruction-added', 'instruction-moved', 'platform-changed']);
  const last = found.before ? baseline.steps[found.before.id]?.status : undefined;
  if (last === 'reused' || last === 'rebuilt') kinds.add('not-built-before');
  const unknown = found.unknown.join(' ');
  if (!unknown.includes('files')) kinds.add('context-files-changed').add('named-context-changed');
  if (!unknown.includes('value of')) kinds.add('build-arg-changed').add('env-changed');
  if (!unknown.includes('digest')) kinds.add('base-image-changed');
  return kinds;
}
