/** Walks the commits of a history and hands each to whoever replays it. */
import { readTreeDiffs } from '../git/diff.ts';
import { openObjects } from '../git/objects.ts';
import type { Commit, Repository } from '../git/repository.ts';
import { createSnapshot, type FileChange, findNode, type GitNode } from '../git/snapshot.ts';
import type { CommitFiles } from './prepare.ts';

export interface WalkOptions {
  readonly repo: Repository;
  /** Oldest first. */
  readonly commits: readonly Commit[];
  /** Path of the Dockerfile from the root of the repository. */
  readonly dockerfile: string;
  /** Folder of the context, '' for the root. */
  readonly context: string;
  readonly blobs: Blobs;
}

/** Texts of a repository's files, each read once; shared by several walks. */
export interface Blobs {
  read(oid: string): Promise<string | null>;
  /** Reads where symlinks point. */
  readLinks(oids: readonly string[]): Promise<void>;
  linkTarget(oid: string): string | undefined;
  close(): void;
}

export function openBlobs(repo: Repository): Blobs {
  const objects = openObjects(repo.dir);
  const links = new Map<string, string | undefined>();
  const texts = new Map<string, string | null>();
  return {
    async read(oid) {
      let text = texts.get(oid);
      if (text === undefined) {
        const [answer] = await objects.read([oid]);
        text = answer?.type === 'blob' && answer.data ? answer.data.toString('utf8') : null;
        texts.set(oid, text);
      }
      return text;
    },
    async readLinks(oids) {
      const wanted = oids.filter((oid) => !links.has(oid));
      if (wanted.length > 0) for (const answer of await objects.read(wanted)) links.set(answer.oid, answer.data?.toString('utf8'));
    },
    linkTarget: (oid) => links.get(oid),
    close: () => objects.close(),
  };
}

export interface WalkTools {
  /** Where a symlink of the commits seen so far points. */
  linkTarget(oid: string): string | undefined;
  /** The text of a file as of the commit at hand, through symlinks; null where there is none. */
  readText(root: GitNode, path: string): Promise<string | null>;
}

const MAX_LINKS = 40;
/** `version https://git-lfs.github.com/spec/v1`: a pointer, not the file */
const LFS = /(?:^|\s)filter=lfs(?:\s|$)/m;

export interface WalkResult {
  /** Files are kept elsewhere (git LFS): their pointers stand for them. */
  readonly lfs: boolean;
  readonly submodules: boolean;
}

/** @param visit called for each commit, oldest first; awaited */
export async function walkHistory(
  options: WalkOptions,
  visit: (files: CommitFiles, tools: WalkTools, index: number) => Promise<void> | void,
): Promise<WalkResult> {
  const { repo, commits, blobs } = options;
  const snapshot = createSnapshot();
  let lfs = false;
  let submodules = false;
  const tools: WalkTools = {
    linkTarget: blobs.linkTarget,
    readText: async (root, path) => {
      const node = follow(root, path, blobs.linkTarget);
      return node?.kind === 'file' || node?.kind === 'executable' ? blobs.read(node.oid) : null;
    },
  };
  let index = 0;
  const diffs = readTreeDiffs(
    repo.dir,
    repo.oidLength,
    commits.map((c) => c.tree),
  );
  for await (const diff of diffs) {
    const commit = commits[index] as Commit;
    const changes = snapshot.move(commit.tree, diff);
    await blobs.readLinks(changes.flatMap((c) => (c.after?.kind === 'symlink' ? [c.after.oid] : [])));
    if (!submodules) submodules = changes.some((c) => c.after?.kind === 'submodule');
    const attributes = changes.find((c) => c.after && /(?:^|\/)\.gitattributes$/.test(c.path));
    if (attributes?.after && !lfs) lfs = LFS.test((await blobs.read(attributes.after.oid)) ?? '');
    await visit(await buildFiles(options, commit, snapshot.root, changes, tools), tools, index);
    index++;
  }
  return { lfs, submodules };
}

async function buildFiles(
  options: WalkOptions,
  commit: Commit,
  root: GitNode,
  changes: readonly FileChange[],
  tools: WalkTools,
): Promise<CommitFiles> {
  const text = await tools.readText(root, options.dockerfile);
  const prefix = options.context === '' ? '' : `${options.context}/`;
  // The ignore file of this Dockerfile goes before that of the context.
  let ignore: { readonly path: string; readonly text: string } | null = null;
  for (const path of [`${options.dockerfile}.dockerignore`, `${prefix}.dockerignore`]) {
    const found = await tools.readText(root, path);
    if (found === null) continue;
    ignore = { path, text: found };
    break;
  }
  return {
    commit,
    root,
    changes,
    dockerfile: text === null ? null : { path: options.dockerfile, text },
    ignore: ignore?.text ?? '',
    ignorePath: ignore?.path ?? null,
  };
}

/** Looks a path up through symlinks that stay inside the repository. */
function follow(root: GitNode, path: string, linkTarget: (oid: string) => string | undefined): GitNode | null {
  const direct = findNode(root, path);
  if (direct && direct.kind !== 'symlink') return direct;
  let parts = normalise(path);
  for (let hops = 0; hops < MAX_LINKS; hops++) {
    let node: GitNode = root;
    let next: string[] | null = null;
    for (const [i, part] of parts.entries()) {
      const child = node.children?.get(part);
      if (!child) return null;
      node = child;
      if (child.kind !== 'symlink') continue;
      const target = linkTarget(child.oid);
      if (target === undefined || target.startsWith('/')) return null;
      next = normalise([...parts.slice(0, i), target, ...parts.slice(i + 1)].join('/'));
      break;
    }
    if (!next) return findNode(root, parts.join('/'));
    parts = next;
  }
  return null;
}

function normalise(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return parts;
}
