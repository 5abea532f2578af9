/** Build arguments read off a log: names of steps show the values that were used. */
import type { Step } from '../graph/step.ts';
import { evaluate } from './evaluate.ts';
import type { Dockerfile } from './model.ts';
import type { Settings } from './plan.ts';
import { fitPattern, fitsOnlyOnce, type Pattern, readPattern } from './unknown.ts';

/**
 * The values of arguments that names of a log's steps show beyond doubt, those of the command line left out.
 * An argument that is shown unset has no entry; one that no name shows has none either.
 */
export function inferArgs(steps: Iterable<Step>, dockerfile: Dockerfile, settings: Settings): Record<string, string> {
  const patterns = new Map<string, Pattern[]>();
  for (const plan of evaluate(dockerfile, { ...settings, openArgs: 'all' })) {
    const names = [...plan.steps.map((step) => step.pattern), ...plan.stages.flatMap((stage) => stage.fromName ?? [])];
    for (const name of names) addPattern(patterns, name);
  }
  const seen = new Map<string, Set<string>>();
  for (const step of steps)
    for (const alias of step.aliases) {
      if (alias.position === null || alias.instruction === null) continue;
      const shown = squeeze(alias.text.replace(/^ONBUILD /, '').replace(/@sha256:[0-9a-f]{64}$/, ''));
      for (const pattern of patterns.get(placeOf(alias.stage, alias.position, alias.instruction)) ?? []) readHoles(pattern, shown, seen);
    }
  return Object.fromEntries([...seen].flatMap(([name, values]) => (values.size === 1 ? [[name, [...values][0]!]] : [])));
}

function addPattern(patterns: Map<string, Pattern[]>, name: string): void {
  // `[linux/amd64 build 2/4] RUN …`
  const match = /^\[(?:[^\s\]/]*\/[^\s\]]* (?=\S+ +\d|\d))?(?:([^\s\]]+) )? *(\d+)\/\d+\] (?:ONBUILD )?(([A-Z]+)[\s\S]*)$/.exec(name);
  if (!match) return;
  const pattern = readPattern(squeeze(match[3]!));
  if (!pattern.holes.some((hole) => hole.endsWith('='))) return;
  const place = placeOf(match[1] ?? null, Number(match[2]), match[4]!);
  patterns.set(place, [...(patterns.get(place) ?? []), pattern]);
}

function placeOf(stage: string | null, position: number, instruction: string): string {
  return `${stage?.toLowerCase() ?? ''} ${position} ${instruction}`;
}

function readHoles(pattern: Pattern, shown: string, seen: Map<string, Set<string>>): void {
  const values = fitPattern(pattern, shown);
  if (!values || !fitsOnlyOnce(pattern, shown)) return;
  for (const [at, hole] of pattern.holes.entries()) {
    const name = hole.slice(0, -1);
    const value = values[at]!;
    if (!hole.endsWith('=') || value === '' || value === `$${name}` || value === `\${${name}}` || /\*{3}/.test(value)) continue;
    seen.set(name, (seen.get(name) ?? new Set()).add(value));
  }
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
