/** Reads git objects through one long-lived `git cat-file --batch`: requests are pipelined, answers come back in order. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { UserError } from '../errors.ts';
import { type BatchAnswer, createBatchParser } from './batch.ts';
import { gitEnvironment, gitMessage } from './run.ts';

export interface ObjectReader {
  /**
   * Reads many objects at once; the answers stand in the order of the ids.
   * @param maxBytes objects larger than this come back without their data
   */
  read(oids: readonly string[]): Promise<BatchAnswer[]>;
  /** Ends the child. Reads under way are rejected. */
  close(): void;
}

/** Objects beyond this size are not kept: no Dockerfile, ignore file, manifest or tree comes near it. */
const MAX_OBJECT_BYTES: number = 32 << 20;
/** Ids written at once: enough to keep git busy, few enough that neither pipe grows without bound. */
const WINDOW = 2048;

interface Pending {
  readonly answers: BatchAnswer[];
  remaining: number;
  readonly resolve: (answers: BatchAnswer[]) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the child in `dir`. Nothing is read before the first request. */
export function openObjects(dir: string): ObjectReader {
  let child: ChildProcessWithoutNullStreams | null = null;
  let stderr = '';
  let failure: Error | null = null;
  const queue: Pending[] = [];

  const fail = (error: Error): void => {
    failure ??= error;
    for (const p of queue.splice(0)) p.reject(failure);
  };
  const parser = createBatchParser(MAX_OBJECT_BYTES, (answer) => {
    const first = queue[0];
    if (!first) return;
    first.answers.push(answer);
    if (--first.remaining > 0) return;
    queue.shift();
    first.resolve(first.answers);
  });
  const start = (): ChildProcessWithoutNullStreams => {
    const c = spawn('git', ['cat-file', '--batch'], { cwd: dir, env: gitEnvironment(), windowsHide: true });
    c.on('error', (e) => fail(new UserError(`git could not be started: ${e.message}`, 'install git')));
    c.on('close', () => fail(new UserError(`git cat-file ended early: ${gitMessage(stderr)}`, 'check the repository with git fsck')));
    // A dying child closes its end of the pipe; the reason comes with 'close'.
    c.stdin.on('error', () => {});
    c.stderr.on('data', (d: Buffer) => {
      if (stderr.length < 4096) stderr += d.toString('utf8');
    });
    c.stdout.on('data', (d: Buffer) => {
      try {
        parser.push(d);
      } catch (e) {
        fail(e as Error);
        c.kill();
      }
    });
    return c;
  };
  const request = (oids: readonly string[]): Promise<BatchAnswer[]> =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure);
      child ??= start();
      queue.push({ answers: [], remaining: oids.length, resolve, reject });
      child.stdin.write(`${oids.join('\n')}\n`);
    });

  return {
    async read(oids) {
      const answers: BatchAnswer[] = [];
      for (let at = 0; at < oids.length; at += WINDOW) for (const a of await request(oids.slice(at, at + WINDOW))) answers.push(a);
      return answers;
    },
    close() {
      failure ??= new Error('the object reader is closed');
      child?.stdin.end();
      child?.stdout.destroy();
      child?.kill();
    },
  };
}
