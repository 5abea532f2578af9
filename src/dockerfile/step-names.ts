/** The names that BuildKit shows for steps. https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go (prefixCommand) */
import { type Environment, lookUp } from './environment.ts';
import { type Expansion, expand } from './expand.ts';
import { readHeredocHead, summarizeHeredoc } from './heredoc.ts';
import type { Instruction } from './model.ts';
import { readMounts } from './mounts.ts';
import { formatCross, formatPlatform, type Platform, targetFromEnv } from './platform.ts';
import { hasUnknown, showUnknown } from './unknown.ts';

export interface StepText {
  /** `RUN echo 1.2`, with placeholders for what is not known. */
  readonly pattern: string;
  /** As it is shown: what is not known is taken to be unset. */
  readonly text: string;
}

/** The text of a step's name: variables replaced, in a RUN those that are set, elsewhere all of them, and quotes gone. */
export function stepText(instruction: Instruction, env: Environment, escape: '\\' | '`'): StepText {
  const run = instruction.keyword === 'RUN';
  let text = instruction.text;
  if (run && instruction.heredocs.length > 0 && readHeredocHead(instruction.rest))
    text += ` (${summarizeHeredoc(instruction.heredocs[0]!.body)})`;
  if (run && !/['"$]/.test(text) && !text.includes(escape)) {
    const shown = upperCaseFirst(text);
    return { pattern: shown, text: shown };
  }
  const secrets = run ? secretVariables(instruction) : null;
  const expandWith = (environment: Environment): Expansion | null =>
    expand(text, (name) => (secrets?.has(name) ? '****' : lookUp(environment, name)), { escape, rawQuotes: run, keepUnset: run });
  const expansion = expandWith(env);
  const pattern = upperCaseFirst(expansion?.text ?? text);
  const shown = hasUnknown(pattern) ? showUnknown(upperCaseFirst(expandWith({ ...env, complete: true })?.text ?? text)) : pattern;
  return { pattern, text: shown };
}

/** The value of a secret is not known to the frontend; its name is masked to show that it is one. */
function secretVariables(run: Instruction): Set<string> | null {
  if (!run.flags.some((flag) => flag.name === 'mount')) return null;
  const mounts = readMounts(run, (text) => text).filter((mount) => mount.type === 'secret' && mount.env !== null);
  return mounts.length > 0 ? new Set(mounts.map((mount) => mount.env!)) : null;
}

/** Up to the first space, even over a tab: `RUN<TAB>echo` becomes `RUN<TAB>ECHO`. */
function upperCaseFirst(text: string): string {
  const space = text.indexOf(' ');
  return space < 0 ? text.toUpperCase() : text.slice(0, space).toUpperCase() + text.slice(space);
}

export interface Prefix {
  /** Null where platforms are not shown. */
  readonly platform: Platform | null;
  readonly stage: string | null;
  readonly position: number;
  readonly of: number;
  readonly onbuild: boolean;
}

/** `[linux/amd64->arm64 build 2/4] ONBUILD RUN make` */
export function prefixName(prefix: Prefix, text: string, env: Environment | null): string {
  const { platform, stage, position, of, onbuild } = prefix;
  if (of === 0) return text;
  const cross = platform && env ? formatCross(platform, targetFromEnv(variablePairs(env), platform)) : '';
  const parts = [
    ...(platform ? [formatPlatform(platform) + cross] : []),
    ...(stage === null ? [] : [stage]),
    `${String(position).padStart(String(of).length)}/${of}`,
  ];
  return `[${parts.join(' ')}] ${onbuild ? 'ONBUILD ' : ''}${text}`;
}

function variablePairs(env: Environment): [name: string, value: string][] {
  return env.variables.map((it) => [it.name, it.value]);
}
