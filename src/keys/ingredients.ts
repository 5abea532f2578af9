/** What of a single step is part of its key. https://github.com/moby/buildkit/tree/master/solver/llbsolver/ops (exec.go, file.go: CacheMap) */
import { createHash } from 'node:crypto';
import { selectionDigest } from '../context/content-key.ts';
import type { CopySelection } from '../context/select.ts';
import { readBytes } from '../dockerfile/mounts.ts';
import { baseName, cleanPath, joinPaths } from '../dockerfile/paths.ts';
import type { CopyPlan, Origin, PlannedMount, PlannedStep, RunPlan, WorkdirPlan } from '../dockerfile/plan.ts';
import { hasUnknown } from '../dockerfile/unknown.ts';
import type { Base, KeyInput, Read } from './model.ts';
import { readHosts } from './operations.ts';

export interface Ingredients {
  /** By name; unknown parts are in the values as placeholders. */
  readonly own: Readonly<Record<string, string>>;
  readonly reads: readonly Read[];
}

type ToBase = (origin: Origin) => Base;

export function runIngredients(input: KeyInput, step: PlannedStep, plan: RunPlan, platform: string | null, toBase: ToBase): Ingredients {
  const own: Record<string, string> = { ...commandOf(step, plan) };
  if (plan.script) own.script = plan.script.name;
  if (step.user !== '') own.user = step.user;
  own.workdir = step.workdir;
  const network = plan.network === 'none' || plan.network === 'host' ? plan.network : null;
  if (network !== null) own.network = network;
  if (plan.security === 'insecure') own.security = plan.security;
  if (plan.devices.length > 0) own.devices = plan.devices.join('\n');
  const mounts = plan.mounts.map(describeMount).sort();
  if (mounts.length > 0) own.mounts = mounts.join('\n');
  for (const [name, value] of Object.entries(execFlags(input))) if (name !== 'network' || network === null) own[`flag:${name}`] = value;
  if (platform !== null) own.platform = platform;
  const reads = plan.mounts.flatMap((mount) => {
    const paths = [cleanPath(mount.source === '' ? '/' : mount.source)];
    return mount.origin ? readFrom(mount.origin, toBase, { sources: paths, literal: true }, mount.stage) : [];
  });
  return { own, reads };
}

/** `RUN ["/bin/sh", "-c", "make"]` is `RUN make`. */
function commandOf(step: PlannedStep, plan: RunPlan): Record<string, string> {
  const shell =
    plan.shell ??
    (step.shell.every((word, at) => plan.args[at] === word) && plan.args.length === step.shell.length + 1 ? step.shell : null);
  if (!shell) return { text: plan.command };
  return { text: plan.shell ? plan.command : plan.args.at(-1)!, shell: JSON.stringify(shell) };
}

/** Flags of the command that are part of every RUN, each in one way of writing it. What is the builder's default is left out. */
function execFlags(input: KeyInput): Record<string, string> {
  const flags: Record<string, string> = {};
  for (const [name, value] of Object.entries(input.flags ?? {})) {
    const normal = normalizeFlag(name, value);
    if (normal !== '') flags[name] = normal;
  }
  const hostname = input.buildArgs?.BUILDKIT_SANDBOX_HOSTNAME;
  if (hostname) flags.hostname = hostname;
  return flags;
}

function normalizeFlag(name: string, value: string): string {
  if (name === 'network') return value === 'default' || value === 'bridge' || value === 'sandbox' ? '' : value;
  // addresses are no part of a key
  if (name === 'add-host')
    return readHosts(value)
      .map((it) => it.Host)
      .join(',');
  if (name === 'shm-size') return readBytes(value) > 0 ? String(readBytes(value)) : '';
  if (name === 'ulimit') return value.split(',').map(normalizeLimit).sort().join(',');
  return value;
}

/** `nofile=1024` means `nofile=1024:1024`. */
function normalizeLimit(limit: string): string {
  const [name, soft, hard = soft] = limit.trim().split(/[=:]/);
  return soft === undefined ? limit.trim() : `${name}=${soft}:${hard}`;
}

/**
 * A mount as the key has it: neither values of secrets nor ids of caches; a cache without an id, shared, is told from one that has any
 * (checkShouldClearCacheOpts).
 */
function describeMount(mount: PlannedMount): string {
  const parts: string[] = [mount.type, mount.target];
  if (mount.type === 'bind') parts.push(mount.readonly ? 'ro' : 'rw');
  else if (mount.type === 'cache') {
    const id = mount.id === '' ? cleanPath(mount.writtenTarget) : mount.id;
    if (id === mount.target && mount.sharing === 'shared') parts.push('default id');
    if (mount.readonly) parts.push('ro');
    // owner and mode belong to a folder that is made where nothing else is mounted
    if (joinPaths('/', mount.source) === '/' && isOwned(mount)) parts.push(ownerOf(mount, 0o755));
  } else if (mount.type === 'tmpfs') {
    if (mount.size > 0) parts.push(`size=${mount.size}`);
  } else {
    const id = mount.type === 'secret' ? mount.source || mount.id || baseName(mount.target) : mount.id;
    if (mount.type === 'secret' && mount.target === '' && mount.env === null) parts[1] = `/run/secrets/${baseName(id)}`;
    parts.push(`id=${id}`, ownerOf(mount, mount.type === 'secret' ? 0o400 : 0o600));
    if (mount.required) parts.push('required');
    if (mount.env !== null) parts.push(`env=${mount.env}`);
  }
  return parts.join(' ');
}

function isOwned(mount: PlannedMount): boolean {
  return mount.mode !== null || mount.uid !== null || mount.gid !== null;
}

function ownerOf(mount: PlannedMount, mode: number): string {
  return `mode=${(mount.mode ?? mode).toString(8)} uid=${mount.uid ?? 0} gid=${mount.gid ?? 0}`;
}

function readFrom(origin: Origin, toBase: ToBase, selection: CopySelection, stage: number | null = null): Read[] {
  // `/out/`, `out` and `/out` are one place
  const paths = selection.sources.map((it) => (selection.parents ? it : joinPaths('/', it)));
  if (origin.kind === 'scratch') return stage === null ? [] : [{ kind: 'stage', stage, paths, end: { kind: 'scratch' } }];
  if (stage !== null) return [{ kind: 'stage', stage, paths, end: toBase(origin) }];
  if (origin.kind === 'image')
    return [{ kind: 'image', image: origin.image, paths, ...(origin.context !== undefined && { context: origin.context }) }];
  if (origin.kind === 'step') return [];
  if (origin.context === '') return [{ kind: 'context', selection, digest: null }];
  return [{ kind: 'named', context: origin.context, selection, digest: null }];
}

/** The same read with the digest of what it finds, where that is known. */
export function digestRead(read: Read, contents: Pick<KeyInput, 'context' | 'namedContexts' | 'selectionDigest'>): Read {
  if ((read.kind !== 'context' && read.kind !== 'named') || read.selection.sources.some(hasUnknown)) return read;
  if (read.kind === 'context' && contents.selectionDigest) return { ...read, digest: contents.selectionDigest(read.selection) };
  const listing = read.kind === 'context' ? contents.context : contents.namedContexts?.[read.context];
  return listing && !('image' in listing) ? { ...read, digest: selectionDigest(listing, read.selection) } : read;
}

export function copyIngredients(plan: CopyPlan, toBase: ToBase): Ingredients {
  const own: Record<string, string> = { kind: plan.add ? 'ADD' : 'COPY', dest: plan.dest };
  own.names = [...plan.sources.map((it) => (plan.parents ? it : copiedName(it))), ...plan.inline.map((it) => it.name)].join('\n');
  if (plan.chown !== null) own['--chown'] = normalizeOwner(plan.chown);
  if (plan.chmod !== null) own['--chmod'] = /^[0-7]+$/.test(plan.chmod) ? Number.parseInt(plan.chmod, 8).toString(8) : plan.chmod;
  if (plan.parents) own['--parents'] = 'true';
  if (plan.exclude.length > 0) own['--exclude'] = plan.exclude.join('\n');
  if (plan.link) own['--link'] = 'true';
  if (plan.keepGitDir) own['--keep-git-dir'] = 'true';
  if (plan.unpack !== null && plan.unpack !== plan.add) own['--unpack'] = String(plan.unpack);
  const reads: Read[] = plan.inline.map(({ name, content }) => ({ kind: 'inline', digest: sha(`${name}\n${content}`) }));
  for (const url of plan.remotes) reads.push({ kind: 'remote', url });
  const selection: CopySelection = {
    sources: plan.sources,
    ...(plan.parents && { parents: true }),
    ...(plan.exclude.length > 0 && { exclude: plan.exclude }),
  };
  if (plan.sources.length > 0) reads.push(...readFrom(plan.origin, toBase, selection, plan.fromStage));
  return { own, reads };
}

/** The key has of a source its last part only: the rest is in what it selects. */
function copiedName(source: string): string {
  return baseName(joinPaths('/', source));
}

/** `root:root` is `0:0`. */
function normalizeOwner(owner: string): string {
  return owner
    .split(':')
    .map((it) => (it === 'root' ? '0' : it))
    .join(':');
}

export function workdirIngredients(input: KeyInput, step: PlannedStep, plan: WorkdirPlan): Ingredients {
  const own: Record<string, string> = { path: plan.path };
  if (step.user !== '') own.user = normalizeOwner(step.user);
  const epoch = input.buildArgs?.SOURCE_DATE_EPOCH;
  if (epoch !== undefined && epoch !== '') own.epoch = epoch ?? '?';
  return { own, reads: [] };
}

function sha(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
