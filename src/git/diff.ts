/** What differs between the trees of a history, one after another: `git diff-tree` compares them, and never enters a subtree that is the same. */
import { spawn } from 'node:child_process';
import { UserError } from '../errors.ts';
import { gitEnvironment, gitMessage } from './run.ts';

/** What a clean checkout makes of a mode: 100644 (and the historic 100664), 100755, 120000, 40000, 160000. */
export type EntryKind = 'file' | 'executable' | 'symlink' | 'tree' | 'submodule';

/** One entry that differs; folders are listed beside what is in them. `kind` and `oid` are those of the entry as it is now, or was if it is gone. */
export interface EntryChange {
  readonly path: string;
  readonly gone: boolean;
  readonly kind: EntryKind;
  readonly oid: string;
}

/** Ids of the empty tree, which git knows without having it. */
const EMPTY_TREE = {
  40: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  64: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
} as const;

/**
 * Compares each tree with the one before it, the first with an empty one.
 * @param trees ids of trees, in the order of the walk
 * @yields one list for each tree; empty where it equals the one before
 */
export async function* readTreeDiffs(dir: string, oidLength: 40 | 64, trees: readonly string[]): AsyncGenerator<readonly EntryChange[]> {
  const pairs: string[] = [];
  let last: string = EMPTY_TREE[oidLength];
  for (const tree of trees) {
    if (tree !== last) pairs.push(`${last} ${tree}\n`);
    last = tree;
  }
  const records = readRecords(dir, oidLength, pairs);
  last = EMPTY_TREE[oidLength];
  try {
    for (const tree of trees) {
      if (tree === last) {
        yield [];
        continue;
      }
      last = tree;
      const next = await records.next();
      if (next.done) throw new UserError('git diff-tree ended early', 'check the repository with git fsck');
      yield next.value;
    }
  } finally {
    await records.return(undefined);
  }
}

async function* readRecords(dir: string, oidLength: number, pairs: readonly string[]): AsyncGenerator<EntryChange[], undefined> {
  if (pairs.length === 0) return;
  const args = ['--no-pager', 'diff-tree', '--stdin', '-r', '-t', '-z', '--raw', '--no-abbrev', '--no-renames', '--ignore-submodules=none'];
  const child = spawn('git', args, { cwd: dir, env: gitEnvironment(), windowsHide: true });
  let stderr = '';
  child.stderr.on('data', (d: Buffer) => {
    if (stderr.length < 4096) stderr += d.toString('utf8');
  });
  // A dying child closes its end of the pipe; the reason is in its exit status.
  child.stdin.on('error', () => {});
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', () => reject(new UserError('git could not be started', 'install git')));
    child.on('close', (code) => resolve(code ?? 128));
  });
  ended.catch(() => {});
  child.stdin.end(pairs.join(''));
  try {
    const parser = createRawParser(oidLength);
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) yield* parser.push(chunk);
    yield* parser.end();
    const status = await ended;
    if (status !== 0)
      throw new UserError(
        `git diff-tree failed: ${gitMessage(stderr)}`,
        'check the repository with git fsck; in a partial or shallow clone, fetch what is missing',
      );
  } finally {
    child.stdout.destroy();
    child.kill();
  }
}

const NUL = 0;
const NEWLINE = 10;
const COLON = 58;

export interface RawParser {
  /** Takes the next bytes; gives back the records that they complete. */
  push(chunk: Buffer): EntryChange[][];
  end(): EntryChange[][];
}

/** Reads `<tree> <tree>\n` and, for each entry, `:100644 100755 <id> <id> M\0<path>\0`. Chunks may break anywhere. */
export function createRawParser(oidLength: number): RawParser {
  const metaLength = 2 * oidLength + 18;
  let rest: Buffer = Buffer.alloc(0);
  let record: EntryChange[] | null = null;

  return {
    push(chunk) {
      const data = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
      const done: EntryChange[][] = [];
      let at = 0;
      while (at < data.length) {
        if (data[at] === COLON) {
          const start = at + metaLength + 1;
          const end = start <= data.length ? data.indexOf(NUL, start) : -1;
          if (end < 0) break;
          record?.push(parseEntry(data, at, start, end, oidLength));
          at = end + 1;
        } else {
          const end = data.indexOf(NEWLINE, at);
          if (end < 0) break;
          if (record) done.push(record);
          record = [];
          at = end + 1;
        }
      }
      // A copy, so that what was read can be let go.
      rest = at < data.length ? Buffer.from(data.subarray(at)) : Buffer.alloc(0);
      return done;
    },
    end() {
      const last = record ? [record] : [];
      record = null;
      return last;
    },
  };
}

function parseEntry(data: Buffer, at: number, start: number, end: number, oidLength: number): EntryChange {
  const gone = data[start - 2] === 0x44; // `D`
  const mode = Number.parseInt(data.toString('latin1', gone ? at + 1 : at + 8, gone ? at + 7 : at + 14), 8);
  const oidAt = at + 15 + (gone ? 0 : oidLength + 1);
  return { path: data.toString('utf8', start, end), gone, kind: kindOf(mode), oid: data.toString('latin1', oidAt, oidAt + oidLength) };
}

function kindOf(mode: number): EntryKind {
  switch (mode & 0o170000) {
    case 0o040000:
      return 'tree';
    case 0o120000:
      return 'symlink';
    case 0o160000:
      return 'submodule';
    default:
      return mode & 0o100 ? 'executable' : 'file';
  }
}
