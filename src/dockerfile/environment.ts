/** The variables in force at a place of a stage, in the order in which they enter a RUN's cache key. */
import { unknown } from './unknown.ts';

/** image: set by the base image. env: ENV. arg: ARG with a value. default: PATH, where the image sets none. */
export type Origin = 'image' | 'env' | 'arg' | 'default';

export interface Variable {
  readonly name: string;
  /** May hold unknown parts. */
  readonly value: string;
  readonly origin: Origin;
  /** Arguments whose values went into this one. */
  readonly from: readonly string[];
}

export interface Environment {
  /** In order; a variable that is set again moves to the end. */
  readonly variables: readonly Variable[];
  /** False where the base image's variables are not known: any name may be set by it. */
  readonly complete: boolean;
}

export const EMPTY: Environment = { variables: [], complete: true };

export function setVariable(env: Environment, variable: Variable): Environment {
  return { ...env, variables: [...env.variables.filter((it) => it.name !== variable.name), variable] };
}

export function getVariable(env: Environment, name: string): Variable | undefined {
  return env.variables.find((it) => it.name === name);
}

/** The value as an expansion sees it: unknown, where the image may have set it. */
export function lookUp(env: Environment, name: string): string | undefined {
  return getVariable(env, name)?.value ?? (env.complete || !/^[A-Za-z_]/.test(name) ? undefined : unknown(name));
}
