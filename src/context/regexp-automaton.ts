/**
 * Runs Go's regular expressions in linear time: no pattern in a `.dockerignore` can make us backtrack.
 * Expression -> Thompson automaton -> sets of its states, built on demand and remembered (as RE2 does).
 */
import { type CharSet, parseRegexp, type RegexpNode } from './regexp-syntax.ts';

/** Instructions; `next` and `other` are positions in the program. */
type Instruction =
  | { readonly op: 'set'; readonly has: CharSet; next: number }
  | { readonly op: 'fork'; next: number; other: number }
  | { readonly op: 'begin' | 'end' | 'word-edge' | 'no-word-edge'; next: number }
  | { readonly op: 'found' };

/** A set of instructions that wait for a character, with what is known of where it leads. */
interface State {
  readonly waiting: readonly number[];
  /** A match has already been seen: whatever follows, the answer is yes. */
  readonly found: boolean;
  readonly ascii: (State | undefined)[];
  readonly wide: Map<number, State>;
  atEnd: boolean | undefined;
}

export interface Regexp {
  /** Does the expression match anywhere in the text? */
  test(text: string): boolean;
}

/** `a{1000}` many times over: more than this is refused (Go has a limit of its own, far beyond any real file). */
const MAX_PROGRAM = 50_000;
/** Remembered states per expression; beyond, they are forgotten and built anew. */
const MAX_STATES = 2_000;

/** undefined: Go does not compile it. */
export function compileRegexp(source: string): Regexp | undefined {
  const tree = parseRegexp(source);
  if (!tree) return undefined;
  const program: Instruction[] = [];
  if (!emit(program, tree)) return undefined;
  program.push({ op: 'found' });
  return program.some((it) => it.op === 'word-edge' || it.op === 'no-word-edge') ? simulate(program) : automaton(program);
}

/** Appends the instructions of a node, leading to whatever comes after them; false when the program grows too large. */
function emit(program: Instruction[], node: RegexpNode): boolean {
  if (program.length > MAX_PROGRAM) return false;
  const here = program.length;
  switch (node.kind) {
    case 'set':
      program.push({ op: 'set', has: node.has, next: here + 1 });
      return true;
    case 'sequence':
      return node.nodes.every((it) => emit(program, it));
    case 'either':
      return emitEither(program, node.nodes);
    case 'repeat':
      return emitRepeat(program, node.node, node.min, node.max);
    default:
      program.push({ op: node.kind, next: here + 1 });
      return true;
  }
}

function emitEither(program: Instruction[], nodes: readonly RegexpNode[]): boolean {
  const [first, ...rest] = nodes;
  if (!first) return true;
  if (rest.length === 0) return emit(program, first);
  const fork: Instruction = { op: 'fork', next: program.length + 1, other: 0 };
  program.push(fork);
  if (!emit(program, first)) return false;
  const jump: Instruction = { op: 'fork', next: 0, other: 0 };
  program.push(jump);
  fork.other = program.length;
  if (!emitEither(program, rest)) return false;
  jump.next = jump.other = program.length;
  return true;
}

function emitRepeat(program: Instruction[], node: RegexpNode, min: number, max: number): boolean {
  for (let i = 0; i < min; i++) if (!emit(program, node)) return false;
  if (max === Number.POSITIVE_INFINITY) {
    const fork: Instruction = { op: 'fork', next: program.length + 1, other: 0 };
    const start = program.push(fork) - 1;
    if (!emit(program, node)) return false;
    program.push({ op: 'fork', next: start, other: start });
    fork.other = program.length;
    return true;
  }
  const forks: { other: number }[] = [];
  for (let i = min; i < max; i++) {
    const fork: Instruction = { op: 'fork', next: program.length + 1, other: 0 };
    program.push(fork);
    forks.push(fork);
    if (!emit(program, node)) return false;
  }
  for (const fork of forks) fork.other = program.length;
  return true;
}

/** Where in the text an instruction stands: what assertions ask about. */
interface Place {
  readonly begin: boolean;
  readonly end: boolean;
  readonly wordEdge: boolean;
}
const INSIDE: Place = { begin: false, end: false, wordEdge: false };
const AT_BEGIN: Place = { begin: true, end: false, wordEdge: false };

/** Everything that is reached without reading a character. `end` instructions stay waiting when this is not the end. */
function follow(program: readonly Instruction[], starts: readonly number[], place: Place): { waiting: number[]; found: boolean } {
  const seen = new Set<number>();
  const stack = [...starts];
  const waiting: number[] = [];
  let found = false;
  for (let pc = stack.pop(); pc !== undefined; pc = stack.pop()) {
    if (seen.has(pc)) continue;
    seen.add(pc);
    const it = program[pc]!;
    if (it.op === 'found') found = true;
    else if (it.op === 'fork') stack.push(it.next, it.other);
    else if (it.op === 'set') waiting.push(pc);
    else if (it.op === 'end') place.end ? stack.push(it.next) : waiting.push(pc);
    else if (it.op === 'begin') {
      if (place.begin) stack.push(it.next);
    } else if (place.wordEdge === (it.op === 'word-edge')) stack.push(it.next);
  }
  return { waiting: waiting.sort((a, b) => a - b), found };
}

function automaton(program: readonly Instruction[]): Regexp {
  let states = new Map<string, State>();
  const intern = (starts: readonly number[], place: Place): State => {
    const { waiting, found } = follow(program, starts, place);
    const key = found ? 'found' : waiting.join();
    let state = states.get(key);
    if (!state) {
      state = { waiting, found, ascii: [], wide: new Map(), atEnd: undefined };
      states.set(key, state);
    }
    return state;
  };
  const step = (state: State, code: number): State => {
    const starts = [0]; // the search may begin anywhere
    for (const pc of state.waiting) {
      const it = program[pc]!;
      if (it.op === 'set' && it.has(code)) starts.push(it.next);
    }
    return intern(starts, INSIDE);
  };
  const endsWell = (starts: readonly number[], begin: boolean): boolean =>
    follow(program, starts, { begin, end: true, wordEdge: false }).found;

  let first = intern([0], AT_BEGIN);
  return {
    test(text) {
      if (text === '') return endsWell([0], true);
      if (states.size > MAX_STATES) {
        states = new Map();
        first = intern([0], AT_BEGIN);
      }
      let state = first;
      for (let i = 0; i < text.length; i++) {
        if (state.waiting.length === 0 || state.found) return state.found;
        const code = text.codePointAt(i)!;
        if (code > 0xffff) i++;
        const known = code < 128 ? state.ascii[code] : state.wide.get(code);
        const next = known ?? step(state, code);
        if (!known && code < 128) state.ascii[code] = next;
        else if (!known) state.wide.set(code, next);
        state = next;
      }
      if (state.found) return true;
      state.atEnd ??= endsWell([0, ...state.waiting], false);
      return state.atEnd;
    },
  };
}

/** The same without memory, for the rare expressions that ask about word boundaries. */
function simulate(program: readonly Instruction[]): Regexp {
  const isWord = (code: number | undefined): boolean => code !== undefined && code < 128 && /\w/.test(String.fromCharCode(code));
  return {
    test(text) {
      let starts: number[] = [];
      let before: number | undefined;
      for (let i = 0; ; ) {
        const code = text.codePointAt(i);
        const place = { begin: i === 0, end: code === undefined, wordEdge: isWord(before) !== isWord(code) };
        const { waiting, found } = follow(program, [0, ...starts], place);
        if (found || code === undefined) return found;
        starts = [];
        for (const pc of waiting) {
          const it = program[pc]!;
          if (it.op === 'set' && it.has(code)) starts.push(it.next);
        }
        before = code;
        i += code > 0xffff ? 2 : 1;
      }
    },
  };
}
