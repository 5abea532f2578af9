/**
 * The build context of one commit as it is sent: the tree without what is ignored, with the ids that git would give to what is left. A folder's
 * id is kept while nothing below it changes.
 */
import { createHash } from 'node:crypto';
import type { FolderState, IgnoreRules } from '../context/dockerignore.ts';
import type { GitNode } from '../git/snapshot.ts';

export interface TreeOptions {
  readonly rules: IgnoreRules;
  readonly linkTarget: (oid: string) => string | undefined;
  /** A submodule's files are there (a recursive checkout), so that a moved submodule is a change. Otherwise it is an empty folder. */
  readonly submodules: boolean;
  readonly oidLength: 40 | 64;
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

export interface Identity {
  readonly mode: string;
  readonly oid: string;
}

export interface SentTree {
  /** Another state of the context: the node of its root folder, or null where there is none. */
  show(root: GitNode | null): void;
  /** Other content in the place of files that are there. */
  replace(contents: ReadonlyMap<string, string>): void;
  readonly shown: GitNode | null;
  /** Id of all that is sent; null: nothing is. */
  digest(): string | null;
  /** Path below the context's root. */
  pathOf(node: GitNode): string;
  /** A child that is sent. */
  childOf(node: GitNode, name: string): GitNode | null;
  /** Walks a path as BuildKit does, through symlinks (into `followed`), never out of the root. */
  resolve(path: string, followLast: boolean, followed?: GitNode[]): GitNode | null;
  identify(node: GitNode): Identity;
  /** Does the node's own id say all that matters of what lies below it: no symlink, no content that was replaced? */
  isPlain(node: GitNode): boolean;
  readonly emptyTree: string;
}

export const MODES = { file: '100644', executable: '100755', symlink: '120000', tree: '40000', submodule: '40000' } as const;
const MAX_LINKS = 255;

export function createSentTree(options: TreeOptions): SentTree {
  const { rules, linkTarget, submodules, oidLength } = options;
  const algorithm = oidLength === 40 ? 'sha1' : 'sha256';
  const emptyTree = createHash(algorithm).update('tree 0\0').digest('hex');
  const infos = new WeakMap<GitNode, Info>();
  const plain = rules.patterns.length === 0;
  const replaced = new Map<string, string>();
  let root: GitNode | null = null;
  let rootPrefix = 0;

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

  const treeId = (nodes: readonly GitNode[]): string =>
    hashTree(
      algorithm,
      nodes.map((n) => ({ mode: MODES[n.kind], name: n.name, oid: infos.get(n)?.digest ?? '' })),
    );

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

  const childOf = (node: GitNode, name: string): GitNode | null => {
    const child = node.children?.get(name);
    return child && infos.get(child)?.digest !== null && infos.has(child) ? child : null;
  };

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
    get shown() {
      return root;
    },
    digest: () => rootInfo()?.digest ?? null,
    pathOf,
    childOf,
    resolve,
    identify,
    isPlain: (node) => replaced.size === 0 && !infos.get(node)?.links,
    emptyTree,
  };
}

/** The id that git would give to a tree of these entries. */
function hashTree(algorithm: string, entries: { readonly mode: string; readonly name: string; readonly oid: string }[]): string {
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
}
