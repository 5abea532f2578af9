/** `cachewhy simulate`: reads its options, replays, reports. */
import { dictionary } from '../dictionary.ts';
import { UserError } from '../errors.ts';
import type { FixInput } from '../fix/propose.ts';
import { readSize } from '../history/values.ts';
import { parseFormats, writeFormats } from '../output.ts';
import { maskReplay, secretsAmong } from '../secrets/report.ts';
import { applyChange, checkChange } from '../simulate/apply.ts';
import { type ChangedFiles, improve, replayAgainst } from '../simulate/improve.ts';
import type { Memory, Simulation, SimulationReport } from '../simulate/model.ts';
import type { SimulateOptions } from '../simulate/options.ts';
import { progressBar } from '../simulate/progress.ts';
import { simulationReporters } from '../simulate/reports/index.ts';
import { runSimulation, type SimulationRun } from '../simulate/simulate.ts';
import { VERSION } from '../version.ts';

export interface SimulateArguments {
  readonly commits?: number;
  readonly since?: string;
  readonly ref: string;
  readonly allParents: boolean;
  readonly repo: string;
  readonly dockerfile?: string;
  readonly context: string;
  readonly target?: string;
  readonly buildArg: readonly string[];
  readonly platform: readonly string[];
  readonly log: readonly string[];
  readonly baseline?: string;
  readonly memory: string;
  readonly cold: boolean;
  readonly runSize: string;
  readonly copySize: string;
  readonly assumeIdentical: readonly string[];
  readonly changingArg: readonly string[];
  readonly baseMoves?: number;
  readonly withGit: boolean;
  readonly submodules: boolean;
  readonly mergeOp: boolean;
  readonly against?: string;
  readonly fix: boolean;
  readonly apply: boolean;
  readonly check: boolean;
  readonly format: readonly string[];
  readonly color?: boolean;
  readonly pricePerMinute?: number;
  readonly currency: string;
}

/** @returns the exit status */
export async function simulateHistory(args: SimulateArguments): Promise<number> {
  const names = Object.keys(simulationReporters);
  const formats = parseFormats(args.format, names);
  if (args.apply && !args.fix) throw new UserError('--apply needs --fix', 'cachewhy simulate --fix --apply');
  if (args.check && !args.fix && args.against === undefined)
    throw new UserError('--check needs --fix or --against', 'cachewhy simulate --fix --check');
  const bar = progressBar();
  let result: { simulation: Simulation; changed: ChangedFiles | null; run: SimulationRun; input: FixInput | null };
  try {
    result = await replayAll(args, (done, all) => bar.show(done, all));
  } finally {
    bar.clear();
  }
  result.run.close();
  const simulation = withMoney(result.simulation, args);
  const report: SimulationReport = maskReplay(
    { schemaVersion: 1, generator: { name: 'cachewhy', version: VERSION }, simulation },
    secretsAmong(readPairs(args.buildArg)),
  );
  await writeFormats(formats, { color: args.color }, async (name, view) => {
    const reporter = await simulationReporters[name]?.();
    return reporter ? reporter.render(report, view) : '';
  });
  if (args.apply && result.changed && result.input) await applyChange(result.run, result.changed, result.input);
  return args.check && result.changed && result.input ? checkChange(result.run, result.changed, result.input) : 0;
}

async function replayAll(
  args: SimulateArguments,
  onProgress: (done: number, all: number) => void,
): Promise<{ simulation: Simulation; changed: ChangedFiles | null; run: SimulationRun; input: FixInput | null }> {
  const run = await runSimulation({ ...readOptions(args), onProgress });
  let { simulation } = run;
  let changed: ChangedFiles | null = null;
  let input: FixInput | null = null;
  if (args.against !== undefined) {
    const against = await replayAgainst(run, args.against);
    simulation = { ...simulation, against: against.variant };
    changed = against.files;
    input = against.input;
  }
  if (args.fix) {
    const improvement = await improve(run);
    simulation = { ...simulation, fixes: improvement.fixes, refused: improvement.refused };
    changed = improvement.best ?? changed;
    input = improvement.input ?? input;
  }
  return { simulation, changed, run, input };
}

function withMoney(simulation: Simulation, args: SimulateArguments): Simulation {
  if (args.pricePerMinute === undefined) return simulation;
  const cost = (seconds: number): number => Math.round((seconds / 60) * (args.pricePerMinute ?? 0) * 100) / 100;
  const best = simulation.fixes?.[0] ?? simulation.against;
  return {
    ...simulation,
    money: {
      currency: args.currency,
      perMinute: args.pricePerMinute,
      spent: cost(simulation.summary.waitSeconds),
      ...(best && { saved: cost(best.savedWaitSeconds) }),
    },
  };
}

function readOptions(args: SimulateArguments): SimulateOptions {
  return {
    repo: args.repo,
    ref: args.ref,
    ...(args.commits !== undefined && { commits: positive(args.commits, 'commits') }),
    ...(args.since !== undefined && { since: args.since }),
    allParents: args.allParents,
    ...(args.dockerfile !== undefined && { dockerfile: args.dockerfile }),
    context: args.context,
    ...(args.target !== undefined && { target: args.target }),
    buildArgs: readPairs(args.buildArg),
    changingArgs: args.changingArg,
    platforms: args.platform,
    logs: args.log,
    ...(args.baseline !== undefined && { baseline: args.baseline }),
    memory: readMemory(args.memory),
    runBytes: bytesOf(args.runSize, 'run-size'),
    copyBytes: bytesOf(args.copySize, 'copy-size'),
    identical: args.assumeIdentical,
    baseDays: args.baseMoves === undefined ? null : positive(args.baseMoves, 'base-moves'),
    mergeOp: args.mergeOp,
    submodules: args.submodules,
    withGit: args.withGit,
    cold: args.cold,
  };
}

function positive(value: number, name: string): number {
  if (!(value > 0)) throw new UserError(`--${name} takes a number above 0`, `for example --${name} 30`);
  return Math.max(1, Math.floor(value));
}

function readPairs(list: readonly string[]): Record<string, string> {
  const pairs = dictionary<string>();
  for (const item of list) {
    const at = item.indexOf('=');
    // As docker does: a name alone takes its value from the environment.
    const name = at < 0 ? item : item.slice(0, at);
    const value = at < 0 ? (Object.hasOwn(process.env, item) ? process.env[item] : undefined) : item.slice(at + 1);
    if (value !== undefined) pairs[name] = value;
  }
  return pairs;
}

function readMemory(text: string): Memory {
  if (text === 'everything' || text === 'previous') return { kind: text };
  if (text.startsWith('size=')) return { kind: 'size', bytes: bytesOf(text.slice(5), 'memory size') };
  throw new UserError(`--memory ${text} is not known`, 'use everything, previous, or size=10GB');
}

function bytesOf(text: string, name: string): number {
  const size = readSize(text);
  if (size === null) throw new UserError(`${name}: ${text} is no size`, 'write it as 10GB or 500MB');
  return size;
}
