/** Two recorded operations, compared by what is in their cache keys (BuildKit: solver/llbsolver/ops/exec.go, file.go). */

import { asArray, asObject, asString, type Json } from '../json.ts';
import type { Difference } from '../keys/diff.ts';
import { displayValue, looksLikeSecret, maskText } from '../secrets.ts';
import type { Operation } from './build-record.ts';

/** How the names of a step's environment are declared: by ARG, by ENV, or (neither) by the base image. */
export type Declared = (name: string) => 'arg' | 'env' | null;

/** A value as it may be shown; `secret:` marks one that differs without being shown. */
function shown(name: string, value: string | null): string | null {
  return value !== null && looksLikeSecret(name, value) ? 'secret:' : value;
}

/** What of the step itself differs; the steps and sources it stands on are compared elsewhere. */
export function compareOperations(before: Operation, after: Operation, declared: Declared): Difference[] {
  if (before.kind !== after.kind) return [{ kind: 'edited', before: describeOperation(before), after: describeOperation(after) }];
  if (after.kind === 'exec') return compareExec(before, after, declared);
  if (after.kind === 'file') return compareFile(before, after);
  return canonical(before.body) === canonical(after.body)
    ? []
    : [{ kind: 'edited', before: describeOperation(before), after: describeOperation(after) }];
}

/** The text that aligns operations of two builds: what the instruction says, without environment and inputs. */
export function operationSignature(op: Operation): string {
  if (op.kind === 'exec') return `RUN ${canonical(asObject(op.body.meta).args)}`;
  if (op.kind === 'file') return `FILE ${canonical(actionsOf(op))}`;
  return `${op.kind} ${canonical(op.body)}`;
}

/** For a reader: the command of a RUN, the paths of a COPY. */
export function describeOperation(op: Operation): string {
  if (op.kind === 'exec') return maskText(asArray(asObject(op.body.meta).args).map(asString).at(-1) ?? '');
  return actionsOf(op)
    .map((a) => {
      const [kind, body] = Object.entries(a)[0] ?? ['', {}];
      const b = asObject(body);
      const data = asString(b.data);
      if (data !== null) return maskText(Buffer.from(data, 'base64').toString('utf8'));
      return [kind, asString(b.src), asString(b.dest) ?? asString(b.path)].filter((w) => w !== null).join(' ');
    })
    .join(', ');
}

function compareExec(before: Operation, after: Operation, declared: Declared): Difference[] {
  const differences: Difference[] = [];
  const was = asObject(before.body.meta);
  const is = asObject(after.body.meta);
  compareArgs(was, is, differences);
  compareEnvironment(texts(was.env), texts(is.env), declared, differences);
  setting('user', was.user, is.user, differences);
  setting('workdir', was.cwd, is.cwd, differences);
  flag('add-host', hostNames(was), hostNames(is), differences);
  flag('ulimit', list(was.ulimit), list(is.ulimit), differences);
  flag('cgroup-parent', scalar(was.cgroupParent), scalar(is.cgroupParent), differences);
  flag('hostname', scalar(was.hostname), scalar(is.hostname), differences);
  flag('network', networkOf(before), networkOf(after), differences);
  flag('security', scalar(before.body.security), scalar(after.body.security), differences);
  if (before.platform !== after.platform) differences.push({ kind: 'platform', before: before.platform, after: after.platform });
  compareMounts(before, after, differences);
  return differences;
}

function compareArgs(was: Readonly<Record<string, Json>>, is: Readonly<Record<string, Json>>, differences: Difference[]): void {
  const before = texts(was.args);
  const after = texts(is.args);
  if (canonical(before) === canonical(after)) return;
  // `SHELL ["/bin/sh", "-c"]` stands in front of the command.
  if (before.at(-1) === after.at(-1)) setting('shell', before.slice(0, -1).join(' '), after.slice(0, -1).join(' '), differences);
  else differences.push({ kind: 'edited', before: maskText(before.at(-1) ?? ''), after: maskText(after.at(-1) ?? '') });
}

const PLATFORM_ARG = /^(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)$/;

function compareEnvironment(before: readonly string[], after: readonly string[], declared: Declared, differences: Difference[]): void {
  const was = new Map(before.map(splitPair));
  const is = new Map(after.map(splitPair));
  let found = false;
  for (const name of new Set([...is.keys(), ...was.keys()])) {
    const a = was.get(name) ?? null;
    const b = is.get(name) ?? null;
    if (a === b) continue;
    found = true;
    if (PLATFORM_ARG.test(name)) differences.push({ kind: 'platform', before: a, after: b });
    else differences.push({ kind: declared(name) ?? 'env', name, before: shown(name, a), after: shown(name, b) });
  }
  const order = (names: Iterable<string>): string => [...names].join(' ');
  if (found || order(was.keys()) === order(is.keys())) return;
  const name = [...is.keys()].find((n, i) => [...was.keys()][i] !== n);
  if (name === undefined) return;
  const value = shown(name, is.get(name) ?? null);
  differences.push({ kind: declared(name) ?? 'env', name, before: value, after: value, reordered: true });
}

function splitPair(text: string): [string, string] {
  const equals = text.indexOf('=');
  return equals === -1 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function hostNames(meta: Readonly<Record<string, Json>>): string | null {
  const names = asArray(meta.extraHosts).flatMap((h) => asString(asObject(h).Host ?? asObject(h).host) ?? []);
  return names.length === 0 ? null : names.join(',');
}

/** `network`: 0 or absent the sandbox, 1 the host, 2 none; or by name. */
function networkOf(op: Operation): string | null {
  const value = op.body.network;
  if (value === undefined || value === 0 || value === 'UNSET') return null;
  return value === 1 || value === 'HOST' ? 'host' : value === 2 || value === 'NONE' ? 'none' : String(value);
}

/** Mounts as far as they are in the key: no cache ids, no selectors, no input numbers. */
function compareMounts(before: Operation, after: Operation, differences: Difference[]): void {
  const was = asArray(before.body.mounts).map(mountKey);
  const is = asArray(after.body.mounts).map(mountKey);
  if (canonical(was) === canonical(is)) return;
  const size = (mounts: readonly string[]): string => mounts.find((m) => m.includes('/dev/shm')) ?? '';
  if (size(was) !== size(is)) {
    differences.push({ kind: 'flag', name: 'shm-size', before: shmSize(before), after: shmSize(after) });
    return;
  }
  if (differences.some((d) => d.kind === 'edited')) return;
  differences.push({ kind: 'edited', before: `mounts ${was.join(' ')}`, after: `mounts ${is.join(' ')}` });
}

function shmSize(op: Operation): string | null {
  const mount = asArray(op.body.mounts)
    .map(asObject)
    .find((m) => m.dest === '/dev/shm');
  return scalar(
    asObject(mount?.TmpfsOpt ?? mount?.tmpfsOpt ?? mount?.tmpfs_opt).size_ ?? asObject(mount?.TmpfsOpt ?? mount?.tmpfsOpt).size,
  );
}

function mountKey(value: Json): string {
  const { input, selector, output, cacheOpt, ...rest } = asObject(value);
  const cache = asObject(cacheOpt);
  // A cache mount whose id is its target has the default id: only such ids are in the key (exec.go).
  const id = cacheOpt === undefined ? {} : { cache: `/${rest.dest}` === cache.ID || rest.dest === cache.ID };
  return canonical({ ...rest, ...id });
}

function compareFile(before: Operation, after: Operation): Difference[] {
  const was = actionsOf(before);
  const is = actionsOf(after);
  if (canonical(was) === canonical(is)) return [];
  if (canonical(was.map(withoutTime)) === canonical(is.map(withoutTime)))
    return [{ kind: 'arg', name: 'SOURCE_DATE_EPOCH', before: timeOf(was), after: timeOf(is) }];
  const owner = (actions: readonly Readonly<Record<string, Json>>[]): string =>
    canonical(actions.map((a) => asObject(Object.values(a)[0]).owner));
  const isMkdir = is.length > 0 && is.every((a) => 'mkdir' in a);
  if (isMkdir && owner(was) !== owner(is) && canonical(was.map(withoutOwner)) === canonical(is.map(withoutOwner)))
    return [{ kind: 'setting', name: 'user', before: ownerText(was), after: ownerText(is) }];
  if (isMkdir && was.length === is.length) {
    const path = (actions: typeof is): string | null => asString(asObject(Object.values(actions[0] ?? {})[0]).path);
    return [{ kind: 'setting', name: 'workdir', before: path(was), after: path(is) }];
  }
  return [{ kind: 'edited', before: describeOperation(before), after: describeOperation(after) }];
}

/** `{ copy: {…} }`, `{ mkdir: {…} }` per action, without the numbers of inputs and outputs. */
function actionsOf(op: Operation): readonly Readonly<Record<string, Json>>[] {
  return asArray(op.body.actions).map((a) => {
    const action = asObject(asObject(a).Action);
    const copy = action.copy;
    // Of a source only the last part of its path is in the key; the files are what counts.
    if (copy !== undefined) return { copy: { ...asObject(copy), src: (asString(asObject(copy).src) ?? '').replace(/^.*\/(?=[^/])/, '') } };
    return action;
  });
}

function withoutTime(action: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(Object.entries(action).map(([k, v]) => [k, { ...asObject(v), timestamp: null }]));
}

function withoutOwner(action: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(Object.entries(action).map(([k, v]) => [k, { ...asObject(v), owner: null }]));
}

function ownerText(actions: readonly Readonly<Record<string, Json>>[]): string | null {
  const user = asObject(asObject(asObject(Object.values(actions[0] ?? {})[0]).owner).user);
  const by = asObject(user.User);
  return asString(asObject(by.byName).name) ?? scalar(by.byId ?? by.byID);
}

/** The time of the actions in nanoseconds, as seconds; -1 is none. */
function timeOf(actions: readonly Readonly<Record<string, Json>>[]): string | null {
  const nanos = Number(asObject(Object.values(actions[0] ?? {})[0]).timestamp ?? -1);
  return nanos < 0 || Number.isNaN(nanos) ? null : String(Math.floor(nanos / 1e9));
}

function setting(name: string, before: Json, after: Json, differences: Difference[]): void {
  const was = asString(before) || null;
  const is = asString(after) || null;
  if (was !== is) differences.push({ kind: 'setting', name, before: was, after: is });
}

function flag(name: string, before: string | null, after: string | null, differences: Difference[]): void {
  if (before !== after)
    differences.push({
      kind: 'flag',
      name,
      before: before === null ? null : displayValue(name, before),
      after: after === null ? null : displayValue(name, after),
    });
}

function texts(value: Json): string[] {
  return asArray(value).map((v) => asString(v) ?? '');
}

function scalar(value: Json): string | null {
  return value === undefined || value === null || value === '' || typeof value === 'object' ? null : String(value);
}

function list(value: Json): string | null {
  const items = asArray(value);
  return items.length === 0
    ? null
    : items
        .map((u) => {
          const o = asObject(u);
          return `${scalar(o.Name ?? o.name)}=${scalar(o.Soft ?? o.soft)}:${scalar(o.Hard ?? o.hard)}`;
        })
        .join(',');
}

/** No operation nests as deep as this; what does is taken for equal below. */
const MAX_DEPTH = 100;

/** JSON with sorted keys. */
function canonical(value: Json, depth: number = 0): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (depth > MAX_DEPTH) return '"…"';
  if (Array.isArray(value)) return `[${value.map((v: Json) => canonical(v, depth + 1)).join(',')}]`;
  const fields = Object.entries(value).filter(([, v]) => v !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, v]) => `${JSON.stringify(name)}:${canonical(v, depth + 1)}`).join(',')}}`;
}
