/**
 * The build context of one commit, seen through an ignore file: what each COPY of it covers, as a digest that changes exactly when BuildKit's
 * content key would.
 */
import { selectionDigest } from '../context/content-key.ts';
import { baseName, comparePaths, isWithin } from '../context/context-tree.ts';
import { cleanPath, containsWildcards, matchPath } from '../context/go-path.ts';
import { type CopySelection, resolveSelection, selectEntries } from '../context/select.ts';
import type { ContextEntry, ContextListing } from '../context/types.ts';
import type { GitNode } from '../git/snapshot.ts';
import { createSentTree, type Identity, MODES, type TreeOptions } from './sent-tree.ts';
import { matchSource, readSource, type Source } from './sources.ts';

/** What one COPY, ADD or bind mount reads. */
export interface Selected {
  readonly digest: string;
  /** Sources that are not there: the build fails on them. */
  readonly missing: readonly string[];
}

export interface ContextView {
  /** Shows another state of the context: the node of its root folder, or null where there is none. */
  show(root: GitNode | null): void;
  /** Puts other content in the place of files that are there: a Dockerfile that was rewritten. All others are as they are. */
  replace(contents: ReadonlyMap<string, string>): void;
  select(selection: CopySelection): Selected;
  /** Can a change of this path be a change of what the selection reads, now? Ignored paths and paths that are not there: no. */
  covers(selection: CopySelection, path: string): boolean;
  /** Would a selection cover this path, were it there? For what was removed; rough where symlinks or `--parents` are involved. */
  mayCover(selection: CopySelection, path: string): boolean;
  readonly shown: GitNode | null;
  /** The whole context as it is now, as a build would send it. */
  listing(): ContextListing;
}

/** A source, and what it came to last. */
interface KnownSource extends Source {
  last: { readonly node: GitNode; readonly version: number; readonly digest: string | null } | null;
}

/** No mode of git's: a folder behind a symlink that a wildcard matched. */
const FOLLOWED = '40001';

export function createView(options: TreeOptions): ContextView {
  const { rules, linkTarget, submodules } = options;
  const tree = createSentTree(options);
  const { resolve, identify, pathOf } = tree;
  const sources = new Map<string, KnownSource>();
  let listed: { readonly digest: string | null; readonly listing: ContextListing } | null = null;
  let slow = new Map<string, Selected>();

  /** As identify; a symlink that a wildcard matched is what it leads to, a folder behind it whole. null: it leads nowhere. */
  const identifyMatch = (node: GitNode): Identity | null => {
    if (node.kind !== 'symlink') return identify(node);
    const target = resolve(pathOf(node), true);
    const id = target && identify(target);
    return id && target.kind === 'tree' ? { ...id, mode: FOLLOWED } : id;
  };

  const sourceOf = (source: string, literal: boolean): KnownSource => {
    const key = literal ? `=${source}` : source;
    let known = sources.get(key);
    if (!known) {
      known = { ...readSource(source, literal), last: null };
      sources.set(key, known);
    }
    return known;
  };

  /** null: nothing there. */
  const selectOne = (source: KnownSource): string | null => {
    if (source.malformed) return null;
    // BuildKit looks into the folder before the first wildcard: it must be there.
    const start = resolve(source.prefix, true);
    if (!start) return null;
    if (!source.wild) return show(identify(start));
    const same = source.last?.node === start && source.last.version === start.version;
    if (source.last && same && tree.isPlain(start)) return source.last.digest;
    const digest = selectMatches(source, start);
    source.last = { node: start, version: start.version, digest };
    return digest;
  };

  const selectMatches = (source: Source, start: GitNode): string | null => {
    const found: { readonly name: string; readonly id: Identity }[] = [];
    for (const { name, node } of matchSource(source, tree, start)) {
      const id = identifyMatch(node);
      if (id === null) return null;
      found.push({ name, id });
    }
    const only = found.length === 1 ? found[0] : undefined;
    // A single entry counts without its name where the pattern ends in that name.
    if (only && baseName(source.path) === baseName(only.name) && (only.id.mode !== MODES.tree || only.id.oid === tree.emptyTree))
      return show(only.id);
    return `* ${found.map((f) => `${f.name}\0${show(f.id)}`).join('\0')}`;
  };

  const select = (selection: CopySelection): Selected => {
    if (!tree.shown) return { digest: '', missing: selection.sources };
    if (selection.parents || selection.exclude?.length) return selectSlowly(selection);
    const missing: string[] = [];
    const parts: string[] = [];
    for (const source of selection.sources) {
      const part = selectOne(sourceOf(source, selection.literal === true));
      if (part === null) missing.push(source);
      parts.push(part ?? '-');
    }
    return { digest: parts.length === 1 ? (parts[0] as string) : parts.join('\u0001'), missing };
  };

  /** By way of a whole listing, for what is rare: `--parents` and `--exclude`. */
  const selectSlowly = (selection: CopySelection): Selected => {
    const key = `${tree.digest()}\0${JSON.stringify(selection)}`;
    let found = slow.get(key);
    if (!found) {
      if (slow.size > 10_000) slow = new Map();
      const { failures } = resolveSelection(listing(), selection);
      found = { digest: selectionDigest(listing(), selection), missing: failures };
      slow.set(key, found);
    }
    return found;
  };

  const coversSlowly = (selection: CopySelection, path: string): boolean =>
    selectEntries(listing(), selection).some((e) => e.path === path) ||
    resolveSelection(listing(), selection).parts.some((p) => p.links.includes(path));

  const listing = (): ContextListing => {
    const digest = tree.digest();
    if (listed && listed.digest === digest) return listed.listing;
    const entries = new Map<string, ContextEntry>();
    const walk = (dir: GitNode): void => {
      for (const name of [...(dir.children?.keys() ?? [])].sort(comparePaths)) {
        const node = tree.childOf(dir, name);
        if (!node) continue;
        entries.set(pathOf(node), entryOf(node, pathOf(node), linkTarget, submodules));
        if (node.kind === 'tree') walk(node);
      }
    };
    if (tree.shown && digest !== null) walk(tree.shown);
    listed = { digest, listing: { entries } };
    return listed.listing;
  };

  return {
    show: tree.show,
    replace: tree.replace,
    select,
    covers(selection, path) {
      const node = resolve(path, false);
      if (!node || pathOf(node) !== path) return false;
      if (selection.parents || selection.exclude?.length) return coversSlowly(selection, path);
      return selection.sources.some((source) => {
        const parsed = sourceOf(source, selection.literal === true);
        const links: GitNode[] = [];
        const top = resolve(parsed.prefix, true, links);
        if (links.includes(node)) return true;
        if (!parsed.wild || !top) return top !== null && isWithin(path, pathOf(top));
        const found = matchSource(parsed, tree, top);
        if (found.some((f) => isWithin(path, pathOf(f.node)))) return true;
        return found.some((f) => f.node.kind === 'symlink') && coversSlowly({ sources: [source] }, path);
      });
    },
    mayCover(selection, path) {
      if (rules.ignores(path) === true) return false;
      return selection.sources.some((source) => {
        const clean = cleanPath(`/${source}`).slice(1);
        if (selection.parents) return true;
        if (!selection.literal && containsWildcards(clean)) {
          const depth = clean.split('/').length;
          return matchPath(clean, path.split('/').slice(0, depth).join('/'), true) === true;
        }
        const top = resolve(clean, true);
        return isWithin(path, top ? pathOf(top) : clean);
      });
    },
    get shown() {
      return tree.shown;
    },
    listing,
  };
}

function show(id: Identity): string {
  return `${id.mode} ${id.oid}`;
}

function entryOf(node: GitNode, path: string, linkTarget: (oid: string) => string | undefined, submodules: boolean): ContextEntry {
  switch (node.kind) {
    case 'tree':
      return { path, type: 'dir', mode: 0o755, size: 0, content: null };
    case 'submodule':
      return { path, type: 'dir', mode: 0o755, size: 0, content: submodules ? `git:${node.oid}` : null };
    case 'symlink': {
      const link = linkTarget(node.oid);
      return { path, type: 'symlink', mode: 0o777, size: 0, content: null, ...(link !== undefined && { link }) };
    }
    default:
      return { path, type: 'file', mode: node.kind === 'executable' ? 0o755 : 0o644, size: 0, content: `git:${node.oid}` };
  }
}
