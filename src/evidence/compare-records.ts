/** Two records of one builder, compared: which part of each step's definition differs, and where nothing does, what that leaves. */

import { causesOf } from '../causes/computed.ts';
import type { Finding } from '../causes/define.ts';
import type { Comparison } from '../diagnose.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import type { Step, StepGraph } from '../graph/step.ts';
import { asString } from '../json.ts';
import type { Compared, Difference } from '../keys/diff.ts';
import type { CauseKind, CauseReport } from '../model.ts';
import { clip, lowerFirst } from '../text.ts';
import type { BuildRecord, Operation } from './build-record.ts';
import { compareOperations, type Declared, describeOperation, operationSignature } from './compare-operations.ts';
import { declaredNames } from './declared-names.ts';
import { explainReads } from './recorded-reads.ts';
import { alignSteps, type RecordedStep, recordedSteps, type StepPairs } from './recorded-steps.ts';

const WHERE = 'the build before on this builder';

/** What equal definitions exclude. The build before was completed, so its steps were built. */
const EXCLUDED: ReadonlySet<CauseKind> = new Set<CauseKind>([
  'instruction-changed',
  'instruction-added',
  'instruction-moved',
  'build-arg-changed',
  'build-flag-changed',
  'env-changed',
  'platform-changed',
  'not-built-before',
]);

interface Pair {
  readonly before: BuildRecord;
  readonly after: BuildRecord;
  readonly earlier: ReadonlyMap<string, RecordedStep>;
  readonly later: ReadonlyMap<string, RecordedStep>;
  readonly pairs: StepPairs;
  readonly declared: Declared;
}

/**
 * @param before the build before of the same Dockerfile and target
 * @returns undefined where one of the records holds no definition (a build that failed)
 */
export function compareRecords(before: BuildRecord, after: BuildRecord): ((graph: StepGraph) => Comparison) | undefined {
  if (!before.operations || !after.operations) return undefined;
  const earlier = recordedSteps(before);
  const later = recordedSteps(after);
  const pair: Pair = {
    before,
    after,
    earlier,
    later,
    pairs: alignSteps([...earlier.values()], [...later.values()]),
    declared: declaredNames(before, after),
  };
  return (graph) => compareGraph(graph, pair);
}

function compareGraph(graph: StepGraph, pair: Pair): Comparison {
  const causes = new Map<string, readonly Finding[]>();
  const hidden = new Map<string, readonly CauseReport[]>();
  const ruledOut = new Map<string, ReadonlySet<CauseKind>>();
  const roots = new Set(graph.misses.map((m) => m.root.id));
  for (const step of graph.steps.values()) {
    const recorded = step.vertex.digest === undefined ? undefined : pair.later.get(step.vertex.digest);
    if (!recorded || !step.cacheable) continue;
    const found = causesOf(compareStep(recorded, pair), WHERE);
    if (roots.has(step.id)) {
      const own = found.length > 0 ? found : explainAbove(recorded, pair);
      const all = own.length > 0 ? own : explainEqual(step, recorded, pair);
      causes.set(step.id, all);
      if (own.length === 0) ruledOut.set(step.id, EXCLUDED);
    } else if (step.role === 'cascade' && found.length > 0)
      hidden.set(
        step.id,
        found.map(({ weight: _, ...cause }) => cause),
      );
  }
  return { causes, hidden, ruledOut, suspectHits: [], notes: [] };
}

/** What differs in the step's own definition and in the sources that it reads. */
function compareStep(step: RecordedStep, pair: Pair): Compared {
  const partner = pair.pairs.partner.get(step.digest) ?? null;
  if (partner === null) {
    const elsewhere = pair.pairs.elsewhere.get(step.digest) ?? null;
    const difference: Difference = elsewhere
      ? { kind: 'moved', before: elsewhere.text, after: step.text, removed: null }
      : { kind: 'added', after: step.text };
    return { before: null, differences: [difference], unknown: [] };
  }
  const differences = compareOperations(partner.operation, step.operation, pair.declared).map((d) => withText(d, partner, step));
  compareInputs(partner, step, pair, differences);
  return { before: null, differences, unknown: [] };
}

/** The instruction as the log names it says more than the paths of an operation. */
function withText(difference: Difference, before: RecordedStep, after: RecordedStep): Difference {
  if (difference.kind !== 'edited' || after.operation.kind === 'exec' || before.text === after.text) return difference;
  return { kind: 'edited', before: before.text, after: after.text };
}

function compareInputs(before: RecordedStep, after: RecordedStep, pair: Pair, differences: Difference[]): void {
  for (const [i, digest] of after.operation.inputs.entries()) {
    const old = before.operation.inputs[i] ?? null;
    const isStep = digest !== null && pair.later.has(digest);
    const wasStep = old !== null && pair.earlier.has(old);
    if (isStep && wasStep) {
      // A line that was put in between has its own cause, and this one is its cascade.
      const above = pair.pairs.partner.get(digest);
      if (above !== undefined && above.digest !== old && differences.length === 0) differences.push(moved(before, after, old, pair));
    } else if (isStep !== wasStep) {
      if (differences.length === 0 && (!isStep || pair.pairs.partner.has(digest)))
        differences.push(moved(before, after, wasStep ? old : null, pair));
    } else compareSource(old, digest, pair, differences);
  }
}

/** Its place changed: the line above it is gone, or it stands elsewhere. */
function moved(before: RecordedStep, after: RecordedStep, above: string | null, pair: Pair): Difference {
  const gone = above === null ? undefined : pair.earlier.get(above);
  const kept = gone === undefined || [...pair.later.values()].some((s) => s.signature === gone.signature);
  return { kind: 'moved', before: before.text, after: after.text, removed: kept ? null : gone.text };
}

/** A source or an internal operation that the step stands on: an image, a URL, the body of a here-document. */
function compareSource(before: string | null, after: string | null, pair: Pair, differences: Difference[]): void {
  const was = before === null ? undefined : pair.before.operations?.get(before);
  const is = after === null ? undefined : pair.after.operations?.get(after);
  if (!was || !is) return;
  if (is.kind !== 'source') {
    if (operationSignature(was) !== operationSignature(is))
      differences.push({ kind: 'edited', before: describeOperation(was), after: describeOperation(is) });
    return;
  }
  const a = imageOf(was, pair.before);
  const b = imageOf(is, pair.after);
  if (!a || !b) return;
  if (a.digest !== null && a.digest === b.digest) return;
  if (a.name !== b.name) differences.push({ kind: 'image', image: b.name, before: a.name, after: b.name });
  else if (a.digest !== b.digest && a.digest !== null && b.digest !== null)
    differences.push({ kind: 'image', image: b.name, before: a.digest, after: b.digest });
}

/** `docker-image://docker.io/library/busybox:1.35@sha256:…`; a local image has its digest among the materials, if anywhere. */
function imageOf(op: Operation, record: BuildRecord): { readonly name: string; readonly digest: string | null } | undefined {
  const match = /^docker-image:\/\/([^@]+)(?:@(.+))?$/.exec(asString(op.body.identifier) ?? '');
  if (!match) return undefined;
  const name = match[1]!.replace(/^docker\.io\/(?:library\/)?/, '');
  if (match[2] !== undefined) return { name, digest: match[2] };
  const uri = `pkg:docker/${name.replace(/:([^:/]+)$/, '@$1')}`;
  const material = record.materials.find((m) => decodeUri(m.uri).split('?')[0] === uri);
  return { name, digest: material?.digest ?? null };
}

function decodeUri(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}

/**
 * A line above it differs, and its result was there all the same, from another build: this step was never built on it.
 * The nearest such line is named.
 */
function explainAbove(step: RecordedStep, pair: Pair): Finding[] {
  const seen = new Set<string>([step.digest]);
  const queue = [step];
  for (let next = queue.shift(); next; next = queue.shift()) {
    const found = next === step ? [] : causesOf(compareStep(next, pair), WHERE);
    const above = next.text;
    if (found.length > 0)
      return found.map((f) => ({
        ...f,
        summary: `${clip(above)} above it: ${lowerFirst(f.summary)}`,
        because: [
          ...f.because,
          'that line had a result in the cache, from an earlier build, but this step was not built on it in the last one',
        ],
      }));
    for (const digest of next.operation.inputs) {
      const input = digest === null || seen.has(digest) ? undefined : pair.later.get(digest);
      if (!input) continue;
      seen.add(input.digest);
      queue.push(input);
    }
  }
  return [];
}

/** The definition is the same: what is left is what it reads, or that no result was there or allowed. */
function explainEqual(step: Step, recorded: RecordedStep, pair: Pair): Finding[] {
  const { after } = pair;
  const same = `its definition is the same as in ${WHERE}: text, arguments, ENV, user, mounts and base`;
  if (after.noCache)
    return [
      finding('no-cache-flag', 'certain', 1, 'The build was told to use no cache (--no-cache)', ['the builder recorded --no-cache', same], {
        stage: null,
      }),
    ];
  const stages = stagesOf(step, recorded, after);
  const stage = after.noCacheFilter.find((f) => stages.has(f.toLowerCase()));
  if (stage !== undefined)
    return [
      finding(
        'no-cache-flag',
        'certain',
        1,
        `The cache was switched off for stage ${stage} (--no-cache-filter)`,
        [`the builder recorded --no-cache-filter=${stage}`, same],
        { stage },
      ),
    ];
  const partner = pair.pairs.partner.get(recorded.digest);
  return [...explainReads(pair.before, after, partner, recorded, same), gone(same)];
}

/** The stages that a step stands in: equal steps of several stages are one vertex, shown under the name of one of them. */
function stagesOf(step: Step, recorded: RecordedStep, record: BuildRecord): ReadonlySet<string> {
  const found = new Set(step.aliases.flatMap((a) => a.stage?.toLowerCase() ?? []));
  if (!record.dockerfile) return found;
  for (const stage of parseDockerfile(record.dockerfile.text, record.dockerfile.file).stages)
    for (const { range } of stage.instructions)
      if (stage.name !== null && recorded.operation.lines.some((l) => l.start <= range.endLine && l.end >= range.line))
        found.add(stage.name.toLowerCase());
  return found;
}

function gone(same: string): Finding {
  return finding(
    'cold-cache',
    'possible',
    0.5,
    'Its result is no longer in the cache',
    [same, 'the builder may have collected or pruned it; a record does not tell'],
    {},
  );
}

function finding(
  kind: Finding['kind'],
  confidence: Finding['confidence'],
  weight: number,
  summary: string,
  because: readonly string[],
  fields: Partial<Finding>,
): Finding {
  return { kind, confidence, weight, summary, because, ...fields };
}
