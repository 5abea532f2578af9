/** Which outputs are made: those that `--format` asks for, else the terminal report and what fits the CI that runs us. Pure. */
import { type FormatSpec, parseFormats } from '../../output.ts';
import { reporters } from '../index.ts';

export interface Choice {
  readonly formats: readonly FormatSpec[];
  /** One sentence that says what was chosen without being asked, for standard error; null where nothing was. */
  readonly said: string | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Ci {
  readonly name: string;
  readonly is: (env: Environment) => boolean;
  readonly formats: (env: Environment) => readonly FormatSpec[];
  readonly said: string;
}

const TERMINAL: FormatSpec = { name: 'terminal', file: null };

/** Only outputs that the CI reads without being told where: a report file would need a line in the pipeline, and so is asked for there. */
const CIS: readonly Ci[] = [
  {
    name: 'GitHub Actions',
    is: (env) => env.GITHUB_ACTIONS === 'true',
    formats: (env) => [
      TERMINAL,
      { name: 'github', file: null },
      ...(env.GITHUB_STEP_SUMMARY ? [{ name: 'markdown', file: env.GITHUB_STEP_SUMMARY, append: true }] : []),
    ],
    said: 'the report also goes to annotations and the job summary',
  },
  {
    name: 'Azure Pipelines',
    is: (env) => /^true$/i.test(env.TF_BUILD ?? ''),
    formats: () => [TERMINAL, { name: 'azure', file: null }],
    said: 'the report also goes to logged issues',
  },
  {
    name: 'GitLab CI',
    is: (env) => env.GITLAB_CI === 'true',
    formats: () => [{ name: 'gitlab-section', file: null }],
    said: 'the report is a section of the log',
  },
];

/**
 * @param specs what `--format` was given: `NAME` or `NAME=FILE`
 * @throws UserError for a format that does not exist, or a file without a name
 */
export function chooseFormats(specs: readonly string[], env: Environment): Choice {
  if (specs.length > 0) return { formats: parseFormats(specs, Object.keys(reporters)), said: null };
  const ci = CIS.find((c) => c.is(env));
  if (!ci) return { formats: [TERMINAL], said: null };
  return { formats: ci.formats(env), said: `this is ${ci.name}: ${ci.said} (--format terminal: plain)` };
}
