/** Which outputs are made: those that `--format` asks for, else the terminal report and what fits the CI that runs us. Pure. */
import { UserError } from '../../errors.ts';
import { reporters } from '../index.ts';

export interface Output {
  /** Id of a reporter. */
  readonly format: string;
  /** Null: where the report goes that has no file. */
  readonly file: string | null;
  /** The file belongs to the CI and other steps write to it too: add to it. */
  readonly append: boolean;
}

export interface Outputs {
  readonly outputs: readonly Output[];
  /** One sentence that says what was chosen without being asked, for standard error; null where nothing was. */
  readonly said: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Ci {
  readonly name: string;
  readonly is: (env: Environment) => boolean;
  readonly outputs: (env: Environment) => readonly Output[];
}

const TERMINAL: Output = { format: 'terminal', file: null, append: false };
const NAMES: Readonly<Record<string, string>> = { github: 'annotations', azure: 'logged issues', markdown: 'the job summary' };

/** Only outputs that the CI reads without being told where: a report file would need a line in the pipeline, and so is asked for there. */
const CIS: readonly Ci[] = [
  {
    name: 'GitHub Actions',
    is: (env) => env.GITHUB_ACTIONS === 'true',
    outputs: (env) => [
      { format: 'github', file: null, append: false },
      ...(env.GITHUB_STEP_SUMMARY ? [{ format: 'markdown', file: env.GITHUB_STEP_SUMMARY, append: true }] : []),
    ],
  },
  {
    name: 'Azure Pipelines',
    is: (env) => /^true$/i.test(env.TF_BUILD ?? ''),
    outputs: () => [{ format: 'azure', file: null, append: false }],
  },
];

/**
 * @param specs what `--format` was given: `NAME` or `NAME=FILE`
 * @throws UserError for a format that does not exist, or a file without a name
 */
export function chooseOutputs(specs: readonly string[], env: Environment): Outputs {
  if (specs.length > 0) return { outputs: specs.map(parseFormat), said: null };
  const ci = CIS.find((c) => c.is(env));
  if (!ci) return { outputs: [TERMINAL], said: null };
  const outputs = ci.outputs(env);
  const what = outputs.map((o) => NAMES[o.format] ?? o.format).join(' and ');
  return {
    outputs: [TERMINAL, ...outputs],
    said: `this is ${ci.name}: the report goes to ${what} as well (--format terminal: here alone)`,
  };
}

/** @throws UserError */
export function parseFormat(spec: string): Output {
  const at = spec.indexOf('=');
  const format = at < 0 ? spec : spec.slice(0, at);
  const file = at < 0 ? null : spec.slice(at + 1);
  if (!Object.hasOwn(reporters, format))
    throw new UserError(`unknown format "${format.slice(0, 100)}"`, `use one of ${Object.keys(reporters).join(', ')}`);
  if (file === '') throw new UserError(`--format ${format}= names no file`, `write --format ${format}=FILE, or --format ${format}`);
  return { format, file, append: false };
}
