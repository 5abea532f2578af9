/** What of a Dockerfile does not depend on the files of a commit: its steps, what they read, and the part of their keys that is known beforehand. */
import type { CopySelection } from '../context/select.ts';
import type { Dockerfile } from '../dockerfile/model.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { computeKeys, draftKeys } from '../keys/compute.ts';
import { type ExactKey, exactKeys } from '../keys/exact.ts';
import type { Base, BuildKeys, KeyInput, StepKeys } from '../keys/model.ts';
import { findProblem } from './buildable.ts';

export interface PlanOptions {
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly platforms: readonly string[];
  /** Variables that base images set: `NAME=value`. What is not among them is taken to be unset. */
  readonly imageEnv: readonly string[];
  /** COPY --link does not depend on what it is put on (a store that can merge); otherwise it is a plain COPY. */
  readonly mergeOp: boolean;
}

/** What a step has of another's result. */
export interface PlanInput {
  /** Index in `Plan.steps`; -1: an image, or nothing. */
  readonly step: number;
  /** Where step is -1: the image or `scratch`. */
  readonly source: string;
  /** The step sees only some files of it: equal files, equal key, whatever ran. */
  readonly byContent: boolean;
  /** Stage whose output it is; null for the step's own base. */
  readonly stage: string | null;
}

export interface PlanStep {
  readonly keys: StepKeys;
  /** Everything of the key but inputs and files, as text. */
  readonly own: string;
  /** What it reads from the build context. */
  readonly reads: readonly CopySelection[];
  readonly inputs: readonly PlanInput[];
  /** COPY --link on a store that can merge: its own key leaves out the base, what stands on it has both. */
  readonly linked: boolean;
}

export interface Plan {
  readonly text: string;
  readonly dockerfile: Dockerfile;
  readonly keys: BuildKeys | null;
  /** In the order of the Dockerfile: inputs stand before what reads them. */
  readonly steps: readonly PlanStep[];
  /** Order in which the frontend writes them out: of steps with one key the last gives its name. */
  readonly written: readonly number[];
  /** Why it cannot be built at all. */
  readonly problem: string | null;
}

export function makePlan(text: string, file: string, options: PlanOptions): Plan {
  const dockerfile = parseDockerfile(text, file);
  const problem = findProblem(dockerfile, options.target);
  const empty: Plan = { text, dockerfile, keys: null, steps: [], written: [], problem };
  if (problem !== null) return empty;
  const input: KeyInput = {
    dockerfile,
    buildArgs: options.buildArgs,
    platforms: options.platforms,
    context: null,
    ...(options.target !== undefined && { target: options.target }),
  };
  // Which images there are is only known when arguments are filled in.
  const facts = { env: options.imageEnv };
  const images = Object.fromEntries(imagesOf(draftKeys(input).keys).map((image) => [image, facts]));
  const keys = computeKeys({ ...input, images });
  const exact = exactKeys({ ...input, images });
  const index = new Map(keys.steps.map((s, i) => [s.id, i]));
  const steps = keys.steps.map((s) => planStep(s, keys, index, exact.get(s.id), options.mergeOp));
  return { ...empty, keys, steps, written: writingOrder(steps, keys, index) };
}

function imagesOf(keys: BuildKeys): string[] {
  const images = new Set(keys.stages.flatMap((s) => s.image ?? []));
  for (const s of keys.steps) for (const r of s.reads) if (r.kind === 'image') images.add(r.image);
  return [...images];
}

function planStep(
  step: StepKeys,
  keys: BuildKeys,
  index: ReadonlyMap<string, number>,
  exact: ExactKey | undefined,
  mergeOp: boolean,
): PlanStep {
  const input = (base: Base, byContent: boolean, stage: string | null): PlanInput => ({
    step: base.kind === 'step' ? (index.get(base.id) ?? -1) : -1,
    source: base.kind === 'image' ? `image ${base.image}` : base.kind,
    byContent,
    stage,
  });
  const inputs = [input(step.base, false, null)];
  const reads: CopySelection[] = [];
  const linked = mergeOp && step.link === true;
  // The very text that BuildKit hashes, where it can be told; else all ingredients. What is known by its content has no selector.
  const own: unknown[] = exact
    ? [exact.plaintext, exact.inputs.map((i) => (i.content === null ? i.selector : null)), linked]
    : [step.instruction, step.platform, step.env.map((e) => [e.name, e.value]), Object.entries(step.own).sort(), linked];
  for (const read of step.reads) {
    if (read.kind === 'context') {
      reads.push(read.selection);
      own.push('context');
    } else if (read.kind === 'stage') {
      const stage = keys.stages[read.stage];
      const end = read.end ?? stage?.end;
      if (stage && end) inputs.push(input(end, true, stage.name ?? `stage-${stage.index}`));
      own.push(['stage', read.paths]);
    } else own.push(read);
  }
  return { keys: step, own: JSON.stringify(own), reads, inputs, linked };
}

/** Depth first from the last step, inputs before what reads them, the base first: so the definition is marshalled. */
function writingOrder(steps: readonly PlanStep[], keys: BuildKeys, index: ReadonlyMap<string, number>): number[] {
  const order: number[] = [];
  const seen = new Set<number>();
  const visit = (from: number): void => {
    // An explicit stack: a Dockerfile may have thousands of steps.
    const stack: { at: number; next: number }[] = [{ at: from, next: 0 }];
    seen.add(from);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const input = steps[top.at]?.inputs[top.next++];
      if (!input) {
        order.push(top.at);
        stack.pop();
      } else if (input.step >= 0 && !seen.has(input.step)) {
        seen.add(input.step);
        stack.push({ at: input.step, next: 0 });
      }
    }
  };
  const goal = keys.stages.filter((s) => s.reachable).at(-1)?.end;
  const last = goal?.kind === 'step' ? index.get(goal.id) : undefined;
  if (last !== undefined) visit(last);
  for (let i = 0; i < steps.length; i++) if (!seen.has(i)) visit(i);
  return order;
}
