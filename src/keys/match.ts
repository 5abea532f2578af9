/** Does a Dockerfile belong to a log? Steps are matched by their place and the text that BuildKit would show there. */

import { fitPattern, readPattern } from '../dockerfile/unknown.ts';
import type { VertexName } from '../graph/names.ts';
import type { Step, StepGraph } from '../graph/step.ts';
import { namePattern } from './compute.ts';
import type { BuildKeys, StepKeys } from './model.ts';

export interface StepMatch {
  /** Log step id → the step of the Dockerfile. */
  readonly steps: ReadonlyMap<string, StepKeys>;
  readonly matched: number;
  readonly compared: number;
  /** The first steps of the log that the Dockerfile does not have, with what it has in their place. */
  readonly mismatches: readonly Mismatch[];
}

export interface Mismatch {
  readonly step: string;
  readonly shown: string;
  /** Null where the Dockerfile has no step in that place. */
  readonly expected: string | null;
}

const MAX_MISMATCHES = 5;

/** A cut name that is shorter than this says too little. */
const MIN_CUT = 20;

/** Matches a log's steps. Undefined where the Dockerfile is not the one that made the log. */
export function matchSteps({ log, steps }: Pick<StepGraph, 'log' | 'steps'>, keys: BuildKeys): StepMatch | undefined {
  // Frames of a terminal cut names at its width.
  const match = compareSteps([...steps.values()], keys, log.dialect === 'tty');
  return match.matched > 0 ? match : undefined;
}

/** The same, and why not, where none matches. */
function compareSteps(all: readonly Step[], keys: BuildKeys, cut: boolean): StepMatch {
  const written = all.filter((step) => step.cacheable && isWritten(step.name));
  if (written.length > 0) return matchWritten(written, keys);
  const places = indexPlaces(keys);
  const groups = new Map<string, Group>();
  for (const step of all) {
    const { parsed } = step;
    if (parsed.kind !== 'step' || parsed.position === null || !/^(?:RUN|COPY|ADD|WORKDIR)$/.test(parsed.instruction ?? '')) continue;
    const target = parsed.target ?? '';
    const group = groups.get(target) ?? { found: new Map(), compared: 0, mismatches: [] };
    groups.set(target, group);
    group.compared++;
    matchStep(step, keys, places, group, cut);
  }
  return joinGroups([...groups.values()]);
}

/** The steps of one target of bake or compose; each target may have a Dockerfile of its own. */
interface Group {
  readonly found: Map<string, StepKeys>;
  compared: number;
  readonly mismatches: Mismatch[];
}

/** A target's steps match as a whole or not at all. */
function joinGroups(groups: readonly Group[]): StepMatch {
  const whole = groups.filter((group) => group.found.size === group.compared);
  return {
    steps: new Map(whole.flatMap((group) => [...group.found])),
    matched: whole.reduce((sum, group) => sum + group.found.size, 0),
    compared: groups.reduce((sum, group) => sum + group.compared, 0),
    mismatches: groups.flatMap((group) => group.mismatches).slice(0, MAX_MISMATCHES),
  };
}

function matchStep(step: Step, keys: BuildKeys, places: Places, group: Group, cut: boolean): void {
  let expected: string | null = null;
  // a shared vertex may be shown under another stage's name
  for (const alias of step.aliases) {
    for (const candidate of candidates(alias, keys, places)) {
      const pattern = textOf(namePattern(candidate));
      if (fitsText(alias.text, pattern, candidate.text, cut)) {
        group.found.set(step.id, candidate);
        return;
      }
      expected ??= textOf(candidate.name);
    }
  }
  group.mismatches.push({ step: step.id, shown: step.name, expected });
}

/** Steps by instruction and stage. */
type Places = ReadonlyMap<string, readonly StepKeys[]>;

function indexPlaces(keys: BuildKeys): Places {
  const places = new Map<string, StepKeys[]>();
  for (const step of keys.steps) {
    const place = `${step.instruction} ${stageName(step.stage, keys)}`;
    const there = places.get(place);
    if (there) there.push(step);
    else places.set(place, [step]);
  }
  return places;
}

/** Engines differ in when a single stage is named at all, and in the case of names. */
function stageName(stage: string | null, keys: BuildKeys): string {
  return stage === null || isSingle(keys) ? '' : stage.toLowerCase();
}

function isSingle(keys: BuildKeys): boolean {
  return keys.stages.every((stage) => stage.index === 0);
}

/** In the alias's place: also further down by as many triggers as the base image may have. The alias's platform first. */
function candidates(alias: VertexName, keys: BuildKeys, places: Places): StepKeys[] {
  const found = (places.get(`${alias.instruction} ${stageName(alias.stage, keys)}`) ?? []).filter((step) => {
    const shift = (alias.position ?? 0) - step.position;
    return shift >= 0 && (alias.of === null || shift === alias.of - step.of);
  });
  if (alias.platform === null || found.length < 2) return found;
  const same = (step: StepKeys): number => (platformOf(step) === alias.platform ? 0 : 1);
  return found.sort((a, b) => same(a) - same(b));
}

/** The platform as the name shows it: `linux/amd64->arm64`. */
function platformOf(step: StepKeys): string | null {
  return /^\[([^\s\]/]*\/[^\s\]]*) /.exec(step.name)?.[1] ?? null;
}

/** `RUN <<EOF (set -e...)`: builders show the beginning of a here-document's body. */
function withoutBody(text: string): string {
  const at = text.indexOf(' (');
  return at >= 0 && text.includes('<<') && text.endsWith(')') ? text.slice(0, at) : text;
}

function textOf(name: string): string {
  return name.replace(/^\[[^\]]*\] (?:ONBUILD )?/, '');
}

/**
 * Is `shown` what a client would print for a step? Names may be cut, values in them masked by the CI, blanks squeezed on the way.
 * @param pattern what BuildKit shows, with holes for what is not known
 * @param written the instruction as written: what is shown where BuildKit cannot expand it
 */
function fitsText(shown: string, pattern: string, written: string, cut = false): boolean {
  const text = squeeze(shown.replace(/^ONBUILD /, ''));
  return [pattern, upperCaseKeyword(written)].some((it) => fitsOne(text, squeeze(it), cut));
}

function fitsOne(text: string, expected: string, anywhere: boolean): boolean {
  const pattern = readPattern(expected);
  if (fitPattern(pattern, text)) return true;
  const cut = /(?:\.\.\.|…)$/.exec(text);
  if (cut && cut.index > 0 && fitPattern(pattern, text.slice(0, cut.index), true)) return true;
  if (anywhere && text.length >= MIN_CUT && fitPattern(pattern, text, true)) return true;
  if (!text.includes('***')) return false;
  const literals = text.split(/\*{3,}/);
  return fitPattern({ literals, holes: literals.slice(1) }, expected) !== null;
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function upperCaseKeyword(text: string): string {
  return text.replace(/^\S+/, (word) => word.toUpperCase());
}

/** `Step 3/9 : RUN npm ci` (classic builder), `[1/2] STEP 3/6: RUN npm ci` (buildah): the text as written, lines in order. */
function isWritten(name: string): boolean {
  return /^(?:Step \d+\/\d+ : |(?:\[\d+\/\d+\] )?STEP \d+)/.test(name);
}

/**
 * The classic builder goes through all stages in order, buildah through those it needs, perhaps at once: each step of the Dockerfile goes to the first
 * line that says it, within a stage in order. What these builders skip or add is no mismatch as long as every line of theirs is found.
 */
function matchWritten(steps: readonly Step[], keys: BuildKeys): StepMatch {
  const found = new Map<string, StepKeys>();
  const mismatches: Mismatch[] = [];
  const queues = new Map<string, StepKeys[]>();
  for (const step of keys.steps) {
    const text = squeeze(upperCaseKeyword(step.text));
    queues.set(text, [...(queues.get(text) ?? []), step]);
  }
  let compared = 0;
  for (const step of steps) {
    const text = squeeze(withoutBody(step.parsed.text));
    const next = queues.get(text)?.shift();
    if (next) found.set(step.id, next);
    else if (!isElsewhere(text, keys)) mismatches.push({ step: step.id, shown: step.name, expected: null });
    else continue;
    compared++;
  }
  return {
    steps: mismatches.length > 0 ? new Map() : found,
    matched: mismatches.length > 0 ? 0 : found.size,
    compared,
    mismatches: mismatches.slice(0, MAX_MISMATCHES),
  };
}

/** `WORKDIR /` makes no vertex; a stage that the target does not need has no keys. */
function isElsewhere(text: string, keys: BuildKeys): boolean {
  return /^WORKDIR \/+$/.test(text) || keys.stages.some((stage) => !stage.reachable);
}

/** The values of variables as a log shows them in a step's name, where they can be read off without doubt. */
export function readValues(shown: string, source: string): Map<string, string> {
  const values = new Map<string, string>();
  const parts = upperCaseKeyword(source).split(/\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?/);
  const literals = parts.filter((_, at) => at % 2 === 0).map((it) => it.replace(/\s+/g, ' '));
  const names = parts.filter((_, at) => at % 2 === 1);
  if (names.length === 0 || names.length > 10 || /\$\{[^}]*[^A-Za-z0-9_}]/.test(source)) return values;
  const held = fitPattern({ literals, holes: names }, shown.replace(/\s+/g, ' '));
  if (held?.every((it) => !/[\s"']/.test(it)))
    for (const [at, name] of names.entries()) if (held[at] !== `$${name}`) values.set(name, held[at]!);
  return values;
}
