/** The changes that a simulation is asked for: another file, or fixes of its own. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { unifiedDiff } from '../fix/diff.ts';
import type { Fix, FixInput } from '../fix/propose.ts';
import { applyAll, type BuildFiles, propose, readFixInput, specOf, withTexts } from './fixes.ts';
import type { Refusal, Variant } from './model.ts';
import type { SimulationRun } from './simulate.ts';
import type { VariantSpec } from './variants.ts';

/** Files as a change leaves them; null: not changed. */
export interface ChangedFiles {
  readonly dockerfile: string | null;
  readonly ignore: string | null;
}

export interface Improvement {
  /** Best first; only those that save something. */
  readonly fixes: readonly Variant[];
  readonly refused: readonly Refusal[];
  /** What the best of them makes of the newest commit's files. */
  readonly best: ChangedFiles | null;
  readonly input: FixInput | null;
}

export async function improve(run: SimulationRun): Promise<Improvement> {
  const build = buildFiles(run);
  const input = run.newest && (await readFixInput(build, run.newest.files, run.newest.tools));
  if (!input) return { fixes: [], refused: [], best: null, input: null };
  const { fixes, refused } = propose(input);
  const single = await run.replay(fixes.map((f) => specOf([f], build, f.patch)));
  const gain = (v: Variant): number => v.savedSeconds || (run.simulation.summary.rebuilt - v.summary.rebuilt) / 1e6;
  const good = single.map((variant, i) => ({ variant, fix: fixes[i] as Fix })).filter((x) => gain(x.variant) > 0);
  good.sort((a, b) => gain(b.variant) - gain(a.variant));
  const useless = single.filter((v) => gain(v) <= 0);
  // What changes the image is for the user to decide: it is never the best.
  const same = good.filter((g) => g.fix.changesImage === undefined);
  const others = good.filter((g) => g.fix.changesImage !== undefined);
  const safe = same.map((g) => g.fix);
  const combined = safe.length > 1 ? await combine(run, build, input, safe) : null;
  const [first] = same;
  const together = combined && first && gain(combined.variant) > gain(first.variant) ? combined : null;
  return {
    fixes: [...(together ? [together] : []), ...same, ...others].map((x) => x.variant),
    refused: [...refused, ...useless.map((v) => ({ id: v.id, title: v.title, reason: 'it saves nothing over these commits' }))],
    best: together ? together.files : first ? filesOf(first.fix) : null,
    input,
  };
}

function filesOf(fix: Fix): ChangedFiles {
  return { dockerfile: fix.dockerfile ?? null, ignore: fix.ignore ?? null };
}

/** All good fixes together, the best first. */
async function combine(
  run: SimulationRun,
  build: BuildFiles,
  input: FixInput,
  fixes: readonly Fix[],
): Promise<{ variant: Variant; files: ChangedFiles } | null> {
  const applied = applyAll(
    fixes.map((f) => f.id),
    input,
  );
  if (!applied || applied.fixes.length < 2) return null;
  const files: ChangedFiles = {
    dockerfile: applied.dockerfile === input.dockerfile ? null : applied.dockerfile,
    ignore: applied.ignore === input.ignore ? null : applied.ignore,
  };
  const [variant] = await run.replay([specOf(applied.fixes, build, patchOf(input, files))]);
  return variant ? { variant, files } : null;
}

function patchOf(input: FixInput, files: ChangedFiles): string {
  return (
    (files.dockerfile === null ? '' : unifiedDiff(input.dockerfilePath ?? 'Dockerfile', input.dockerfile, files.dockerfile)) +
    (files.ignore === null ? '' : unifiedDiff(input.ignorePath ?? '.dockerignore', input.ignoreExists ? input.ignore : null, files.ignore))
  );
}

/** Replays the Dockerfile or ignore file that the user names. */
export async function replayAgainst(
  run: SimulationRun,
  file: string,
): Promise<{ variant: Variant; files: ChangedFiles; input: FixInput | null }> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(
      `${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'error'}`,
      'name a Dockerfile or a .dockerignore after --against',
    );
  }
  const isIgnore = /(?:^|[/.])dockerignore$/i.test(path.basename(file)) || path.basename(file).endsWith('.dockerignore');
  const build = buildFiles(run);
  const input = run.newest && (await readFixInput(build, run.newest.files, run.newest.tools));
  const files: ChangedFiles = isIgnore ? { dockerfile: null, ignore: text } : { dockerfile: text, ignore: null };
  const spec: VariantSpec = {
    id: 'against',
    title: `With ${path.basename(file)} in place of ${isIgnore ? 'the ignore file' : path.basename(build.dockerfile)}`,
    patch: input ? patchOf(input, files) : '',
    keeps: [],
    unverified: [],
    changesImage: '',
    shares: [],
    strict: true,
    rewrite: (commit) => withTexts(commit, build, files.dockerfile, files.ignore),
  };
  const [variant] = await run.replay([spec]);
  return { variant: variant as Variant, files, input };
}

function buildFiles(run: SimulationRun): BuildFiles {
  const { repo, dockerfile, context } = run.paths;
  return { dockerfile, context, oidLength: repo.oidLength, target: run.simulation.target ?? undefined };
}
