/**
 * The operations that BuildKit's frontend makes of steps (LLB, solver/pb/ops.proto), in the field order of Go's structs.
 * https://github.com/moby/buildkit/blob/master/client/llb/exec.go, fileop.go
 */

import { readBytes } from '../dockerfile/mounts.ts';
import { cleanPath, joinPaths } from '../dockerfile/paths.ts';
import type { CopyPlan, Origin, PlannedMount, PlannedStep, RunPlan, WorkdirPlan } from '../dockerfile/plan.ts';
import { type GoObject, type GoValue, omit } from './go-json.ts';

/** What an operation reads; `inline` and `folder` are made on the spot by an operation of their own. */
export type OperationInput =
  | Origin
  | { readonly kind: 'inline'; readonly name: string; readonly content: string; readonly mode: number }
  | { readonly kind: 'folder'; readonly mode: number; readonly uid: number; readonly gid: number }
  | { readonly kind: 'remote'; readonly url: string };

export interface Operation {
  readonly kind: 'exec' | 'file';
  readonly body: GoObject;
  readonly inputs: readonly OperationInput[];
}

/** The command's flags that are part of every RUN: network, add-host, ulimit, shm-size, cgroup-parent, hostname. */
export interface ExecFlags {
  readonly [name: string]: string;
}

export interface ExecSettings {
  readonly flags: ExecFlags;
  /** `BUILDKIT_CACHE_MOUNT_NS` */
  readonly cacheNamespace: string;
}

const MOUNT_TYPES = { bind: 0, secret: 1, ssh: 2, cache: 3, tmpfs: 4 } as const;
const NETWORKS: Readonly<Record<string, number>> = { host: 1, none: 2 };

interface RawMount {
  readonly target: string;
  readonly body: GoObject;
  readonly source: OperationInput | null;
}

export function execOperation(step: PlannedStep, plan: RunPlan, settings: ExecSettings): Operation {
  const { flags } = settings;
  const env = step.env.variables.map((it) => `${it.name}=${it.value}`);
  const ssh = plan.mounts
    .filter((mount) => mount.type === 'ssh')
    .map((mount, at) => ({ ...mount, target: mount.target || `/run/buildkit/ssh_agent.${at}` }));
  if (ssh.length > 0 && !step.env.variables.some((it) => it.name === 'SSH_AUTH_SOCK')) env.push(`SSH_AUTH_SOCK=${ssh[0]!.target}`);
  const inputs: OperationInput[] = [];
  const mounts = sortedMounts(step, plan, settings).map((mount) => placeMount(mount, inputs));
  for (const mount of plan.mounts)
    if (mount.type === 'secret' && (mount.env === null || mount.target !== '')) mounts.push(secretMount(mount));
  for (const mount of ssh) mounts.push(sshMount(mount));
  // --network=default in a RUN leaves the command's
  const network = NETWORKS[plan.network ?? ''] ?? NETWORKS[flags.network ?? ''];
  const meta = {
    args: plan.args,
    env: omit(env),
    cwd: step.workdir,
    user: omit(step.user),
    extraHosts: omit(readHosts(flags['add-host'] ?? '')),
    hostname: omit(flags.hostname ?? ''),
    ulimit: omit(readLimits(flags.ulimit ?? '')),
    cgroupParent: omit(flags['cgroup-parent'] ?? ''),
    removeMountStubsRecursive: true,
  };
  const secretEnv = plan.mounts
    .filter((mount) => mount.type === 'secret' && mount.env !== null)
    .map((mount) => ({ ID: secretId(mount), name: mount.env!, optional: omit(!mount.required) }));
  const body = {
    meta,
    mounts,
    network: omit(network ?? 0),
    security: omit(plan.security === 'insecure' ? 1 : 0),
    secretenv: omit(secretEnv),
    cdiDevices: omit(plan.devices.map((name) => ({ name }))),
  };
  return { kind: 'exec', body, inputs };
}

/** By place, as they were given where places are equal. */
function sortedMounts(step: PlannedStep, plan: RunPlan, settings: ExecSettings): RawMount[] {
  const mounts: RawMount[] = [{ target: '/', body: { dest: '/' }, source: step.base }];
  if (plan.script) {
    const source = { kind: 'inline', name: plan.script.name, content: plan.script.content, mode: 0o755 } as const;
    mounts.push({ target: '/dev/pipes/', body: { selector: '/', dest: '/dev/pipes/', output: -1, readonly: true }, source });
  }
  for (const mount of plan.mounts)
    if (mount.type === 'bind' || mount.type === 'cache' || mount.type === 'tmpfs') mounts.push(rawMount(mount, settings));
  const shm = readBytes(settings.flags['shm-size'] ?? '');
  if (shm > 0)
    mounts.push({
      target: '/dev/shm',
      body: { dest: '/dev/shm', output: -1, mountType: MOUNT_TYPES.tmpfs, TmpfsOpt: { size: shm } },
      source: null,
    });
  return mounts.sort((a, b) => (a.target < b.target ? -1 : a.target > b.target ? 1 : 0));
}

function rawMount(mount: PlannedMount, { cacheNamespace }: ExecSettings): RawMount {
  const selector = joinPaths('/', mount.source);
  const own = selector === '/' && (mount.uid !== null || mount.gid !== null || mount.mode !== null);
  const source: OperationInput | null = own
    ? { kind: 'folder', mode: mount.mode ?? 0o755, uid: mount.uid ?? 0, gid: mount.gid ?? 0 }
    : mount.type === 'tmpfs' || mount.origin?.kind === 'scratch'
      ? null
      : mount.origin;
  const cache = mount.type === 'cache' ? cacheOptions(mount, cacheNamespace) : undefined;
  return {
    target: mount.target,
    source,
    body: {
      selector: omit(own ? '/cache' : selector === '/' ? '' : selector),
      dest: mount.target,
      output: -1,
      readonly: omit(mount.readonly),
      mountType: omit(MOUNT_TYPES[mount.type]),
      TmpfsOpt: mount.type === 'tmpfs' ? { size: omit(mount.size) } : undefined,
      cacheOpt: cache,
    },
  };
}

const SHARING = { shared: 0, private: 1, locked: 2 } as const;

function cacheOptions(mount: PlannedMount, namespace: string): GoObject {
  const id = mount.id === '' ? cleanPath(mount.writtenTarget) : mount.id;
  return { ID: `${namespace}/${id}`, sharing: omit(SHARING[mount.sharing]) };
}

/** Puts the input index in front. Equal sources are one input. */
function placeMount(mount: RawMount, inputs: OperationInput[]): GoObject {
  if (mount.source === null || mount.source.kind === 'scratch') return { input: -1, ...mount.body };
  const text = JSON.stringify(mount.source);
  let index = inputs.findIndex((it) => JSON.stringify(it) === text);
  if (index < 0) index = inputs.push(mount.source) - 1;
  return { input: omit(index), ...mount.body };
}

function secretId(mount: PlannedMount): string {
  return mount.source || mount.id || mount.target.slice(mount.target.lastIndexOf('/') + 1);
}

function secretMount(mount: PlannedMount): GoObject {
  const id = secretId(mount);
  const given = mount.uid !== null || mount.gid !== null || mount.mode !== null;
  const secretOpt = {
    ID: id,
    uid: omit(given ? (mount.uid ?? 0) : 0),
    gid: omit(given ? (mount.gid ?? 0) : 0),
    mode: omit(mount.mode ?? 0o400),
    optional: omit(!mount.required),
  };
  return { input: -1, dest: mount.target || `/run/secrets/${id.slice(id.lastIndexOf('/') + 1)}`, mountType: MOUNT_TYPES.secret, secretOpt };
}

function sshMount(mount: PlannedMount): GoObject {
  const SSHOpt = {
    ID: omit(mount.id),
    uid: omit(mount.uid ?? 0),
    gid: omit(mount.gid ?? 0),
    mode: omit(mount.mode ?? 0o600),
    optional: omit(!mount.required),
  };
  return { input: -1, dest: mount.target, mountType: MOUNT_TYPES.ssh, SSHOpt };
}

/** `foo:1.2.3.4`, `foo=1.2.3.4`, separated by commas: the names are part of the key. */
export function readHosts(text: string): { Host: string; IP?: string }[] {
  const entries = text.split(',').filter((it) => it.trim() !== '');
  return entries.map((entry) => {
    const at = entry.search(/[=:]/);
    return at < 0 ? { Host: entry.trim() } : { Host: entry.slice(0, at).trim(), IP: entry.slice(at + 1).trim() };
  });
}

/** `nofile=1024:2048,core=0`: sorted by name. */
function readLimits(text: string): GoValue[] {
  const limits = text.split(',').filter((it) => it.includes('='));
  return limits
    .map((limit) => {
      const [name = '', values = ''] = limit.trim().split('=');
      const [soft = '', hard = soft] = values.split(':');
      return { Name: name, Soft: omit(Number(soft)), Hard: omit(Number(hard)) };
    })
    .sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

export function workdirOperation(step: PlannedStep, plan: WorkdirPlan, epoch: string | null): Operation {
  const base = step.base.kind === 'scratch' ? -1 : 0;
  const mkdir = {
    path: plan.path,
    mode: 0o755,
    makeParents: true,
    owner: step.user === '' ? undefined : ownerOf(step.user, base),
    timestamp: epoch === null || !/^\d{1,12}$/.test(epoch) ? -1 : BigInt(epoch) * 1_000_000_000n,
  };
  return {
    kind: 'file',
    body: { actions: [{ input: base, secondaryInput: -1, Action: { mkdir } }] },
    inputs: base === 0 ? [step.base] : [],
  };
}

/** `1000:1000`, `node`: numbers by id, root is 0, other names are looked up in the image. */
function ownerOf(text: string, base: number): GoObject {
  const [user, group] = text.includes(':') ? [text.slice(0, text.indexOf(':')), text.slice(text.indexOf(':') + 1)] : [text];
  const one = (name: string): GoValue => {
    if (name === 'root') return { User: {} };
    if (/^[+-]?\d+$/.test(name)) return { User: { byId: omit(Number(name) >>> 0) } };
    return { User: { byName: { name, input: omit(base) } } };
  };
  return { user: one(user!), group: group === undefined ? undefined : one(group) };
}

export function copyOperation(step: PlannedStep, plan: CopyPlan): Operation {
  const inputs: OperationInput[] = [];
  const place = (source: OperationInput): number => {
    const text = JSON.stringify(source);
    const index = inputs.findIndex((it) => JSON.stringify(it) === text);
    return index >= 0 ? index : inputs.push(source) - 1;
  };
  const base = step.base.kind === 'scratch' ? -1 : place(step.base);
  const shared = { dest: plan.dest, owner: plan.chown === null ? undefined : ownerOf(plan.chown, base), ...modeOf(plan.chmod) };
  const drafts = [
    ...plan.sources.map((source) => ({ from: plan.origin as OperationInput, ...localCopy(source, plan) })),
    ...plan.remotes.map((url) => ({ from: { kind: 'remote', url } as OperationInput, src: remoteName(url), createDestPath: true })),
    ...plan.inline.map(({ name, content }) => ({
      from: { kind: 'inline', name, content, mode: 0o644 } as OperationInput,
      src: joinPaths('/', name),
      createDestPath: true,
    })),
  ];
  const placed = drafts.map((draft) => ({ ...draft, secondary: draft.from.kind === 'scratch' ? -1 : place(draft.from) }));
  const actions = placed.map(({ from: _, secondary, ...draft }, at) => ({
    input: at === 0 ? base : inputs.length + at - 1,
    secondaryInput: secondary,
    output: at === placed.length - 1 ? undefined : -1,
    Action: { copy: orderCopy({ ...shared, ...draft }) },
  }));
  return { kind: 'file', body: { actions }, inputs };
}

function modeOf(chmod: string | null): { mode: number; modeStr?: string } {
  if (chmod === null) return { mode: -1 };
  return /^[0-7]+$/.test(chmod) ? { mode: Number.parseInt(chmod, 8) } : { mode: -1, modeStr: chmod };
}

function localCopy(source: string, plan: CopyPlan): { readonly src: string; readonly [key: string]: GoValue | undefined } {
  let src = source;
  let include: string[] = [];
  if (plan.parents) {
    const pivot = source.indexOf('/./');
    const pattern = pivot < 0 ? source : source.slice(pivot + 3);
    src = pivot < 0 ? '/' : source.slice(0, pivot);
    include = [joinPaths('/', pattern).slice(1)];
  }
  const required = plan.parents && !/[*?[]/.test(source) ? [joinPaths('/', src, include[0] ?? '')] : [];
  return {
    src: joinPaths('/', src),
    followSymlink: true,
    dirCopyContents: true,
    attemptUnpackDockerCompatibility: omit(plan.unpack ?? plan.add),
    createDestPath: true,
    allowWildcard: true,
    allowEmptyWildcard: true,
    include_patterns: omit(include),
    exclude_patterns: omit([...plan.exclude]),
    requiredPaths: omit(required),
  };
}

/** The name under which a fetched file is kept. */
function remoteName(url: string): string {
  const path = url.replace(/^https?:\/\/[^/?#]*/, '').replace(/[?#][\s\S]*$/, '');
  const base = path.slice(path.lastIndexOf('/') + 1);
  return `/${base === '' || base === '.' ? '__unnamed__' : base}`;
}

const COPY_FIELDS = [
  'src',
  'dest',
  'owner',
  'mode',
  'followSymlink',
  'dirCopyContents',
  'attemptUnpackDockerCompatibility',
  'createDestPath',
  'allowWildcard',
  'allowEmptyWildcard',
  'timestamp',
  'include_patterns',
  'exclude_patterns',
  'alwaysReplaceExistingDestPaths',
  'modeStr',
  'requiredPaths',
];

function orderCopy(copy: GoObject): GoObject {
  const all: GoObject = { ...copy, timestamp: -1 };
  return Object.fromEntries(COPY_FIELDS.map((name) => [name, all[name]]));
}
