/**
 * The rooms of the house and who may know whom: a room imports only from the floors below its own, types included. A new room is given its floor
 * here. Where a test fails, the import runs backwards: what is asked for belongs further down, or has to be handed in.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** From the ground up. Rooms of one floor do not know each other. */
const FLOORS: readonly (readonly string[])[] = [
  ['dictionary', 'errors', 'events', 'text', 'json', 'version', 'options'],
  // What is read and said. The machine: files, streams, programs.
  ['machine', 'model', 'git', 'parsers', 'guard'],
  ['context', 'config', 'graph', 'secrets', 'log'],
  ['say-error', 'input', 'command', 'dockerfile'],
  ['keys', 'oci', 'output'],
  // What is remembered.
  ['baseline', 'history'],
  // What is concluded.
  ['causes', 'headline'],
  ['advice', 'suspects', 'reporters', 'budgets', 'diff'],
  ['fix'],
  ['diagnose', 'simulate'],
  ['compare'],
  // Where the evidence comes from.
  ['gather', 'evidence'],
  ['session', 'deliver'],
  ['run', 'predict'],
  // Doors.
  ['plugin', 'index'],
  ['commands'],
  ['main'],
  ['start'],
  ['cli'],
];

/** Rooms that conclude: what they know is handed to them, so that a log and a live build come to the same. */
const PURE = [
  'events',
  'model',
  'parsers',
  'graph',
  'dockerfile',
  'command',
  'keys',
  'causes',
  'advice',
  'suspects',
  'fix',
  'headline',
  'diagnose',
  'compare',
  'reporters',
];

/** Node's modules that only compute. */
const COMPUTING = new Set(['node:crypto', 'node:path', 'node:util']);

interface Import {
  readonly from: string;
  /** A file of ours from the root of the repository, or the name of a module. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const ROOT = path.join(import.meta.dirname, '..');
const STATEMENT = /^(?:import|export) (type )?(?:[^;'"]*? from )?'([^']+)';|\bimport\('([^']+)'\)/gm;

const files = ['src', 'parsers'].flatMap((folder) =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.posix.join(folder, file.split(path.sep).join('/'))),
);

const imports: readonly Import[] = files.flatMap((from) =>
  [...readFileSync(path.join(ROOT, from), 'utf8').matchAll(STATEMENT)].map(([, type, fixed, lazy]) => {
    const name = (fixed ?? lazy)!;
    return { from, to: name.startsWith('.') ? path.posix.join(path.posix.dirname(from), name) : name, typeOnly: type !== undefined };
  }),
);

/** `src/causes/define.ts` → causes; `src/secrets.ts` is the door of src/secrets/. */
function roomOf(file: string): string {
  const [top, second] = file.split('/');
  return top === 'parsers' ? top : second!.replace(/\.ts$/, '');
}

function isOurs(it: Import): boolean {
  return it.to.endsWith('.ts');
}

describe('the house', () => {
  it('gives each room a floor, and has no floor for a room that is gone', () => {
    const rooms = [...new Set(files.map(roomOf))];
    const listed = FLOORS.flat();
    expect(
      rooms.filter((room) => !listed.includes(room)),
      'rooms without a floor in test/layers.test.ts',
    ).toEqual([]);
    expect(
      listed.filter((room) => !rooms.includes(room)),
      'floors without a room',
    ).toEqual([]);
  });

  it('has imports that run down only', () => {
    const floor = new Map(FLOORS.flatMap((rooms, at) => rooms.map((room) => [room, at] as const)));
    const backwards = imports.filter((it) => {
      if (!isOurs(it) || roomOf(it.from) === roomOf(it.to)) return false;
      return floor.get(roomOf(it.to))! >= floor.get(roomOf(it.from))!;
    });
    expect(backwards.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('has no circle of files, types aside', () => {
    const below = new Map<string, string[]>();
    for (const it of imports) if (isOurs(it) && !it.typeOnly) below.set(it.from, [...(below.get(it.from) ?? []), it.to]);
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, above: readonly string[]): void => {
      if (above.includes(file)) circles.push([...above.slice(above.indexOf(file)), file].join(' → '));
      if (done.has(file)) return;
      done.add(file);
      for (const next of below.get(file) ?? []) visit(next, [...above, file]);
    };
    for (const file of files) visit(file, []);
    expect(circles).toEqual([]);
  });

  it('concludes without looking at the machine', () => {
    const looking = imports.filter(
      (it) => PURE.includes(roomOf(it.from)) && it.to.startsWith('node:') && !it.typeOnly && !COMPUTING.has(it.to),
    );
    expect(looking.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  it('reads each import that there is', () => {
    const words = files.map(
      (file) => readFileSync(path.join(ROOT, file), 'utf8').match(/^import |^export .* from |\bimport\('/gm)?.length ?? 0,
    );
    expect(imports.length).toBe(words.reduce((sum, n) => sum + n, 0));
    for (const it of imports) if (it.to.startsWith('src/') || it.to.startsWith('parsers/')) expect(files).toContain(it.to);
  });
});
