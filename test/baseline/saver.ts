/** Saves baselines until it is killed: `saver FILE NAME`. With the name `once`: a small one, then one that fills the disk. */
import { loadBaseline, saveBaseline } from '../../src/baseline/store.ts';
import { baseline, entry, listing } from './build.ts';

const [file, name] = process.argv.slice(2) as [string, string];

function sized(count: number): ReturnType<typeof listing> {
  return listing(
    ...Array.from({ length: count }, (_, i) =>
      entry(`f${i}`, {
        content: `sha256:${Math.random()
          .toString(16)
          .slice(2, 10)
          .padEnd(64, `${i % 10}`)}`,
      }),
    ),
  );
}

if (name === 'once') {
  console.log(saveBaseline(file, baseline({ command: 'small' })));
  console.log(saveBaseline(file, baseline({ command: 'large', listing: sized(20_000) })));
  console.log(`still there: ${loadBaseline(file).baseline?.command}`);
} else {
  for (let round = 1; ; round++) {
    saveBaseline(file, baseline({ command: name, listing: sized(1000 * ((round % 5) + 1)) }));
    if (round === 1) console.log('saving');
  }
}
