/**
 * Which entries of a context a COPY, ADD or bind mount covers: those that BuildKit hashes for the step's content key.
 * A port of the rules in BuildKit's `cache/contenthash` (Checksum, includedPaths) and of how the Dockerfile frontend calls it.
 * https://github.com/moby/buildkit/blob/master/cache/contenthash/checksum.go
 */
import { type ContextTree, joinPath, treeOf } from './context-tree.ts';
import { compilePatternList, type FolderState, type IgnoreRules } from './dockerignore.ts';
import { cleanPath, containsWildcards, matchPath } from './go-path.ts';
import type { ContextEntry, ContextListing } from './types.ts';

export interface CopySelection {
  /** As written, variables expanded. Neither URLs nor heredocs: they are no files of the context. */
  readonly sources: readonly string[];
  /** `COPY --parents` */
  readonly parents?: boolean;
  /** `COPY --exclude`, patterns as in `.dockerignore` */
  readonly exclude?: readonly string[];
  /** A bind mount's `source`: wildcards mean themselves. */
  readonly literal?: boolean;
}

/** One entry that is hashed, under the name by which it enters the hash. */
export interface SelectedItem {
  /** Relative to what the source names, '' for that itself: `a.js` of `COPY src/*.js`. */
  readonly name: string;
  /** Where its content is: elsewhere than its name says when symlinks were followed. '' is the root. */
  readonly path: string;
  /** All that is in the folder counts (`whole`), or only its own mode (a folder in a `list`). */
  readonly whole: boolean;
}

/** What one source selects. */
export interface SelectedPart {
  /** The source as BuildKit's selector has it: absolute, clean. */
  readonly source: string;
  /** `whole`: the hash of one file or of one folder with all that is in it. `list`: hashes of named entries, one after another. */
  readonly kind: 'whole' | 'list';
  readonly items: readonly SelectedItem[];
  /** Symlinks that were followed to get there; they do not enter the hash themselves. */
  readonly links: readonly string[];
}

export interface ResolvedSelection {
  /** In the order in which BuildKit hashes them; a source within another one is left out. */
  readonly parts: readonly SelectedPart[];
  /** Sources that select nothing, as written. */
  readonly missing: readonly string[];
  /** Why the build fails, one sentence each: a source without wildcards is missing, a link leads nowhere, a pattern is malformed. */
  readonly failures: readonly string[];
}

interface Selector {
  /** As written, for messages. */
  readonly written: string;
  /** Absolute, clean. */
  readonly path: string;
  readonly wildcard: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Exactly what the step's content key covers: each entry once. Folders stand for their mode. */
export function selectEntries(listing: ContextListing, selection: CopySelection): ContextEntry[] {
  const tree = treeOf(listing);
  const found = new Map<string, ContextEntry>();
  const add = (path: string, whole: boolean): void => {
    const entry = tree.entry(path);
    if (entry) found.set(path, entry);
    if (whole) for (const name of tree.children(path)) add(joinPath(path, name), true);
  };
  for (const part of resolveSelection(listing, selection).parts) for (const item of part.items) add(item.path, item.whole);
  return [...found.values()];
}

/** The same with the names under which things are hashed, the links on the way, and what was not found. */
export function resolveSelection(listing: ContextListing, selection: CopySelection): ResolvedSelection {
  const tree = treeOf(listing);
  const parts: SelectedPart[] = [];
  const missing: string[] = [];
  const failures: string[] = [];
  for (const selector of selectorsOf(selection)) {
    const part = isFiltered(selector) ? selectList(tree, selector, failures) : selectWhole(tree, selector, failures);
    parts.push(part);
    if (part.items.length === 0) missing.push(selector.written);
  }
  return { parts, missing, failures };
}

function isFiltered(selector: Selector): boolean {
  return selector.wildcard || selector.include.length > 0 || selector.exclude.length > 0;
}

/** Sources as selectors, duplicates and nested ones dropped, sorted (`dispatchCopy`, `dedupeSelectors`). */
function selectorsOf(selection: CopySelection): Selector[] {
  const selectors = selection.sources.map((source) => selectorOf(source, selection));
  const plain = new Map(selectors.filter((it) => !isFiltered(it)).map((it) => [it.path, it]));
  const kept = [...plain.values()].filter((it) => ![...plain.keys()].some((other) => it.path.startsWith(`${other}/`)));
  const sorted = [...kept.sort(byPath), ...selectors.filter(isFiltered)];
  return sorted.sort(byPath);
}

function byPath(a: Selector, b: Selector): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function selectorOf(source: string, selection: CopySelection): Selector {
  const exclude = selection.exclude ?? [];
  if (!selection.parents) {
    const path = cleanPath(`/${source}`);
    return { written: source, path, wildcard: !selection.literal && containsWildcards(path), include: [], exclude };
  }
  // `COPY --parents x/y/./z*`: what stands before the pivot is not created at the destination
  const pivot = source.indexOf('/./');
  const path = pivot < 0 ? '/' : cleanPath(`/${source.slice(0, pivot)}`);
  const pattern = cleanPath(`/${pivot < 0 ? source : source.slice(pivot + 3)}`).slice(1);
  return { written: source, path, wildcard: containsWildcards(path), include: pattern === '' ? [] : [pattern], exclude };
}

function selectWhole(tree: ContextTree, selector: Selector, failures: string[]): SelectedPart {
  const target = tree.resolve(selector.path.slice(1), true);
  if (!target) failures.push(`${selector.written}: not found`);
  const items = target ? [{ name: '', path: target.path, whole: true }] : [];
  return { source: selector.path, kind: 'whole', items, links: target?.links ?? [] };
}

/** The part of a wildcard path that has none, and the rest. */
function splitWildcards(path: string): { readonly plain: string; readonly rest: string } {
  const parts = path.split('/');
  const first = parts.findIndex(containsWildcards);
  return { plain: parts.slice(0, first).join('/'), rest: parts.slice(first).join('/') };
}

function selectList(tree: ContextTree, selector: Selector, failures: string[]): SelectedPart {
  const include = selector.include.length > 0 ? compilePatternList(selector.include) : undefined;
  const exclude = selector.exclude.length > 0 ? compilePatternList(selector.exclude) : undefined;
  // path.Match reports a malformed pattern only on names that get it that far; asked about '' it reads all of it
  if (include?.error || exclude?.error || (selector.wildcard && matchPath(selector.path, '', true) === undefined)) {
    failures.push(`${selector.written}: syntax error in pattern`);
    return { source: selector.path, kind: 'list', items: [], links: [] };
  }
  const prefix = selector.wildcard ? splitWildcards(selector.path).plain : selector.path === '/' ? '' : selector.path;
  const start = tree.resolve(prefix.slice(1), selector.wildcard);
  const items: FoundItem[] = [];
  if (start) walkList(tree, { selector, include, exclude, prefix, items }, start.path);
  const links = [...(start?.links ?? [])];
  return { source: selector.path, kind: 'list', items: followItems(tree, items, links, failures), links };
}

/**
 * A symlink at the top of a list counts as what it leads to: a folder whole. Links in a folder of the list do not, as in
 * Docker 28.5 (seen: `COPY --exclude=x .` follows the root's links, `COPY --exclude=x src` not those in `src`).
 */
function followItems(tree: ContextTree, items: readonly FoundItem[], links: string[], failures: string[]): SelectedItem[] {
  const out: SelectedItem[] = [];
  for (const { item, top } of items) {
    if (!top || tree.entry(item.path)?.type !== 'symlink') {
      out.push(item);
      continue;
    }
    const target = tree.resolve(item.path, true);
    if (!target) {
      failures.push(`${item.path}: leads to nothing in the context`);
      continue;
    }
    links.push(...target.links);
    out.push({ name: item.name, path: target.path, whole: true });
  }
  return out;
}

interface FoundItem {
  readonly item: SelectedItem;
  /** It lies in no folder whose header is in the list. */
  readonly top: boolean;
}

interface ListWalk {
  readonly selector: Selector;
  readonly include: IgnoreRules | undefined;
  readonly exclude: IgnoreRules | undefined;
  /** What the names of the items leave out: the source, or its part without wildcards; '' or with a leading slash. */
  readonly prefix: string;
  readonly items: FoundItem[];
}

/** A folder on the way down: hashed as soon as something in it is. */
interface OpenFolder {
  readonly found: FoundItem;
  listed: boolean;
  readonly include: FolderState | undefined;
  readonly exclude: FolderState | undefined;
}

function walkList(tree: ContextTree, walk: ListWalk, start: string): void {
  const { selector, prefix, items } = walk;
  const open: OpenFolder[] = [];
  // `shown`: the path as the source spells it, with a leading slash; `matched`: the wildcard's match we are in
  const visit = (path: string, shown: string, matched: string | undefined): void => {
    let within = matched;
    if (selector.wildcard && within === undefined && matchPath(selector.path, shown, true)) within = shown;
    const isFolder = path === '' || tree.entry(path)?.type === 'dir';
    const counts = selector.wildcard ? within !== undefined : shown !== '';
    let folder: OpenFolder | undefined;
    if (counts) {
      const base = selector.wildcard ? within! : prefix;
      const parent = open.at(-1);
      const verdict = isIncluded(walk, shown.slice(base.length + 1), parent);
      const found = { item: { name: shown.slice(prefix.length + 1), path, whole: false }, top: parent === undefined };
      folder = { found, listed: verdict.included, include: verdict.include, exclude: verdict.exclude };
      if (verdict.included) {
        for (const above of open) {
          if (!above.listed) items.push(above.found);
          above.listed = true;
        }
        items.push(found);
      }
    }
    if (!isFolder || (selector.wildcard && within === undefined && !mayLeadTo(selector.path, shown))) return;
    if (folder) open.push(folder);
    for (const name of tree.children(path)) visit(joinPath(path, name), `${shown}/${name}`, within);
    if (folder) open.pop();
  };
  visit(start, prefix, undefined);
}

/** Can something below this folder match? Stars end at slashes; a class may hold one, so that it cannot be told. */
function mayLeadTo(pattern: string, folder: string): boolean {
  if (/[[\\]/.test(pattern)) return true;
  const parts = pattern.split('/');
  const depth = folder.split('/').length;
  return depth < parts.length && matchPath(parts.slice(0, depth).join('/'), folder, true) === true;
}

interface Inclusion {
  readonly included: boolean;
  readonly include?: FolderState | undefined;
  readonly exclude?: FolderState | undefined;
}

/** `shouldIncludePath` */
function isIncluded(walk: ListWalk, candidate: string, parent: OpenFolder | undefined): Inclusion {
  const include = walk.include?.judge(candidate, parent?.include);
  if (include && !include.ignored) return { included: false, include: include.state };
  const exclude = walk.exclude?.judge(candidate, parent?.exclude);
  return { included: !exclude?.ignored, include: include?.state, exclude: exclude?.state };
}
