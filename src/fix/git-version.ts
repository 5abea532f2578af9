/** Does the build take the version from git? Then `.git` is needed, and may not be ignored. */
import type { FixInput } from './types.ts';

const TOOLS: readonly { readonly file: RegExp; readonly text: RegExp; readonly name: string }[] = [
  {
    file: /(?:^|\/)(?:pyproject\.toml|setup\.(?:py|cfg))$/,
    text: /setuptools[_-]scm|hatch-vcs|source\s*=\s*["']vcs["']|versioneer|poetry-dynamic-versioning|pbr\b|dunamai|flit_scm/,
    name: 'a version from git',
  },
  {
    file: /(?:^|\/)package\.json$/,
    text: /\bgit (?:describe|rev-parse|log)\b|git-rev-sync|git-revision-webpack|semantic-release/,
    name: 'git',
  },
  {
    file: /(?:^|\/)(?:Makefile|GNUmakefile|justfile|Taskfile\.ya?ml|build\.rs|build\.gradle(?:\.kts)?|mix\.exs|[^/]+\.gemspec|Rakefile|CMakeLists\.txt)$/,
    text: /\bgit (?:describe|rev-parse|log|ls-files)\b|vergen|`git /,
    name: 'git',
  },
  { file: /(?:^|\/)pom\.xml$/, text: /git-commit-id|buildnumber-maven-plugin|jgitver/, name: 'a version from git' },
  {
    file: /(?:^|\/)[^/]+\.(?:cs|fs|vb)proj$|(?:^|\/)Directory\.Build\.props$/,
    text: /GitVersion|Nerdbank\.GitVersioning|MinVer|SourceLink/,
    name: 'a version from git',
  },
];

/** @returns where it shows, or null where nothing shows it */
export function versionFromGit(input: FixInput): string | null {
  if (
    /\bgit\s{1,20}(?:-\S{1,300}\s{1,20}){0,20}(?:describe|rev-parse|log|show|status|ls-files|submodule)\b|(?:^|[\s"'/])\.git(?:[\s"'/]|$)/m.test(
      withoutComments(input.dockerfile),
    )
  )
    return 'the Dockerfile itself uses git';
  for (const e of input.listing.entries.values()) {
    if (e.type !== 'file') continue;
    for (const tool of TOOLS)
      if (tool.file.test(e.path)) {
        const text = input.readFile(e.path);
        if (text !== null && tool.text.test(text)) return `${e.path} takes ${tool.name}`;
      }
  }
  if (/\bgo\s+(?:build|install)\b/.test(input.dockerfile) && !/-buildvcs=false/.test(input.dockerfile))
    return '`go build` stamps the commit into the program (-buildvcs)';
  return null;
}

/** Files that versionFromGit reads. */
export function readsForVersion(path: string): boolean {
  return TOOLS.some((t) => t.file.test(path));
}

function withoutComments(text: string): string {
  return text.replace(/^[ \t]*#.*$/gm, '');
}
