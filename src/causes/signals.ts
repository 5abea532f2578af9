/** What one log tells beyond its steps: the state of bases, importers, flags by their fingerprints. Facts only; causes weigh them. */

import { stepInputs } from '../graph/cascade.ts';
import { everCached } from '../graph/outcome.ts';
import type { MissNode, Step, StepGraph } from '../graph/step.ts';
import { isHit, isMiss } from '../graph/step.ts';
import { opensStage, solidInputs, standsOn } from './place.ts';

export interface Importer {
  /** Reference as the log shows it: `registry.example/app:cache`. */
  readonly ref: string;
  readonly ok: boolean;
  readonly error: string | null;
  readonly step: string;
}

export interface Signals {
  /** No cacheable step of the build was served by the cache. */
  readonly nothingReused: boolean;
  /** A RUN, COPY or ADD was reused: this builder has built something like this before. A lone WORKDIR proves little. */
  readonly builtHereBefore: boolean;
  /** `[internal] booting buildkit` */
  readonly freshBuilder: boolean;
  readonly importers: readonly Importer[];
  /** Every RUN, COPY and ADD missed although a WORKDIR right on its base was reused: `--no-cache` does not reach WORKDIR. */
  readonly noCacheFingerprint: 'workdir' | 'bases' | 'one-chain' | null;
  /** Stages whose step ran although its twin, the same instruction on the same base, was reused: `--no-cache-filter`. */
  readonly filteredStages: ReadonlyMap<string, string>;
  /** Stages all of whose RUN, COPY and ADD ran while whatever reads them was cut off: `--no-cache-filter` looks so, and other things too. */
  readonly forcedStages: ReadonlySet<string>;
  /** First misses that begin a stage of which all ran, and whose result nothing that was reused reads: by id. Another target looks so. */
  readonly newStages: ReadonlySet<string>;
  /** Steps that ran and whose result was read by a step that was reused all the same. */
  readonly sameResults: ReadonlySet<Step>;
  /** The Dockerfile was not sent again (`transferring dockerfile: 32B`): it is what this builder saw last. */
  readonly dockerfileUnchanged: boolean;
}

/** A first miss seen against what stands above and below it. */
export interface MissView {
  readonly miss: MissNode;
  readonly step: Step;
  /** The FROM it goes back to, where the log shows it. */
  readonly base: Step | null;
  /** known: the base's files were in this cache. new: they were not. pulled: they were downloaded. unknown: nothing was asked of it. */
  readonly baseState: 'known' | 'new' | 'pulled' | 'unknown';
  /** It stands directly on its base image (or on scratch): no step of its stage is above it. */
  readonly onBase: boolean;
  /** It is the first step of its stage, on an image or on another stage. */
  readonly opensStage: boolean;
  /** It is a RUN, and nothing that it stands on is one: an ARG or ENV that changed, however far above, shows here first. */
  readonly firstRun: boolean;
  /** What reads the result of its stage was reused: it came out the same, and was there before. */
  readonly sameResult: boolean;
  /** Steps above it, nearest first. */
  readonly above: readonly Step[];
  /** Steps of its cascade that install packages. */
  readonly installs: readonly Step[];
}

const read = new WeakMap<StepGraph, Signals>();

export function readSignals(graph: StepGraph): Signals {
  const known = read.get(graph) ?? readOnce(graph);
  read.set(graph, known);
  return known;
}

function readOnce(graph: StepGraph): Signals {
  const steps = [...graph.steps.values()];
  const cacheable = steps.filter((s) => s.cacheable);
  const reused = cacheable.filter(isHit);
  const sameResults = new Set(
    cacheable
      .filter((s) => s.role === 'cut-off')
      .flatMap((s) => stepInputs(s, graph.steps))
      .filter(isMiss),
  );
  return {
    nothingReused: reused.length === 0 && cacheable.some(isMiss),
    builtHereBefore: reused.some((s) => s.parsed.instruction !== 'WORKDIR'),
    freshBuilder: steps.some((s) => s.name.includes('booting buildkit')),
    importers: readImporters(steps),
    noCacheFingerprint: noCacheFingerprint(graph, cacheable),
    filteredStages: filteredStages(cacheable, graph),
    forcedStages: forcedStages(cacheable, graph),
    newStages: newStages(cacheable, graph, sameResults),
    sameResults,
    dockerfileUnchanged: steps.some((s) => s.name.includes('load build definition') && sentBytes(s, 'transferring dockerfile') <= 45),
  };
}

function sentBytes(step: Step, what: string): number {
  for (const [text, status] of step.vertex.statuses) if (text.startsWith(what)) return status.bytes ?? Number.POSITIVE_INFINITY;
  return Number.POSITIVE_INFINITY;
}

/** `importing cache manifest from registry.example/app:cache` */
function readImporters(steps: readonly Step[]): Importer[] {
  return steps
    .filter((s) => s.parsed.kind === 'import')
    .map((s) => ({
      ref: s.parsed.text.replace(/^importing cache manifest from /, ''),
      ok: s.vertex.error === undefined && s.vertex.terminals.some((t) => t.word === 'done'),
      error: s.vertex.error ?? null,
      step: s.id,
    }));
}

function noCacheFingerprint(graph: StepGraph, cacheable: readonly Step[]): Signals['noCacheFingerprint'] {
  const forced = cacheable.filter((s) => s.parsed.instruction !== 'WORKDIR');
  if (forced.length < 2 || !forced.every((s) => isMiss(s))) return null;
  const workdirs = cacheable.filter((s) => s.parsed.instruction === 'WORKDIR');
  // One first miss whose cascade took all the rest says nothing: an edit does the same. Several that are unrelated do.
  const roots = graph.misses.filter((m) => m.root.parsed.instruction !== 'WORKDIR').length;
  if (workdirs.some((s) => isHit(s) && stepInputs(s, graph.steps).length === 0)) return roots > 1 ? 'workdir' : 'one-chain';
  const bases = [...graph.steps.values()].filter((s) => s.parsed.instruction === 'FROM');
  // A WORKDIR below a step that ran runs as well; one right on its base would have been reused.
  const forcedToo = workdirs.every((s) => s.role === 'cascade');
  return forcedToo && bases.length > 0 && bases.every((s) => everCached(s.vertex)) ? 'bases' : null;
}

/**
 * `[builder 3/6] COPY a b` ran while `[deps 3/4] COPY a b`, on the same base, was reused: nothing but a flag tells two equal steps apart.
 */
function filteredStages(cacheable: readonly Step[], graph: StepGraph): Map<string, string> {
  const found = new Map<string, string>();
  for (const s of cacheable) {
    if (s.role !== 'first-miss' || s.parsed.stage === null || s.parsed.instruction === 'WORKDIR') continue;
    const mine = stepInputs(s, graph.steps);
    const twin = cacheable.find(
      (t) =>
        isHit(t) &&
        t.parsed.text === s.parsed.text &&
        t.parsed.stage !== s.parsed.stage &&
        t.parsed.platform === s.parsed.platform &&
        t.parsed.target === s.parsed.target &&
        sameSteps(mine, stepInputs(t, graph.steps)) &&
        sameBase(s, t, graph),
    );
    if (twin) found.set(s.parsed.stage, twin.name);
  }
  return found;
}

function forcedStages(cacheable: readonly Step[], graph: StepGraph): Set<string> {
  const keyOf = (s: Step): string => JSON.stringify([s.parsed.stage, s.parsed.target]);
  const stages = gather(cacheable.filter((s) => s.parsed.instruction !== 'WORKDIR').map((s) => [keyOf(s), s] as const));
  const users = gather(cacheable.flatMap((s) => stepInputs(s, graph.steps).map((i) => [i, s] as const)));
  const forced = new Set<string>();
  for (const { root } of graph.misses) {
    const { stage } = root.parsed;
    if (stage === null) continue;
    const own = stages.get(keyOf(root)) ?? [];
    const readers = own.filter((s) => s !== root).flatMap((s) => (users.get(s) ?? []).filter((u) => u.parsed.stage !== stage));
    if (own.length > 1 && own.every(isMiss) && readers.some(isHit)) forced.add(stage);
  }
  return forced;
}

function newStages(cacheable: readonly Step[], graph: StepGraph, sameResults: ReadonlySet<Step>): Set<string> {
  const found = new Set<string>();
  const stageOf = (s: Step): string => `${s.parsed.target ?? ''}\n${s.parsed.stage ?? ''}`;
  const missed = new Map([...gather(cacheable.map((s) => [stageOf(s), s] as const))].map(([stage, steps]) => [stage, steps.every(isMiss)]));
  for (const { root, cascade } of graph.misses) {
    if (!opensStage(root, graph) || [root, ...cascade].some((s) => sameResults.has(s))) continue;
    if (missed.get(stageOf(root)) ?? true) found.add(root.id);
  }
  return found;
}

function gather<K>(pairs: readonly (readonly [K, Step])[]): Map<K, Step[]> {
  const found = new Map<K, Step[]>();
  for (const [key, step] of pairs) {
    const list = found.get(key);
    if (list) list.push(step);
    else found.set(key, [step]);
  }
  return found;
}

/** Two stages may begin with one step on two images. Where the log shows only one FROM, they share it. */
function sameBase(a: Step, b: Step, graph: StepGraph): boolean {
  const [one, other] = [a, b].map((s) => solidInputs(s, graph).filter((i) => i.parsed.instruction === 'FROM'));
  return one!.length === 0 || other!.length === 0 || sameSteps(one!, other!);
}

function sameSteps(a: readonly Step[], b: readonly Step[]): boolean {
  return a.length === b.length && a.every((s) => b.includes(s));
}

/** Commands that fetch and install packages: what people least want to rerun. */
const INSTALL =
  /\b(?:npm (?:ci|i|install)|yarn(?: install| --frozen|$)|pnpm (?:i|install|fetch)|bun (?:i|install)|pip3? install|uv (?:sync|pip)|poetry install|pipenv (?:install|sync)|conda (?:install|env)|go mod download|cargo (?:fetch|chef|build|install)|mvn\b|gradle\b|composer install|bundle install|dotnet restore|mix deps\.get|apt-get install|apt install|apk add|dnf install|yum install|gem install|swift package|renv::restore|R -e)|\.\/(?:mvnw|gradlew)\b/;

function isInstall(step: Step): boolean {
  return step.parsed.instruction === 'RUN' && INSTALL.test(step.parsed.text);
}

export function viewMiss(miss: MissNode, graph: StepGraph): MissView {
  const step = miss.root;
  const { sameResults } = readSignals(graph);
  const above: Step[] = [];
  const seen = new Set([step.id]);
  const queue = [...step.inputs];
  while (queue.length > 0) {
    const id = queue.shift()!;
    if (seen.has(id)) continue;
    seen.add(id);
    const s = graph.steps.get(id);
    if (!s) continue;
    if (s.cacheable) above.push(s);
    queue.push(...s.inputs);
  }
  const below = standsOn(step, graph);
  const base = below.find((s) => s.parsed.instruction === 'FROM') ?? null;
  return {
    miss,
    step,
    base,
    baseState: baseState(base),
    onBase: !below[0]?.cacheable,
    opensStage: opensStage(step, graph),
    firstRun: step.parsed.instruction === 'RUN' && !below.some((s) => s.parsed.instruction === 'RUN'),
    sameResult: [step, ...miss.cascade].some((s) => sameResults.has(s)),
    above,
    installs: miss.cascade.filter(isInstall),
  };
}

/** FROM CACHED: its files were there. FROM DONE while a child ran on it: they had to be made (buildkit: source/containerimage/pull.go). */
function baseState(base: Step | null): MissView['baseState'] {
  if (!base) return 'unknown';
  if (everCached(base.vertex)) return 'known';
  if (base.vertex.pulled) return 'pulled';
  return base.vertex.terminals.some((t) => t.word === 'done') ? 'new' : 'unknown';
}

/** It stands on a base that this cache did not have, though it has other steps of this build; an imported cache has steps and no bases. */
export function isNewBase(view: MissView, signals: Signals): boolean {
  return (
    view.onBase &&
    signals.builtHereBefore &&
    !signals.importers.some((i) => i.ok) &&
    (view.baseState === 'new' || view.baseState === 'pulled')
  );
}

/** `COPY . .`, `ADD ./ /app`: the whole build context */
export function isBroadCopy(step: Step): boolean {
  if (step.parsed.instruction !== 'COPY' && step.parsed.instruction !== 'ADD') return false;
  const words = step.parsed.text
    .split(/\s+/)
    .slice(1)
    .filter((w) => !w.startsWith('--'));
  return words.slice(0, -1).some((w) => w === '.' || w === './' || w === '/' || w === './.' || w === '*' || w === '[.,' || w === './*');
}

/** `COPY conf/ conf/`: it says one thing twice. An edit of one side would have left the other. */
export function saysOneThing(step: Step): boolean {
  const [, source, dest, ...more] = step.parsed.text.split(/\s+/);
  return source !== undefined && source === dest && more.length === 0 && source !== '.';
}

/** A value that differs from build to build by its looks: a commit, a date, a number that counts. */
export function looksVolatile(value: string): boolean {
  return (
    (/^[0-9a-f]{7,40}$/.test(value) && /\d/.test(value) && /[a-f]/.test(value)) ||
    /^\d{4}-?\d{2}-?\d{2}(?:[T _-]?\d{2}[:-]?\d{2}.*)?Z?$/.test(value) ||
    /^\d{9,13}$/.test(value) ||
    /^(?:build|run|ci|pr|nightly)[-_.]?\d+$/i.test(value) ||
    /-g[0-9a-f]{7,}$/.test(value)
  );
}
