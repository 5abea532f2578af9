/** From one build's events and whatever else is known of it to its part of the report. Pure: all evidence is gathered before. */

import type { Proposal } from './advice/define.ts';
import { advice } from './advice/index.ts';
import type { Facts, Finding, ScopeEntry } from './causes/define.ts';
import { explainMiss } from './causes/explain.ts';
import { type MissView, readSignals, viewMiss } from './causes/signals.ts';
import type { BuildCommand } from './command/parse.ts';
import { type Given, gain, joinRewrites, NO_REWRITES, type Rewrites, type RewriteWish, stepsThatStay } from './fix/advise.ts';
import { draftGraph, type KnownStep, type StepDraft, settleGraph } from './graph/build.ts';
import { round } from './graph/cascade.ts';
import type { BuildLog } from './graph/log.ts';
import { isHit, isMiss, type MissNode, type Step, type StepGraph } from './graph/step.ts';
import { writeHeadline } from './headline.ts';
import type { AdviceReport, BuildReport, CauseKind, CauseReport, MissReport, StepReport, Summary, SuspectHit } from './model.ts';
import { findMutableBases } from './suspects/mutable-base.ts';
import { findSuspectHits } from './suspects/outside-key.ts';
import { bytes as formatBytes } from './text.ts';

/** More advice than this for one miss nobody follows. */
const MAX_ADVICE = 4;

/** What comparing the ingredients of two builds said, keyed by step id. */
export interface Comparison {
  /** Causes of first misses, computed; a step without an entry was not compared. */
  readonly causes: ReadonlyMap<string, readonly Finding[]>;
  /** Kinds that the comparison excludes for a first miss. */
  readonly ruledOut?: ReadonlyMap<string, ReadonlySet<CauseKind>>;
  /** Steps inside a cascade that would have missed on their own, with their causes. */
  readonly hidden: ReadonlyMap<string, readonly CauseReport[]>;
  readonly suspectHits: readonly SuspectHit[];
  readonly notes: readonly string[];
}

export interface Evidence {
  /** Rewrites of the Dockerfile and its ignore file; asked only where something missed. */
  readonly rewrites?: (wish: RewriteWish) => Rewrites;
  readonly command?: BuildCommand | null;
  /** The command line for display, secrets masked. */
  readonly commandText?: string | null;
  /** The log's steps, where somebody has read them already. */
  readonly graph?: StepDraft;
  /** What a matching Dockerfile says of the steps. */
  readonly known?: ReadonlyMap<string, KnownStep>;
  /** ARG and ENV in each step's scope, in order, from a matching Dockerfile. */
  readonly scopes?: ReadonlyMap<string, readonly ScopeEntry[]>;
  readonly compare?: (graph: StepGraph) => Comparison;
  /** Age of a step's layer in seconds, from an image's history; null where unknown. */
  readonly ageOf?: (step: Step) => number | null;
  /** Suspect hits that files at hand show. */
  readonly suspects?: (graph: StepGraph) => readonly SuspectHit[];
  readonly notes?: readonly string[];
  /** The build is still to come: it is spoken of in the future. */
  readonly foreseen?: boolean;
}

export interface Diagnosis {
  readonly report: BuildReport;
  readonly graph: StepGraph;
}

export function diagnose(log: BuildLog, evidence: Evidence = {}): Diagnosis {
  const graph = settleGraph(evidence.graph ?? draftGraph(log), evidence.known);
  const facts = gatherFacts(graph, evidence);
  const comparison = evidence.compare?.(graph);
  const explained = explainMisses(graph, facts, evidence, comparison);
  const forBuild = adviseBuild(facts);
  const summary = summarise(graph, [
    ...explained.misses.flatMap((e) => e.proposals.map((p) => p.proposal)),
    ...forBuild.map((p) => p.proposal),
  ]);
  const shown = sayOnce(explained.misses.map((e) => e.proposals));
  const misses = explained.misses.map((e, at) => missReport(e.view.miss, e.causes, e.proposals, shown[at]!));
  const start = log.firstTime ?? firstStart(log);
  const report: BuildReport = {
    dialect: log.dialect,
    outcome: graph.outcome,
    builder: log.builder,
    seconds: graph.seconds === null ? null : round(graph.seconds),
    ...(isTime(start) && { startedAt: new Date(start).toISOString() }),
    summary,
    headline: writeHeadline(graph, summary, misses, evidence.foreseen ?? false),
    steps: [...graph.steps.values()].map((s) => stepReport(s, start)),
    misses,
    hidden: hiddenReports(graph, comparison),
    suspectHits: [
      ...(comparison?.suspectHits ?? []),
      ...(evidence.suspects?.(graph) ?? []),
      ...findMutableBases(graph, evidence.command ?? null),
      ...findSuspectHits(graph, evidence.ageOf),
    ],
    notes: [
      ...log.notes,
      ...(comparison?.notes ?? []),
      ...explained.notes,
      ...(evidence.notes ?? []),
      ...graphNotes(graph, facts, comparison !== undefined),
    ],
    line: log.line,
    ...(evidence.commandText ? { command: evidence.commandText } : {}),
    ...(forBuild.length > 0 ? { advice: forBuild.map(adviceReport) } : {}),
  };
  return { report, graph };
}

interface Explained {
  readonly misses: readonly { readonly view: MissView; readonly causes: readonly CauseReport[]; readonly proposals: readonly Given[] }[];
  readonly notes: readonly string[];
}

/** First misses that are looked into: a build of a thousand steps has a few dozen. */
const MAX_EXPLAINED = 500;

function explainMisses(graph: StepGraph, facts: Facts, evidence: Evidence, comparison: Comparison | undefined): Explained {
  const found = graph.misses.map((miss, at) => {
    const view = viewMiss(miss, graph);
    return {
      miss,
      view,
      causes: explainMiss(view, facts, comparison?.causes.get(miss.root.id), comparison?.ruledOut?.get(miss.root.id), at >= MAX_EXPLAINED),
    };
  });
  const hidden = comparison?.hidden ?? new Map<string, readonly CauseReport[]>();
  const args = [...found.flatMap((f) => f.causes), ...[...hidden.values()].flat()].flatMap((c) =>
    c.kind === 'build-arg-changed' && c.confidence === 'certain' && c.name !== undefined ? [c.name] : [],
  );
  const missed = [...graph.steps.values()].filter(isMiss).map((s) => s.id);
  const rewrites =
    found.length > 0
      ? (evidence.rewrites?.({
          args: [...new Set(args)],
          missed,
          paths: changedPaths(found.flatMap((f) => f.causes)),
          bases: movedBases(found.flatMap((f) => f.causes)),
        }) ?? NO_REWRITES)
      : NO_REWRITES;
  const stay = stepsThatStay(found, hidden);
  const notes = new Set<string>();
  const misses = found.map(({ view, causes }) => ({
    view,
    causes,
    proposals: sortAdvice(joinRewrites(adviseMiss(view, causes, facts), view, causes, rewrites, stay, notes)),
  }));
  return { misses, notes: [...notes] };
}

function changedPaths(causes: readonly CauseReport[]): string[] {
  return [
    ...new Set(
      causes.flatMap((c) => (c.kind === 'context-files-changed' && c.confidence === 'certain' ? (c.paths ?? []) : [])).map((p) => p.path),
    ),
  ];
}

function movedBases(causes: readonly CauseReport[]): Record<string, string> {
  return Object.fromEntries(
    causes.flatMap((c) =>
      c.kind === 'base-image-changed' && c.image !== undefined && /^sha256:[0-9a-f]{64}$/.test(c.after ?? '') ? [[c.image, c.after!]] : [],
    ),
  );
}

function gatherFacts(graph: StepGraph, evidence: Evidence): Facts {
  const scopes = evidence.scopes;
  return {
    graph,
    signals: readSignals(graph),
    command: evidence.command ?? null,
    dockerfileKnown: scopes !== undefined,
    newScope: (view) => (scopes ? newScope(view, scopes) : null),
  };
}

/** What this RUN has in scope that no reused RUN above it had: only that can explain it. */
function newScope(view: MissView, scopes: ReadonlyMap<string, readonly ScopeEntry[]>): readonly ScopeEntry[] | null {
  const mine = scopes.get(view.step.id);
  if (!mine) return null;
  const proven = new Set<string>();
  for (const s of view.above)
    if (s.parsed.instruction === 'RUN' && isHit(s)) for (const e of scopes.get(s.id) ?? []) proven.add(`${e.kind} ${e.name} ${e.value}`);
  return mine.filter((e) => !proven.has(`${e.kind} ${e.name} ${e.value}`));
}

function adviseMiss(view: MissView, causes: readonly CauseReport[], facts: Facts): Given[] {
  return sortAdvice(advice.flatMap((a) => given(a.id, a.forMiss?.(view, causes, facts))));
}

function adviseBuild(facts: Facts): Given[] {
  return sortAdvice(advice.flatMap((a) => given(a.id, a.forBuild?.(facts))));
}

function given(id: string, proposal: Proposal | undefined): Given[] {
  return proposal ? [{ id, proposal }] : [];
}

/** Worst first, the few that are worth following: what saves seconds here, or else one that saves later ones. */
function sortAdvice(list: Given[]): Given[] {
  return list.sort((a, b) => gain(b.proposal) - gain(a.proposal)).slice(0, MAX_ADVICE);
}

function secondsOf(steps: readonly Step[]): number {
  return round(steps.reduce((sum, s) => sum + (isMiss(s) ? (s.seconds ?? 0) : 0), 0));
}

function adviceReport({ id, proposal }: Given): AdviceReport {
  return {
    id,
    summary: proposal.summary,
    savesSeconds: proposal.saves === null ? null : round(gain(proposal)),
    ...(proposal.patch !== undefined && { patch: proposal.patch }),
    ...(proposal.proof !== undefined && { proof: proposal.proof }),
    ...(proposal.because !== undefined && { because: proposal.because }),
  };
}

/** The same advice for several misses is given at the worst of them, with what it saves in all. */
function sayOnce(perMiss: readonly (readonly Given[])[]): Given[][] {
  const first = new Map<string, { readonly list: Given[]; readonly at: number }>();
  return perMiss.map((proposals) => {
    const list: Given[] = [];
    for (const p of proposals) {
      const key = JSON.stringify([p.id, p.proposal.summary, p.proposal.patch]);
      const said = first.get(key);
      if (said) said.list[said.at] = join(said.list[said.at]!, p);
      else first.set(key, { list, at: list.push(p) - 1 });
    }
    return list;
  });
}

function join(a: Given, { proposal: b }: Given): Given {
  const parts = new Map([...(a.proposal.parts ?? []), ...(b.parts ?? [])]);
  const saves = a.proposal.saves === null && b.saves === null ? null : [...new Set([...(a.proposal.saves ?? []), ...(b.saves ?? [])])];
  return { ...a, proposal: { ...a.proposal, saves, ...(parts.size > 0 && { parts }) } };
}

function missReport(miss: MissNode, causes: readonly CauseReport[], proposals: readonly Given[], shown: readonly Given[]): MissReport {
  return {
    step: miss.root.id,
    name: miss.root.name,
    cascade: miss.cascade.map((s) => s.id),
    seconds: miss.seconds,
    cascadeSeconds: miss.cascadeSeconds,
    criticalSeconds: miss.criticalSeconds,
    causes,
    advice: shown.map(adviceReport),
    verdict: verdictOf(causes[0], proposals),
    source: miss.root.source,
  };
}

/** Waste where a fix would have avoided time; needed where the cause is a known, real change and no fix avoids it. */
function verdictOf(top: CauseReport | undefined, proposals: readonly Given[]): 'waste' | 'needed' | 'unknown' {
  if (proposals.some((p) => gain(p.proposal) > 0 || (p.proposal.parts === undefined && (p.proposal.saves?.length ?? 0) > 0)))
    return 'waste';
  return top?.confidence === 'certain' ? 'needed' : 'unknown';
}

function summarise(graph: StepGraph, proposals: readonly Proposal[]): Summary {
  const steps = [...graph.steps.values()].filter((s) => s.cacheable);
  const reused = steps.filter(isHit).length;
  const rebuilt = steps.filter((s) => s.status === 'rebuilt' || s.status === 'failed').length;
  const avoidable = new Map<Step, number>();
  for (const p of proposals)
    for (const step of p.saves ?? []) avoidable.set(step, Math.max(avoidable.get(step) ?? 0, p.parts?.get(step) ?? 1));
  return {
    steps: steps.length,
    reused,
    rebuilt,
    hitRate: reused + rebuilt === 0 ? 1 : Math.round((reused / (reused + rebuilt)) * 10_000) / 10_000,
    rebuiltSeconds: secondsOf(steps),
    avoidableSeconds: round([...avoidable].reduce((sum, [s, share]) => sum + secondsOf([s]) * share, 0)),
  };
}

/** @param start of the build, milliseconds; undefined where the log does not tell */
function stepReport(s: Step, start: number | undefined): StepReport {
  const startedAt = s.vertex.intervals[0]?.started ?? s.vertex.firstTime;
  return {
    id: s.id,
    name: s.name,
    target: s.parsed.target,
    platform: s.parsed.platform,
    stage: s.parsed.stage,
    position: s.parsed.position,
    of: s.parsed.of,
    instruction: s.parsed.instruction,
    cacheable: s.cacheable,
    status: s.status,
    role: s.role,
    seconds: s.seconds === null ? null : round(s.seconds),
    inputs: s.inputs,
    source: s.source,
    ...(start !== undefined && startedAt !== undefined && { startedAt: round((startedAt - start) / 1000) }),
    ...(s.pulled && { pulled: true }),
    ...(s.rebased && { rebased: true }),
  };
}

/** Milliseconds of our times: a clock that was never set tells none. */
function isTime(time: number | undefined): time is number {
  return time !== undefined && time > Date.UTC(2000) && time < Date.UTC(2200);
}

function firstStart(log: BuildLog): number | undefined {
  let first: number | undefined;
  for (const v of log.vertices.values()) for (const i of v.intervals) first = first === undefined ? i.started : Math.min(first, i.started);
  return first;
}

function hiddenReports(graph: StepGraph, comparison: Comparison | undefined): MissReport[] {
  const reports: MissReport[] = [];
  for (const [id, causes] of comparison?.hidden ?? []) {
    const s = graph.steps.get(id);
    if (s?.role === 'cascade' && causes.length > 0)
      reports.push({
        step: id,
        name: s.name,
        cascade: [],
        seconds: round(s.seconds ?? 0),
        cascadeSeconds: 0,
        causes,
        advice: [],
        source: s.source,
      });
  }
  return reports;
}

/** What the reader should know to weigh the rest. */
function graphNotes(graph: StepGraph, facts: Facts, compared: boolean): string[] {
  const notes: string[] = [];
  const steps = [...graph.steps.values()];
  const skipped = steps.filter((s) => s.status === 'skipped' && s.cacheable);
  if (skipped.length > 0 && graph.outcome !== 'succeeded')
    notes.push(
      `${skipped.length} step${skipped.length === 1 ? ' is' : 's are'} shown as CACHED but never ran: in a build that fails, BuildKit marks what it skipped as cached.`,
    );
  const pulled = steps.filter((s) => s.cacheable && s.status === 'reused' && s.pulled);
  if (pulled.length > 0) {
    const bytes = pulled.reduce((sum, s) => sum + s.vertex.pulledBytes, 0);
    notes.push(
      `${pulled.length} step${pulled.length === 1 ? ' was' : 's were'} reused from a remote cache and downloaded${bytes > 0 ? ` (${formatBytes(bytes)})` : ''}: shown as DONE, but no miss.`,
    );
  }
  const cut = steps.filter((s) => s.role === 'cut-off');
  if (cut.length > 0)
    notes.push(
      `The cascade was cut off at ${cut.length} step${cut.length === 1 ? '' : 's'}: what ran above came out byte for byte the same.`,
    );
  if (graph.misses.length > 0 && !compared)
    notes.push(
      facts.dockerfileKnown
        ? 'There is no earlier build to compare with yet; this one is remembered, so the next miss can be computed.'
        : 'A log alone cannot settle what changed: run cachewhy in the project folder, or wrap the build with `cachewhy run -- …`.',
    );
  return notes;
}
