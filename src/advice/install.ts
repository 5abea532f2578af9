/** Which files a package manager's install needs: what to copy before it. */
import type { Step } from '../graph/step.ts';

export interface PackageManager {
  readonly name: string;
  /** Command of the RUN that installs. */
  readonly command: RegExp;
  /** Files that decide what is installed, as one would write them in COPY. */
  readonly manifests: readonly string[];
  /** Folder of its download cache inside the build, for `--mount=type=cache`. */
  readonly cache: string;
  /** It keeps there what later steps read, not copies of downloads alone: each of them needs the same mount. */
  readonly isStore?: boolean;
}

const PACKAGE_MANAGERS: readonly PackageManager[] = [
  { name: 'npm', command: /\bnpm (?:ci|i|install)\b/, manifests: ['package.json', 'package-lock.json'], cache: '/root/.npm' },
  {
    name: 'pnpm',
    command: /\bpnpm (?:i|install|fetch)\b/,
    manifests: ['package.json', 'pnpm-lock.yaml'],
    cache: '/root/.local/share/pnpm/store',
  },
  {
    name: 'Yarn',
    command: /\byarn(?: install\b| --|\s*$|\s*&&)/,
    manifests: ['package.json', 'yarn.lock'],
    cache: '/usr/local/share/.cache/yarn',
  },
  { name: 'Bun', command: /\bbun (?:i|install)\b/, manifests: ['package.json', 'bun.lock'], cache: '/root/.bun/install/cache' },
  { name: 'uv', command: /\buv sync\b/, manifests: ['pyproject.toml', 'uv.lock'], cache: '/root/.cache/uv' },
  { name: 'Poetry', command: /\bpoetry install\b/, manifests: ['pyproject.toml', 'poetry.lock'], cache: '/root/.cache/pypoetry/artifacts' },
  { name: 'Pipenv', command: /\bpipenv (?:install|sync)\b/, manifests: ['Pipfile', 'Pipfile.lock'], cache: '/root/.cache/pipenv' },
  {
    name: 'pip',
    command: /\b(?:pip3?|uv pip) install\b[^&;|]{0,1000}(?:-r|--requirement)/,
    manifests: ['requirements.txt'],
    cache: '/root/.cache/pip',
  },
  { name: 'Go', command: /\bgo mod download\b/, manifests: ['go.mod', 'go.sum'], cache: '/go/pkg/mod', isStore: true },
  {
    name: 'Cargo',
    command: /\bcargo (?:fetch|build|install)\b/,
    manifests: ['Cargo.toml', 'Cargo.lock'],
    cache: '/usr/local/cargo/registry',
    isStore: true,
  },
  { name: 'Maven', command: /(?:\bmvn|\.\/mvnw)\b/, manifests: ['pom.xml'], cache: '/root/.m2', isStore: true },
  {
    name: 'Gradle',
    command: /(?:\bgradle|\.\/gradlew)\b/,
    manifests: ['build.gradle', 'settings.gradle'],
    cache: '/root/.gradle',
    isStore: true,
  },
  { name: 'Composer', command: /\bcomposer install\b/, manifests: ['composer.json', 'composer.lock'], cache: '/root/.composer/cache' },
  { name: 'Bundler', command: /\bbundle install\b/, manifests: ['Gemfile', 'Gemfile.lock'], cache: '/usr/local/bundle/cache' },
  { name: 'NuGet', command: /\bdotnet restore\b/, manifests: ['*.csproj'], cache: '/root/.nuget/packages', isStore: true },
  { name: 'Mix', command: /\bmix deps\.get\b/, manifests: ['mix.exs', 'mix.lock'], cache: '/root/.hex' },
];

export function packageManagerOf(step: Step): PackageManager | undefined {
  if (step.parsed.instruction !== 'RUN') return undefined;
  return packageManagerOfText(step.parsed.text);
}

/** @param text of a RUN */
export function packageManagerOfText(text: string): PackageManager | undefined {
  return PACKAGE_MANAGERS.find((m) => m.command.test(text));
}

/** Files whose change makes an install necessary: manifests, lock files and the package managers' own configuration. */
const MANIFEST =
  /(?:^|\/)(?:package(?:-lock)?\.json|npm-shrinkwrap\.json|\.npmrc|yarn\.lock|\.yarnrc(?:\.yml)?|pnpm-lock\.yaml|pnpm-workspace\.yaml|bun\.lockb?|bunfig\.toml|requirements[^/]*\.(?:txt|in)|requirements\/[^/]+|constraints[^/]*\.txt|pyproject\.toml|poetry\.lock|uv\.lock|Pipfile(?:\.lock)?|setup\.(?:py|cfg)|environment\.ya?ml|go\.(?:mod|sum|work)|Cargo\.(?:toml|lock)|rust-toolchain(?:\.toml)?|pom\.xml|build\.gradle(?:\.kts)?|settings\.gradle(?:\.kts)?|gradle\.(?:properties|lockfile)|libs\.versions\.toml|composer\.(?:json|lock)|Gemfile(?:\.lock)?|[^/]+\.gemspec|[^/]+\.(?:cs|fs|vb)proj|[^/]+\.sln|packages\.lock\.json|NuGet\.config|Directory\.[A-Za-z]+\.props|mix\.(?:exs|lock)|Package\.(?:swift|resolved)|renv\.lock|DESCRIPTION)$/i;

export function isManifest(path: string): boolean {
  return MANIFEST.test(path);
}
