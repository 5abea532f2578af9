import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectionDigest } from '../../src/context/content-key.ts';
import { compileIgnore, type FolderState } from '../../src/context/dockerignore.ts';
import { type CopySelection, resolveSelection, selectEntries } from '../../src/context/select.ts';
import type { ContextEntry, ContextListing } from '../../src/context/types.ts';
import type { EntryChange, EntryKind } from '../../src/git/diff.ts';
import { createSnapshot } from '../../src/git/snapshot.ts';
import { createView } from '../../src/simulate/view.ts';

/** Files of a commit: path → kind and content (a symlink's target). */
type Files = Readonly<Record<string, readonly [EntryKind, string]>>;

const oidOf = (text: string): string => Buffer.from(text).toString('hex').padEnd(40, '0').slice(0, 40);
const textOf = (oid: string): string => Buffer.from(oid, 'hex').toString().replaceAll('\0', '');

/** What git diff-tree says from one commit to the next. */
function diff(before: Files, after: Files): EntryChange[] {
  const changes: EntryChange[] = [];
  const folders = (files: Files): Set<string> => {
    const all = new Set<string>();
    for (const path of Object.keys(files))
      for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) all.add(path.slice(0, at));
    return all;
  };
  const old = folders(before);
  const now = folders(after);
  for (const folder of old) if (!now.has(folder)) changes.push({ path: folder, gone: true, kind: 'tree', oid: '' });
  for (const [path, [kind, text]] of Object.entries(before)) if (!after[path]) changes.push({ path, gone: true, kind, oid: oidOf(text) });
  for (const folder of [...now].sort()) changes.push({ path: folder, gone: false, kind: 'tree', oid: treeOid(after, folder) });
  for (const [path, [kind, text]] of Object.entries(after)) changes.push({ path, gone: false, kind, oid: oidOf(text) });
  return changes;
}

const MODE: Record<string, string> = { file: '100644', executable: '100755', symlink: '120000', tree: '40000' };

/** The id that git gives to a folder ('' is the root). */
function treeOid(files: Files, folder: string): string {
  const entries = new Map<string, readonly [EntryKind, string]>();
  for (const [path, [kind, text]] of Object.entries(files)) {
    if (folder !== '' && !path.startsWith(`${folder}/`)) continue;
    const rest = folder === '' ? path : path.slice(folder.length + 1);
    const own = rest.split('/')[0] ?? '';
    entries.set(own, own === rest ? [kind, oidOf(text)] : ['tree', treeOid(files, folder === '' ? own : `${folder}/${own}`)]);
  }
  const key = ([name, [kind]]: [string, readonly [EntryKind, string]]): string => (kind === 'tree' ? `${name}/` : name);
  const sorted = [...entries].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const body = Buffer.concat(sorted.flatMap(([name, [kind, oid]]) => [Buffer.from(`${MODE[kind]} ${name}\0`), Buffer.from(oid, 'hex')]));
  return createHash('sha1').update(`tree ${body.length}\0`).update(body).digest('hex');
}

/** The listing as the walk of a working tree would make it, from the rules' own verdicts. */
function expectedListing(files: Files, ignore: string): ContextListing {
  const rules = compileIgnore(ignore);
  const all = new Map<string, ContextEntry>();
  for (const [path, [kind, text]] of Object.entries(files)) {
    for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
      all.set(path.slice(0, at), { path: path.slice(0, at), type: 'dir', mode: 0o755, size: 0, content: null });
    if (kind === 'symlink') all.set(path, { path, type: 'symlink', mode: 0o777, size: 0, content: null, link: text });
    else all.set(path, { path, type: 'file', mode: kind === 'executable' ? 0o755 : 0o644, size: 0, content: `git:${oidOf(text)}` });
  }
  const paths = [...all.keys()].sort();
  const sent: string[] = [];
  const walk = (folder: string, state: FolderState | undefined): void => {
    for (const p of paths) {
      if (!p.startsWith(folder) || p === folder || p.slice(folder.length).includes('/')) continue;
      const verdict = rules.judge(p, state);
      if (!verdict.ignored) sent.push(p);
      if (!verdict.ignored || rules.mayHoldExceptions(p)) walk(`${p}/`, verdict.state);
    }
  };
  walk('', undefined);
  const kept = paths.filter((p) => sent.includes(p) || sent.some((s) => s.startsWith(`${p}/`)));
  return { entries: new Map(kept.map((p) => [p, all.get(p) as ContextEntry])) };
}

const name = fc.constantFrom('a', 'b', 'c.js', 'd.md', 'e');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const content = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(fc.constantFrom<EntryKind>('file', 'executable'), fc.constantFrom('1', '2', '3')) },
  { weight: 1, arbitrary: fc.tuple(fc.constant<EntryKind>('symlink'), fc.constantFrom('a', '../b', 'c.js', '/b/a', 'nowhere')) },
);
const files = fc.dictionary(path, content, { maxKeys: 10 }).map((all): Files => {
  // A path cannot be both a file and a folder.
  const paths = Object.keys(all);
  return Object.fromEntries(Object.entries(all).filter(([p]) => !paths.some((o) => o !== p && o.startsWith(`${p}/`))));
});
const ignore = fc
  .array(fc.constantFrom('a', 'b/*', '**/*.md', '!a/b', '!**/e', '*', '!b', 'c.js', 'a/b', 'b/**', '!a'), { maxLength: 4 })
  .map((l) => l.join('\n'));
const selection = fc.record<CopySelection>(
  {
    sources: fc.array(fc.constantFrom('.', 'a', 'b/', './a/b', 'c.js', '*.js', '*/c.js', 'a/*', '*', 'a/b/*', 'b/?', '/a', 'e'), {
      minLength: 1,
      maxLength: 3,
    }),
    parents: fc.boolean(),
    exclude: fc.array(fc.constantFrom('*.js', '**/d.md', 'b'), { maxLength: 1 }),
  },
  { requiredKeys: ['sources'] },
);

describe('a view of a commit', () => {
  it('gives digests that are equal exactly when those of the listings are', () => {
    fc.assert(
      fc.property(
        fc.array(files, { minLength: 2, maxLength: 6 }),
        ignore,
        fc.array(selection, { minLength: 1, maxLength: 4 }),
        (states, rules, selections) => {
          const snapshot = createSnapshot();
          const view = createView({ rules: compileIgnore(rules), linkTarget: textOf, submodules: false, oidLength: 40 });
          let before: Files = {};
          const seen = states.map((state) => {
            snapshot.move(treeOid(state, ''), diff(before, state));
            before = state;
            view.show(snapshot.root);
            const listing = expectedListing(state, rules);
            expect([...view.listing().entries.keys()].sort()).toEqual([...listing.entries.keys()].sort());
            return selections.map((s) => {
              const selected = view.select(s);
              const { failures } = resolveSelection(listing, s);
              // A wildcard in a folder that is not there selects nothing, and fails the build only when it is carried out.
              const late = s.sources.some((source) => /^.+\/.*[*?]/.test(source));
              if (s.sources.length === 1 && !late) expect([s, selected.missing.length > 0]).toEqual([s, failures.length > 0]);
              const covered = new Set(selectEntries(listing, s).map((e) => e.path));
              for (const p of Object.keys(state)) {
                if (covered.has(p)) expect([s, p, view.covers(s, p)]).toEqual([s, p, true]);
                else if (!Object.values(state).some(([kind]) => kind === 'symlink'))
                  expect([s, p, view.covers(s, p)]).toEqual([s, p, false]);
              }
              return {
                mine: selected.digest,
                theirs: selectionDigest(listing, s),
                fails: failures.length > 0 || selected.missing.length > 0,
              };
            });
          });
          for (let k = 0; k < selections.length; k++)
            for (const x of seen)
              for (const y of seen) if (!x[k]?.fails && !y[k]?.fails) expect(x[k]?.mine === y[k]?.mine).toBe(x[k]?.theirs === y[k]?.theirs);
        },
      ),
      { numRuns: 500 },
    );
  });
});
