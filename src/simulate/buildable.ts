/** Would BuildKit refuse a Dockerfile before it runs anything? Only what is certain is called a problem. */
import type { Dockerfile, Instruction } from '../dockerfile/model.ts';

const KNOWN: ReadonlySet<string> = new Set(
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);
/** Instructions that mean nothing without an argument. CMD and ENTRYPOINT may be empty; ARG and ENV have rules of their own. */
const NEEDS_ARGUMENT: ReadonlySet<string> = new Set(
  'ADD ARG COPY ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN STOPSIGNAL USER VOLUME WORKDIR'.split(' '),
);
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  ADD: ['keep-git-dir', 'chmod', 'chown', 'link', 'checksum', 'exclude', 'unpack'],
  COPY: ['from', 'chmod', 'chown', 'link', 'parents', 'exclude'],
  FROM: ['platform'],
  RUN: ['mount', 'network', 'security', 'device'],
};

/** @returns what BuildKit would say, in short; null where nothing is wrong as far as can be told */
export function findProblem(dockerfile: Dockerfile, target: string | undefined): string | null {
  const [parsed] = dockerfile.problems;
  if (parsed !== undefined) return `line ${parsed.line}: ${parsed.message}`;
  if (dockerfile.stages.length === 0)
    return dockerfile.globalArgs.length === 0 ? 'the Dockerfile has no instructions' : 'the Dockerfile has no stages';
  for (const stage of dockerfile.stages)
    for (const instruction of [stage.from, ...stage.instructions]) {
      const problem = checkInstruction(instruction);
      if (problem !== null) return `line ${instruction.range.line}: ${problem}`;
    }
  if (target !== undefined && !hasStage(dockerfile, target)) return `target stage ${target} is not in it`;
  return null;
}

function hasStage(dockerfile: Dockerfile, target: string): boolean {
  const wanted = target.toLowerCase();
  return (
    dockerfile.stages.some((s) => s.name?.toLowerCase() === wanted) || (/^\d+$/.test(target) && Number(target) < dockerfile.stages.length)
  );
}

function checkInstruction({ keyword, flags, rest, text }: Instruction): string | null {
  if (!KNOWN.has(keyword)) return `unknown instruction ${keyword}`;
  const known = FLAGS[keyword];
  // A frontend image may know more flags than we do: only the built-in one is judged.
  const odd = known && flags.find((f) => !known.includes(f.name));
  if (odd) return `unknown flag --${odd.name}`;
  if (rest === '' && NEEDS_ARGUMENT.has(keyword)) return `${keyword} requires an argument`;
  if (keyword === 'COPY' || keyword === 'ADD') return checkCopy(keyword, rest);
  if (keyword === 'ENV' && !rest.includes('=') && !/\s/.test(rest)) return 'ENV must have two arguments';
  if (keyword === 'FROM') return checkFrom(text);
  return null;
}

/** A source and a destination, in either form. */
function checkCopy(keyword: string, rest: string): string | null {
  let words = rest.split(/\s+/).filter((w) => w !== '');
  if (rest.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(rest);
      if (Array.isArray(parsed)) words = parsed.map(String);
    } catch {
      // Not the exec form after all.
    }
  }
  return words.length < 2 ? `${keyword} requires at least two arguments` : null;
}

/** `FROM image`, `FROM image AS name` */
function checkFrom(text: string): string | null {
  const words = text.split(/\s+/).filter((w, i) => w !== '' && (i === 0 || !w.startsWith('--')));
  if (words.length === 2 || (words.length === 4 && words[2]?.toLowerCase() === 'as')) return null;
  return 'FROM requires either one or three arguments';
}
