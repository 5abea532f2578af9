/** The tree of one commit in memory, moved from commit to commit by what differs. */
import type { EntryChange, EntryKind } from './diff.ts';

/** A file or folder of the commit that the snapshot stands at. A node lives on while its path keeps its type. */
export interface GitNode {
  readonly name: string;
  /** Below the repository's root, '' for the root. */
  readonly path: string;
  readonly kind: EntryKind;
  readonly oid: string;
  /** Number of the move at which it last changed, itself or anything below it. */
  readonly version: number;
  /** Of a tree, by name, in no order; null for everything else. */
  readonly children: ReadonlyMap<string, GitNode> | null;
}

/** A file, symlink or submodule that differs from the commit before. */
export interface FileChange {
  readonly path: string;
  readonly before?: { readonly kind: EntryKind; readonly oid: string };
  readonly after?: { readonly kind: EntryKind; readonly oid: string };
}

export interface Snapshot {
  readonly root: GitNode;
  /** Goes to the next commit. Returns the files that changed, folders taken apart. */
  move(tree: string, changes: readonly EntryChange[]): readonly FileChange[];
}

interface Node {
  readonly name: string;
  readonly path: string;
  kind: EntryKind;
  oid: string;
  version: number;
  readonly children: Map<string, Node> | null;
}

export function createSnapshot(): Snapshot {
  const root: Node = { name: '', path: '', kind: 'tree', oid: '', version: 0, children: new Map() };
  let version = 0;

  /** The folder that holds a path, its version and those above it set to now; null where there is none. */
  const parentOf = (path: string): Node | null => {
    let node = root;
    let from = 0;
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', from)) {
      node.version = version;
      const next = node.children?.get(path.slice(from, at));
      if (!next) return null;
      node = next;
      from = at + 1;
    }
    node.version = version;
    return node;
  };
  const put = (parent: Node, name: string, path: string, kind: EntryKind, oid: string): Node => {
    const old = parent.children?.get(name);
    if (old && (old.kind === 'tree') === (kind === 'tree')) {
      old.kind = kind;
      old.oid = oid;
      old.version = version;
      return old;
    }
    const node: Node = { name, path, kind, oid, version, children: kind === 'tree' ? new Map() : null };
    parent.children?.set(name, node);
    return node;
  };
  const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

  return {
    root,
    move(tree, changes) {
      version++;
      const files: FileChange[] = [];
      // A name can be gone as a file and new as a folder: what is gone goes first.
      for (const { path, gone, kind, oid } of changes) {
        if (!gone) continue;
        // The folder may have gone just before.
        parentOf(path)?.children?.delete(nameOf(path));
        if (kind !== 'tree') files.push({ path, before: { kind, oid } });
      }
      for (const { path, gone, kind, oid } of changes) {
        if (gone) continue;
        // A folder is listed before what is in it.
        const parent = parentOf(path);
        if (!parent) continue;
        const name = nameOf(path);
        const old = parent.children?.get(name);
        const before = old && old.kind !== 'tree' ? { kind: old.kind, oid: old.oid } : undefined;
        put(parent, name, path, kind, oid);
        // 100664 and 100644 are one to a checkout.
        if (kind === 'tree' || (before && before.kind === kind && before.oid === oid)) continue;
        files.push({ path, ...(before && { before }), after: { kind, oid } });
      }
      root.oid = tree;
      return files;
    },
  };
}

/** Looks a path up, without following symlinks. '' is the node itself. */
export function findNode(root: GitNode, path: string): GitNode | null {
  let node = root;
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    const next = node.children?.get(part);
    if (!next) return null;
    node = next;
  }
  return node;
}
