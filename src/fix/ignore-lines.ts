/** Lines for the ignore file: files that are copied and change nothing that is built. */
import { compileIgnore } from '../context/dockerignore.ts';
import { selectEntries } from '../context/select.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { versionFromGit } from './git-version.ts';
import { followImage } from './image-paths.ts';
import { readStage } from './stage.ts';
import type { FixInput } from './types.ts';

export const IGNORE_FILES = 'ignore-files';
export const IGNORE_IN_IMAGE = 'ignore-files-in-image';

export interface IgnoreProposal {
  /** Files that do not come into the image. */
  readonly lines: readonly string[];
  /** Files that do: the image would no longer hold them. */
  readonly imageLines: readonly string[];
  readonly unverified: readonly string[];
  readonly refused: readonly string[];
}

interface Junk {
  /** What fits is junk: a path, or a folder with all that is in it. */
  readonly fits: RegExp;
  /** The line, where it is not the path itself. */
  readonly line?: string;
  /** BuildKit needs no copy of it. */
  readonly sure?: boolean;
}

const JUNK: readonly Junk[] = [
  { fits: /^(?=[^/]*$)(?:[^/]*Dockerfile|[^/]*\.dockerignore$|Containerfile$)/i, sure: true },
  { fits: /^\.github\//, line: '.github' },
  { fits: /^\.gitlab\//, line: '.gitlab' },
  { fits: /^\.circleci\//, line: '.circleci' },
  { fits: /^\.buildkite\//, line: '.buildkite' },
  { fits: /^\.vscode\//, line: '.vscode' },
  { fits: /^\.idea\//, line: '.idea' },
  { fits: /^\.devcontainer\//, line: '.devcontainer' },
  { fits: /^docs?\//, line: 'docs' },
  {
    fits: /^(?:\.gitlab-ci\.yml|\.travis\.yml|azure-pipelines\.yml|Jenkinsfile|bitbucket-pipelines\.yml|\.gitignore|\.gitattributes|\.editorconfig|\.pre-commit-config\.yaml|renovate\.json|\.mailmap|CODEOWNERS)$/,
  },
  { fits: /^(?:docker-)?compose[^/]*\.ya?ml$/i },
  { fits: /^(?:README|CHANGELOG|CHANGES|HISTORY|CONTRIBUTING|CODE_OF_CONDUCT|SECURITY|AUTHORS)(?:\.[a-z]+)?$/i },
  { fits: /^(?:coverage|htmlcov|\.nyc_output|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox)\//, line: '' },
  { fits: /(?:^|\/)(?:\.DS_Store|Thumbs\.db|[^/]+\.(?:log|swp|orig|bak))$/, line: '' },
];

/** Files that may say that another file is needed. */
const NAMES_FILES =
  /(?:^|\/)(?:pyproject\.toml|setup\.(?:py|cfg)|MANIFEST\.in|Cargo\.toml|package\.json|[^/]+\.gemspec|[^/]+\.(?:cs|fs|vb)proj|Directory\.Build\.props|Makefile|mix\.exs|build\.gradle(?:\.kts)?|pom\.xml|composer\.json|mkdocs\.yml)$/;

export function readsForIgnoring(path: string): boolean {
  return NAMES_FILES.test(path);
}

export function proposeIgnoreLines(input: FixInput): IgnoreProposal {
  const copied = copiedWhole(input);
  const refused: string[] = [];
  const lines = new Map<string, string[]>();
  let sure = true;
  for (const path of copied) {
    const junk = JUNK.find((j) => j.fits.test(path));
    if (!junk) continue;
    const line =
      junk.line === undefined ? path : junk.line === '' ? generalise(path) : junk.line.replace(/^docs$/, path.split('/')[0] ?? 'docs');
    const known = lines.get(line);
    if (known) known.push(path);
    else lines.set(line, [path]);
    if (!junk.sure) sure = false;
  }
  const wanted = input.costly?.length ? input.costly : null;
  // The fewer lines, the fewer doubts: where it is known what changed, only that is kept out.
  if (wanted) for (const [line, paths] of [...lines]) if (!paths.some((p) => wanted.includes(p))) lines.delete(line);
  for (const line of [...lines.keys()]) {
    const reason = neededBy(line, input);
    if (reason === null) continue;
    lines.delete(line);
    refused.push(`\`${line}\` is not ignored: ${reason}`);
  }
  const git = gitLine(input, copied.length > 0 && (wanted === null || wanted.some((p) => p.startsWith('.git/'))));
  if (git.line !== null) lines.set(git.line, []);
  if (git.reason !== null) refused.push(git.reason);
  const image = followImage(parseDockerfile(input.dockerfile, 'Dockerfile'), input.target);
  const imageLines = [...lines]
    .filter(([line, paths]) => paths.some((p) => image.reaches(p)) || (line === '.git' && image.reaches('.git/HEAD')))
    .map(([line]) => line);
  const result = [...lines.keys()].filter((l) => !imageLines.includes(l)).sort();
  return {
    lines: result,
    imageLines: imageLines.sort(),
    unverified: sure && git.line === null ? ['that no step reads the Dockerfile itself'] : ['that no step reads these files'],
    refused,
  };
}

/** Files that a copy of a whole folder takes. */
function copiedWhole(input: FixInput): string[] {
  const dockerfile = parseDockerfile(input.dockerfile, 'Dockerfile');
  const found = new Set<string>();
  for (const stage of dockerfile.stages)
    for (const { copy } of readStage(stage, dockerfile) ?? [])
      if (copy?.selection.sources.some((s) => /^(?:\.?\/?|\.\/\.|\.?\/?\*)$/.test(s)))
        for (const e of selectEntries(input.listing, copy.selection)) if (e.type !== 'dir') found.add(e.path);
  return [...found].sort();
}

function generalise(path: string): string {
  const first = path.split('/')[0] ?? path;
  if (/^(?:coverage|htmlcov|\.nyc_output|\.pytest_cache|\.mypy_cache|\.ruff_cache|\.tox)$/.test(first) && path !== first) return first;
  const extension = /\.(?:log|swp|orig|bak)$/.exec(path)?.[0];
  if (extension !== undefined) return `**/*${extension}`;
  return `**/${path.slice(path.lastIndexOf('/') + 1)}`;
}

/** @returns who needs it, or null where nobody is known to */
function neededBy(line: string, input: FixInput): string | null {
  const name = line.replace(/^\*\*\//, '').replace(/^\*/, '');
  const quoted = new RegExp(`(?:^|[\\s"'/=,(\\[])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?:$|[\\s"'/,)\\]:;*])`, 'm');
  const mentioned = input.dockerfile
    .split('\n')
    .find((l) => !/^\s*#/.test(l) && !/^\s*(?:COPY|ADD)\s+(?:--\S+\s+)*\.\s/i.test(l) && quoted.test(l));
  if (mentioned !== undefined) return `the Dockerfile names it: \`${mentioned.trim().slice(0, 80)}\``;
  for (const e of input.listing.entries.values()) {
    if (e.type !== 'file' || !NAMES_FILES.test(e.path)) continue;
    const text = input.readFile(e.path);
    if (text === null) continue;
    if (quoted.test(text)) return `${e.path} names it`;
    // Packagers look for a readme by themselves.
    if (/^README/i.test(name) && /(?:^|\/)(?:pyproject\.toml|Cargo\.toml)$/.test(e.path) && /\breadme\s*[=.]/i.test(text))
      return `${e.path} names a readme`;
  }
  return null;
}

/** `.git` is in a checkout, never in a listing of a commit's tree. */
function gitLine(input: FixInput, copiesAll: boolean): { line: string | null; reason: string | null } {
  if (!copiesAll || compileIgnore(input.ignore).ignores('.git') === true) return { line: null, reason: null };
  const why = versionFromGit(input);
  return why === null ? { line: '.git', reason: null } : { line: null, reason: `\`.git\` is not ignored: ${why}` };
}
