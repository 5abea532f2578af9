import { asObject } from '../../json.ts';
import { type Ecosystem, filesBelow, MAX_SPREAD, present, readManifest } from './types.ts';

export const go: Ecosystem = {
  name: 'Go',
  matches: (words) => words[0] === 'go' && words[1] === 'mod' && /^(?:download|verify)$/.test(words[2] ?? ''),
  plan(install) {
    const mod = install.read('go.mod');
    if (mod === null) return 'go.mod is not there';
    if (install.has('go.work')) return 'go.work: the manifests of its modules are spread';
    if (install.has('vendor')) return 'vendor/ is in the context: nothing has to be downloaded';
    const local = /=>\s*(\.{1,2}\/\S*|\.{1,2}(?=\s|$)|\/\S*)/.exec(mod);
    if (local) return `go.mod: a module is replaced by ${local[1]}, sources of the project`;
    return {
      files: ['go.mod', ...present(install, ['go.sum'])],
      makes: [],
      keeps: ['go.mod replaces no module by a folder of the project'],
      unverified: [],
    };
  },
};

export const composer: Ecosystem = {
  name: 'Composer',
  matches: (words) => /^(?:\.\/|\/usr\/(?:local\/)?bin\/)?composer(?:\.phar)?$/.test(words[0] ?? '') && words[1] === 'install',
  plan(install) {
    const manifest = readManifest(install, 'composer.json');
    if (!manifest) return 'composer.json is not there, or cannot be read';
    const repositories = Array.isArray(manifest.repositories) ? manifest.repositories : Object.values(asObject(manifest.repositories));
    if (repositories.some((r) => asObject(r).type === 'path')) return 'composer.json: a repository is a path of the project';
    const files = ['composer.json', ...present(install, ['composer.lock'])];
    const bare = install.words.includes('--no-scripts') && install.words.includes('--no-autoloader');
    const options = install.words
      .slice(2)
      .filter((w) => !/^(?:-o|-a|--optimize-autoloader|--classmap-authoritative|--apcu-autoloader|--no-scripts|--no-autoloader)$/.test(w));
    return {
      files,
      makes: ['vendor'],
      ...(!bare && { early: [...install.words.slice(0, 2), ...options, '--no-scripts', '--no-autoloader'].join(' ') }),
      keeps: [
        bare
          ? 'scripts and autoloader are left out there, as before'
          : 'scripts run and the autoloader is written where they were, by the same command',
      ],
      unverified: [],
    };
  },
};

export const bundler: Ecosystem = {
  name: 'Bundler',
  matches: (words) => /^bundler?$/.test(words[0] ?? '') && (words[1] === 'install' || words.length === 1),
  plan(install) {
    const gemfile = install.read('Gemfile');
    if (gemfile === null) return 'Gemfile is not there';
    const line = gemfile
      .split('\n')
      .find((l) => /^\s*(?:gemspec|eval_gemfile|path\s)|[\s,(](?:path:|:path\s*=>)|^\s*eval\b|File\.read/.test(l));
    if (line !== undefined) return `Gemfile: \`${line.trim().slice(0, 80)}\` needs files of the project`;
    return {
      files: ['Gemfile', ...present(install, ['Gemfile.lock', '.ruby-version', '.tool-versions', '.bundle/config', 'vendor/cache'])],
      makes: ['vendor/bundle'],
      keeps: ['Gemfile names no path of the project'],
      unverified: [],
    };
  },
};

export const maven: Ecosystem = {
  name: 'Maven',
  matches: (words) =>
    /^(?:\.\/)?mvnw?$/.test(words[0] ?? '') &&
    words.some((w) => /^dependency:(?:go-offline|resolve)/.test(w)) &&
    !words.some((w) => /^(?:package|install|verify|compile|test)$/.test(w)),
  plan(install) {
    const pom = install.read('pom.xml');
    if (pom === null) return 'pom.xml is not there';
    if (/<modules>/.test(pom)) return 'pom.xml: the manifests of its modules are spread, and each needs the others built';
    if (/<relativePath>\s*\.\.\//.test(pom) || /<systemPath>/.test(pom)) return 'pom.xml names files of the project';
    const settings = install.words[install.words.findIndex((w) => w === '-s' || w === '--settings') + 1];
    return {
      files: [
        'pom.xml',
        ...present(install, [
          '.mvn',
          'mvnw',
          ...(settings !== undefined && install.words.some((w) => w === '-s' || w === '--settings') ? [settings] : []),
        ]),
      ],
      makes: ['target'],
      keeps: ['pom.xml has no modules'],
      unverified: [],
    };
  },
};

export const gradle: Ecosystem = {
  name: 'Gradle',
  matches: (words) =>
    /^(?:\.\/)?gradlew?$/.test(words[0] ?? '') &&
    words.slice(1).some((w) => /^:?(?:dependencies|downloadDependencies|resolveDependencies)$/.test(w)) &&
    !words.some((w) => /^:?(?:build|assemble|test|bootJar|jar)$/.test(w)),
  plan(install) {
    const scripts = present(install, ['build.gradle', 'build.gradle.kts']);
    if (scripts.length === 0) return 'build.gradle is not there';
    const settings = install.read('settings.gradle') ?? install.read('settings.gradle.kts') ?? '';
    if (/^[ \t]*include(?:Build)?\b/m.test(settings)) return 'settings.gradle: the manifests of its projects are spread';
    if (install.has('buildSrc')) return 'buildSrc/ is built before anything is resolved';
    return {
      files: [
        ...scripts,
        ...present(install, ['settings.gradle', 'settings.gradle.kts', 'gradle.properties', 'gradle', 'gradlew', 'gradle.lockfile']),
      ],
      makes: ['build', '.gradle'],
      keeps: ['settings.gradle includes no other project'],
      unverified: ['that build.gradle reads no other file of the project'],
    };
  },
};

export const dotnet: Ecosystem = {
  name: '.NET',
  matches: (words) => words[0] === 'dotnet' && words[1] === 'restore',
  plan(install) {
    const projects = filesBelow(install, (p) => /\.(?:cs|fs|vb)proj$/.test(p));
    if (projects.length === 0) return 'no project file is there';
    if (projects.length > MAX_SPREAD) return `${projects.length} projects have manifests of their own: more than a Dockerfile should list`;
    for (const file of projects) {
      const text = install.read(file);
      if (text === null) return `${file} cannot be read`;
      const imported = /<Import\s[^>]{0,1000}Project\s{0,20}=\s{0,20}"([^"]{1,1000})"/.exec(text);
      if (imported && !/^\$\(/.test(imported[1] ?? '')) return `${file} imports ${imported[1]}`;
    }
    const shared = filesBelow(install, (p) =>
      /(?:^|\/)(?:[^/]+\.slnx?|Directory\.(?:Build\.props|Build\.targets|Packages\.props)|global\.json|nuget\.config|packages\.lock\.json)$/i.test(
        p,
      ),
    );
    return {
      files: [...shared, ...projects],
      makes: ['**/bin', '**/obj'],
      keeps: ['each project file stands where it stood'],
      unverified: projects.length > 1 ? ['a new project needs a COPY line of its own'] : [],
    };
  },
};

export const mix: Ecosystem = {
  name: 'Mix',
  matches: (words) => words[0] === 'mix' && words[1] === 'deps.get',
  plan(install) {
    const manifest = install.read('mix.exs');
    if (manifest === null) return 'mix.exs is not there';
    if (/apps_path/.test(manifest)) return 'mix.exs: the manifests of the umbrella are spread';
    if (/[,\s{]path:\s*"/.test(manifest)) return 'mix.exs: a dependency is a path of the project';
    if (/File\.(?:read|stream|ls)|Path\.wildcard|System\.cmd/.test(manifest)) return 'mix.exs reads other files, or runs a program';
    return {
      files: ['mix.exs', ...present(install, ['mix.lock'])],
      makes: ['deps', '_build'],
      keeps: ['mix.exs names no path of the project'],
      unverified: [],
    };
  },
};

/** Downloads and compiles in one step: nothing can be taken out without a tool of its own. */
export const COMPILES: readonly { readonly fits: (words: readonly string[]) => boolean; readonly reason: string }[] = [
  {
    fits: (w) => w[0] === 'cargo' && w[1] === 'build',
    reason:
      '`cargo build` compiles the dependencies together with the project: cargo-chef takes them apart, which is more than a change of lines',
  },
  {
    fits: (w) => w[0] === 'go' && /^(?:build|install)$/.test(w[1] ?? ''),
    reason:
      '`go build` downloads the modules too: `COPY go.mod go.sum ./` and `RUN go mod download` above the copy would keep them; how long the download takes is in no log',
  },
  {
    fits: (w) => /^(?:\.\/)?mvnw?$/.test(w[0] ?? '') && w.some((x) => /^(?:package|install|verify)$/.test(x)),
    reason:
      '`mvn package` downloads too: `COPY pom.xml .` and `RUN mvn dependency:go-offline` above the copy would keep most of it; how long that takes is in no log',
  },
];
