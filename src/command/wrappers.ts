/** Takes off what stands in front of a build: assignments, `sudo -E`, `env`, `time`, `sh -c '…'`, `cachewhy run … --`. */
import { type OptionTable, readOptions, table } from './options.ts';
import type { Word } from './word.ts';

/** What a wrapper leaves: the command itself, or a text that a shell would read. */
export interface Unwrapped {
  readonly words: readonly Word[];
  readonly env: Readonly<Record<string, string | null>>;
  readonly cwd?: string;
  /** `sh -c TEXT`: to be read as a line of its own. */
  readonly script?: Word;
}

const RESERVED = new Set(['then', 'do', 'else', 'if', 'elif', 'while', 'until', '!', '{', '}', 'fi', 'done']);

const SHELLS = new Set(['sh', 'bash', 'zsh', 'dash', 'ash', 'ksh', 'fish']);

/** Commands that only run another one, with the options of theirs that take a value and the number of words before that command. */
const WRAPPERS: Readonly<Record<string, { readonly options: OptionTable; readonly words?: number }>> = {
  sudo: {
    options: table(
      'user group close-from chdir host prompt role type other-user command-timeout',
      'preserve-env set-home login shell non-interactive',
      'u=user g=group C=close-from D=chdir h=host p=prompt r=role t=type U=other-user T=command-timeout',
    ),
  },
  doas: { options: table('user config', '', 'u=user C=config') },
  env: {
    options: table(
      'unset chdir split-string block-signal',
      'ignore-environment null debug',
      'u=unset C=chdir S=split-string i=ignore-environment',
    ),
  },
  time: { options: table('output format', 'append portability verbose quiet', 'o=output f=format a=append p=portability v=verbose') },
  timeout: { options: table('signal kill-after', 'preserve-status foreground verbose', 's=signal k=kill-after v=verbose'), words: 1 },
  gtimeout: { options: table('signal kill-after', 'preserve-status foreground verbose', 's=signal k=kill-after v=verbose'), words: 1 },
  nice: { options: table('adjustment', '', 'n=adjustment') },
  ionice: { options: table('class classdata', 'ignore', 'c=class n=classdata t=ignore') },
  stdbuf: { options: table('input output error', '', 'i=input o=output e=error') },
  exec: { options: table('argv0', '', 'a=argv0') },
  nohup: { options: table('', '') },
  setsid: { options: table('', '') },
  command: { options: table('', '') },
  builtin: { options: table('', '') },
  winpty: { options: table('', '') },
  unbuffer: { options: table('', '') },
  chronic: { options: table('', '') },
  busybox: { options: table('', '') },
  taskset: { options: table('', ''), words: 1 },
  flock: { options: table('wait timeout', '', 'w=wait'), words: 1 },
  start: { options: table('', '') },
};

/** The program's name: no folder, no `.exe`, small letters on Windows only matter here. */
export function programName(word: string): string {
  const name = word.slice(Math.max(word.lastIndexOf('/'), word.lastIndexOf('\\')) + 1);
  return name.replace(/\.(?:exe|cmd|bat|sh)$/i, '').toLowerCase();
}

export function unwrap(words: readonly Word[]): Unwrapped {
  const env: Record<string, string | null> = {};
  let cwd: string | undefined;
  let rest = words;
  for (let n = 0; n < 20 && rest.length > 0; n++) {
    const first = rest[0]!;
    const assignment = assignmentOf(first);
    if (assignment) {
      env[assignment.name] = assignment.value;
      rest = rest.slice(1);
      continue;
    }
    if (RESERVED.has(first.text)) {
      rest = rest.slice(1);
      continue;
    }
    const name = programName(first.text);
    if (SHELLS.has(name)) return { words: [], env, ...withCwd(cwd), ...script(rest) };
    if (name === 'cmd' || name === 'powershell' || name === 'pwsh') {
      const at = rest.findIndex((w) => /^(?:\/c|\/k|-c|-command)$/i.test(w.text));
      if (at === -1) break;
      return { words: [], env, ...withCwd(cwd), script: joinWords(rest.slice(at + 1)) };
    }
    const own = ownCommand(rest, name);
    if (own) {
      rest = own;
      continue;
    }
    const wrapper = WRAPPERS[name];
    if (!wrapper || !Object.hasOwn(WRAPPERS, name)) break;
    const read = readOptions(rest.slice(1), wrapper.options, { stop: true });
    const folder = read.given.findLast((o) => o.name === 'chdir')?.value?.text;
    if (folder !== undefined) cwd = folder;
    rest = (read.rest.length > 0 ? read.rest : read.positionals).slice(wrapper.words ?? 0);
  }
  return { words: rest, env, ...withCwd(cwd) };
}

function withCwd(cwd: string | undefined): { cwd?: string } {
  return cwd === undefined ? {} : { cwd };
}

/** `FOO=bar`; a value that the line does not show is null. */
export function assignmentOf(word: Word): { readonly name: string; readonly value: string | null } | undefined {
  const match = /^([A-Za-z_]\w{0,200})=([\s\S]*)$/.exec(word.text);
  return match ? { name: match[1]!, value: word.dynamic ? null : match[2]! } : undefined;
}

/** `sh -exc 'docker build .'` */
function script(words: readonly Word[]): { script?: Word } {
  for (let i = 1; i < words.length; i++) {
    const text = words[i]!.text;
    if (/^-[A-Za-z]*c$/.test(text)) return words[i + 1] ? { script: words[i + 1]! } : {};
    if (/^[-+][A-Za-z]*o$/.test(text) || text === '--rcfile' || text === '--init-file') i++;
    else if (!text.startsWith('-') && !text.startsWith('+')) return {};
  }
  return {};
}

function joinWords(words: readonly Word[]): Word {
  return { text: words.map((w) => w.text).join(' '), dynamic: words.some((w) => w.dynamic) };
}

/** `cachewhy run --format json -- docker build .`, `docker cachewhy run …`, `npx cachewhy run …` */
function ownCommand(words: readonly Word[], name: string): readonly Word[] | undefined {
  const at = name === 'cachewhy' ? 0 : words.findIndex((w, i) => i < 5 && programName(w.text) === 'cachewhy');
  if (at === -1 || !['cachewhy', 'docker', 'npx', 'node', 'pnpm', 'yarn', 'bunx'].includes(name)) return undefined;
  const run = words.findIndex((w, i) => i > at && (w.text === 'run' || w.text === 'predict'));
  if (run === -1) return undefined;
  const dashes = words.findIndex((w, i) => i > run && w.text === '--');
  if (dashes !== -1) return words.slice(dashes + 1);
  const bare = words.findIndex((w, i) => i > run && !w.text.startsWith('-'));
  return bare === -1 ? [] : words.slice(bare);
}
