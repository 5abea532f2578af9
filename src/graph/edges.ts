/**
 * What stands on what, read off the names where the log has no inputs (everything but rawjson). Within a stage a step stands on the one before it;
 * COPY --from and --mount=from read the end of another stage; a missing beginning is shared with a stage that shows it (buildkit merges equal
 * vertices and prints one name); a stage whose 1/n is no FROM stands on another stage or on scratch.
 */
import { fromReferences, readsContext, type VertexName } from './names.ts';
import { everCached } from './outcome.ts';
import type { Step } from './step.ts';

interface Chain {
  readonly key: string;
  readonly target: string | null;
  readonly platform: string | null;
  readonly stage: string | null;
  readonly at: Map<number, Step>;
  of: number;
  /** The build has additional contexts. */
  readonly contexts: boolean;
}

/**
 * In a log with more stages than these nobody's build is told: what stages stand on one another, which only all of them together tell, is not
 * guessed at, so that the time it takes stays within bounds.
 */
const MAX_CHAINS = 1000;

/** Fills `inputs` of every step. Steps that have exact inputs keep them. */
export function inferInputs(steps: readonly Step[]): void {
  const chains = gatherChains(steps);
  const ends = new Set<string>();
  const contexts = steps.filter((s) => /load build context/.test(s.name));
  for (const s of steps) for (const ref of references(s)) ends.add(ref.toLowerCase());
  for (const step of steps) {
    if (step.vertex.inputs !== undefined || step.parsed.position === null) continue;
    const found = new Set(step.inputs);
    const aliases = step.aliases.filter((a) => a.position !== null);
    for (const alias of aliases) {
      const below = predecessor(step, alias, chains, ends);
      if (below && below !== step) found.add(below.id);
    }
    for (const ref of references(step)) {
      const source = referenced(ref, step, chains, steps);
      if (source && source !== step) found.add(source.id);
    }
    if (readsContext(step.parsed)) {
      const context = contexts.find(
        (s) => step.parsed.target === null || s.aliases.some((a) => a.target === null || a.target === step.parsed.target),
      );
      if (context) found.add(context.id);
    }
    step.inputs = [...found];
  }
}

function references(step: Step): string[] {
  return step.parsed.kind === 'step' ? fromReferences(` ${step.parsed.text}`) : [];
}

function chainKey(n: Pick<VertexName, 'target' | 'platform' | 'stage'>): string {
  return `${n.target ?? ''}\n${n.platform ?? ''}\n${n.stage ?? ''}`;
}

function gatherChains(steps: readonly Step[]): Map<string, Chain> {
  const chains = new Map<string, Chain>();
  const contexts = steps.some((s) => s.name.startsWith('[context '));
  for (const step of steps) {
    if (step.duplicateOf !== null) continue;
    for (const a of step.aliases) {
      if (a.position === null) continue;
      const key = chainKey(a);
      let chain = chains.get(key);
      if (!chain) {
        chain = { key, target: a.target, platform: a.platform, stage: a.stage, at: new Map(), of: 0, contexts };
        chains.set(key, chain);
      }
      // Of two vertices at one position (ADD url; a duplicate) the later is the one that the next step stands on.
      chain.at.set(a.position, step);
      chain.of = Math.max(chain.of, a.of ?? 0);
    }
  }
  return chains;
}

function below(chain: Chain, position: number): Step | undefined {
  const direct = chain.at.get(position - 1);
  if (direct) return direct;
  let best: number | undefined;
  for (const p of chain.at.keys()) if (p < position && (best === undefined || p > best)) best = p;
  return best === undefined ? undefined : chain.at.get(best);
}

function end(chain: Chain): Step | undefined {
  return below(chain, Number.POSITIVE_INFINITY);
}

function predecessor(step: Step, alias: VertexName, chains: Map<string, Chain>, ends: ReadonlySet<string>): Step | undefined {
  const position = alias.position ?? 0;
  const own = chains.get(chainKey(alias));
  if (!own) return undefined;
  const direct = below(own, position);
  const gapFrom = direct?.aliases.find((a) => chainKey(a) === own.key)?.position ?? 0;
  if ((gapFrom === position - 1 && direct) || chains.size > MAX_CHAINS) return direct;
  // `[web build 2/4]` is shown for web alone although api has the same stage: look at the same stage of other targets.
  const sibling = best(
    [...chains.values()].filter((c) => c !== own && c.stage === own.stage && samePlatform(c, own) && c.target !== own.target),
    position,
    gapFrom,
    step,
  );
  if (sibling) return sibling;
  if (direct) return direct;
  if (position === 1) return step.parsed.instruction === 'FROM' ? undefined : parentStage(step, own, chains, ends);
  const others = [...chains.values()].filter((c) => c !== own && samePlatform(c, own));
  return (
    best(
      others.filter((c) => c.target === own.target),
      position,
      0,
      step,
    ) ?? best(others, position, 0, step)
  );
}

/** The step nearest below `position` in any of the chains that has more than `gapFrom`, and that was over before `step` began. */
function best(chains: readonly Chain[], position: number, gapFrom: number, step: Step): Step | undefined {
  let found: Step | undefined;
  let at = gapFrom;
  for (const chain of chains) {
    const candidate = below(chain, position);
    const p = candidate?.aliases.find((a) => chainKey(a) === chain.key)?.position ?? 0;
    if (!candidate || candidate === step || p < at || p === 0 || !endsBefore(candidate, step)) continue;
    if (p > at || (found && step.ran && !wasLoaded(found) && wasLoaded(candidate))) {
      found = candidate;
      at = p;
    }
  }
  return found;
}

/** A FROM on which something ran was fetched, or found (CACHED); one that ends as DONE without a word was asked for its key alone. */
function wasLoaded(step: Step): boolean {
  return step.parsed.instruction === 'FROM' && (everCached(step.vertex) || step.vertex.statuses.size > 0);
}

/** A step that ran cannot have begun before what it stands on was over. Cached steps are printed in any order. */
function endsBefore(candidate: Step, step: Step): boolean {
  if (!candidate.ran || !step.ran) return true;
  const last = candidate.vertex.terminals.at(-1)?.line;
  return last === undefined ? false : last <= step.vertex.line || step.vertex.line === 0;
}

function samePlatform(a: Chain, b: Chain): boolean {
  return a.platform === b.platform;
}

const read = new WeakMap<Chain, ReadonlySet<string>>();

/** Names of all that a stage reads from, in lower case. Asked for once the chains are whole. */
function referencesOf(chain: Chain): ReadonlySet<string> {
  const known = read.get(chain) ?? new Set([...chain.at.values()].flatMap(references).map((r) => r.toLowerCase()));
  read.set(chain, known);
  return known;
}

/** Does a stage read files of another, be it through a third? It cannot be that one's parent. */
function readsStage(chain: Chain, wanted: Chain, chains: ReadonlyMap<string, Chain>): boolean {
  const seen = new Set<Chain>([chain]);
  for (const it of seen) {
    const refs = referencesOf(it);
    if (refs.size === 0) continue;
    for (const other of chains.values())
      if (other.stage !== null && refs.has(other.stage.toLowerCase()) && other.target === it.target) seen.add(other);
  }
  return seen.has(wanted);
}

/** `[deps 1/4]` … `[deps 3/4]`: FROM was counted and has no number of its own, for an additional context is in the image's place. */
function standsOnContext(chain: Chain): boolean {
  const first = chain.at.get(1);
  return (
    chain.contexts &&
    first !== undefined &&
    first.parsed.instruction !== 'FROM' &&
    !chain.at.has(chain.of) &&
    chain.at.size === chain.of - 1
  );
}

/** `[deps 1/2] COPY package.json ./`: no FROM is shown, so the stage stands on another stage, or on scratch. */
function parentStage(step: Step, own: Chain, chains: Map<string, Chain>, ends: ReadonlySet<string>): Step | undefined {
  if (standsOnContext(own)) return undefined;
  const mine = new Set(references(step).map((r) => r.toLowerCase()));
  for (const s of own.at.values()) for (const r of references(s)) mine.add(r.toLowerCase());
  const candidates: { step: Step; score: number }[] = [];
  for (const chain of chains.values()) {
    if (chain === own || chain.target !== own.target || !samePlatform(chain, own)) continue;
    const last = end(chain);
    const stage = (chain.stage ?? '').toLowerCase();
    // FROM names a stage by its name: one that has none is nobody's parent.
    if (/^(?:stage-\d+)?$/.test(stage)) continue;
    if (!last || last === step || mine.has(stage) || last.parsed.instruction === 'FROM' || !endsBefore(last, step)) continue;
    if ((last.aliases.find((a) => chainKey(a) === chain.key)?.position ?? 0) + (standsOnContext(chain) ? 1 : 0) !== chain.of) continue;
    if (readsStage(chain, own, chains)) continue;
    const score =
      (ends.has(stage) ? 0 : 2) +
      (/base|common|setup|prepare/.test(stage) ? 2 : 0) +
      ((own.stage ?? '').toLowerCase().includes(stage) ? 1 : 0);
    candidates.push({ step: last, score });
  }
  candidates.sort((a, b) => b.score - a.score);
  const first = candidates[0];
  if (!first) return undefined;
  // A RUN needs a root file system; COPY, ADD and WORKDIR may stand on scratch.
  return first.score > 0 || (step.parsed.instruction === 'RUN' && candidates.length === 1) ? first.step : undefined;
}

/** The end of the stage, the image or the named context that `--from=ref` names. */
function referenced(ref: string, step: Step, chains: Map<string, Chain>, steps: readonly Step[]): Step | undefined {
  const wanted = ref.toLowerCase();
  const number = /^\d+$/.test(wanted) ? `stage-${wanted}` : null;
  const named = [...chains.values()].filter((c) => c.stage !== null && (c.stage.toLowerCase() === wanted || c.stage === number));
  const { target, platform } = step.parsed;
  const chain =
    named.find((c) => c.target === target && c.platform === platform) ??
    named.find((c) => c.target === target && runsOn(c.platform) === runsFor(platform)) ??
    named.find((c) => c.target === target && runsFor(c.platform) === runsFor(platform)) ??
    named.find((c) => c.target === target) ??
    named.find((c) => c.platform === platform) ??
    named[0];
  if (chain) return end(chain);
  if (number) {
    const others = [...chains.values()].filter(
      (c) => c.target === target && c.platform === platform && c.stage !== step.parsed.stage && c.stage !== null,
    );
    return others.length === 1 && others[0] ? end(others[0]) : undefined;
  }
  return steps.find(
    (s) =>
      s.aliases.some((a) => a.text.startsWith(`FROM ${ref}`) || a.text.startsWith(`FROM docker.io/library/${ref}`)) ||
      s.name.startsWith(`[context ${ref}]`),
  );
}

/** `linux/amd64->arm64`: runs on amd64, makes files for arm64 */
function runsOn(platform: string | null): string | null {
  return platform?.split('->')[0] ?? null;
}

function runsFor(platform: string | null): string | null {
  if (platform === null) return null;
  const [on = '', to] = platform.split('->');
  return to === undefined ? on : to.includes('/') ? to : `${on.split('/')[0]}/${to}`;
}
