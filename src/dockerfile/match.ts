/** Does a Dockerfile belong to a log? Steps are matched by stage, position and instruction; text decides. */
import type { Step } from '../graph/step.ts';
import type { BuildKeys, StepKeys } from '../keys/model.ts';

export interface StepMatch {
  /** Log step id → the step of the Dockerfile. */
  readonly steps: ReadonlyMap<string, StepKeys>;
  readonly matched: number;
  readonly compared: number;
}

/** Matches a log's steps. Undefined where the Dockerfile is not the one that made the log. */
export function matchSteps(steps: Iterable<Step>, keys: BuildKeys): StepMatch | undefined {
  const byPlace = new Map<string, StepKeys>();
  for (const k of keys.steps) byPlace.set(`${k.stage?.toLowerCase() ?? ''} ${k.position} ${k.instruction}`, k);
  const found = new Map<string, StepKeys>();
  const perTarget = new Map<string, { matched: string[]; compared: number }>();
  for (const step of steps) {
    if (step.parsed.kind !== 'step' || step.parsed.position === null || !/^(?:RUN|COPY|ADD|WORKDIR)$/.test(step.parsed.instruction ?? ''))
      continue;
    const target = step.parsed.target ?? '';
    let group = perTarget.get(target);
    if (!group) {
      group = { matched: [], compared: 0 };
      perTarget.set(target, group);
    }
    group.compared++;
    // A shared vertex may be shown under another stage's name.
    for (const alias of step.aliases) {
      const k = byPlace.get(`${alias.stage?.toLowerCase() ?? ''} ${alias.position} ${alias.instruction}`);
      if (k && sameText(alias.text, k.name.replace(/^\[[^\]]*\] /, ''), k.text)) {
        found.set(step.id, k);
        group.matched.push(step.id);
        break;
      }
    }
  }
  let matched = 0;
  let compared = 0;
  for (const group of perTarget.values()) {
    compared += group.compared;
    if (group.matched.length === group.compared) matched += group.matched.length;
    else for (const id of group.matched) found.delete(id);
  }
  return matched > 0 ? { steps: found, matched, compared } : undefined;
}

/** Is `shown` what BuildKit would print for a line? Values that are not known here may stand for any text. */
function sameText(shown: string, expected: string, source: string): boolean {
  const bare = (text: string): string =>
    text
      .replace(/["'\\]/g, '')
      .replace(/\s+/g, ' ')
      .replace(/^ONBUILD /, '')
      .trim();
  const a = bare(shown).replace(/\*{4}/g, '');
  const b = bare(expected);
  if (a === b || a.replace(/\.\.\.$/, '') === b.slice(0, a.length - 3) || (a.length > 30 && b.startsWith(a))) return true;
  // What stands between the variables must be there, in order.
  const pieces = bare(source.replace(/^\S+/, (w) => w.toUpperCase()))
    .split(/\$\{[^}]*\}|\$[A-Za-z_][A-Za-z0-9_]*/)
    .map((p) => p.trim())
    .filter((p) => p !== '');
  let at = 0;
  for (const [i, piece] of pieces.entries()) {
    const next = a.indexOf(piece, at);
    if (next < 0 || (i === 0 && next !== 0))
      return a.length > 20 && piece.startsWith(a.slice(at).replace(/\.\.\.$/, '')) && i === pieces.length - 1;
    at = next + piece.length;
  }
  return pieces.length > 1 || /\$/.test(source);
}

/** The values of variables as a log shows them in a step's name, where they can be read off without doubt. */
export function readValues(shown: string, source: string): Map<string, string> {
  const values = new Map<string, string>();
  const names: string[] = [];
  const bare = source.replace(/^\S+/, (w) => w.toUpperCase());
  const pieces = bare.split(/\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?/);
  let pattern = '^';
  for (const [i, piece] of pieces.entries()) {
    if (i % 2 === 1) {
      names.push(piece);
      pattern += '([^\\s"\']*)';
    } else pattern += piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/\s+/g, '\\s+');
  }
  if (names.length === 0 || names.length > 10 || bare.length > 5000 || /\$\{[^}]*[^A-Za-z0-9_}]/.test(source)) return values;
  const match = new RegExp(`${pattern}$`).exec(shown);
  if (match) for (const [i, name] of names.entries()) if (match[i + 1] !== `$${name}`) values.set(name, match[i + 1] ?? '');
  return values;
}
