import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { ContextEntry, ContextListing } from '../../src/context/types.ts';

/** A file, folder (`dir` is its mode) or symlink of a tree to make. */
export interface Node {
  readonly file?: string;
  readonly dir?: string;
  readonly link?: string;
  readonly mode?: string;
}

/** An empty folder that is gone after the test. */
export function makeFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cachewhy-context-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return fs.realpathSync(folder);
}

/** Writes a tree, with its modes whatever the umask is. Folders before what is in them. */
export function writeTree(root: string, tree: Readonly<Record<string, Node>>): void {
  for (const [name, node] of Object.entries(tree)) {
    const full = path.join(root, name);
    if (node.dir !== undefined) fs.mkdirSync(full, { recursive: true });
    else if (node.link !== undefined) fs.symlinkSync(node.link, full);
    else fs.writeFileSync(full, node.file ?? '');
  }
  for (const [name, node] of Object.entries(tree)) {
    if (node.link === undefined) fs.chmodSync(path.join(root, name), Number.parseInt(node.dir ?? node.mode ?? '644', 8));
  }
}

/** A listing without files: `a/b.txt` is a file of that content, `a/` a folder, `a -> b` a link. Folders above are added. */
export function listingOf(paths: Readonly<Record<string, string | number>>): ContextListing {
  const entries = new Map<string, ContextEntry>();
  const addFolders = (name: string): void => {
    for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
      const folder = name.slice(0, slash);
      if (!entries.has(folder)) entries.set(folder, { path: folder, type: 'dir', mode: 0o755, size: 0, content: null });
    }
  };
  for (const [name, value] of Object.entries(paths)) {
    addFolders(name);
    if (name.endsWith('/')) {
      const folder = name.slice(0, -1);
      entries.set(folder, { path: folder, type: 'dir', mode: typeof value === 'number' ? value : 0o755, size: 0, content: null });
    } else if (typeof value === 'string' && value.startsWith('-> ')) {
      entries.set(name, { path: name, type: 'symlink', mode: 0o777, size: 0, content: null, link: value.slice(3) });
    } else {
      const text = String(value);
      entries.set(name, { path: name, type: 'file', mode: 0o644, size: text.length, content: `git:${text}` });
    }
  }
  return { entries: new Map([...entries].sort(([a], [b]) => (a.replaceAll('/', '\0') < b.replaceAll('/', '\0') ? -1 : 1))) };
}
