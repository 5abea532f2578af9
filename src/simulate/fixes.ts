/** Proposes changes of the newest commit's Dockerfile and ignore file, and applies each to every commit as it was. */
import { compileIgnore } from '../context/dockerignore.ts';
import {
  addIgnoreLines,
  type Fix,
  type FixInput,
  mattersToFixes,
  type Proposals,
  proposeFix,
  proposeFixes,
  wantsToRead,
} from '../fix/propose.ts';
import type { CommitFiles } from './prepare.ts';
import type { VariantSpec } from './variants.ts';
import { createView } from './view.ts';
import type { WalkTools } from './walk.ts';

export interface BuildFiles {
  /** From the root of the repository. */
  readonly dockerfile: string;
  /** '' is the root. */
  readonly context: string;
  readonly oidLength: 40 | 64;
  readonly target: string | undefined;
}

/** More manifests than these are not read. */
const MAX_READ = 500;

/** What fixes are made from, as of one commit. */
export async function readFixInput(build: BuildFiles, files: CommitFiles, tools: WalkTools): Promise<FixInput | null> {
  if (!files.dockerfile) return null;
  const view = createView({
    rules: compileIgnore(files.ignore),
    linkTarget: tools.linkTarget,
    submodules: false,
    oidLength: build.oidLength,
  });
  const folder = build.context === '' ? files.root : files.root.children && findFolder(files, build.context);
  if (!folder) return null;
  view.show(folder);
  const listing = view.listing();
  const texts = new Map<string, string | null>();
  for (const e of listing.entries.values())
    if (e.type === 'file' && wantsToRead(e.path) && texts.size < MAX_READ)
      texts.set(e.path, await tools.readText(files.root, build.context === '' ? e.path : `${build.context}/${e.path}`));
  return {
    dockerfile: files.dockerfile.text,
    dockerfilePath: build.dockerfile,
    ignore: files.ignore,
    ignorePath: files.ignorePath ?? (build.context === '' ? '.dockerignore' : `${build.context}/.dockerignore`),
    ignoreExists: files.ignorePath !== null,
    listing,
    readFile: (path) => texts.get(path) ?? null,
    ...(build.target !== undefined && { target: build.target }),
  };
}

function findFolder(files: CommitFiles, path: string): CommitFiles['root'] | null {
  let node = files.root;
  for (const part of path.split('/')) {
    const next = node.children?.get(part);
    if (!next) return null;
    node = next;
  }
  return node.kind === 'tree' ? node : null;
}

export function propose(input: FixInput): Proposals {
  return proposeFixes(input);
}

/**
 * One or several fixes as a change that is applied to each commit's own files.
 * @param fixes applied in this order, each to what the one before left
 */
export function specOf(fixes: readonly Fix[], build: BuildFiles, patch: string): VariantSpec {
  const ids = fixes.map((f) => f.id);
  const lines = [...new Set(fixes.flatMap((f) => f.ignoreLines))];
  const rewritesDockerfile = fixes.some((f) => f.dockerfile !== undefined);
  let shape = 0;
  const known = new Map<string, { readonly shape: number; readonly dockerfile: string }>();
  const rewriteDockerfile = async (files: CommitFiles, text: string, tools: WalkTools): Promise<string> => {
    // What is proposed hangs on which files there are, and on what manifests say.
    if (files.changes.some((c) => mattersHere(c.path, build.context) && (!c.before || !c.after || wantsToRead(c.path)))) shape++;
    const key = `${files.ignore}\0${text}`;
    let found = known.get(key);
    if (found === undefined || found.shape !== shape) {
      const input = await readFixInput(build, files, tools);
      found = { shape, dockerfile: (input && applyAll(ids, input)?.dockerfile) ?? text };
      known.set(key, found);
    }
    return found.dockerfile;
  };
  return {
    id: ids.join('+'),
    title: fixes.map((f) => f.title).join('; '),
    patch,
    keeps: [...new Set(fixes.flatMap((f) => f.keeps))],
    unverified: [...new Set(fixes.flatMap((f) => f.unverified))],
    changesImage: fixes.flatMap((f) => f.changesImage ?? []).join('; '),
    shares: fixes.flatMap((f) => f.pieces),
    strict: false,
    async rewrite(files, tools) {
      if (!files.dockerfile) return null;
      const { text } = files.dockerfile;
      const dockerfile = rewritesDockerfile ? await rewriteDockerfile(files, text, tools) : text;
      const ignore = addIgnoreLines(files.ignore, lines);
      return dockerfile === text && ignore === files.ignore ? null : withTexts(files, build, dockerfile, ignore);
    },
  };
}

function mattersHere(path: string, context: string): boolean {
  if (context === '') return mattersToFixes(path);
  return path.startsWith(`${context}/`) && mattersToFixes(path.slice(context.length + 1));
}

/** @returns null where none of them applies */
export function applyAll(ids: readonly string[], start: FixInput): { dockerfile: string; ignore: string; fixes: Fix[] } | null {
  let input = start;
  const fixes: Fix[] = [];
  for (const id of ids) {
    const fix = proposeFix(id, input);
    if (!fix) continue;
    fixes.push(fix);
    input = { ...input, dockerfile: fix.dockerfile ?? input.dockerfile, ignore: fix.ignore ?? input.ignore };
  }
  return fixes.length === 0 ? null : { dockerfile: input.dockerfile, ignore: input.ignore, fixes };
}

/** The same commit with other texts; a Dockerfile that is itself in the context changes there too. */
export function withTexts(
  files: CommitFiles,
  build: { readonly context: string },
  dockerfile: string | null,
  ignore: string | null,
): CommitFiles {
  const prefix = build.context === '' ? '' : `${build.context}/`;
  const replaced = new Map<string, string>();
  const replace = (path: string | null | undefined, text: string | null): void => {
    if (path?.startsWith(prefix) && text !== null) replaced.set(path.slice(prefix.length), text);
  };
  replace(files.dockerfile?.path, dockerfile);
  replace(files.ignorePath, ignore);
  return {
    ...files,
    dockerfile: files.dockerfile && { ...files.dockerfile, text: dockerfile ?? files.dockerfile.text },
    ignore: ignore ?? files.ignore,
    replaced,
  };
}
