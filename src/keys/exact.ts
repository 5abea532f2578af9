/**
 * The very digests by which BuildKit's cache names what it keeps, as far as a Dockerfile, the configuration of its base images and the command line
 * decide them: an exported cache (`application/vnd.buildkit.cacheconfig.v0`) can be asked whether it holds a step.
 * https://github.com/moby/buildkit/blob/master/solver/llbsolver/ops/exec.go, file.go (CacheMap)
 */
import { createHash } from 'node:crypto';
import type { CopySelection } from '../context/select.ts';
import { evaluate } from '../dockerfile/evaluate.ts';
import { baseName, joinPaths } from '../dockerfile/paths.ts';
import type { CopyPlan, Origin, PlannedStep } from '../dockerfile/plan.ts';
import { parsePlatform } from '../dockerfile/platform.ts';
import { hasUnknown } from '../dockerfile/unknown.ts';
import { settingsOf } from './compute.ts';
import { type GoObject, type GoValue, marshalGo, omit } from './go-json.ts';
import type { KeyInput } from './model.ts';
import { copyOperation, execOperation, type Operation, type OperationInput, workdirOperation } from './operations.ts';

export interface ExactInput {
  readonly from: OperationInput;
  /** Digest of the paths that are read, as a record's link carries it; null where the input has no selector. */
  readonly selector: string | null;
  /** What the content key covers; null where the input is known by its definition alone. */
  readonly content: CopySelection | null;
}

export interface ExactKey {
  /** The operation's key, `sha256:…`; null where a value in it is not known. */
  readonly digest: string | null;
  /** What is hashed. */
  readonly plaintext: string;
  /** Name of the record of its output: `sha256:…`; null as above. */
  readonly record: string | null;
  /** In the order of the record's inputs. */
  readonly inputs: readonly ExactInput[];
}

export interface ExactOptions {
  /** The builder puts COPY --link on its base by merging: BuildKit itself, and Docker with the containerd image store. */
  readonly merges?: boolean;
}

/** By step id as `computeKeys` has it. Steps with --link on a builder that merges are made of several operations and left out. */
export function exactKeys(input: KeyInput, options: ExactOptions = {}): Map<string, ExactKey> {
  const found = new Map<string, ExactKey>();
  const plans = evaluate(input.dockerfile, settingsOf(input));
  for (const plan of plans)
    for (const step of plan.steps) {
      if (options.merges && step.plan.kind === 'copy' && step.plan.link && step.plan.chmod === null) continue;
      const id = `${plans.length > 1 ? `${plan.platform} ` : ''}${step.stageIndex}:${step.position}`;
      found.set(id, exactKey(step, input));
    }
  return found;
}

function exactKey(step: PlannedStep, input: KeyInput): ExactKey {
  const { plan } = step;
  if (plan.kind === 'run') {
    const hostname = input.buildArgs?.BUILDKIT_SANDBOX_HOSTNAME;
    const flags = { ...input.flags, ...(hostname ? { hostname } : {}) };
    const operation = execOperation(step, plan, { flags, cacheNamespace: input.buildArgs?.BUILDKIT_CACHE_MOUNT_NS ?? '' });
    return finish(
      execKey(operation, step.runsOn),
      operation.inputs.map((from, at) => execInput(operation, from, at)),
    );
  }
  const operation =
    plan.kind === 'copy' ? copyOperation(step, plan) : workdirOperation(step, plan, input.buildArgs?.SOURCE_DATE_EPOCH ?? null);
  return finish(
    fileKey(operation),
    operation.inputs.map((from, at) => fileInput(operation, from, at, plan.kind === 'copy' ? plan : null)),
  );
}

function finish(plaintext: string, inputs: readonly ExactInput[]): ExactKey {
  const digest = hasUnknown(plaintext) ? null : sha256(plaintext);
  return { digest, plaintext, record: digest === null ? null : sha256(`${digest}@0`), inputs };
}

/** What of an operation is hashed: no addresses of hosts, no selectors, no ids of caches but default ones, no mounts where there is but the root. */
function execKey(operation: Operation, runsOn: string): string {
  const { meta, mounts, ...rest } = operation.body as { meta: GoObject; mounts: readonly GoObject[] } & GoObject;
  const hosts = (meta.extraHosts as readonly { Host: string }[] | undefined)?.map((it) => ({ Host: it.Host }));
  const kept = mounts.map(mountKey);
  const [root] = kept;
  const alone = kept.length === 1 && root?.dest === '/' && root.readonly === undefined;
  const { os, arch, variant, osVersion } = parsePlatform(runsOn) ?? { os: '', arch: '', variant: '', osVersion: '' };
  const exec = { meta: { ...meta, extraHosts: hosts }, mounts: alone ? undefined : kept, ...rest };
  return marshalGo({ Type: 'buildkit.exec.v0', Exec: exec, OS: os, Arch: arch, Variant: omit(variant), OSVersion: omit(osVersion) });
}

function mountKey(mount: GoObject): GoObject {
  const cache = mount.cacheOpt as { ID?: string; sharing?: number } | undefined;
  const isDefault = cache && cache.sharing === undefined && isDefaultId(cache.ID ?? '', mount.dest as string);
  return { ...mount, selector: undefined, cacheOpt: cache && !isDefault ? {} : mount.cacheOpt };
}

/** The id that a cache mount has where none is given: its target, perhaps with a namespace before it. */
function isDefaultId(id: string, target: string): boolean {
  const slash = id.indexOf('/');
  return id === target || (slash >= 0 && id.slice(slash + 1) === target);
}

function execInput(operation: Operation, from: OperationInput, at: number): ExactInput {
  const { mounts } = operation.body as unknown as {
    mounts: readonly { input?: number; selector?: string; dest: string; output?: number; readonly?: boolean; mountType?: number }[];
  };
  const readers = mounts.filter((mount) => (mount.input ?? 0) === at && ![1, 2, 4].includes(mount.mountType ?? 0));
  const paths = readers.map((mount) => joinPaths('/', mount.selector ?? ''));
  const last = readers.at(-1);
  const byContent = last !== undefined && last.dest !== '/' && (last.output === -1 || last.readonly === true || paths.at(-1) === '/');
  return {
    from,
    selector: paths.length > 0 ? sha256(paths.join('\0')) : null,
    content: byContent ? { sources: paths, literal: true } : null,
  };
}

function fileKey(operation: Operation): string {
  const { actions } = operation.body as unknown as { actions: readonly FileAction[] };
  const bodies = actions.map((action) => Buffer.from(marshalGo(actionKey(action))).toString('base64'));
  const indexes = actions.map((action) => [action.input, action.secondaryInput, action.output ?? 0]);
  const known = indexes.every(([input, secondary, output], at) => {
    const first = at === 0 ? 0 : indexes.length + at - 1;
    return input === first && (secondary === -1 || secondary === 1) && output === (at === indexes.length - 1 ? 0 : -1);
  });
  return marshalGo({ Type: 'buildkit.file.v0', Actions: bodies, indexes: known ? undefined : (indexes as GoValue) });
}

interface FileAction {
  readonly input: number;
  readonly secondaryInput: number;
  readonly output?: number;
  readonly Action: { readonly copy?: GoObject; readonly mkdir?: GoObject };
}

function actionKey({ Action, secondaryInput }: FileAction): GoObject {
  const { copy, mkdir } = Action;
  if (!copy) return mkdir!;
  return secondaryInput === -1 ? copy : { ...copy, src: baseName(copy.src as string) };
}

function fileInput(operation: Operation, from: OperationInput, at: number, plan: CopyPlan | null): ExactInput {
  const { actions } = operation.body as unknown as { actions: readonly FileAction[] };
  const readers = actions.filter((action) => action.secondaryInput === at);
  // what is written to is never known by its content
  if (readers.length === 0 || actions.some((action) => action.input === at)) return { from, selector: null, content: null };
  const paths = readers.map((action) => action.Action.copy!.src as string);
  const selector = sha256([...paths].sort(compareBytes).reverse().join('\0'));
  const local = plan && JSON.stringify(plan.origin) === JSON.stringify(from);
  const content: CopySelection = local
    ? { sources: plan.sources, ...(plan.parents && { parents: true }), ...(plan.exclude.length > 0 && { exclude: plan.exclude }) }
    : { sources: paths, literal: true };
  return { from, selector, content };
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** The names of an image's records: by its manifest, and by its layers (the chain id). Both are tried, the second where the first has nothing. */
export function imageRecords(origin: Origin, facts: { readonly digest?: string; readonly layers?: string }): string[] {
  if (origin.kind !== 'image') return [];
  const platform = parsePlatform(origin.platform);
  const keys: string[] = [];
  if (facts.digest !== undefined && platform) {
    const { os, arch, variant } = platform;
    keys.push(sha256(marshalGo({ Digest: facts.digest, OS: os, Arch: arch, Variant: omit(variant) })));
  }
  if (facts.layers !== undefined) keys.push(facts.layers);
  return keys.map((key) => sha256(`${sha256(`buildkit.source.v0:${key}`)}@0`));
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
