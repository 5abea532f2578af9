import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openObjects } from '../../src/git/objects.ts';
import { listCommits, openRepository } from '../../src/git/repository.ts';
import { createRepository, type TestRepository } from './fixture.ts';

const made: TestRepository[] = [];
const create = (...args: string[]): TestRepository => {
  const repo = createRepository(...args);
  made.push(repo);
  return repo;
};
afterEach(() => {
  for (const r of made.splice(0)) r.delete();
});

describe('a repository', () => {
  it('is found from a folder inside it', async () => {
    const r = create();
    r.write('services/api/Dockerfile', 'FROM scratch\n');
    r.commit('start');
    const repo = await openRepository(path.join(r.dir, 'services/api'));
    expect(repo).toMatchObject({ prefix: 'services/api', bare: false, shallow: false, oidLength: 40 });
  });

  it('lists commits oldest first, along the first parent', async () => {
    const r = create();
    r.write('a', '1');
    const first = r.commit('one');
    r.git('checkout', '-q', '-b', 'side');
    r.write('b', '1');
    r.commit('aside');
    r.git('checkout', '-q', 'main');
    r.write('a', '2');
    const second = r.commit('two');
    r.git('merge', '-q', '--no-ff', '-m', 'merge \u001b[31mred', 'side');
    const repo = await openRepository(r.dir);
    const commits = await listCommits(repo, { ref: 'HEAD' });
    expect(commits.map((c) => c.subject)).toEqual(['one', 'two', 'merge \\u001b[31mred']);
    expect(commits.map((c) => c.oid).slice(0, 2)).toEqual([first, second]);
    expect((await listCommits(repo, { ref: 'HEAD', limit: 1 })).map((c) => c.subject)).toEqual(['merge \\u001b[31mred']);
    expect(await listCommits(repo, { ref: 'HEAD', allParents: true })).toHaveLength(4);
    expect(await listCommits(repo, { ref: 'HEAD', since: '2025-01-01' })).toHaveLength(1);
    expect((await listCommits(repo, { ref: `${first}..main` })).length).toBe(2);
  });

  it('may be bare, shallow, or of SHA-256 ids', async () => {
    const r = create();
    r.write('a', '1');
    r.commit('one');
    r.write('a', '2');
    r.commit('two');
    const bare = create();
    bare.git('clone', '-q', '--bare', r.dir, 'b.git');
    expect(await openRepository(path.join(bare.dir, 'b.git'))).toMatchObject({ bare: true, prefix: '' });
    bare.git('clone', '-q', '--depth', '1', `file://${r.dir}`, 's');
    const shallow = await openRepository(path.join(bare.dir, 's'));
    expect(shallow.shallow).toBe(true);
    expect(await listCommits(shallow, { ref: 'HEAD' })).toHaveLength(1);
    const wide = create('--object-format=sha256');
    wide.write('a', '1');
    wide.commit('one');
    const repo = await openRepository(wide.dir);
    expect(repo.oidLength).toBe(64);
    expect((await listCommits(repo, { ref: 'HEAD' }))[0]?.tree).toHaveLength(64);
  });

  it('says in one line what is wrong', async () => {
    const none = mkdtempSync(path.join(os.tmpdir(), 'cachewhy-none-'));
    await expect(openRepository(none)).rejects.toThrow(/is not in a git repository/);
    await expect(openRepository(path.join(none, 'nowhere'))).rejects.toThrow(/is no folder/);
    const empty = await openRepository(create().dir);
    await expect(listCommits(empty, { ref: 'HEAD' })).rejects.toThrow(/no commits/);
    await expect(listCommits(empty, { ref: 'nope' })).rejects.toThrow(/nope is not known/);
    await expect(listCommits(empty, { ref: '--output=/tmp/x' })).rejects.toThrow(/no name of a commit/);
  });
});

describe('the object reader', () => {
  it('reads many at once, in order, and says what is missing', async () => {
    const r = create();
    for (let i = 0; i < 50; i++) r.write(`f${i}`, `text ${i}`);
    r.commit('one');
    const oids = r
      .git('ls-tree', 'HEAD')
      .split('\n')
      .filter(Boolean)
      .map((l) => l.split(/\s/)[2] ?? '');
    const objects = openObjects(r.dir);
    const wanted = Array.from({ length: 5000 }, (_, i) => oids[i % oids.length] ?? '');
    const answers = await objects.read([...wanted, 'f'.repeat(40)]);
    expect(answers.slice(0, -1).map((a) => a.oid)).toEqual(wanted);
    expect(answers.at(-1)).toMatchObject({ type: 'missing', data: null });
    expect(answers[0]?.data?.toString()).toMatch(/^text \d/);
    objects.close();
    await expect(objects.read(wanted)).rejects.toThrow(/closed/);
  });

  it('fails a read when git cannot serve it', async () => {
    const objects = openObjects(mkdtempSync(path.join(os.tmpdir(), 'cachewhy-none-')));
    await expect(objects.read(['a'.repeat(40)])).rejects.toThrow(/ended early: not a git repository/);
    objects.close();
  });
});
