/** Runs tries of one kind for a bounded time, from a printed seed: CACHEWHY_FUZZ_SECONDS=600 looks longer, CACHEWHY_FUZZ_SEED=n looks again. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'vitest';
import { createRandom, type Random } from './mutate.ts';

const seconds = Number(process.env.CACHEWHY_FUZZ_SECONDS ?? 3);
export const seed: number = Number(process.env.CACHEWHY_FUZZ_SEED ?? Date.now() % 2 ** 31);
/** For vitest: a hang fails the part. */
export const timeout: number = (seconds + 60) * 1000;

/** No single try may take longer, by the processor's clock: all inputs are small. */
const MAX_TRY_MS = 5000;
/** What a part may hold on to when it is over, in bytes. */
const MAX_KEPT = 50 * 1024 * 1024;

/** One try after the other until the time is up. What fails is named by its seed; a UserError is an answer. */
export async function fuzz(part: string, attempt: (random: Random) => unknown): Promise<void> {
  const end = Date.now() + seconds * 1000;
  const before = heap();
  let tries = 0;
  for (let own = seed; Date.now() < end; own++) {
    const begin = process.cpuUsage();
    try {
      await attempt(createRandom(own));
    } catch (error) {
      if (!(error instanceof Error && error.name === 'UserError'))
        throw new Error(`CACHEWHY_FUZZ_SEED=${own} breaks ${part}`, { cause: error });
    }
    tries++;
    const { user } = process.cpuUsage(begin);
    if (user / 1000 > MAX_TRY_MS) throw new Error(`CACHEWHY_FUZZ_SEED=${own} takes ${Math.round(user / 1000)} ms in ${part}`);
  }
  console.log(`fuzz ${part}: ${tries} tries from seed ${seed}`);
  expect(tries).toBeGreaterThan(0);
  expect(heap() - before).toBeLessThan(MAX_KEPT);
}

/** Bytes that are held on to, without garbage. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

export const pick = <T>(list: readonly T[], random: Random): T => list[random(list.length)]!;
