/** The ingredients of two steps of which one goes back to the other, compared kind by kind. */
import { diffListings } from '../context/diff.ts';
import type { Comparison, Findings } from './diff.ts';
import type { Read, ScopeEntry, StepKeys } from './model.ts';

/** Ingredients that lines above set, or the command. */
const SETTINGS: ReadonlySet<string> = new Set(['shell', 'user', 'workdir']);

/** @returns whether the line itself says something else than before */
export function compareOwn(before: StepKeys, after: StepKeys, found: Findings): boolean {
  const sameLine = lineOf(before) === lineOf(after);
  const changed = [...new Set([...Object.keys(before.own), ...Object.keys(after.own)])].filter(
    (name) => before.own[name] !== after.own[name],
  );
  const isLine = (name: string): boolean => !SETTINGS.has(name) && name !== 'platform' && name !== 'epoch' && !name.startsWith('flag:');
  const known = (name: string): boolean => (before.partial?.includes(name) ?? false) === (after.partial?.includes(name) ?? false);
  const line = changed.filter((name) => isLine(name) && known(name));
  if (line.length > 0 && !sameLine) found.differences.push({ kind: 'edited', before: before.text, after: after.text });
  else if (line.length > 0) compareMentions(before, after, line, found);
  for (const name of changed) {
    const was = before.own[name] ?? null;
    const is = after.own[name] ?? null;
    if (!known(name)) found.unknown.push(`the value of ${name}`);
    else if (name.startsWith('flag:')) found.differences.push({ kind: 'flag', name: name.slice(5), before: was, after: is });
    else if (name === 'epoch') found.differences.push({ kind: 'arg', name: 'SOURCE_DATE_EPOCH', before: was, after: is });
    else if (SETTINGS.has(name)) found.differences.push({ kind: 'setting', name, before: was, after: is });
    else if (name !== 'platform') continue;
    else if (was !== null && is !== null) found.differences.push({ kind: 'platform', before: was, after: is });
    else found.unknown.push("the builder's platform");
  }
  return !sameLine;
}

/** The line as it is written; in a JSON form and around the keyword blanks do not count. */
function lineOf(step: StepKeys): string {
  return step.text.replace(/^\S+\s*/, '');
}

/** The line is as before, but comes to something else: by the variables in it, by the folder it starts from, or by the body of a here-document. */
function compareMentions(before: StepKeys, after: StepKeys, changed: readonly string[], found: Findings): void {
  const start = found.differences.length;
  const was = new Map(before.mentions?.map((it) => [it.name, it]));
  const is = new Map(after.mentions?.map((it) => [it.name, it]));
  for (const name of new Set([...was.keys(), ...is.keys()])) compareVariable(was.get(name), is.get(name), found);
  dropDerived(found, [...was.values(), ...is.values()], start);
  if (found.differences.length > start) return;
  for (const name of changed) {
    const [old, now] = [before.own[name] ?? '', after.own[name] ?? ''];
    if (name === 'dest' || name === 'path' || name === 'mounts') found.differences.push({ kind: 'setting', name, before: old, after: now });
    else {
      found.differences.push({ kind: 'edited', before: old, after: now });
      return;
    }
  }
}

export function compareEnv(before: StepKeys, after: StepKeys, comparison: Comparison, found: Findings): void {
  const was = new Map(before.env.map((it) => [it.name, it]));
  const is = new Map(after.env.map((it) => [it.name, it]));
  const start = found.differences.length;
  // variables of an image are compared where both images' are known
  const inherited = before.env.some((it) => it.inherited) && after.env.some((it) => it.inherited);
  const ofImage = (name: string): boolean => Boolean((is.get(name) ?? was.get(name))?.inherited);
  let imageDiffers = false;
  for (const name of new Set([...was.keys(), ...is.keys()])) {
    if (!inherited && ofImage(name)) continue;
    const count = found.differences.length;
    if (was.has(name) && is.has(name) && isOfPlatform(name, comparison)) comparePlatform(was.get(name), is.get(name), found);
    else compareVariable(was.get(name), is.get(name), found);
    if (found.differences.length > count && ofImage(name)) imageDiffers = replaceByImage(before, after, comparison, found, imageDiffers);
  }
  if (found.differences.length === start) compareOrder(before.env, after.env, inherited, found);
  else dropDerived(found, [...before.env, ...after.env], start);
}

/** Automatic arguments: their values are the platform's. https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope */
export const PLATFORM_ARGS: ReadonlySet<string> = new Set(
  ['TARGET', 'BUILD'].flatMap((side) => ['PLATFORM', 'OS', 'OSVERSION', 'ARCH', 'VARIANT'].map((what) => side + what)),
);

function isOfPlatform(name: string, { before, after }: Comparison): boolean {
  return PLATFORM_ARGS.has(name) && before.keys.platforms.join() !== after.keys.platforms.join();
}

function comparePlatform(was: ScopeEntry | undefined, is: ScopeEntry | undefined, found: Findings): void {
  if (was?.value === is?.value || found.differences.some((it) => it.kind === 'platform')) return;
  found.differences.push({ kind: 'platform', before: was?.value ?? null, after: is?.value ?? null });
}

function compareVariable(was: ScopeEntry | undefined, is: ScopeEntry | undefined, found: Findings): void {
  const entry = is ?? was;
  if (!entry) return;
  if ((was && was.value === null) || (is && is.value === null) || (was && is && was.partial !== is.partial)) {
    if (was?.value !== is?.value || was?.value === null || was?.partial !== is?.partial) found.unknown.push(`the value of ${entry.name}`);
    return;
  }
  if (was && is && was.value === is.value) return;
  if (found.differences.some((it) => (it.kind === 'arg' || it.kind === 'env') && it.name === entry.name)) return;
  found.differences.push({ kind: entry.kind, name: entry.name, before: was?.value ?? null, after: is?.value ?? null });
}

/** A variable that the image sets is the image's doing, where the image is another. */
function replaceByImage(before: StepKeys, after: StepKeys, comparison: Comparison, found: Findings, done: boolean): boolean {
  const [old, image] = [rootImage(before, comparison.stepBefore), rootImage(after, comparison.stepAfter)];
  const was = old === null ? null : (comparison.before.images[old] ?? null);
  const is = image === null ? null : (comparison.after.images[image] ?? null);
  if (old === image && (was === null || was === is)) return done;
  found.differences.pop();
  if (!done) {
    if (old === image) found.differences.push({ kind: 'image', image: image ?? '', before: was, after: is });
    else found.differences.push({ kind: 'image', image: image ?? old ?? '', before: old, after: image });
  }
  return true;
}

function rootImage(step: StepKeys, steps: ReadonlyMap<string, StepKeys>): string | null {
  let base = step.base;
  while (base.kind === 'step') {
    const below = steps.get(base.id);
    if (!below) return null;
    base = below.base;
  }
  return base.kind === 'image' ? base.image : null;
}

/** `ARG SHA`, `ENV VERSION=$SHA`: the argument says it all. */
function dropDerived(found: Findings, entries: readonly ScopeEntry[], start: number): void {
  const names = new Set(found.differences.slice(start).flatMap((it) => (it.kind === 'arg' ? [it.name] : [])));
  const derived = new Set(entries.filter((it) => it.from?.some((arg) => arg !== it.name && names.has(arg))).map((it) => it.name));
  for (let at = found.differences.length - 1; at >= start; at--) {
    const it = found.differences[at]!;
    if ((it.kind === 'env' || it.kind === 'arg') && derived.has(it.name)) found.differences.splice(at, 1);
  }
}

function compareOrder(before: readonly ScopeEntry[], after: readonly ScopeEntry[], inherited: boolean, found: Findings): void {
  const names = (list: readonly ScopeEntry[]): string[] => list.filter((it) => inherited || !it.inherited).map((it) => it.name);
  const [was, is] = [names(before), names(after)];
  if (was.length !== is.length) return;
  const at = is.findIndex((name, index) => was[index] !== name);
  const moved = at < 0 ? undefined : after.find((it) => it.name === is[at]);
  if (moved) found.differences.push({ kind: moved.kind, name: moved.name, before: moved.value, after: moved.value, reordered: true });
}

export function compareReads(before: StepKeys, after: StepKeys, comparison: Comparison, found: Findings, edited: boolean): void {
  const changed =
    before.reads.length !== after.reads.length || after.reads.some((read, at) => !sameRead(before.reads[at]!, read, comparison));
  if (changed && edited && !found.differences.some((it) => it.kind === 'edited') && !sameSelections(before, after))
    found.differences.unshift({ kind: 'edited', before: before.text, after: after.text });
  for (const [at, read] of after.reads.entries()) {
    const old = before.reads[at];
    if (old?.kind === read.kind) compareRead(old, read, before, after, comparison, found);
  }
}

function sameSelections(before: StepKeys, after: StepKeys): boolean {
  return JSON.stringify(before.reads.map(placeOf)) === JSON.stringify(after.reads.map(placeOf));
}

/** Where a read looks, whatever it finds there. */
function placeOf(read: Read): unknown {
  if (read.kind === 'context' || read.kind === 'named')
    return [read.kind, read.kind === 'named' && read.context, { ...read.selection, sources: read.selection.sources.map(plain) }];
  if (read.kind === 'stage') return [read.kind, read.stage, read.paths.map(plain)];
  if (read.kind === 'image') return [read.kind, read.image, read.paths.map(plain)];
  return read.kind === 'remote' ? [read.kind, read.url] : [read.kind];
}

/** `./a/` and `a` are one place. */
function plain(path: string): string {
  return path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

function sameRead(was: Read, is: Read, { alignment, before, after }: Comparison): boolean {
  if (was.kind !== is.kind) return false;
  if (was.kind === 'stage' && is.kind === 'stage') {
    const stage = after.keys.stages[is.stage];
    const partner = stage && alignment.stage.get(stage);
    return partner === before.keys.stages[was.stage] && was.paths.map(plain).join('\0') === is.paths.map(plain).join('\0');
  }
  if ((was.kind === 'context' && is.kind === 'context') || (was.kind === 'named' && is.kind === 'named'))
    return was.digest !== null && is.digest !== null
      ? was.digest === is.digest
      : JSON.stringify(placeOf(was)) === JSON.stringify(placeOf(is));
  if (was.kind === 'inline' && is.kind === 'inline') return was.digest === is.digest;
  return JSON.stringify(placeOf(was)) === JSON.stringify(placeOf(is));
}

/** The body of a here-document: edited, or with other variables in it. */
function compareBodies(before: StepKeys, after: StepKeys, found: Findings): void {
  if (found.differences.some((it) => it.kind === 'edited')) return;
  const start = found.differences.length;
  compareMentions(before, after, [], found);
  if (found.differences.length === start)
    found.differences.push({ kind: 'edited', before: '(the here-document before)', after: '(the here-document now)' });
}

function compareRead(old: Read, read: Read, partner: StepKeys, step: StepKeys, { before, after }: Comparison, found: Findings): void {
  if ((read.kind === 'context' && old.kind === 'context') || (read.kind === 'named' && old.kind === 'named')) {
    if (read.digest === null || old.digest === null) {
      found.unknown.push('the files that it reads');
      return;
    }
    // another selection is the line's doing
    if (read.digest === old.digest || JSON.stringify(placeOf(old)) !== JSON.stringify(placeOf(read))) return;
    const was = read.kind === 'named' ? (before.named?.[read.context] ?? null) : before.listing;
    const is = read.kind === 'named' ? (after.named?.[read.context] ?? null) : after.listing;
    const paths = was && is ? diffListings(was, is, read.selection) : [];
    found.differences.push({ kind: 'files', context: read.kind === 'named' ? read.context : null, paths });
  } else if (read.kind === 'inline' && old.kind === 'inline') {
    if (read.digest !== old.digest) compareBodies(partner, step, found);
  } else if (read.kind === 'image' && old.kind === 'image' && read.image !== old.image) {
    // another name in the line is the line's doing; behind a context's name it is the command's
    if (read.context !== undefined && read.context === old.context)
      found.differences.push({ kind: 'image', image: read.image, before: old.image, after: read.image, context: read.context });
  } else if (read.kind === 'image' && old.kind === 'image') {
    const was = before.images[old.image] ?? null;
    const is = after.images[read.image] ?? null;
    if (was === null || is === null) found.unknown.push(`the digest of ${read.image}`);
    else if (was !== is) found.differences.push({ kind: 'image', image: read.image, before: was, after: is });
  }
}
