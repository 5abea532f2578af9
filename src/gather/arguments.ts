import type { BuildCommand } from '../command/types.ts';
import { dictionary } from '../dictionary.ts';
import { inferArgs } from '../dockerfile/infer-args.ts';
import type { Dockerfile } from '../dockerfile/model.ts';
import type { StepDraft } from '../graph/build.ts';
import { argsOfHistory } from '../history/args.ts';
import { readValues } from '../keys/match.ts';
import type { DiagnosisOptions } from '../options.ts';
import { readHistory } from './history.ts';

/** Values of build arguments: from the command line, from the image's history, from the names of steps that show them. */
export function findArguments(
  command: BuildCommand | null,
  options: DiagnosisOptions,
  dockerfile: Dockerfile,
  graph: Pick<StepDraft, 'steps'>,
): { values: Record<string, string | null>; known: boolean } {
  const values = dictionary<string | null>(command?.buildArgs);
  if (options.history !== undefined)
    for (const [name, value] of Object.entries(argsOfHistory(readHistory(options.history))))
      if (values[name] === undefined || values[name] === null) values[name] = value;
  const declared = new Set<string>();
  for (const i of [...dockerfile.globalArgs, ...dockerfile.stages.flatMap((s) => s.instructions)])
    if (i.keyword === 'ARG') for (const word of i.rest.split(/\s+/)) declared.add(word.split('=')[0] ?? '');
  const fixed = new Set(
    dockerfile.stages.flatMap((s) => s.instructions).flatMap((i) => (i.keyword === 'ENV' ? [/^[A-Za-z_]\w*/.exec(i.rest)?.[0] ?? ''] : [])),
  );
  const texts = dockerfile.stages.flatMap((s) => s.instructions).filter((i) => i.text.includes('$'));
  for (const step of graph.steps.values()) {
    if (!step.cacheable) continue;
    for (const i of texts) {
      if (i.keyword !== step.parsed.instruction) continue;
      for (const [name, value] of readValues(step.parsed.text, i.text))
        if (declared.has(name) && !fixed.has(name) && (values[name] === undefined || values[name] === null) && value !== '')
          values[name] = value;
    }
  }
  // `FROM node:${VERSION}`
  if (command === null && dockerfile.stages.some((s) => s.base.includes('$'))) {
    const settings = { platforms: [], buildArgs: {}, images: {}, namedContexts: {} };
    for (const [name, value] of Object.entries(inferArgs(graph.steps.values(), dockerfile, settings))) values[name] ??= value;
  }
  return { values, known: command !== null };
}
