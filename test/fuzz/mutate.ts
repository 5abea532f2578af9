/** Random damage, from a seed: the same seed gives the same damage. */

export type Random = (below: number) => number;

/** https://en.wikipedia.org/wiki/Xorshift */
export function createRandom(seed: number): Random {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** What breaks readers: ends of lines, escapes, numbers out of bounds, starts of other formats, halves of characters. */
const FRAGMENTS = [
  '\n',
  '\r',
  '\r\n',
  '\0',
  '\u001b[2K',
  '\u001b[1A',
  '\ufeff',
  '\n#1 ',
  '\n#999999999999 DONE 1e99s\n',
  '\n#2 CACHED\n#2 ERROR: x\n#2 CANCELED\n',
  '\n#3 [a 1/2] RUN x\n#4 [b 99999999999999999999/1] COPY . .\n',
  '\nStep 1/9 : FROM x\n ---> Using cache\n',
  '\nSTEP 1/2: FROM x\n--> Using cache abc\n',
  '\n{"vertexes":[{"digest":"sha256:a","inputs":["sha256:a"],"name":"[1/1] RUN x","started":"2026"}]}\n',
  '{"vertexes":null,"statuses":[{}],"logs":[1]}\n',
  '[+] Building 0.1s (1/1) FINISHED\n => [1/1] RUN x  0.1s\n',
  '------\n > [1/1] RUN x:\n------\n',
  ' => => ',
  '\u202e',
  '\ud800',
  '['.repeat(3000),
  '('.repeat(3000),
  ' '.repeat(5000),
  'a='.repeat(3000),
  '-'.repeat(5000),
  '2026-05-01T12:34:56.000Z ',
  '\t',
  `$${'{A:-'.repeat(500)}`,
  '<<EOF\n',
  '# syntax=x\n',
];

/** One to eight wounds: bytes changed, cut out, doubled, spliced in from another input, or a fragment put in. */
export function damage(input: Buffer, other: Buffer, random: Random): Buffer {
  let data = input;
  for (let wounds = 1 + random(8); wounds > 0; wounds--) {
    const at = random(data.length + 1);
    const length = random(Math.min(2000, data.length + 1));
    const [before, after] = [data.subarray(0, at), data.subarray(at)];
    switch (random(6)) {
      case 0: {
        const copy = Buffer.from(data);
        for (let i = random(20); i > 0 && copy.length > 0; i--) copy[random(copy.length)] = random(256);
        data = copy;
        break;
      }
      case 1:
        data = Buffer.concat([before, after.subarray(length)]);
        break;
      case 2:
        data = Buffer.concat([before, after.subarray(0, length), after]);
        break;
      case 3: {
        const from = random(other.length + 1);
        data = Buffer.concat([before, other.subarray(from, from + length), after]);
        break;
      }
      case 4:
        data = Buffer.concat([before, Buffer.from(FRAGMENTS[random(FRAGMENTS.length)]!), after]);
        break;
      default:
        data = random(4) === 0 ? before : data;
    }
  }
  return data.subarray(0, 1 << 20);
}
