/** Tells ARG from ENV: the recorded environment of a RUN holds both alike. */
import { parseDockerfile } from '../dockerfile/parse.ts';
import type { BuildRecord } from './build-record.ts';
import type { Declared } from './compare-operations.ts';

/** By the Dockerfiles of both builds and the arguments that were passed; null for a name that only the base image can have set. */
export function declaredNames(before: BuildRecord, after: BuildRecord): Declared {
  const args = new Set([...Object.keys(before.buildArgs), ...Object.keys(after.buildArgs)]);
  const envs = new Set<string>();
  for (const record of [before, after]) {
    if (!record.dockerfile) continue;
    for (const stage of parseDockerfile(record.dockerfile.text, record.dockerfile.file).stages)
      for (const { keyword, rest } of stage.instructions) {
        if (keyword === 'ENV') for (const name of namesOf(rest, true)) envs.add(name);
        else if (keyword === 'ARG') for (const name of namesOf(rest, false)) args.add(name);
      }
  }
  const passed = (name: string): boolean => before.buildArgs[name] !== after.buildArgs[name];
  return (name) => {
    // `ARG V` with `ENV V=$V`: the argument is what changed, if it did.
    if (args.has(name) && (!envs.has(name) || passed(name))) return 'arg';
    return envs.has(name) ? 'env' : null;
  };
}

/** `A=1 B="x y"`, `ARG A B=2`, `ENV A x y` */
function namesOf(text: string, env: boolean): string[] {
  const first = /^\s*["']?([A-Za-z_][\w.-]*)/.exec(text)?.[1];
  if (first === undefined) return [];
  if (env && !/^\s*["']?[A-Za-z_][\w.-]*=/.test(text)) return [first];
  const bare = text.replace(/"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|'[^']*(?:'|$)/g, 'q');
  return [first, ...[...bare.matchAll(/(?:^|\s)([A-Za-z_][\w.-]*)(?==|\s|$)/g)].map((m) => m[1]!)];
}
