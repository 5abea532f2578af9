import { cleanPath } from '../../dockerfile/paths.ts';
import { type Ecosystem, present } from './types.ts';

/** Options of pip that name a file of the project. */
const FILE_OPTIONS = ['-r', '--requirement', '-c', '--constraint'];

export const pip: Ecosystem = {
  name: 'pip',
  matches: (words) =>
    pipArgs(words)?.some((w) => FILE_OPTIONS.some((o) => w === o || w.startsWith(`${o}=`) || (o === '-r' && /^-r\S/.test(w)))) ?? false,
  plan(install) {
    const args = pipArgs(install.words) ?? [];
    const queue: string[] = [];
    for (let i = 0; i < args.length; i++) {
      const a = args[i] as string;
      if (FILE_OPTIONS.includes(a)) queue.push(args[++i] ?? '');
      else if (/^-r\S/.test(a)) queue.push(a.slice(2));
      else if (/^--(?:requirement|constraint)=/.test(a)) queue.push(a.slice(a.indexOf('=') + 1));
      else if (/^(?:-e|--editable)/.test(a) || /^\.{1,2}(?:\/|\[|$)/.test(a))
        return `\`${install.command.text}\` installs the project itself`;
    }
    const files: string[] = [];
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const clean = cleanPath(file);
      if (files.includes(clean)) continue;
      if (clean === '.' || clean.startsWith('/') || clean.startsWith('..')) return `${file} lies outside of the folder`;
      const text = install.read(clean);
      if (text === null) return `${clean} is not there`;
      files.push(clean);
      const reason = readRequirements(clean, text, queue);
      if (reason !== null) return reason;
    }
    return {
      files: [...files, ...present(install, ['pip.conf'])],
      makes: [],
      keeps: ['the requirement files name no path of the project: they were read'],
      unverified: [],
    };
  },
};

function pipArgs(words: readonly string[]): readonly string[] | null {
  const at = words.findIndex((w) => /^pip3?(?:\.\d+)?$/.test(w));
  if (at === 0 && words[1] === 'install') return words.slice(2);
  // `python -m pip install …`, `uv pip install …`
  if (at > 0 && words[at + 1] === 'install' && (words[0] === 'uv' || (/^python3?/.test(words[0] ?? '') && words[1] === '-m')))
    return words.slice(at + 2);
  return null;
}

/** @returns a reason against it; adds further files to the queue */
function readRequirements(file: string, text: string, queue: string[]): string | null {
  const folder = file.includes('/') ? `${file.slice(0, file.lastIndexOf('/'))}/` : '';
  for (const raw of text.split('\n')) {
    const line = raw.replace(/(?:^|\s)#[\s\S]*$/, '').trim();
    const nested = /^(?:-r|--requirement|-c|--constraint)[ =]?\s*(\S+)$/.exec(line);
    if (nested?.[1]) queue.push(/^https?:/.test(nested[1]) ? '' : folder + nested[1]);
    else if (/^(?:-e|--editable)\b/.test(line) || /^(?:\.{1,2}(?:\/|$|\[)|file:|\/)/.test(line) || /@\s*(?:file:|\.)/.test(line))
      return `${file}: \`${line}\` is part of the project`;
  }
  queue.splice(0, queue.length, ...queue.filter((q) => q !== ''));
  return null;
}

export const uv: Ecosystem = {
  name: 'uv',
  matches: (words) => words[0] === 'uv' && words[1] === 'sync',
  plan(install) {
    const toml = install.read('pyproject.toml');
    if (toml === null) return 'pyproject.toml is not there';
    const reason = checkPyproject(toml);
    if (reason !== null) return reason;
    const files = ['pyproject.toml', ...present(install, ['uv.lock', '.python-version', 'uv.toml'])];
    if (!files.includes('uv.lock')) return 'uv.lock is not there: what is installed is decided anew each time';
    const moved = install.words.some((w) => w === '--no-install-project');
    return {
      files,
      makes: ['.venv'],
      ...(!moved && { early: `${install.command.text} --no-install-project` }),
      keeps: [moved ? 'the project itself is not installed there' : 'the project itself is installed where it was, by the same command'],
      unverified: [],
    };
  },
};

export const poetry: Ecosystem = {
  name: 'Poetry',
  matches: (words) => words[0] === 'poetry' && (words[1] === 'install' || words[1] === 'sync'),
  plan(install) {
    const toml = install.read('pyproject.toml');
    if (toml === null) return 'pyproject.toml is not there';
    const reason = checkPyproject(toml);
    if (reason !== null) return reason;
    const moved = install.words.some((w) => w === '--no-root') || /^[ \t]*package-mode[ \t]*=[ \t]*false/m.test(toml);
    return {
      files: ['pyproject.toml', ...present(install, ['poetry.lock', 'poetry.toml'])],
      makes: ['.venv'],
      ...(!moved && { early: `${install.command.text} --no-root` }),
      keeps: [moved ? 'the project itself is not installed there' : 'the project itself is installed where it was, by the same command'],
      unverified: [],
    };
  },
};

export const pipenv: Ecosystem = {
  name: 'Pipenv',
  matches: (words) =>
    words[0] === 'pipenv' && (words[1] === 'install' || words[1] === 'sync') && words.slice(2).every((w) => w.startsWith('-')),
  plan(install) {
    const pipfile = install.read('Pipfile');
    if (pipfile === null) return 'Pipfile is not there';
    if (/\b(?:path|editable)\s*=/.test(pipfile)) return 'Pipfile: a package is part of the project (path or editable)';
    return {
      files: ['Pipfile', ...present(install, ['Pipfile.lock'])],
      makes: ['.venv'],
      keeps: ['Pipfile names no path of the project'],
      unverified: [],
    };
  },
};

/** `path = "../lib"`, `{ workspace = true }`: sources that would have to be there. */
function checkPyproject(toml: string): string | null {
  if (/[{,]\s*path\s*=\s*["']/.test(toml)) return 'pyproject.toml: a dependency is a path of the project';
  if (/^[ \t]*\[tool\.uv\.workspace\]/m.test(toml)) return 'pyproject.toml: the manifests of its workspace are spread';
  return null;
}
