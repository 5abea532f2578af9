/**
 * The build context of one commit, seen through an ignore file: what each COPY of it covers, as a digest that changes exactly when BuildKit's
 * content key would. A folder's digest is git's own tree id, of the tree without what is ignored; it is kept while nothing below it changes.
 */
import { createHash } from 'node:crypto';
import { selectionDigest } from '../context/content-key.ts';
import { comparePaths } from '../context/context-tree.ts';
import type { FolderState, IgnoreRules } from '../context/dockerignore.ts';
import { cleanPath, containsWildcards, matchPath } from '../context/go-path.ts';
import { type CopySelection, resolveSelection, selectEntries } from '../context/select.ts';
import type { ContextEntry, ContextListing } from '../context/types.ts';
import type { GitNode } from '../git/snapshot.ts';

export interface ViewOptions {
  readonly rules: IgnoreRules;
  readonly linkTarget: (oid: string) => string | undefined;
  /** A submodule's files are there (a recursive checkout), so that a moved submodule is a change. Otherwise it is an empty folder. */
  readonly submodules: boolean;
  readonly oidLength: 40 | 64;
}

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

interface Info {
  readonly ignored: boolean;
  readonly state: FolderState | undefined;
  /** Version of the node that the rest belongs to. */
  version: number;
  /** null: nothing of it is sent. */
  digest: string | null;
  /** Nothing below is left out: git's own id stands for it. */
  whole: boolean;
  /** There is a symlink in it: what a wildcard matches there may lead elsewhere. */
  links: boolean;
}

interface Identity {
  readonly mode: string;
  readonly oid: string;
}

interface Source {
  readonly path: string;
  readonly wild: boolean;
  readonly malformed: boolean;
  /** The path up to its first wildcard. */
  readonly prefix: string;
  /** The rest, one for each folder. */
  readonly patterns: readonly string[];
  /** What it came to last. */
  last: { readonly node: GitNode; readonly version: number; readonly digest: string | null } | null;
}

interface Match {
  readonly name: string;
  readonly node: GitNode;
}

const MODES = { file: '100644', executable: '100755', symlink: '120000', tree: '40000', submodule: '40000' } as const;
/** No mode of git's: a folder behind a symlink that a wildcard matched. */
const FOLLOWED = '40001';
const MAX_LINKS = 255;

export function createView(options: ViewOptions): ContextView {
  const { rules, linkTarget, submodules, oidLength } = options;
  const algorithm = oidLength === 40 ? 'sha1' : 'sha256';
  const emptyTree = createHash(algorithm).update('tree 0\0').digest('hex');
  const infos = new WeakMap<GitNode, Info>();
  const plain = rules.patterns.length === 0;
  const replaced = new Map<string, string>();
  const sources = new Map<string, Source>();
  let root: GitNode | null = null;
  let rootPrefix = 0;
  let listed: { readonly digest: string | null; readonly listing: ContextListing } | null = null;
  let slow = new Map<string, Selected>();

  /** Path below the context's root. */
  const pathOf = (node: GitNode): string => node.path.slice(rootPrefix);

  const infoOf = (node: GitNode, parent: Info | null): Info => {
    let info = infos.get(node);
    if (!info) {
      const verdict = plain || parent === null ? null : rules.judge(pathOf(node), parent.state);
      info = { ignored: verdict?.ignored ?? false, state: verdict?.state, version: -1, digest: null, whole: true, links: false };
      infos.set(node, info);
    }
    if (info.version !== node.version) refresh(node, info);
    return info;
  };

  const refresh = (node: GitNode, info: Info): void => {
    info.version = node.version;
    info.links = node.kind === 'symlink';
    const other = replaced.size > 0 ? replaced.get(pathOf(node)) : undefined;
    if (other !== undefined) {
      info.whole = false;
      info.digest = info.ignored ? null : other;
      return;
    }
    if (!node.children) {
      info.whole = !info.ignored && (node.kind !== 'submodule' || submodules);
      info.digest = info.ignored ? null : node.kind === 'submodule' && !submodules ? emptyTree : node.oid;
      return;
    }
    info.whole = !info.ignored;
    if (info.ignored && !rules.mayHoldExceptions(pathOf(node))) {
      info.digest = null;
      return;
    }
    const kept: GitNode[] = [];
    for (const child of node.children.values()) {
      const c = infoOf(child, info);
      if (!c.whole) info.whole = false;
      if (c.links) info.links = true;
      if (c.digest === null) continue;
      kept.push(child);
    }
    if (info.ignored && kept.length === 0) info.digest = null;
    else info.digest = info.whole && node.oid !== '' ? node.oid : treeId(kept);
  };

  /** The id that git would give to a tree of these entries. */
  const treeId = (nodes: readonly GitNode[]): string =>
    hashTree(nodes.map((n) => ({ mode: MODES[n.kind], name: n.name, oid: infos.get(n)?.digest ?? '' })));

  const hashTree = (entries: { readonly mode: string; readonly name: string; readonly oid: string }[]): string => {
    const key = (e: { mode: string; name: string }): string => (e.mode === MODES.tree ? `${e.name}/` : e.name);
    entries.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    const parts: Buffer[] = [];
    let length = 0;
    for (const e of entries) {
      const head = Buffer.from(`${e.mode} ${e.name}\0`);
      const id = Buffer.from(e.oid, 'hex');
      parts.push(head, id);
      length += head.length + id.length;
    }
    const hash = createHash(algorithm).update(`tree ${length}\0`);
    for (const p of parts) hash.update(p);
    return hash.digest('hex');
  };

  /** What was kept of a path and of the folders above it is no longer right. */
  const forget = (path: string): void => {
    let node = root ?? undefined;
    for (const part of [...path.split('/'), '']) {
      const info = node && infos.get(node);
      if (info) info.version = -1;
      node = node?.children?.get(part);
    }
  };

  const rootInfo = (): Info | null => (root ? infoOf(root, null) : null);
  /** A child that is sent. */
  const childOf = (node: GitNode, name: string): GitNode | null => {
    const child = node.children?.get(name);
    return child && infos.get(child)?.digest !== null && infos.has(child) ? child : null;
  };

  /** Walks a path as BuildKit does, through symlinks, never out of the root. */
  const resolve = (path: string, followLast: boolean, followed?: GitNode[]): GitNode | null => {
    if (!root || !rootInfo()) return null;
    const stack: GitNode[] = [root];
    const rest = path.split('/').reverse();
    for (let links = 0; rest.length > 0; ) {
      const part = rest.pop() as string;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (stack.length > 1) stack.pop();
        continue;
      }
      const next = childOf(stack.at(-1) as GitNode, part);
      if (!next) return null;
      if (next.kind !== 'symlink' || (!followLast && rest.every((r) => r === ''))) {
        stack.push(next);
        continue;
      }
      if (++links > MAX_LINKS) return null;
      followed?.push(next);
      const target = linkTarget(next.oid);
      if (target === undefined) return null;
      if (target.startsWith('/')) stack.length = 1;
      rest.push(...target.split('/').reverse());
    }
    return stack.at(-1) ?? null;
  };

  const identify = (node: GitNode): Identity => ({ mode: MODES[node.kind], oid: infos.get(node)?.digest ?? '' });

  /** What a wildcard path matches, by name below the part of it that has no wildcards. */
  const match = ({ patterns }: Source, start: GitNode): Match[] => {
    const found: Match[] = [];
    const walk = (dir: GitNode, at: number, prefix: string): void => {
      const own = patterns[at] ?? '';
      for (const name of dir.children?.keys() ?? []) {
        if (matchPath(own, name, true) !== true) continue;
        const node = childOf(dir, name);
        if (!node) continue;
        if (at + 1 === patterns.length) found.push({ name: prefix + name, node });
        else if (node.kind === 'tree') walk(node, at + 1, `${prefix}${name}/`);
      }
    };
    walk(start, 0, '');
    return found.sort((a, b) => comparePaths(a.name, b.name));
  };

  /** As identify; a symlink that a wildcard matched is what it leads to, a folder behind it whole. null: it leads nowhere. */
  const identifyMatch = (node: GitNode): Identity | null => {
    if (node.kind !== 'symlink') return identify(node);
    const target = resolve(pathOf(node), true);
    const id = target && identify(target);
    return id && target.kind === 'tree' ? { ...id, mode: FOLLOWED } : id;
  };

  const parse = (source: string, literal: boolean): Source => {
    const key = literal ? `=${source}` : source;
    let parsed = sources.get(key);
    if (!parsed) {
      const path = cleanPath(`/${source}`).slice(1);
      const wild = !literal && containsWildcards(path);
      const parts = path.split('/');
      const first = parts.findIndex(containsWildcards);
      parsed = {
        path,
        wild,
        // A malformed pattern fails the build; asked about '' it is read to its end.
        malformed: wild && matchPath(`/${path}`, '', true) === undefined,
        prefix: wild ? parts.slice(0, first).join('/') : path,
        patterns: wild ? parts.slice(first) : [],
        last: null,
      };
      sources.set(key, parsed);
    }
    return parsed;
  };

  /** null: nothing there. */
  const selectOne = (source: Source): string | null => {
    if (source.malformed) return null;
    // BuildKit looks into the folder before the first wildcard: it must be there.
    const start = resolve(source.prefix, true);
    if (!start) return null;
    if (!source.wild) return show(identify(start));
    const same = source.last?.node === start && source.last.version === start.version;
    if (source.last && same && replaced.size === 0 && !infos.get(start)?.links) return source.last.digest;
    const digest = selectMatches(source, start);
    source.last = { node: start, version: start.version, digest };
    return digest;
  };

  const selectMatches = (source: Source, start: GitNode): string | null => {
    const found: { readonly name: string; readonly id: Identity }[] = [];
    for (const { name, node } of match(source, start)) {
      const id = identifyMatch(node);
      if (id === null) return null;
      found.push({ name, id });
    }
    const only = found.length === 1 ? found[0] : undefined;
    // A single entry counts without its name where the pattern ends in that name.
    if (only && baseName(source.path) === baseName(only.name) && (only.id.mode !== MODES.tree || only.id.oid === emptyTree))
      return show(only.id);
    return `* ${found.map((f) => `${f.name}\0${show(f.id)}`).join('\0')}`;
  };

  const select = (selection: CopySelection): Selected => {
    if (!rootInfo()) return { digest: '', missing: selection.sources };
    if (selection.parents || selection.exclude?.length) return selectSlowly(selection);
    const missing: string[] = [];
    const parts: string[] = [];
    for (const source of selection.sources) {
      const part = selectOne(parse(source, selection.literal === true));
      if (part === null) missing.push(source);
      parts.push(part ?? '-');
    }
    return { digest: parts.length === 1 ? (parts[0] as string) : parts.join('\u0001'), missing };
  };

  /** By way of a whole listing, for what is rare: `--parents` and `--exclude`. */
  const selectSlowly = (selection: CopySelection): Selected => {
    const key = `${rootInfo()?.digest}\0${JSON.stringify(selection)}`;
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
    const digest = rootInfo()?.digest ?? null;
    if (listed && listed.digest === digest) return listed.listing;
    const entries = new Map<string, ContextEntry>();
    const walk = (dir: GitNode): void => {
      for (const name of [...(dir.children?.keys() ?? [])].sort(comparePaths)) {
        const node = childOf(dir, name);
        if (!node) continue;
        entries.set(pathOf(node), entryOf(node, pathOf(node), linkTarget, submodules));
        if (node.kind === 'tree') walk(node);
      }
    };
    if (root && digest !== null) walk(root);
    listed = { digest, listing: { entries } };
    return listed.listing;
  };

  return {
    show(node) {
      if (node !== root) rootPrefix = node && node.path !== '' ? node.path.length + 1 : 0;
      root = node;
    },
    replace(contents) {
      for (const path of new Set([...replaced.keys(), ...contents.keys()])) {
        const content = contents.get(path);
        const id = content === undefined ? undefined : createHash(algorithm).update(content).digest('hex');
        if (replaced.get(path) === id) continue;
        if (id === undefined) replaced.delete(path);
        else replaced.set(path, id);
        forget(path);
      }
    },
    select,
    covers(selection, path) {
      const node = resolve(path, false);
      if (!node || pathOf(node) !== path) return false;
      if (selection.parents || selection.exclude?.length) return coversSlowly(selection, path);
      return selection.sources.some((source) => {
        const parsed = parse(source, selection.literal === true);
        const links: GitNode[] = [];
        const top = resolve(parsed.prefix, true, links);
        if (links.includes(node)) return true;
        if (!parsed.wild || !top) return top !== null && isWithin(path, pathOf(top));
        const found = match(parsed, top);
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
      return root;
    },
    listing,
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function show(id: Identity): string {
  return `${id.mode} ${id.oid}`;
}

function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
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
