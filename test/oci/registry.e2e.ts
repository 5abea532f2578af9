/** Against a real registry: `CACHEWHY_ENGINE_REGISTRY=host:port`. Run by the end-to-end suite; `npm test` needs none. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { loadRemoteBaseline, saveRemoteBaseline } from '../../src/oci/store.ts';
import { baseline } from '../baseline/build.ts';

const host = process.env.CACHEWHY_ENGINE_REGISTRY;
const repository = `oci://${host}/cachewhy-e2e/${randomBytes(4).toString('hex')}`;
const past = (at: string): { at: string; hitRate: number; rebuiltSeconds: number; missed: string[] } => ({
  at,
  hitRate: 1,
  rebuiltSeconds: 0,
  missed: [],
});

test.skipIf(!host)('push, pull, another branch, a missing tag', async () => {
  expect((await loadRemoteBaseline(`${repository}:none`)).note).toMatch(/has no baseline yet/);
  expect(await saveRemoteBaseline(`${repository}:main`, baseline())).toBeNull();
  expect(await loadRemoteBaseline(`${repository}:main`)).toEqual({ baseline: baseline(), note: null });
  expect((await loadRemoteBaseline(`${repository}:feature/x`)).note).toMatch(/compared with main/);
});

test.skipIf(!host)('ten runners at once leave a whole baseline', async () => {
  const names = Array.from({ length: 10 }, (_, i) => String(i + 1).padStart(2, '0'));
  const notes = await Promise.all(names.map((at) => saveRemoteBaseline(`${repository}:busy`, baseline({ command: at, past: [past(at)] }))));
  expect(notes.every((note) => note === null)).toBe(true);
  const { baseline: found, note } = await loadRemoteBaseline(`${repository}:busy`);
  expect(note).toBeNull();
  expect(names).toContain(found!.command);
  console.log(`builds of ten remembered: ${found!.past.length}`);
});
