import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createRawParser, type EntryChange, readTreeDiffs } from '../../src/git/diff.ts';
import { createSnapshot, findNode, type GitNode } from '../../src/git/snapshot.ts';
import { createRepository, type TestRepository } from './fixture.ts';

let r: TestRepository;
const made: TestRepository[] = [];
beforeEach(() => {
  r = createRepository();
  made.push(r);
});
afterAll(() => {
  for (const m of made) m.delete();
});

/** As `git ls-tree -r -t` prints it. */
function list(node: GitNode, out: string[] = []): string[] {
  for (const c of node.children?.values() ?? []) {
    out.push(`${c.kind} ${c.oid} ${c.path}`);
    list(c, out);
  }
  return out.sort();
}

function truth(tree: string): string[] {
  const kinds: Record<string, string> = {
    '100644': 'file',
    '100755': 'executable',
    '120000': 'symlink',
    '040000': 'tree',
    '160000': 'submodule',
  };
  return r
    .git('ls-tree', '-r', '-t', '-z', tree)
    .split('\0')
    .filter(Boolean)
    .map((l) => /^(\d+) \w+ (\w+)\t(.*)$/s.exec(l))
    .map((m) => `${kinds[m?.[1] ?? '']} ${m?.[2]} ${m?.[3]}`)
    .sort();
}

describe('a snapshot', () => {
  it('holds what git holds at each commit, whatever became of the files', async () => {
    const trees: string[] = [];
    const commit = (): void => {
      r.commit('c');
      trees.push(r.git('rev-parse', 'HEAD^{tree}').trim());
    };
    r.write('Dockerfile', 'FROM scratch');
    r.write('src/a/b/c.txt', '1');
    r.write('src/a/b/d.txt', '1');
    r.link('latest', 'src/a');
    commit();
    r.write('src/a/b/c.txt', '1', 0o755);
    commit();
    commit();
    r.remove('src/a/b');
    r.write('src/a/b', 'now a file');
    commit();
    r.remove('src/a/b');
    r.write('src/a/b/again/deep.txt', 'ä');
    r.remove('latest');
    r.write('latest', 'now a file');
    r.write('with space\tand\ntab', 'x');
    commit();
    r.git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},module`);
    r.git('commit', '-qm', 'submodule');
    trees.push(r.git('rev-parse', 'HEAD^{tree}').trim());
    // Back to the beginning, and to the same twice.
    trees.push(trees[0] ?? '', trees[0] ?? '', trees[4] ?? '');

    const snapshot = createSnapshot();
    let i = 0;
    for await (const changes of readTreeDiffs(r.dir, 40, trees)) {
      const before = new Map(
        list(snapshot.root)
          .map((l) => l.split(' '))
          .map(([kind, oid, ...p]) => [p.join(' '), `${kind} ${oid}`]),
      );
      const files = snapshot.move(trees[i] ?? '', changes);
      expect(list(snapshot.root)).toEqual(truth(trees[i] ?? ''));
      for (const f of files) {
        expect(f.before ? `${f.before.kind} ${f.before.oid}` : undefined).toBe(
          before.get(f.path)?.startsWith('tree') ? undefined : before.get(f.path),
        );
        const now = findNode(snapshot.root, f.path);
        expect(f.after).toEqual(now && now.kind !== 'tree' ? { kind: now.kind, oid: now.oid } : undefined);
      }
      i++;
    }
    expect(i).toBe(trees.length);
  });

  it('marks what changed, up to the root, and nothing else', async () => {
    r.write('a/one', '1');
    r.write('b/two', '1');
    r.commit('one');
    r.write('a/one', '2');
    r.commit('two');
    const trees = r.git('log', '--reverse', '--format=%T').trim().split('\n');
    const snapshot = createSnapshot();
    let i = 0;
    for await (const changes of readTreeDiffs(r.dir, 40, trees)) snapshot.move(trees[i++] ?? '', changes);
    expect(['', 'a', 'a/one', 'b', 'b/two'].map((p) => findNode(snapshot.root, p)?.version)).toEqual([2, 2, 2, 1, 1]);
  });

  it('says so when a tree is missing', async () => {
    r.write('a', '1');
    r.commit('one');
    const walk = async (): Promise<void> => {
      for await (const _ of readTreeDiffs(r.dir, 40, ['1'.repeat(40)]));
    };
    await expect(walk()).rejects.toThrow(/git diff-tree/);
  });
});

describe('the raw format of git diff-tree', () => {
  it('reads the same however the bytes are cut', () => {
    const oid = (c: string): string => c.repeat(40);
    const text = [
      `${oid('a')} ${oid('b')}\n`,
      `:100644 100755 ${oid('1')} ${oid('2')} M\0src/a\0`,
      `:000000 040000 ${oid('0')} ${oid('3')} A\0src/:odd\nname\0`,
      `${oid('b')} ${oid('c')}\n`,
      `${oid('c')} ${oid('d')}\n`,
      `:120000 000000 ${oid('4')} ${oid('0')} D\0link\0`,
    ].join('');
    const expected: EntryChange[][] = [
      [
        { path: 'src/a', gone: false, kind: 'executable', oid: oid('2') },
        { path: 'src/:odd\nname', gone: false, kind: 'tree', oid: oid('3') },
      ],
      [],
      [{ path: 'link', gone: true, kind: 'symlink', oid: oid('4') }],
    ];
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 30 }), (points) => {
        const parser = createRawParser(40);
        const cuts = [0, ...points.sort((a, b) => a - b), text.length];
        const records = cuts.slice(1).flatMap((end, i) => parser.push(Buffer.from(text.slice(cuts[i], end))));
        expect([...records, ...parser.end()]).toEqual(expected);
      }),
    );
  });
});
