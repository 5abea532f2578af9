/** Arguments that exist before the first stage: the platform's, and ARG above the first FROM. */
import { EMPTY, type Environment, lookUp, setVariable } from './environment.ts';
import { expand } from './expand.ts';
import type { Dockerfile } from './model.ts';
import type { Settings } from './plan.ts';
import { formatPlatform, type Platform } from './platform.ts';
import { unknownArgument } from './unknown.ts';

/** The values of BUILDPLATFORM, TARGETARCH and the like. */
function platformArgs(build: Platform, target: Platform, stage: string): [name: string, value: string][] {
  const of = (prefix: string, it: Platform): [string, string][] => [
    [`${prefix}PLATFORM`, formatPlatform(it)],
    [`${prefix}OS`, it.os],
    [`${prefix}OSVERSION`, it.osVersion],
    [`${prefix}ARCH`, it.arch],
    [`${prefix}VARIANT`, it.variant],
  ];
  return [...of('BUILD', build), ...of('TARGET', target), ['TARGETSTAGE', stage]];
}

export interface GlobalArgs {
  readonly env: Environment;
  /** Names whose values come from an ARG above the first FROM or from the command line. */
  readonly declared: ReadonlySet<string>;
}

export function readGlobalArgs(dockerfile: Dockerfile, settings: Settings, build: Platform, target: Platform): GlobalArgs {
  const { escape } = dockerfile.directives;
  let env = EMPTY;
  const declared = new Set<string>();
  const set = (name: string, value: string, from: readonly string[]): void => {
    env = setVariable(env, { name, value, origin: 'arg', from });
  };
  const targetName = settings.target || dockerfile.stages.at(-1)?.name || 'default';
  for (const [name, value] of platformArgs(build, target, targetName)) set(name, settings.buildArgs[name] ?? value, []);
  for (const { pairs } of dockerfile.globalArgs) {
    for (const { name, value } of pairs) {
      const given = givenArg(settings, name, value !== null && settings.openArgs !== 'all');
      const expansion = value === null ? null : expand(value, (it) => lookUp(env, it), { escape });
      const resolved = given ?? (value === null ? undefined : (expansion?.text ?? value));
      if (resolved === undefined) continue;
      declared.add(name);
      set(name, resolved, given === undefined ? [...(expansion?.used ?? [])] : []);
    }
  }
  return { env, declared };
}

/** What the command line gives for an argument; where command lines are not known, any argument may have been given. */
export function givenArg(settings: Settings, name: string, closed = false): string | undefined {
  if (Object.hasOwn(settings.buildArgs, name)) return settings.buildArgs[name];
  return settings.openArgs && !closed ? unknownArgument(name) : undefined;
}
