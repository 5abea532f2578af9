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

/** Names that objects have by themselves, numbers out of bounds, texts that are paths, markup, or long. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  2 ** 53,
  0.1,
  '',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '../../../etc/passwd',
  '/etc/passwd',
  'sha256:../../../../etc/passwd',
  '\u001b[31m::error::x',
  '[1/1] RUN x',
  '[internal] load build context',
  '2026-01-01T00:00:00Z',
  'not a date',
  '9'.repeat(400),
  'a'.repeat(20_000),
  '['.repeat(2000),
  [],
  {},
  [[]],
  [null],
  { a: null },
];
const KEYS = ['__proto__', 'constructor', 'toString', 'length', 'digest', 'name', 'inputs', '', '\u0000', '0'];

/** A nest that a recursive reader falls into. */
function deep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

/** The same JSON with one to six odd things in it: values of another type, keys of every object, lists doubled, nests. */
export function damageJson(value: unknown, random: Random): unknown {
  let out = structuredClone(value);
  for (let wounds = 1 + random(6); wounds > 0; wounds--) {
    const places: { readonly holder: Record<string, unknown>; readonly key: string }[] = [];
    const visit = (holder: unknown): void => {
      if (typeof holder !== 'object' || holder === null || places.length > 5000) return;
      for (const key of Object.keys(holder)) {
        places.push({ holder: holder as Record<string, unknown>, key });
        visit((holder as Record<string, unknown>)[key]);
      }
    };
    visit(out);
    if (places.length === 0) return ODD[random(ODD.length)];
    const { holder, key } = places[random(places.length)]!;
    switch (random(8)) {
      case 0:
      case 1:
      case 2:
        put(holder, key, structuredClone(ODD[random(ODD.length)]));
        break;
      case 3:
        if (!Array.isArray(holder)) put(holder, KEYS[random(KEYS.length)]!, holder[key]);
        break;
      case 4:
        if (Array.isArray(holder)) holder.splice(Number(key), 1);
        else delete holder[key];
        break;
      case 5:
        if (Array.isArray(holder[key]) && holder[key].length < 200) holder[key] = [...holder[key], ...holder[key], null];
        else if (Array.isArray(holder)) holder.push(structuredClone(holder[Number(key)]));
        break;
      case 6: {
        const other = places[random(places.length)]!;
        put(holder, key, structuredClone(other.holder[other.key]));
        break;
      }
      default:
        // The last wound: nothing of ours can look at it any more.
        if (random(20) === 0) {
          put(holder, key, deep(4000));
          return out;
        }
        out = random(100) === 0 ? ODD[random(ODD.length)] : out;
    }
  }
  return out;
}

/** As JSON.parse does it: `__proto__` is a key as any other. */
function put(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, configurable: true, enumerable: true, writable: true });
}

/** As JSON.stringify, of nests of any depth. */
export function writeJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const out: string[] = [];
  const work: (unknown | { readonly text: string })[] = [{ node: value }];
  while (work.length > 0) {
    const item = work.pop() as { text?: string; node?: unknown };
    if (item.text !== undefined) {
      out.push(item.text);
      continue;
    }
    const { node } = item;
    if (typeof node !== 'object' || node === null) {
      out.push(JSON.stringify(node) ?? 'null');
      continue;
    }
    const list = Array.isArray(node);
    const parts: { text?: string; node?: unknown }[] = [{ text: list ? '[' : '{' }];
    for (const [i, key] of Object.keys(node).entries()) {
      if (i > 0) parts.push({ text: ',' });
      if (!list) parts.push({ text: `${JSON.stringify(key)}:` });
      parts.push({ node: (node as Record<string, unknown>)[key] });
    }
    parts.push({ text: list ? ']' : '}' });
    for (const part of parts.reverse()) work.push(part);
  }
  return out.join('');
}
