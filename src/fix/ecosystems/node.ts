import { matchPath } from '../../context/go-path.ts';
import { asObject, stringList } from '../../json.ts';
import { operands } from '../shell.ts';
import { type Ecosystem, filesBelow, type Install, MAX_SPREAD, present, readManifest } from './types.ts';

/** Run by npm, pnpm and Yarn on an install of the project itself. */
const LIFECYCLE = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];
/** Scripts that read no file of the project, or do nothing where there is no git folder. */
const HARMLESS =
  /^(?:(?:npx |yarn |pnpm |bunx )?(?:husky(?: install)?|simple-git-hooks|lefthook install|only-allow \w+|is-ci)|true|exit 0|:|echo\b[^&|;$`]*)$/;

interface Manager {
  readonly name: string;
  readonly locks: readonly string[];
  readonly more: readonly string[];
  readonly ignoresScripts: RegExp;
}

const NPM: Manager = {
  name: 'npm',
  locks: ['package-lock.json', 'npm-shrinkwrap.json'],
  more: ['.npmrc'],
  ignoresScripts: /^--ignore-scripts(?:=true)?$/,
};
const YARN: Manager = {
  name: 'Yarn',
  locks: ['yarn.lock'],
  more: [
    '.yarnrc',
    '.yarnrc.yml',
    '.npmrc',
    '.yarn/releases',
    '.yarn/plugins',
    '.yarn/patches',
    '.yarn/cache',
    '.pnp.cjs',
    '.pnp.loader.mjs',
  ],
  ignoresScripts: /^(?:--ignore-scripts|--mode=skip-build)$/,
};
const PNPM: Manager = {
  name: 'pnpm',
  locks: ['pnpm-lock.yaml'],
  more: ['pnpm-workspace.yaml', '.npmrc', '.pnpmfile.cjs'],
  ignoresScripts: /^--ignore-scripts$/,
};
const BUN: Manager = {
  name: 'Bun',
  locks: ['bun.lock', 'bun.lockb'],
  more: ['bunfig.toml', '.npmrc'],
  ignoresScripts: /^--ignore-scripts$/,
};

function managerOf(words: readonly string[]): Manager | null {
  const [name, sub = ''] = words;
  const bare = operands(words.slice(1)).length;
  if (name === 'npm' && /^(?:ci|clean-install|install|i)$/.test(sub) && bare === 1) return NPM;
  if (name === 'yarn' && (words.slice(1).every((w) => w.startsWith('-')) || (sub === 'install' && bare === 1))) return YARN;
  if (name === 'pnpm' && /^(?:install|i)$/.test(sub) && bare === 1) return PNPM;
  if (name === 'bun' && /^(?:install|i)$/.test(sub) && bare === 1) return BUN;
  return null;
}

export const node: Ecosystem = {
  name: 'npm, Yarn, pnpm, Bun',
  matches: (words) => managerOf(words) !== null,
  plan(install) {
    const manager = managerOf(install.words) as Manager;
    if (install.words.some((w) => /^(?:-g|--global|--prefix|-C|--cwd|--dir)(?:=|$)/.test(w)))
      return `\`${install.command.text}\` installs elsewhere`;
    const pkg = readManifest(install, 'package.json');
    if (!pkg) return 'package.json is not there, or cannot be read';
    const skipsScripts = install.words.some((w) => manager.ignoresScripts.test(w));
    const unverified: string[] = [];
    const spread = workspaceManifests(install, pkg, manager);
    if (typeof spread === 'string') return spread;
    const files = ['package.json', ...present(install, manager.locks), ...present(install, manager.more), ...spread];
    for (const file of ['package.json', ...spread]) {
      const own = file === 'package.json' ? pkg : readManifest(install, file);
      if (!own) return `${file} cannot be read`;
      const reason = checkManifest(install, file, own, skipsScripts, files, spread.length > 0);
      if (reason !== null) return reason;
      if (file !== 'package.json' && own.bin !== undefined) unverified.push(`${file} has a \`bin\`: it is linked before its file is there`);
    }
    if (spread.length > 0) unverified.push('a new workspace needs a COPY line of its own');
    if (/^(?:install|i)$/.test(install.words[1] ?? '') && manager === NPM)
      unverified.push('`npm install` may rewrite package-lock.json; the copy below it puts the committed one back (`npm ci` does neither)');
    return {
      files: [...new Set(files)],
      makes: spread.length > 0 ? ['**/node_modules'] : ['node_modules'],
      keeps: [
        skipsScripts
          ? 'install scripts do not run (--ignore-scripts)'
          : 'no install script of the project needs its sources: they were read',
      ],
      unverified,
    };
  },
};

/** @returns why the manifest makes an install above the sources unsafe; null where it does not */
function checkManifest(
  install: Install,
  file: string,
  pkg: Record<string, unknown>,
  skipsScripts: boolean,
  files: string[],
  workspaces: boolean,
): string | null {
  const scripts = asObject(pkg.scripts);
  for (const name of skipsScripts ? [] : LIFECYCLE) {
    const script = scripts[name];
    if (typeof script !== 'string') continue;
    for (const part of script.split(/&&|\|\||;/)) {
      const text = part.trim();
      if (HARMLESS.test(text)) continue;
      const needs = /^(?:npx )?patch-package\b/.test(text) ? 'patches' : /^(?:npx )?prisma generate\b/.test(text) ? 'prisma' : null;
      if (needs !== null && file === 'package.json' && install.has(needs) && !/--(?:schema|patch-dir)/.test(text)) files.push(needs);
      else return `${file}: the install script \`${name}\` runs \`${text}\`, which may need the sources`;
    }
  }
  for (const group of ['dependencies', 'devDependencies', 'optionalDependencies'])
    for (const [dependency, version] of Object.entries(asObject(pkg[group])))
      if (typeof version === 'string' && /^(?:file|link|portal):/.test(version) && !(workspaces && version.startsWith('link:')))
        return `${file}: ${dependency} is ${version}, sources of its own`;
  for (const patch of Object.values(asObject(asObject(pkg.pnpm).patchedDependencies)))
    if (typeof patch === 'string' && install.has(patch)) files.push(patch);
  return null;
}

/** package.json of each workspace; a reason where they cannot be told. */
function workspaceManifests(install: Install, pkg: Record<string, unknown>, manager: Manager): string[] | string {
  const patterns =
    manager === PNPM
      ? pnpmPackages(install.read('pnpm-workspace.yaml'))
      : Array.isArray(pkg.workspaces)
        ? stringList(pkg.workspaces)
        : stringList(asObject(pkg.workspaces).packages);
  if (patterns.length === 0) return [];
  if (patterns.some((p) => /[{}()+@]|^\.\./.test(p.replace(/^!/, ''))))
    return 'the patterns of its workspaces are more than can be followed';
  const fits = (folder: string, pattern: string): boolean => {
    const clean = pattern.replace(/^\.\//, '').replace(/(?<!\/)\/+$/, '');
    if (clean.endsWith('/**')) return folder.startsWith(clean.slice(0, -2));
    return !clean.includes('**') && matchPath(clean, folder, true) === true;
  };
  const included = patterns.filter((p) => !p.startsWith('!'));
  const excluded = patterns.filter((p) => p.startsWith('!')).map((p) => p.slice(1));
  const found = filesBelow(install, (path) => {
    if (!path.endsWith('/package.json') || path.includes('node_modules/')) return false;
    const folder = path.slice(0, -'/package.json'.length);
    return included.some((p) => fits(folder, p)) && !excluded.some((p) => fits(folder, p));
  });
  if (found.length > MAX_SPREAD) return `${found.length} workspaces have manifests of their own: more than a Dockerfile should list`;
  return found;
}

/** `packages:` and its list, as everybody writes it. */
function pnpmPackages(text: string | null): string[] {
  const found: string[] = [];
  let inside = false;
  for (const line of (text ?? '').split('\n')) {
    if (/^packages\s*:/.test(line)) inside = true;
    else if (/^\S/.test(line) && !line.startsWith('#') && !line.startsWith('-')) inside = false;
    const item = /^\s*-([^#]*)/
      .exec(line)?.[1]
      ?.trim()
      .replace(/^["']|["']$/g, '');
    if (inside && item && !/["']/.test(item)) found.push(item);
  }
  return found;
}
